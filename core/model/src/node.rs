//! Nodes and their states.

use std::cmp::Ordering;

use vocab::{NodeName, Score};

use crate::{ProbeMode, ResourceKey, attributes::Values};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// Member of the ring.
    Cluster,
    /// Runs resources through a connection that a cluster node holds; a guest if another resource launches it.
    Remote,
}

/// A node, as configured and as it is.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name.
    pub name: NodeName,
    /// Its id: the ring's number for a cluster node, the name for a remote one.
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
    /// The resource that is the connection to it, for a remote node.
    pub connection: Option<ResourceKey>,
    /// Its attributes, the built-in ones (`#uname`, ...) included; transient ones override permanent ones.
    pub attributes: Values,
    /// Its capacity.
    pub utilization: Values,
    /// What every resource's preference for it starts from.
    pub base_score: Score,
    /// Whether a resource is looked for on it if nothing else says so.
    pub base_probe: ProbeMode,
    /// How it is.
    pub state: NodeState,
    /// Primitives that are active on it.
    pub running: Vec<ResourceKey>,
    /// Sum of the priorities of what runs on it.
    pub priority: i32,
}

/// How a node is. The scheduler keeps a copy that follows its decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct NodeState {
    /// It can be asked to do something.
    pub online: bool,
    /// It is in the ring, but its controller has not joined.
    pub pending: bool,
    /// Nobody knows what it does: it has to be fenced.
    pub unclean: bool,
    /// It wants to leave or is leaving.
    pub shutdown: bool,
    /// It may not run resources.
    pub standby: bool,
    /// It may not run resources because something failed there.
    pub standby_by_failure: bool,
    /// What runs there is left alone.
    pub maintenance: bool,
    /// It has been a member some time.
    pub expected_up: bool,
    /// Its state is recorded.
    pub seen: bool,
    /// Its history has been read.
    pub history_read: bool,
    /// It may be asked what runs there.
    pub probes_allowed: bool,
    /// A remote node that has to be reset by fencing it or by restarting what launches it.
    pub remote_reset: bool,
    /// A remote node that has been fenced.
    pub remote_fenced: bool,
    /// A remote node of which the CIB says that it is in maintenance.
    pub remote_in_maintenance: bool,
}

/// Sorts names as people do: numbers in them by value, letters in any case.
pub fn compare_names(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while let (Some(&first_a), Some(&first_b)) = (a.first(), b.first()) {
        if first_a.is_ascii_digit() && first_b.is_ascii_digit() {
            let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (length_a, length_b) = (digits(a), digits(b));
            let value = |text: &[u8]| {
                let zeros = text.iter().take_while(|&&byte| byte == b'0').count();
                (text.len() - zeros, text[zeros..].to_vec())
            };
            let order =
                value(&a[..length_a]).cmp(&value(&b[..length_b])).then(length_a.cmp(&length_b));
            if order != Ordering::Equal {
                return order;
            }
            a = &a[length_a..];
            b = &b[length_b..];
        } else {
            let order = first_a.to_ascii_lowercase().cmp(&first_b.to_ascii_lowercase());
            if order != Ordering::Equal {
                return order;
            }
            a = &a[1..];
            b = &b[1..];
        }
    }
    a.len().cmp(&b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_number() {
        let mut names = vec!["node10", "Node2", "node1", "node", "node01"];
        names.sort_by(|a, b| compare_names(a, b));
        assert_eq!(names, ["node", "node1", "node01", "Node2", "node10"]);
    }
}
