//! Configuration files: `corosync.conf` as text, as a list of keys and as typed settings, and files of environment
//! variables as in `/etc/default`.
//!
//! [`Document`] is the file: sections and what they say, to be edited and written back. [`Keys`] is the same as clients of
//! the running daemon see it. [`Settings`] is what it means, each wrong value a [`Problem`] with its line; a file with
//! problems still gives settings, with defaults in their place. [`Place`] is what it means on one host. Nothing here reads
//! or writes files, looks up names or knows the host.

mod changes;
mod cluster;
mod document;
mod environment;
mod flatten;
mod keys;
mod parse;
mod place;
mod problem;
mod schema;
mod settings;
mod timing;

pub use changes::{AddressChange, Changes, KeyChange, Parts, changed_addresses, compare};
pub use cluster::{NewCluster, NewNode};
pub use document::{Document, Entry, Section};
pub use environment::EnvironmentFile;
pub use keys::{AccountKind, Key, Keys, NamedAccount, Value};
pub use parse::{GrammarError, GrammarProblem};
pub use place::{Host, Place, PlacedNode};
pub use problem::{Problem, ProblemKind, Problems};
pub use settings::{
    Access, CgroupMove, Cipher, Compression, CompressionModel, Crypto, CryptoModel, Debug, Device,
    Hash, IpVersion, IpcType, KeySource, LinkMode, LinkSettings, Logging, LoggingOverride,
    MemoryUse, NodeSettings, Nozzle, Priority, ProcessPriority, Quorum, ResourceWatch, Resources,
    Settings, SyslogFacility, SystemSettings, TieBreaker, Timestamps, Totem, Transport, Votes,
};
pub use timing::{LinkTiming, Timing};
