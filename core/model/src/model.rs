use std::collections::BTreeMap;

use rules::LocalTime;
use vocab::{Interval, Timestamp};

use crate::{
    Arena, Node, NodeKey, Options, Problem, Resource, ResourceKey,
    attributes::{AttributeSets, Values},
    constraint::Constraint,
    history::{DigestCache, FailedOperation, HistoryEntry, NodeHistory},
    reason::{FenceReason, ScoreReason},
    resource::Parameters,
};

/// What reading the history found that something has to be done about, in the order in which it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The resource has to be stopped on the node.
    Stop {
        /// What.
        resource: ResourceKey,
        /// Where.
        node: NodeKey,
        /// Whether the cluster was allowed to change it when this was found.
        managed: bool,
    },
    /// The resource has to be demoted on the node.
    Demote {
        /// What.
        resource: ResourceKey,
        /// Where.
        node: NodeKey,
        /// Whether the cluster was allowed to change it when this was found.
        managed: bool,
    },
    /// A failure may be forgotten if the parameters have changed; they are complete only when containers have their places.
    CheckFailure {
        /// Of what.
        resource: ResourceKey,
        /// Where.
        node: NodeKey,
        /// What failed.
        entry: Box<HistoryEntry>,
    },
    /// What was found before about stopping the resource on the node does not count: it is not active there.
    NotActive {
        /// What.
        resource: ResourceKey,
        /// Where.
        node: NodeKey,
    },
    /// A recurring operation is under way.
    Recurring {
        /// Of what.
        resource: ResourceKey,
        /// Where.
        node: NodeKey,
        /// Its name.
        task: String,
        /// How often.
        interval: Interval,
        /// Whether the cluster was allowed to change the resource when this was found.
        managed: bool,
    },
    /// The node has to be fenced, if it can be.
    Fence {
        /// Which.
        node: NodeKey,
        /// Why.
        reason: FenceReason,
        /// Whether the delay for less important nodes applies.
        priority_delay: bool,
    },
    /// The resource's failures on the node are forgotten.
    ClearFailures {
        /// Of what.
        resource: ResourceKey,
        /// Where.
        node: NodeKey,
        /// Why.
        reason: ClearReason,
        /// The remote node that has to be fenced first.
        after_fencing: Option<NodeKey>,
        /// Whether the cluster was allowed to change the resource when this was found.
        managed: bool,
    },
    /// The node's record of the resource goes, since a lock is over.
    ForgetHistory {
        /// Of what.
        resource: ResourceKey,
        /// Where.
        node: NodeKey,
        /// Whether the cluster was allowed to change the resource when this was found.
        managed: bool,
    },
}

/// Why failures are forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClearReason {
    /// They are old enough.
    Expired,
    /// The connection is tried again.
    ReconnectInterval,
    /// It failed with other parameters.
    ParametersChanged,
    /// The operation was configured otherwise.
    DefinitionChanged,
    /// The resource is not configured any more.
    Removed,
}

/// A change of a resource's preference for a node, and what made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreChange {
    /// Of what.
    pub resource: ResourceKey,
    /// For which node.
    pub node: NodeKey,
    /// By how much.
    pub score: vocab::Score,
    /// What the preference was then.
    pub after: vocab::Score,
    /// Why.
    pub reason: ScoreReason,
}

/// A ticket: the permission of a site to run something.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Ticket {
    /// Whether this site has it.
    pub granted: bool,
    /// Whether it is about to be given back.
    pub standby: bool,
    /// When it was last given.
    pub last_granted: Option<Timestamp>,
    /// All attributes of its state.
    pub attributes: Values,
}

/// The cluster as the CIB tells it, with everything that follows from configuration and history alone. Made by
/// [`Model::build`](crate::Model::build); nothing changes it afterwards.
#[derive(Clone, Debug)]
pub struct Model {
    /// The time it is seen at.
    pub now: LocalTime,
    /// The options.
    pub options: Options,
    /// The CIB's feature set.
    pub feature_set: Option<String>,
    /// Whether the partition has quorum.
    pub quorate: bool,
    /// Whether there is anything to fence with.
    pub have_fencing: bool,
    /// Whether nodes have to be unfenced.
    pub enable_unfencing: bool,
    /// Whether there are nodes outside the ring.
    pub have_remote_nodes: bool,
    /// Whether secrets are hidden in the input.
    pub sanitized: bool,
    /// All nodes.
    pub nodes: Arena<NodeKey, Node>,
    /// The nodes by name.
    pub node_order: Vec<NodeKey>,
    /// The node that makes the plans.
    pub dc: Option<NodeKey>,
    /// All resources of all levels.
    pub resources: Arena<ResourceKey, Resource>,
    /// The resources that are not part of another, by priority.
    pub top: Vec<ResourceKey>,
    /// Cluster-wide defaults of operations.
    pub operation_defaults: AttributeSets,
    /// What is tagged with a name, by id.
    pub tags: BTreeMap<String, Vec<String>>,
    /// What is made from a template, by id.
    pub templates: BTreeMap<String, Vec<String>>,
    /// The tickets.
    pub tickets: BTreeMap<String, Ticket>,
    /// The constraints, in the order in which they are configured.
    pub constraints: Vec<Constraint>,
    /// What nodes recorded.
    pub history: Vec<NodeHistory>,
    /// Failures to be shown.
    pub failed: Vec<FailedOperation>,
    /// What has to be done because of the history.
    pub findings: Vec<Finding>,
    /// Where preferences that are in the resources' tables come from.
    pub score_changes: Vec<ScoreChange>,
    /// When something changes by the mere passing of time.
    pub recheck_by: Option<Timestamp>,
    /// Parameters that have been worked out.
    pub parameters: Parameters,
    /// Digests that have been worked out.
    pub digests: DigestCache,
    /// What is wrong with the input.
    pub problems: Vec<Problem>,
    pub(crate) ids: BTreeMap<String, ResourceKey>,
    pub(crate) history_ids: BTreeMap<String, ResourceKey>,
    pub(crate) node_names: BTreeMap<String, NodeKey>,
}

impl Model {
    /// The node of that name, in any case.
    pub fn node_named(&self, name: &str) -> Option<NodeKey> {
        self.node_names.get(&name.to_ascii_lowercase()).copied()
    }

    /// The resource of that id, or the one that nodes know under it.
    pub fn resource_named(&self, id: &str) -> Option<ResourceKey> {
        self.ids.get(id).or_else(|| self.history_ids.get(id)).copied()
    }

    /// The highest resource that this one is part of; bundles do not count if `below_bundle` says so.
    pub fn top_of(&self, resource: ResourceKey, below_bundle: bool) -> ResourceKey {
        let mut top = resource;
        while let Some(parent) = self.resources[top].parent {
            if below_bundle && self.resources[parent].is_bundle() {
                break;
            }
            top = parent;
        }
        top
    }

    /// Whether `ancestor` is above `resource`.
    pub fn is_above(&self, ancestor: ResourceKey, resource: ResourceKey) -> bool {
        let mut current = self.resources[resource].parent;
        while let Some(parent) = current {
            if parent == ancestor {
                return true;
            }
            current = self.resources[parent].parent;
        }
        false
    }

    /// Whether the node is inside a resource of the cluster.
    pub fn is_guest(&self, node: NodeKey) -> bool {
        self.nodes[node]
            .connection
            .is_some_and(|connection| self.resources[connection].state.launcher.is_some())
    }

    /// Whether the node is outside the ring and not inside a resource.
    pub fn is_remote(&self, node: NodeKey) -> bool {
        self.nodes[node].kind == crate::NodeKind::Remote && !self.is_guest(node)
    }

    /// Whether the resource is inside a bundle.
    pub fn is_bundled(&self, resource: ResourceKey) -> bool {
        let top = self.top_of(resource, false);
        top != resource && self.resources[top].is_bundle()
    }
}

/// The node that a resource counts as being on, of those it is active on: where a migration under way comes from; for a
/// resource that does not need fencing the first clean one; else the first.
pub fn current_node(
    state: &crate::ResourceState,
    needs_fencing: bool,
    is_clean: impl Fn(NodeKey) -> bool,
) -> Option<NodeKey> {
    current_among(&state.active_on, state.migration_source, needs_fencing, is_clean)
}

/// Like [`current_node`], of these nodes.
pub fn current_among(
    active_on: &[NodeKey],
    migration_source: Option<NodeKey>,
    needs_fencing: bool,
    is_clean: impl Fn(NodeKey) -> bool,
) -> Option<NodeKey> {
    let mut current: Option<NodeKey> = None;
    for &node in active_on {
        let mut keep_looking = false;
        if let Some(source) = migration_source {
            if node == source {
                current = Some(node);
            } else {
                keep_looking = true;
            }
        } else if !needs_fencing {
            if is_clean(node) && current.is_none_or(|current| !is_clean(current)) {
                current = Some(node);
            } else {
                keep_looking = true;
            }
        }
        current.get_or_insert(node);
        if !keep_looking {
            break;
        }
    }
    current
}

impl Model {
    /// Whether the node could be fenced if it had to be, as the model stands.
    pub fn can_fence(&self, node: NodeKey) -> bool {
        can_fence(
            self,
            node,
            &|node| self.nodes[node].state.online,
            &|resource| &self.resources[resource].state.active_on,
            &|resource| &self.resources[resource].allowed,
        )
    }
}

/// Whether a node could be fenced if it had to be, with the states that the arguments give.
pub fn can_fence<'s>(
    model: &Model,
    node: NodeKey,
    online: &dyn Fn(NodeKey) -> bool,
    active_on: &dyn Fn(ResourceKey) -> &'s [NodeKey],
    allowed: &dyn Fn(ResourceKey) -> &'s crate::AllowedNodes,
) -> bool {
    let connection = model.nodes[node].connection;
    if let Some(launcher) =
        connection.and_then(|connection| model.resources[connection].state.launcher)
    {
        // A guest is fenced by stopping what launches it, for which its hosts have to be reachable or be fenced.
        return active_on(launcher).iter().all(|&host| {
            online(host) || (host != node && can_fence(model, host, online, active_on, allowed))
        });
    }
    if !model.options.fencing_enabled || !model.have_fencing {
        return false;
    }
    if model.quorate || model.options.no_quorum_policy == crate::options::NoQuorumPolicy::Ignore {
        return true;
    }
    if !online(node) {
        return false;
    }
    // Without quorum only members of the partition can be fenced.
    let is_remote = model.nodes[node].kind == crate::NodeKind::Remote;
    if is_remote && !model.options.fence_remote_without_quorum {
        let hosts = connection.map(allowed);
        return hosts.is_none_or(|hosts| hosts.iter().all(|(host, _)| online(host)));
    }
    true
}
