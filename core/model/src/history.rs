//! What nodes recorded: operations and their results, failures, digests.

mod digest;
mod entry;
mod failcount;
mod order;

pub use digest::{Difference, DigestCache, DigestInput, DigestSources, Digests};
pub use entry::{HistoryEntry, TransitionKey};
pub(crate) use failcount::seconds;
pub use failcount::{FailCount, FailCountInput, fail_count};
pub use order::{ActiveRange, active_range, newer};

use std::sync::Arc;

use vocab::Timestamp;
use xml::{Element, Node};

use crate::{NodeKey, sort::merge_sort};

/// What one node recorded about one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceHistory {
    recorded: Arc<Element>,
    /// The recorded operations, in order of time.
    pub entries: Vec<HistoryEntry>,
}

impl ResourceHistory {
    /// Reads an `lrm_resource`. One without id says nothing.
    pub(crate) fn read(element: &Arc<Element>) -> Option<Self> {
        element.id()?;
        let rows = element.nodes().iter().filter_map(|node| match node {
            Node::Element(row) if row.name() == "lrm_rsc_op" => Some(row),
            Node::Element(_) | Node::Text(_) | Node::Comment(_) => None,
        });
        // One list for each resource on each node: none may have room to spare.
        let mut entries = Vec::with_capacity(element.nodes().len());
        entries.extend(
            rows.enumerate().filter_map(|(position, row)| HistoryEntry::read(row, position)),
        );
        entries.shrink_to_fit();
        // Entries that cannot be told apart count in the reverse of the order in which they stand.
        entries.reverse();
        let entries = merge_sort(entries, &mut newer);
        Some(Self { recorded: Arc::clone(element), entries })
    }

    /// The name under which the node knows the resource.
    pub fn id(&self) -> &str {
        self.recorded.id().unwrap_or_default()
    }

    /// Its agent's class, as recorded.
    pub fn class(&self) -> Option<&str> {
        self.recorded.attr("class")
    }

    /// Its agent's provider, as recorded.
    pub fn provider(&self) -> Option<&str> {
        self.recorded.attr("provider")
    }

    /// Its agent's name, as recorded.
    pub fn agent(&self) -> Option<&str> {
        self.recorded.attr("type")
    }

    /// The resource that launched it, as recorded.
    pub fn container(&self) -> Option<&str> {
        self.recorded.attr("container")
    }

    /// Since when it waits for this node.
    pub fn shutdown_lock(&self) -> Option<Timestamp> {
        let since = self.recorded.attr("shutdown-lock")?.trim().parse().ok()?;
        (since != 0).then_some(Timestamp(since))
    }
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
