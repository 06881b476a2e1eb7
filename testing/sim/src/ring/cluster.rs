use std::time::Duration;

use machine::Instant;
use totem::Settings;
use vocab::NodeId;

use crate::Random;

/// What a run's nodes and network are like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Where delays of packets and the nodes' own random numbers come from.
    pub seed: u64,
    /// How many nodes there are, 2 to 16; their ids begin at 1.
    pub nodes: u32,
    /// How long the token may be away; the other times of the protocol follow from it as they do by default.
    pub token: Duration,
    /// The shortest time that a packet is under way.
    pub hop: Duration,
    /// Packets are under way up to this much longer; they overtake each other only where that is recorded.
    pub jitter: Duration,
    /// Bytes of the biggest frame.
    pub frame_bytes_max: usize,
    /// Rotations without progress after which a node counts as deaf.
    pub fail_to_receive_rotations: u32,
    /// Tokens that may fail to come before a heartbeat counts as missing; 0 for no heartbeat.
    pub heartbeat_failures_allowed: u32,
    /// What daemons have besides the ring.
    pub services: Services,
    /// By node: its votes.
    pub votes: Vec<u32>,
    /// When faults end: the network is whole then, nobody pauses, and everybody has to find together.
    pub faults_end: Instant,
}

/// What daemons have besides the ring: services that are synchronised in each new ring, quorum among them, and its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Services {
    /// Nothing.
    None,
    /// More than half of the votes is quorum.
    Majority,
    /// The same, once all nodes have been there.
    WaitForAll,
    /// The same, and one half of the votes if the lowest node of the last ring is among them. Corosync's rule, and not safe
    /// where one partition follows another: what two partitions may do at once is not judged.
    TieBreaker,
}

/// How often packets do not simply arrive, in one of a thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    /// Those that are lost.
    pub lost: u64,
    /// Those that come twice.
    pub doubled: u64,
    /// Those that others overtake.
    pub late: u64,
    /// How late at most.
    pub late_max: Duration,
}

impl Cluster {
    /// The cluster that belongs to a seed.
    pub fn of_seed(seed: u64) -> Self {
        let mut random = Random::stream(seed, "cluster");
        let nodes = *random.choose(&[2, 3, 3, 3, 4, 4, 5, 5, 5, 6, 7, 8, 9, 12, 16]);
        let millis = *random.choose(&[100, 200, 400, 1_000]);
        let token = Duration::from_millis(millis);
        // A rotation must be much shorter than the token's timeout, or nothing ever works.
        let hop = Duration::from_micros(millis * 1_000 / random.choose(&[600, 1_200, 2_400]));
        let services = *random.choose(&[
            Services::None,
            Services::Majority,
            Services::WaitForAll,
            Services::TieBreaker,
        ]);
        let mut cluster = Self {
            seed,
            nodes,
            token,
            hop,
            jitter: hop,
            frame_bytes_max: *random.choose(&[1_000, 1_472, 1_472, 8_952, 65_000]),
            fail_to_receive_rotations: *random.choose(&[50, 2_500, 2_500]),
            heartbeat_failures_allowed: *random.choose(&[0, 0, 0, 0, 3]),
            services,
            votes: Vec::new(),
            faults_end: Instant::START + Duration::from_millis(millis * (15 + random.below(20))),
        };
        let most = *random.choose(&[1, 3]);
        let mut votes = || 1 + u32::try_from(random.below(most)).unwrap_or(0);
        cluster.votes = (0..nodes).map(|_| votes()).collect();
        cluster
    }

    /// The weather that belongs to a seed.
    pub fn weather(&self) -> Weather {
        let mut random = Random::stream(self.seed, "weather");
        Weather {
            lost: *random.choose(&[0, 0, 0, 1, 2, 5, 20, 60]),
            doubled: *random.choose(&[0, 0, 2, 10]),
            late: *random.choose(&[0, 0, 2, 5, 20]),
            late_max: *random.choose(&[self.hop * 4, self.token / 4, self.token * 2]),
        }
    }

    /// The ids of the nodes.
    pub fn node_ids(&self) -> impl Iterator<Item = NodeId> {
        (1..=self.nodes).map(NodeId)
    }

    /// What quorum is configured with; `None` if there are no services.
    pub fn quorum_settings(&self, node: NodeId) -> Option<quorum::Settings> {
        let (waits, breaks_ties) = match self.services {
            Services::None => return None,
            Services::Majority => (false, false),
            Services::WaitForAll => (true, false),
            Services::TieBreaker => (true, true),
        };
        Some(quorum::Settings {
            nodes: self.node_ids().zip(self.votes.iter().copied()).collect(),
            wait_for_all: Some(waits),
            auto_tie_breaker: breaks_ties,
            ..quorum::Settings::new(node)
        })
    }

    /// What one start of a node is configured with.
    pub fn settings(&self, node: NodeId, incarnation: u32) -> Settings {
        // The same proportions as between Corosync's defaults.
        let retransmit = self.token * 10 / 42;
        let own = u64::from(node.0) << 32 | u64::from(incarnation);
        Settings {
            node,
            token: self.token,
            token_warning_percent: 75,
            token_retransmit: retransmit,
            token_hold: retransmit * 8 / 10,
            join: self.token / 20,
            send_join_max: if self.nodes > 8 { self.token / 20 } else { Duration::ZERO },
            consensus: self.token * 12 / 10,
            merge: self.token / 5,
            fail_to_receive_rotations: self.fail_to_receive_rotations,
            unchanged_rotations: 30,
            window_messages: 50,
            messages_per_token: 17,
            miss_rotations: 5,
            heartbeat_failures_allowed: self.heartbeat_failures_allowed,
            network_delay_max: self.hop + self.jitter,
            cancel_hold_on_retransmit: self.seed.is_multiple_of(2),
            frame_bytes_max: self.frame_bytes_max,
            seed: Random::new(self.seed ^ own).number(),
        }
    }
}
