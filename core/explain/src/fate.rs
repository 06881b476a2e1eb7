use model::{NodeKey, ResourceKey, Variant};
use vocab::Role;

use crate::{Activity, How, Kind, Verdict, asker::Asker};

/// What becomes of a primitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It runs there and nothing is done, or its role changes.
    Stays(NodeKey),
    /// It is started there.
    Starts(NodeKey),
    /// It is stopped and started there.
    Restarts(NodeKey),
    /// It ought to be there and cannot be started.
    Waits(NodeKey),
    /// It will not run.
    Stopped,
    /// Nothing is done to it.
    LeftAlone,
}

impl Asker<'_> {
    pub(crate) fn fate(&self, key: ResourceKey) -> Fate {
        let outcome = self.outcome(key);
        let active = &self.resource(key).state.active_on;
        if !outcome.state.managed {
            return Fate::LeftAlone;
        }
        let Some(node) = outcome.assigned.filter(|_| outcome.state.next_role != Role::Stopped)
        else {
            return Fate::Stopped;
        };
        let start = self.start_on(key, node);
        let can_start = start.is_some_and(|action| action.runnable);
        if active.contains(&node) {
            return match start.filter(|action| !action.optional) {
                None => Fate::Stays(node),
                Some(_) if can_start => Fate::Restarts(node),
                Some(_) => Fate::Waits(node),
            };
        }
        if can_start || self.actions_of(key, "migrate_to").any(|action| !action.optional) {
            Fate::Starts(node)
        } else {
            Fate::Waits(node)
        }
    }

    /// The node a primitive will run on.
    pub(crate) fn will_run_on(&self, key: ResourceKey) -> Vec<NodeKey> {
        match self.fate(key) {
            Fate::Stays(node) | Fate::Starts(node) | Fate::Restarts(node) => vec![node],
            Fate::Waits(_) | Fate::Stopped => Vec::new(),
            Fate::LeftAlone => self.resource(key).state.active_on.clone(),
        }
    }

    /// Whether a collection's instance or member, or a primitive, will run as a whole.
    pub(crate) fn runs(&self, key: ResourceKey) -> bool {
        let leaves = self.leaves(key);
        !leaves.is_empty() && leaves.iter().all(|&leaf| !self.will_run_on(leaf).is_empty())
    }

    /// Every node that anything in the resource will run on, by name.
    pub(crate) fn nodes_of(&self, key: ResourceKey) -> Vec<NodeKey> {
        let leaves = self.leaves(key);
        let found: Vec<NodeKey> = leaves.iter().flat_map(|&leaf| self.will_run_on(leaf)).collect();
        let order = &self.model.node_order;
        order.iter().copied().filter(|node| found.contains(node)).collect()
    }

    /// Every node that anything in the resource will be promoted on, by name.
    pub(crate) fn promoted_nodes(&self, key: ResourceKey) -> Vec<NodeKey> {
        let promoted = |leaf: &ResourceKey| {
            let outcome = self.outcome(*leaf);
            let role =
                if outcome.state.managed { outcome.state.next_role } else { outcome.state.role };
            role == Role::Promoted
        };
        let found: Vec<NodeKey> = self
            .leaves(key)
            .iter()
            .filter(|leaf| promoted(leaf))
            .flat_map(|&leaf| self.will_run_on(leaf))
            .collect();
        let order = &self.model.node_order;
        order.iter().copied().filter(|node| found.contains(node)).collect()
    }

    pub(crate) fn kind(&self, key: ResourceKey) -> Kind {
        match self.resource(key).variant {
            Variant::Primitive => Kind::Primitive,
            Variant::Group { .. } => Kind::Group,
            Variant::Clone(_) => Kind::Clone,
            Variant::Bundle { .. } => Kind::Bundle,
        }
    }

    pub(crate) fn activity(&self, key: ResourceKey) -> Vec<Activity> {
        let mut found: Vec<Activity> = Vec::new();
        for leaf in self.leaves(key) {
            let state = &self.resource(leaf).state;
            for &node in &state.active_on {
                let activity =
                    Activity { node: self.node_name(node), role: self.role_text(leaf, state.role) };
                if !found.contains(&activity) {
                    found.push(activity);
                }
            }
        }
        found
    }

    /// The role as people call it: only what can be promoted has more than two.
    pub(crate) fn role_text(&self, key: ResourceKey, role: Role) -> String {
        let promotable = self.resource(self.model.top_of(key, true)).promotable;
        match role {
            Role::Started if promotable => Role::Unpromoted,
            Role::Unknown => Role::Started,
            other => other,
        }
        .to_string()
    }

    pub(crate) fn verdict(&self, key: ResourceKey) -> Verdict {
        if !self.resource(key).is_primitive() {
            return self.whole_verdict(key);
        }
        let outcome = self.outcome(key);
        let configured = self.resource(key);
        let active = &configured.state.active_on;
        let role = self.role_text(key, outcome.state.next_role);
        match self.fate(key) {
            Fate::LeftAlone => Verdict::LeftAlone { nodes: self.node_names(active) },
            Fate::Stopped => Verdict::Stopped { until_stopped: self.node_names(active) },
            Fate::Waits(node) => Verdict::Waits { node: self.node_name(node) },
            Fate::Starts(node) => {
                let how = match active.as_slice() {
                    [] => How::Start,
                    [from, ..] => How::Move { from: self.node_name(*from) },
                };
                Verdict::Changes { node: self.node_name(node), role, how }
            }
            Fate::Restarts(node) => {
                Verdict::Changes { node: self.node_name(node), role, how: How::Restart }
            }
            Fate::Stays(node) => {
                let node = self.node_name(node);
                let from = self.role_text(key, configured.state.role);
                if from == role {
                    Verdict::Stays { node, role }
                } else {
                    Verdict::Changes { node, role, how: How::Role { from } }
                }
            }
        }
    }

    fn whole_verdict(&self, key: ResourceKey) -> Verdict {
        let nodes = self.nodes_of(key);
        let parts = self.parts_of(key);
        let leaves = self.leaves(key);
        let alone = |leaf: &ResourceKey| self.fate(*leaf) == Fate::LeftAlone;
        if !leaves.is_empty() && leaves.iter().all(alone) {
            return Verdict::LeftAlone { nodes: self.node_names(&nodes) };
        }
        let running = parts.iter().filter(|&&part| self.runs(part)).count();
        Verdict::Parts {
            running,
            of: parts.len(),
            nodes: self.node_names(&nodes),
            promoted: self.node_names(&self.promoted_nodes(key)),
        }
    }

    /// Members of a group, instances of a clone, replicas' parts of a bundle.
    pub(crate) fn parts_of(&self, key: ResourceKey) -> Vec<ResourceKey> {
        let mut parts = self.children(key).to_vec();
        if let Variant::Bundle { replicas, .. } = &self.resource(key).variant {
            parts = replicas
                .iter()
                .flat_map(|replica| {
                    [replica.ip, Some(replica.container), replica.remote, replica.child]
                })
                .flatten()
                .collect();
        }
        // Instances that only their history knows are of no interest unless they run.
        parts.retain(|&part| {
            let state = &self.resource(part).state;
            !state.removed || !state.active_on.is_empty() || self.resource(key).state.removed
        });
        parts
    }
}
