//! Configuration files: `corosync.conf` as text and as typed settings, and files of environment variables as in
//! `/etc/default`.
//!
//! [`Document`] is the file: sections and what they say, to be edited and written back. [`Settings`] is what it means, each
//! wrong value a [`Problem`] with its line; a file with problems still gives settings, with defaults in their place.
//! Nothing here reads or writes files.

mod cluster;
mod document;
mod environment;
mod parse;
mod settings;

pub use cluster::{NewCluster, NewNode};
pub use document::{Document, Entry, Section};
pub use environment::EnvironmentFile;
pub use parse::{GrammarError, GrammarProblem};
pub use settings::{
    Crypto, Logging, NodeSettings, Problem, ProblemKind, Quorum, Settings, Totem, Transport,
};
