//! Every option that can be configured: what it is called, what it can hold, what it holds unless it is set, who reads it and
//! what it is for.
//!
//! One table per kind of thing that has options: [`CLUSTER`], [`PRIMITIVE`], [`GROUP`], [`CLONE`], [`BUNDLE`], [`OPERATION`]
//! and [`FENCING`]. Tools list them ([`to_text`], [`to_xml`]), daemons describe those that they read ([`daemon_metadata`]),
//! and whoever checks a value asks [`Kind::accepts`]. Nothing here knows what an option leads to.

mod cluster;
mod collection;
mod fencing;
mod list;
mod metadata;
mod operation;
mod primitive;
mod setting;
mod text;

pub use cluster::CLUSTER;
pub use collection::{BUNDLE, CLONE, GROUP};
pub use fencing::FENCING;
pub use list::{CLUSTER_LIST, FENCING_LIST, List, PRIMITIVE_LIST, to_xml};
pub use metadata::{Daemon, daemon_metadata};
pub use operation::OPERATION;
pub use primitive::PRIMITIVE;
pub use setting::{Kind, Release, Setting, Standing, Word, current_name, find, value};
pub use text::to_text;
