use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Who has quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// Whether votes are counted at all; if not, every partition has quorum.
    pub votequorum: bool,
    /// Votes of the whole cluster; `None` means what the nodes have.
    pub expected_votes: Option<u32>,
    /// This node's votes, where there is no node list; `None` means 1.
    pub votes: Option<u32>,
    /// Whether one of two nodes has quorum.
    pub two_node: bool,
    /// Whether a new cluster waits for all its nodes; `None` leaves it to `two_node`.
    pub wait_for_all: Option<bool>,
    /// Whether the expected votes go down with the members.
    pub last_man_standing: bool,
    /// How long after a loss they do.
    pub last_man_standing_window: Duration,
    /// Which half of the cluster has quorum when it splits evenly; `None` for neither.
    pub auto_tie_breaker: Option<TieBreaker>,
    /// Whether expected votes go down when nodes leave in order.
    pub allow_downscale: bool,
    /// Whether the highest expected votes ever are kept on disk and not undercut.
    pub expected_votes_tracking: bool,
    /// How long a leaving node is waited for.
    pub leaving_timeout: Duration,
    /// The quorum device, if there is one.
    pub device: Option<Device>,
}

impl Default for Quorum {
    fn default() -> Self {
        Self {
            votequorum: false,
            expected_votes: None,
            votes: None,
            two_node: false,
            wait_for_all: None,
            last_man_standing: false,
            last_man_standing_window: Duration::from_secs(10),
            auto_tie_breaker: None,
            allow_downscale: false,
            expected_votes_tracking: false,
            leaving_timeout: Duration::from_secs(10),
            device: None,
        }
    }
}

/// Which half of the cluster has quorum when it splits evenly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TieBreaker {
    /// The one with the lowest node number.
    Lowest,
    /// The one with the highest node number.
    Highest,
    /// The one with the first of these nodes that is there.
    List(Vec<u32>),
}

/// A quorum device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// What kind: `net`.
    pub model: String,
    /// Its votes; `None` means one less than the nodes together.
    pub votes: Option<u32>,
    /// How long its daemon may be silent.
    pub timeout: Duration,
    /// How long its daemon may be silent while the membership changes.
    pub sync_timeout: Duration,
    /// Whether the partition that it votes for has quorum in any case.
    pub master_wins: bool,
    /// All keys below `quorum.device.`, as text, for its daemon: `net.host`, `heuristics.mode`, ...
    pub options: BTreeMap<String, String>,
}

impl Default for Device {
    fn default() -> Self {
        Self {
            model: String::new(),
            votes: None,
            timeout: Duration::from_secs(10),
            sync_timeout: Duration::from_secs(30),
            master_wins: false,
            options: BTreeMap::new(),
        }
    }
}

/// What the votes of a configuration come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Votes {
    /// This node's votes.
    pub own: u32,
    /// Votes of the whole cluster, the device's included.
    pub expected: u32,
    /// The device's votes; 0 without one.
    pub device: u32,
    /// Whether one of two nodes has quorum.
    pub two_node: bool,
    /// Whether a new cluster waits for all its nodes.
    pub wait_for_all: bool,
    /// Which half has quorum when the cluster splits evenly.
    pub auto_tie_breaker: Option<TieBreaker>,
    /// Whether the highest expected votes ever are kept on disk.
    pub expected_votes_tracking: bool,
    /// Numbers of all nodes of the list.
    pub nodes: BTreeSet<u32>,
}
