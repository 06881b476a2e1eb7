//! Files that must survive a crash: written as a whole or not at all, checked when they are read.
//!
//! [`CibStore`] keeps the configuration with its digest and its earlier versions, [`CibWriter`] writes it in the background,
//! [`Series`] keeps a ring of numbered files, [`atomic`] is what they stand on.
//!
//! It knows files, not what is written in them.

pub mod atomic;
mod cib_store;
mod cib_writer;
mod document;
mod series;

pub use cib_store::{CibStore, LoadNote, Loaded, StoreError};
pub use cib_writer::{CibWriter, Stored};
pub use document::{DocumentError, read_document};
pub use series::{Series, SeriesFormat};
