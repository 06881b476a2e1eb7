//! What a configuration means, typed. Defaults are those of Corosync 3.1.

mod logging;
mod quorum;
mod read;
mod read_links;
mod read_quorum;
mod read_service;
mod read_totem;
mod service;
mod totem;

use std::collections::BTreeMap;

pub use logging::{Debug, Logging, LoggingOverride, Priority, SyslogFacility, Timestamps};
pub use quorum::{Device, Quorum, TieBreaker, Votes};
pub use service::{
    Access, CgroupMove, IpcType, MemoryUse, Nozzle, ProcessPriority, ResourceWatch, Resources,
    SystemSettings,
};
pub use totem::{
    Cipher, Compression, CompressionModel, Crypto, CryptoModel, Hash, IpVersion, KeySource,
    LinkMode, LinkSettings, Totem, Transport,
};

use crate::{Document, Keys, Problems};

/// What a cluster configuration means.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// How messages travel.
    pub totem: Totem,
    /// The links that the file says something about, or that nodes have addresses on, by number from 0 to 7.
    pub links: BTreeMap<u8, LinkSettings>,
    /// The nodes, in the order of the file.
    pub nodes: Vec<NodeSettings>,
    /// Who has quorum.
    pub quorum: Quorum,
    /// Where messages are logged.
    pub logging: Logging,
    /// The daemon as a process.
    pub system: SystemSettings,
    /// What is watched, and the watchdog.
    pub resources: Resources,
    /// Who may connect, besides root.
    pub access: Access,
    /// A network device for other programs' traffic.
    pub nozzle: Option<Nozzle>,
}

/// A node of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSettings {
    /// Its number; `None` if the file leaves it out.
    pub id: Option<u32>,
    /// Its name; `None` if the file leaves it out.
    pub name: Option<String>,
    /// Its address on each link: a name or an IP address.
    pub addresses: BTreeMap<u8, String>,
    /// Votes; `None` means 1.
    pub votes: Option<u32>,
}

impl Settings {
    /// Reads the meaning of a file, with everything that is wrong with it. What is wrong has its default.
    pub fn read(document: &Document) -> (Self, Problems) {
        let (keys, mut problems) = Keys::read(document);
        let (settings, more) = Self::from_keys(&keys);
        problems.extend(more);
        (settings, problems)
    }
}
