//! What nodes recorded: operations and their results, failures, digests.

mod digest;
mod entry;
mod failcount;
mod order;

pub use digest::{Difference, DigestCache, DigestInput, Digests};
pub use entry::{HistoryEntry, TransitionKey};
pub(crate) use failcount::seconds;
pub use failcount::{FailCount, FailCountInput, fail_count};
pub use order::{ActiveRange, active_range, newer};

use vocab::Timestamp;

use crate::NodeKey;

/// What one node recorded about one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceHistory {
    /// The name under which the node knows the resource.
    pub id: String,
    /// Its agent's class, as recorded.
    pub class: Option<String>,
    /// Its agent's provider, as recorded.
    pub provider: Option<String>,
    /// Its agent's name, as recorded.
    pub agent: Option<String>,
    /// The resource that launched it, as recorded.
    pub container: Option<String>,
    /// Since when it waits for this node.
    pub shutdown_lock: Option<Timestamp>,
    /// The recorded operations, in order of time.
    pub entries: Vec<HistoryEntry>,
}

/// All that one node recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeHistory {
    /// The node; none if it is not configured any more.
    pub node: Option<NodeKey>,
    /// Its name.
    pub node_name: String,
    /// By resource, as recorded.
    pub resources: Vec<ResourceHistory>,
}

/// A failure that status tools show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedOperation {
    /// The resource's name.
    pub resource: String,
    /// The node's name.
    pub node: String,
    /// What was recorded.
    pub entry: HistoryEntry,
}
