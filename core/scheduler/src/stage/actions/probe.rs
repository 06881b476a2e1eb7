use model::{NodeKey, ProbeMode, ResourceKey, Variant};
use vocab::Role;

use crate::{
    plan::Plan,
    table::{ActionFlags, ActionKey, KeyOp, Op, Relation, RelationEnd, TaskKey, Visits},
};

impl Plan<'_> {
    /// Asks every node for every resource of which it is not known whether it runs there.
    pub(super) fn probe_all(&mut self) {
        for node in self.node_keys() {
            let state = self.nodes[node].state;
            if !state.online {
                if self.connection_has_failed(node) {
                    self.request_fencing(node, model::FenceReason::ConnectionLost, false);
                }
                continue;
            }
            if state.unclean || !state.probes_allowed {
                continue;
            }
            for resource in self.top.clone() {
                self.probe(resource, node);
            }
        }
    }

    pub(crate) fn probe(&mut self, resource: ResourceKey, node: NodeKey) -> bool {
        match self.resource(resource).variant {
            Variant::Primitive | Variant::Group { .. } => self.probe_here(resource, node),
            Variant::Clone(_) => self.probe_clone(resource, node),
            Variant::Bundle { .. } => self.probe_bundle(resource, node),
        }
    }

    fn probe_children(&mut self, resource: ResourceKey, node: NodeKey) -> bool {
        let mut any = false;
        for child in self.children(resource) {
            any |= self.probe(child, node);
        }
        any
    }

    fn cannot_be_there(&self, resource: ResourceKey, node: NodeKey) -> bool {
        let configured = self.resource(resource);
        self.is_remote_kind(node)
            && (configured.fence_device
                || configured.remote_connection
                || (self.is_guest(node) && self.guest_connection_of(resource).is_some()))
    }

    fn probe_here(&mut self, resource: ResourceKey, node: NodeKey) -> bool {
        let configured = self.resource(resource);
        if self.cannot_be_there(resource, node) {
            return false;
        }
        if self.has_children(resource) {
            return self.probe_children(resource, node);
        }
        let state = &self.rows[resource].state;
        if (state.launcher.is_some() && !configured.remote_connection)
            || state.removed
            || state.known_on.contains(&node)
        {
            return false;
        }
        let top = self.top_of(resource);
        let exclusive = state.exclusive_probes || self.rows[top].state.exclusive_probes;
        let mode = self.rows[resource].allowed.get(node).map(|cell| cell.probe);
        if exclusive && mode != Some(ProbeMode::Exclusive) {
            return false;
        }
        if mode.unwrap_or(self.model.nodes[node].base_probe) == ProbeMode::Never {
            return false;
        }
        if let Some(launcher) = self.guest_launcher(node)
            && self.guest_is_not_there(node, launcher, top)
        {
            return false;
        }
        self.add_probe(resource, node, top);
        true
    }

    /// What is not there yet cannot be asked; it is asked, or known, before anything starts.
    fn guest_is_not_there(
        &mut self,
        node: NodeKey,
        launcher: ResourceKey,
        top: ResourceKey,
    ) -> bool {
        let row = &self.rows[launcher];
        let stopped = row.state.role == Role::Stopped;
        if stopped {
            if let Some(host) = row.assigned
                && !row.state.known_on.contains(&host)
            {
                self.order(launcher, Op::Monitor, top, Op::Start, Relation::ORDERED);
            }
            return true;
        }
        let state = &self.nodes[node].state;
        let will_stop = state.remote_reset
            || state.unclean
            || row.state.failed
            || row.state.next_role == Role::Stopped
            || (row.state.role > Role::Stopped
                && row.assigned.is_some_and(|host| !row.state.active_on.contains(&host)));
        if will_stop {
            self.order(launcher, Op::Stop, top, Op::Start, Relation::ORDERED);
        }
        will_stop
    }

    fn add_probe(&mut self, resource: ResourceKey, node: NodeKey, top: ResourceKey) {
        let probe = self.ensure(resource, Op::Monitor, Op::Monitor, Some(node), false);
        self.actions[probe].flags.clear(ActionFlags::OPTIONAL);
        self.order_after_unfencing(resource, node, probe, Relation::ORDERED);
        let state = &self.rows[resource].state;
        let expected = if !state.active_on.contains(&node) {
            Some("7")
        } else if state.role == Role::Promoted {
            Some("8")
        } else {
            None
        };
        if let Some(expected) = expected {
            self.actions[probe].meta.insert("op_target_rc", expected.into());
        }
        let waiting = if self.resource(top).is_clone() { top } else { resource };
        let mut relation = Relation::ORDERED;
        if !self.actions[probe].is_runnable() && self.rows[waiting].state.active_on.is_empty() {
            relation |= Relation::UNRUNNABLE_FIRST_BLOCKS;
        }
        let end =
            RelationEnd { resource: Some(resource), action: Some(probe), ..RelationEnd::default() };
        self.relate(end, RelationEnd::of(waiting, Op::Start), relation);
        let reload = RelationEnd {
            resource: Some(waiting),
            key: Some((resource, Op::Reload.into())),
            action: None,
        };
        self.relate(end, reload, Relation::ORDERED);
    }

    fn probe_clone(&mut self, clone: ResourceKey, node: NodeKey) -> bool {
        if self.rows[clone].state.exclusive_probes {
            let mode = self.rows[clone].allowed.get(node).map(|cell| cell.probe);
            if mode != Some(ProbeMode::Exclusive) {
                self.rows[clone].allowed.remove(node);
                return false;
            }
        }
        self.sort_by_number(clone);
        if self.resource(clone).unique {
            return self.probe_children(clone, node);
        }
        let instances = self.children(clone);
        let known =
            instances.iter().copied().find(|&instance| self.is_known_anywhere(instance, node));
        let here = || {
            instances
                .iter()
                .copied()
                .find(|&instance| self.assigned_location(instance) == Some(node))
        };
        let chosen = known.or_else(here).or_else(|| instances.first().copied());
        chosen.is_some_and(|instance| self.probe(instance, node))
    }

    fn is_known_anywhere(&self, resource: ResourceKey, node: NodeKey) -> bool {
        let state = &self.rows[resource].state;
        if state.children.is_empty() {
            return state.known_on.contains(&node);
        }
        state.children.iter().any(|&child| self.is_known_anywhere(child, node))
    }

    /// Adds the orderings of probes against what follows from what they find.
    pub(crate) fn order_probes(&mut self) {
        let mut visits = Visits::default();
        for resource in self.top.clone() {
            self.order_probes_of(resource, &mut visits);
        }
        self.order_probes_before_stops();
    }

    fn order_probes_of(&mut self, resource: ResourceKey, visits: &mut Visits) {
        if !self.resource(resource).is_primitive() {
            for child in self.children(resource) {
                self.order_probes_of(child, visits);
            }
            return;
        }
        for probe in self.find_actions(resource, Op::Monitor.into(), None) {
            let after: Vec<_> = self.actions[probe].after.iter().rev().copied().collect();
            for then in after {
                self.order_probe_before_instances(probe, then.action, then.relation);
                visits.begin();
                self.order_probe_before_restarts(probe, then.action, visits);
            }
        }
    }

    /// An unrunnable probe of an instance keeps the whole clone from starting.
    fn order_probe_before_instances(
        &mut self,
        probe: ActionKey,
        after: ActionKey,
        relation: Relation,
    ) {
        let Some(after_resource) = self.actions[after].resource else { return };
        let Some(probed) = self.actions[probe].resource else { return };
        if self.resource(after_resource).rank() <= 1
            || self.actions[probe].is_runnable()
            || relation.has(Relation::UNRUNNABLE_FIRST_BLOCKS)
            || self.top_of(probed) != after_resource
            || self.actions[after].task != Op::Start
        {
            return;
        }
        let later: Vec<_> = self.actions[after].after.iter().rev().copied().collect();
        for then in later {
            let action = &self.actions[then.action];
            let Some(resource) = action.resource else { continue };
            if action.task == Op::Start
                && self.rows[resource].state.active_on.is_empty()
                && self.top_of(resource) == after_resource
            {
                let relation = Relation::ORDERED | Relation::UNRUNNABLE_FIRST_BLOCKS;
                self.order_actions(probe, then.action, relation);
            }
        }
    }

    /// What restarts because of what a probe may lead to waits for the probe.
    fn order_probe_before_restarts(
        &mut self,
        probe: ActionKey,
        after: ActionKey,
        visits: &mut Visits,
    ) {
        let Some(probed) = self.actions[probe].resource else { return };
        if self.actions[probe].task != Op::Monitor || !visits.is_first(after) {
            return;
        }
        let after_resource = self.actions[after].resource;
        if let Some(resource) = after_resource
            && self.resource(resource).is_primitive()
            && resource != probed
        {
            let then = match self.actions[after].task {
                Op::Start => self.find_actions(resource, Op::Stop.into(), None),
                Op::Promote => self.find_actions(resource, Op::Demote.into(), None),
                _ => Vec::new(),
            };
            for then in then {
                if !self.actions[then].is_pseudo() {
                    self.order_actions(probe, then, Relation::ORDERED);
                }
            }
        }
        let rank = after_resource.map(|resource| self.resource(resource).rank());
        let collective = after_resource.filter(|_| rank.is_some_and(|rank| rank > 1));
        let interleaved =
            collective.is_some_and(|resource| self.resource(resource).meta_is_true("interleave"));
        let partner = collective.filter(|_| interleaved).and_then(|resource| {
            self.compatible_instance(probed, resource, Role::Unknown, false, None)
        });
        // What is added meanwhile waits for the probe itself.
        for position in (0..self.actions[after].after.len()).rev() {
            let next = self.actions[after].after[position];
            if !next.relation.has(Relation::FIRST_IMPLIES_THEN) {
                let Some(resource) = after_resource else { continue };
                let chained = self.actions[next.action].resource;
                let Some(chained) = chained else { continue };
                if rank.is_none_or(|rank| rank < 1)
                    || self.parent(probed) == Some(resource)
                    || self.resource(chained).rank() > 1
                    || self.parent(chained) != Some(resource)
                {
                    continue;
                }
                if collective.is_some() && interleaved && partner != Some(chained) {
                    continue;
                }
            }
            self.order_probe_before_restarts(probe, next.action, visits);
        }
    }

    /// What waits for a stop waits for the probe that may lead to it.
    fn order_probes_before_stops(&mut self) {
        for index in 0..self.relations.len() {
            let row = self.relations[index];
            let Some(first) = row.first.resource else { continue };
            if row.relation == Relation::NONE || row.then.resource == Some(first) {
                continue;
            }
            let is_stop = |plan: &Self, end: RelationEnd| match end.action {
                Some(action) => Some(plan.actions[action].task == Op::Stop),
                None => end.key.map(|(_, key)| key.op == KeyOp::Op(Op::Stop)),
            };
            let Some(then_stops) = is_stop(self, row.then) else { continue };
            if is_stop(self, row.first) != Some(true) {
                continue;
            }
            if row.then.resource.is_some()
                && self.rows[first].state.launcher == row.then.resource
                && then_stops
            {
                continue;
            }
            let mut relation = Relation::ORDERED;
            for kept in [Relation::IF_FIRST_UNMIGRATABLE, Relation::IF_ON_SAME_NODE] {
                if row.relation.has(kept) {
                    relation |= kept;
                }
            }
            if row.relation == Relation::IF_REQUIRED_ON_SAME_NODE
                || row.relation == Relation::IF_ON_SAME_NODE_OR_TARGET
            {
                relation = row.relation;
            }
            let probes = self.find_actions(first, TaskKey::once(Op::Monitor), None);
            if probes.is_empty() {
                continue;
            }
            let thens = match (row.then.action, row.then.resource, row.then.key) {
                (Some(action), _, _) => vec![action],
                (None, Some(resource), Some((named, key))) if named == resource => {
                    self.find_actions(resource, key, None)
                }
                _ => Vec::new(),
            };
            for &probe in &probes {
                for &then in &thens {
                    if self.probe_matters_before(probe, then) {
                        self.order_actions(probe, then, relation);
                    }
                }
            }
        }
    }

    fn probe_matters_before(&self, probe: ActionKey, then: ActionKey) -> bool {
        let (probe, then) = (&self.actions[probe], &self.actions[then]);
        let same_node = probe.node.is_some() && probe.node == then.node;
        match then.task {
            Op::Fence if same_node => {
                then.meta.get("stonith_action").is_none_or(|how| &**how != "on")
            }
            Op::Shutdown => same_node || probe.node.is_none() || then.node.is_none(),
            _ => true,
        }
    }
}
