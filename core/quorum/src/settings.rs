use std::{collections::BTreeMap, time::Duration};

use vocab::NodeId;

/// What the configuration says about votes: the sections `quorum` and `nodelist`, not yet checked against each other.
///
/// All nodes of a cluster should have the same, apart from `node`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// This node.
    pub node: NodeId,
    /// Whether `quorum.provider` is `corosync_votequorum`. Without a provider a node always has quorum, and nothing
    /// else in here counts.
    pub provider: bool,
    /// The votes of the nodes in `nodelist` (`quorum_votes`, 1 if not given). A list without this node does not count.
    pub nodes: BTreeMap<NodeId, u32>,
    /// `quorum.votes`: this node's votes, if there is no list of nodes.
    pub votes: Option<u32>,
    /// `quorum.expected_votes`; the sum of the list's votes if not given or 0.
    pub expected_votes: Option<u32>,
    /// `quorum.two_node`: either of two nodes goes on alone; fencing decides which one stays.
    pub two_node: bool,
    /// `quorum.wait_for_all`: no quorum at first until all nodes were there. Follows `two_node` if not given.
    pub wait_for_all: Option<bool>,
    /// `quorum.auto_tie_breaker`: one half of the cluster may go on.
    pub auto_tie_breaker: bool,
    /// `quorum.auto_tie_breaker_node`: which half; the one with the lowest node if not given.
    pub auto_tie_breaker_node: Option<TieBreaker>,
    /// `quorum.last_man_standing`: expected votes follow the membership down.
    pub last_man_standing: bool,
    /// `quorum.last_man_standing_window`: how long a smaller membership must last for that; 10 s by default.
    pub last_man_standing_window: Duration,
    /// `quorum.allow_downscale`: nodes that leave in good order take their votes along.
    pub allow_downscale: bool,
    /// `quorum.expected_votes_tracking`: the most votes ever expected are remembered over restarts.
    pub expected_votes_tracking: bool,
    /// The quorum device, if `quorum.device.model` is given.
    pub device: Option<Device>,
}

impl Settings {
    /// How long a smaller membership must last to count as the whole, if the configuration does not say.
    pub const LAST_MAN_STANDING_WINDOW: Duration = Duration::from_secs(10);

    /// The defaults of everything, for a node with a provider.
    pub const fn new(node: NodeId) -> Self {
        Self {
            node,
            provider: true,
            nodes: BTreeMap::new(),
            votes: None,
            expected_votes: None,
            two_node: false,
            wait_for_all: None,
            auto_tie_breaker: false,
            auto_tie_breaker_node: None,
            last_man_standing: false,
            last_man_standing_window: Self::LAST_MAN_STANDING_WINDOW,
            allow_downscale: false,
            expected_votes_tracking: false,
            device: None,
        }
    }
}

/// A quorum device, as `quorum.device` describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its votes; computed from the list of nodes if not given.
    pub votes: Option<u32>,
    /// How long it counts as alive after a poll; 10 s by default.
    pub timeout: Duration,
    /// The same for the first poll after a change of membership; 30 s by default.
    pub sync_timeout: Duration,
}

impl Device {
    /// How long a device counts as alive, if the configuration does not say.
    pub const TIMEOUT: Duration = Duration::from_secs(10);
    /// The same after a change of membership.
    pub const SYNC_TIMEOUT: Duration = Duration::from_secs(30);
}

impl Default for Device {
    fn default() -> Self {
        Self { votes: None, timeout: Self::TIMEOUT, sync_timeout: Self::SYNC_TIMEOUT }
    }
}

/// Which half of an evenly split cluster goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TieBreaker {
    /// The one with the lowest node that was a member last.
    Lowest,
    /// The one with the highest.
    Highest,
    /// The one with the first of these nodes that may be alive.
    List(Vec<NodeId>),
    /// None: what the configuration says makes no sense. Reported at the start.
    Invalid,
}

impl TieBreaker {
    /// Reads `quorum.auto_tie_breaker_node`: `lowest`, `highest` or numbers of nodes with blanks between them. As in
    /// Corosync, a list ends at the first thing that is no number.
    pub fn parse(text: &str) -> Self {
        match text {
            "lowest" => Self::Lowest,
            "highest" => Self::Highest,
            _ => {
                let list: Vec<_> = text
                    .split_ascii_whitespace()
                    .map_while(|word| word.parse().ok().filter(|number| *number != 0))
                    .map(NodeId)
                    .collect();
                if list.is_empty() { Self::Invalid } else { Self::List(list) }
            }
        }
    }
}

/// Settings that contradict each other, so that no machine can be made of them. The texts are those that Corosync stops
/// with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigurationError {
    /// Nothing says how many votes there should be.
    #[error("configuration error: nodelist or quorum.expected_votes must be configured!")]
    NoExpectedVotes,
    /// `two_node` with a device.
    #[error(
        "configuration error: two_node and quorum device cannot be configured at the same time!"
    )]
    TwoNodeWithDevice,
    /// A tie breaker for an odd number of votes, with last man standing and without waiting for all.
    #[error(
        "configuration error: auto_tie_breaker & last_man_standing not available in odd sized cluster"
    )]
    TieBreakerWithLastManStanding,
    /// A device with last man standing.
    #[error("configuration error: quorum.device is not compatible with last_man_standing")]
    DeviceWithLastManStanding,
    /// A device with a tie breaker.
    #[error("configuration error: quorum.device is not compatible with auto_tie_breaker")]
    DeviceWithTieBreaker,
    /// A device with `allow_downscale`.
    #[error("configuration error: quorum.device is not compatible with allow_downscale")]
    DeviceWithDownscale,
    /// The device's votes cannot be computed, because the expected votes are given.
    #[error(
        "configuration error: quorum.device.votes must be specified when quorum.expected_votes is set"
    )]
    DeviceVotesWithExpected,
    /// The device's votes cannot be computed, because nodes have different votes.
    #[error(
        "configuration error: quorum.device.votes must be specified when not all nodes votes 1"
    )]
    DeviceVotesWithUnevenNodes,
    /// The device has too many of the expected votes.
    #[error("configuration error: quorum.device.votes is too high or expected_votes is too low")]
    DeviceVotesTooHigh,
}

impl ConfigurationError {
    /// What Corosync writes into its log before it gives up, line by line.
    pub const fn advice(self) -> &'static [&'static str] {
        match self {
            Self::TieBreakerWithLastManStanding => &[
                "auto_tie_breaker is set, the cluster has an odd number of nodes",
                "and last_man_standing is also set. With this situation a better",
                "solution would be to disable LMS, leave ATB enabled, and also",
                "enable wait_for_all (mandatory for ATB in odd-numbered clusters).",
                "Due to this ambiguity, corosync will fail to start. Please fix your corosync.conf",
            ],
            Self::NoExpectedVotes
            | Self::TwoNodeWithDevice
            | Self::DeviceWithLastManStanding
            | Self::DeviceWithTieBreaker
            | Self::DeviceWithDownscale
            | Self::DeviceVotesWithExpected
            | Self::DeviceVotesWithUnevenNodes
            | Self::DeviceVotesTooHigh => &[],
        }
    }
}
