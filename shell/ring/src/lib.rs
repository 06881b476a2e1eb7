//! The ring as the cluster's daemons see it: process groups, quorum, the configuration map.

mod cfg;
mod cmap;
mod cpg;
mod error;
mod node_list;
mod peer_group;
mod quorum;

pub use cfg::{Cfg, LinkStatus};
pub use cmap::{Cmap, CmapValue};
pub use cpg::{Cpg, CpgEvent, Member};
pub use error::RingError;
pub use node_list::{ConfiguredNode, NodeList};
pub use peer_group::{Destination, PeerEvent, PeerGroup};
pub use quorum::{Quorum, QuorumChange};
