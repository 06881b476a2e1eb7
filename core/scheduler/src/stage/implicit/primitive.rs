use model::{NodeKey, ResourceKey, ScoreReason, options::PlacementStrategy};
use vocab::{Role, Score};

use crate::{
    plan::Plan,
    table::{ActionFlags, ActionKey, Colocation, Op, Relation, RelationEnd},
};

impl Plan<'_> {
    pub(super) fn primitive_constraints(&mut self, resource: ResourceKey) {
        if !self.rows[resource].state.managed {
            return;
        }
        let configured = self.resource(resource);
        let check_unfencing =
            !configured.fence_device && self.model.enable_unfencing && configured.needs_unfencing;
        let check_utilization = !configured.utilization.is_empty()
            && self.model.options.placement_strategy != PlacementStrategy::Default;
        self.order(
            resource,
            Op::Stop,
            resource,
            Op::Start,
            Relation::ORDERED | Relation::FIRST_IMPLIES_THEN | Relation::INTERMEDIATE_STOP,
        );
        let top = self.top_of(resource);
        if self.resource(top).promotable || self.rows[resource].state.role > Role::Unpromoted {
            let demotes = Relation::PROMOTED_THEN_IMPLIES_FIRST;
            self.order(resource, Op::Demote, resource, Op::Stop, demotes);
            let blocks = Relation::UNRUNNABLE_FIRST_BLOCKS;
            self.order(resource, Op::Start, resource, Op::Promote, blocks);
        }
        self.order(
            resource,
            Op::ForgetHistory,
            resource,
            Op::Monitor,
            Relation::IF_ON_SAME_NODE | Relation::THEN_CANCELS_FIRST,
        );
        let launcher = self.rows[resource].state.launcher;
        let nodes = if check_unfencing || check_utilization || launcher.is_some() {
            self.allowed_by_name(resource)
        } else {
            Vec::new()
        };
        if check_unfencing {
            for &node in &nodes {
                self.restart_around_unfencing(resource, node);
            }
        }
        if check_utilization {
            self.utilization_constraints(resource, &nodes);
        }
        if let Some(launcher) = launcher {
            self.launched_constraints(resource, launcher, &nodes);
        }
        if configured.remote_connection || configured.fence_device {
            self.avoid_remote_nodes(resource);
        }
    }

    /// The nodes of a resource's table, by name.
    pub(crate) fn allowed_by_name(&self, resource: ResourceKey) -> Vec<NodeKey> {
        let allowed = &self.rows[resource].allowed;
        self.model.node_order.iter().copied().filter(|&node| allowed.get(node).is_some()).collect()
    }

    fn restart_around_unfencing(&mut self, resource: ResourceKey, node: NodeKey) {
        let unfence = self.fence_action(node, Some("on"), true, None, false);
        let point = RelationEnd { action: Some(unfence), ..RelationEnd::default() };
        self.relate(
            RelationEnd::of(resource, Op::Stop),
            point,
            Relation::ORDERED | Relation::IF_ON_SAME_NODE,
        );
        self.relate(
            point,
            RelationEnd::of(resource, Op::Start),
            Relation::FIRST_IMPLIES_SAME_NODE_THEN | Relation::IF_ON_SAME_NODE,
        );
    }

    /// What uses capacity waits until capacity is given back.
    fn utilization_constraints(&mut self, resource: ResourceKey, nodes: &[NodeKey]) {
        let relation = Relation::IF_ON_SAME_NODE_OR_TARGET;
        for node in self.rows[resource].state.active_on.clone() {
            let point = self.load_stopped(node);
            let point = RelationEnd { action: Some(point), ..RelationEnd::default() };
            self.relate(RelationEnd::of(resource, Op::Stop), point, relation);
        }
        for &node in nodes {
            let point = self.load_stopped(node);
            let point = RelationEnd { action: Some(point), ..RelationEnd::default() };
            self.relate(point, RelationEnd::of(resource, Op::Start), relation);
            self.relate(point, RelationEnd::of(resource, Op::MigrateTo), relation);
        }
    }

    fn load_stopped(&mut self, node: NodeKey) -> ActionKey {
        let name = format!("load_stopped_{}", self.node_name(node));
        let point = self.pseudo_point(&name);
        let action = &mut self.actions[point];
        if action.node.is_none() {
            action.node = Some(node);
            action.flags.clear(ActionFlags::OPTIONAL);
        }
        point
    }

    fn launched_constraints(
        &mut self,
        resource: ResourceKey,
        launcher: ResourceKey,
        nodes: &[NodeKey],
    ) {
        let configured = self.resource(resource);
        let mut remote = None;
        if configured.remote_connection {
            if !configured.remote_nesting_allowed {
                self.avoid_remote_nodes(launcher);
            }
            self.order(launcher, Op::Monitor, resource, Op::Stop, Relation::ORDERED);
        } else if self.resource(launcher).remote_connection {
            remote = Some(launcher);
        } else {
            remote = self.guest_connection_of(launcher);
        }
        if let Some(remote) = remote {
            for &node in nodes {
                if self.model.nodes[node].connection != Some(remote) {
                    self.forbid(resource, node, &ScoreReason::WithContainer);
                }
            }
            return;
        }
        self.order(
            launcher,
            Op::Start,
            resource,
            Op::Start,
            Relation::FIRST_IMPLIES_THEN | Relation::UNRUNNABLE_FIRST_BLOCKS,
        );
        self.order(resource, Op::Stop, launcher, Op::Stop, Relation::THEN_IMPLIES_FIRST);
        let score =
            if configured.remote_nesting_allowed { Score::from(10_000) } else { Score::INFINITY };
        self.colocate(Colocation {
            id: "#resource-with-container".to_owned(),
            dependent: resource,
            primary: launcher,
            score,
            dependent_role: Role::Unknown,
            primary_role: Role::Unknown,
            node_attribute: None,
            influence: true,
            explicit: false,
        });
    }

    /// The connection to the node that a resource launches.
    pub(crate) fn guest_connection_of(&self, resource: ResourceKey) -> Option<ResourceKey> {
        if !self.model.have_remote_nodes {
            return None;
        }
        self.rows[resource]
            .state
            .launched
            .iter()
            .copied()
            .find(|&launched| self.resource(launched).remote_connection)
    }

    pub(crate) fn avoid_remote_nodes(&mut self, resource: ResourceKey) {
        for node in self.rows[resource].allowed.nodes() {
            if self.model.nodes[node].connection.is_some() {
                self.forbid(resource, node, &ScoreReason::NoRemoteNodes);
            }
        }
    }
}
