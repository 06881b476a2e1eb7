use std::{path::PathBuf, time::Duration};

/// The name of the machine that is in the network but not in the cluster.
pub const CLIENT: &str = "client";
/// The address that the clustered service is reached at.
pub const SERVICE_ADDRESS: &str = "192.168.124.50";

/// The name of the `number`th node, counted from 1.
pub fn node_name(number: usize) -> String {
    format!("ha-web{number}")
}

/// The address of the `number`th node, counted from 1.
pub fn node_address(number: usize) -> String {
    format!("192.168.124.{}", 50 + number)
}

/// Whose programs a node runs above corosync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stack {
    /// What Debian installed in `/usr/sbin`.
    Debian,
    /// Cardea's programs. Its links come first in `PATH`; Debian's tools stay reachable by their full path.
    Cardea {
        /// The multi-call binary; it is copied, so that it may be rebuilt while the cluster runs.
        binary: PathBuf,
        /// Tools that are Debian's all the same, by name.
        borrowed: Vec<String>,
    },
}

/// How corosync carries the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Plain UDP to each node, no encryption.
    Udpu,
    /// Corosync 3's own default, with encryption.
    Knet,
}

/// What cluster to build.
#[derive(Clone, Debug)]
pub struct ClusterSettings {
    /// Distinguishes this cluster from others on the machine; at most 40 characters of `a-z0-9-`.
    pub name: String,
    /// How many nodes it has.
    pub nodes: usize,
    /// Whose programs they run.
    pub stack: Stack,
    /// How the ring is carried.
    pub transport: Transport,
    /// Corosync's token timeout; `None` leaves its default of 3 s (3.65 s for three nodes).
    pub token: Option<Duration>,
    /// Whether corosync and pacemaker start by themselves when a node boots.
    pub start_at_boot: bool,
}

impl ClusterSettings {
    /// Three nodes with corosync's own timing, whose software is started by hand.
    pub fn new(name: &str, stack: Stack) -> Self {
        Self {
            name: name.to_owned(),
            nodes: 3,
            stack,
            transport: Transport::Udpu,
            token: None,
            start_at_boot: false,
        }
    }

    /// The names of all nodes.
    pub fn node_names(&self) -> Vec<String> {
        (1..=self.nodes).map(node_name).collect()
    }
}
