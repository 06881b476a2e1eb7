//! The cluster information base: the one document that says what the cluster shall do and what it does.
//!
//! ```text
//! Request ──▶ Document::perform ──▶ operations (functions on the tree) ──▶ version, schema, patch set ──▶ Performed
//! Replica (machine) = Document + who is there + who waits: clients' requests in, replies, notifications, broadcasts out
//! ```
//!
//! Every node has a [`Replica`]. A change is broadcast and carried out by all of them in the same order, so their documents
//! stay the same without ever being compared change by change.
//!
//! It knows neither files nor sockets. Tools use [`Document`] offline, the daemon [`Replica`].

pub mod acl;
mod document;
mod empty;
mod file;
mod follower;
pub mod operations;
pub mod replica;
pub mod section;
pub mod version;

pub use document::{Document, Performed, Source, Stamp};
pub use empty::empty;
pub use file::{from_file, to_file};
pub use follower::Follower;
pub use replica::Replica;
pub use version::Version;
