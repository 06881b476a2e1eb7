use vocab::{ResourceId, Role, Timestamp};

use crate::{NodeKey, ResourceKey};

/// An operation that was started and of which no result is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its name.
    pub task: String,
    /// Where it runs.
    pub node: NodeKey,
}

/// A resource waits for its node to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The node.
    pub node: NodeKey,
    /// When the node was shut down.
    pub since: Timestamp,
}

/// How a resource is. The scheduler keeps a copy that follows its decisions.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools)]
pub struct ResourceState {
    /// What it is made of: members, instances.
    pub children: Vec<ResourceKey>,
    /// The role it has.
    pub role: Role,
    /// The role it will have; unknown until something decides.
    pub next_role: Role,
    /// Nodes on which it is active.
    pub active_on: Vec<NodeKey>,
    /// Nodes on which its state is known.
    pub known_on: Vec<NodeKey>,
    /// The name under which nodes know it, if it is another.
    pub history_id: Option<ResourceId>,
    /// The priority it has.
    pub priority: i32,
    /// Milliseconds until a failure is forgotten; 0 means never.
    pub failure_timeout_ms: u64,
    /// Whether the cluster may change it.
    pub managed: bool,
    /// Whether it is in maintenance.
    pub maintenance: bool,
    /// Whether nothing more can be done for it.
    pub blocked: bool,
    /// Whether it has failed.
    pub failed: bool,
    /// Whether its failure means a stop.
    pub stop_if_failed: bool,
    /// Whether a failure was ignored.
    pub failure_ignored: bool,
    /// Whether it is not configured any more.
    pub removed: bool,
    /// Whether it is not configured any more and was launched by another resource.
    pub removed_launched: bool,
    /// Whether a start is under way.
    pub start_pending: bool,
    /// Whether it can be moved without a stop.
    pub migratable: bool,
    /// Whether only nodes with exclusive discovery may run it.
    pub exclusive_probes: bool,
    /// An operation under way.
    pub pending: Option<Pending>,
    /// The node it waits for.
    pub lock: Option<Lock>,
    /// Where a migration under way comes from.
    pub migration_source: Option<NodeKey>,
    /// Where a migration under way goes to.
    pub migration_target: Option<NodeKey>,
    /// Nodes that a migration left something behind on, latest first.
    pub dangling_migrations: Vec<NodeKey>,
    /// The resource that launches it.
    pub launcher: Option<ResourceKey>,
    /// Resources that it launches.
    pub launched: Vec<ResourceKey>,
}
