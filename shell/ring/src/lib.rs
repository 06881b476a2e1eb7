//! The ring as the cluster's daemons see it: process groups, quorum, the configuration map.
//!
//! Everything goes through the local services of the ring's daemon, Corosync's or ours. [`PeerGroup`] is how a daemon
//! talks to its instances on other nodes; [`Quorum`] says which nodes there are.
//!
//! Daemons use what is here; [`blocking`] has the same for tools.
//!
//! It knows XML as the body of messages, and nothing of what the messages mean.

mod address_name;
mod assembly;
pub mod blocking;
mod cfg;
mod cmap;
mod cpg;
mod error;
mod node_list;
mod outgoing;
mod peer_group;
mod quorum;
mod service;

pub use address_name::address_name;
pub use cfg::{Cfg, LinkStatus};
pub use cmap::{Cmap, CmapValue};
pub use cpg::{Cpg, CpgEvent, Member};
pub use error::RingError;
pub use node_list::{ConfiguredNode, NodeList};
pub use peer_group::{Destination, PeerEvent, PeerGroup};
pub use quorum::{Quorum, QuorumChange, Votes};
