use model::{NodeKey, ResourceKey, ScoreReason, options::NoQuorumPolicy};
use vocab::{Role, Score};

use crate::{
    plan::Plan,
    report::ScoreStage,
    table::{ActionFlags, ColocationKey, Op},
};

impl Plan<'_> {
    pub(super) fn allocate_primitive(
        &mut self,
        resource: ResourceKey,
        prefer: Option<NodeKey>,
        stop_if_fail: bool,
    ) -> Option<NodeKey> {
        if let Some(parent) = self.parent(resource)
            && !self.rows[parent].assigning
        {
            self.allocate(parent, prefer, stop_if_fail);
        }
        if !self.rows[resource].unassigned {
            return self.rows[resource].assigned;
        }
        if self.rows[resource].assigning {
            return None;
        }
        self.rows[resource].assigning = true;
        self.apply_all_colocations(resource);
        self.apply_role(resource);
        self.record_scores(resource, ScoreStage::Primitive);
        if self.model.options.fencing_enabled && !self.model.have_fencing {
            self.rows[resource].state.managed = false;
        }
        if !self.rows[resource].state.managed {
            let row = &mut self.rows[resource];
            row.state.next_role = row.state.role;
            let current = self.current_node(resource);
            self.assign(resource, current, true, stop_if_fail);
        } else if self.model.options.stop_all_resources {
            self.assign(resource, None, true, stop_if_fail);
        } else {
            self.assign_best(resource, prefer, stop_if_fail);
        }
        self.rows[resource].assigning = false;
        if self.resource(resource).remote_connection {
            self.connection_assigned(resource);
        }
        self.rows[resource].assigned
    }

    /// Lets colocations change the resource's preferences: those that leave no choice first.
    fn apply_all_colocations(&mut self, resource: ResourceKey) {
        let this_with = self.this_with(resource);
        let with_this = self.with_this(resource);
        for mandatory in [true, false] {
            let wanted =
                |plan: &Self, key: ColocationKey| plan.colocations[key].is_mandatory() == mandatory;
            for &key in &this_with {
                if wanted(self, key) {
                    self.follow(key, resource);
                }
            }
            for &key in &with_this {
                if wanted(self, key) {
                    self.add_dependent_preferences(key, resource);
                }
            }
        }
    }

    fn follow(&mut self, key: ColocationKey, resource: ResourceKey) {
        let colocation = &self.colocations[key];
        let primary = colocation.primary;
        let score = colocation.score;
        let keep = colocation.dependent_role >= Role::Promoted
            || (score < Score::ZERO && score > Score::MINUS_INFINITY);
        let archive = keep.then(|| self.rows[resource].allowed.clone());
        let noted = self.score_changes.len();
        if self.rows[primary].unassigned {
            self.allocate(primary, None, true);
        }
        self.apply_colocation(resource, primary, key, true);
        if let Some(archive) = archive
            && !self.any_allowed(&self.rows[resource].allowed)
        {
            self.rows[resource].allowed = archive;
            self.forget_scores(resource, noted);
        }
    }

    fn apply_role(&mut self, resource: ResourceKey) {
        let state = &self.rows[resource].state;
        if state.next_role == Role::Stopped {
            let reason = &ScoreReason::TargetRole;
            self.prefer(resource, None, Score::MINUS_INFINITY, reason);
        } else if state.next_role > state.role
            && !self.model.quorate
            && self.model.options.no_quorum_policy == NoQuorumPolicy::Freeze
        {
            let row = &mut self.rows[resource];
            row.state.next_role = row.state.role;
        }
    }

    fn assign_best(&mut self, resource: ResourceKey, prefer: Option<NodeKey>, stop_if_fail: bool) {
        let most_free = self.ban_insufficient(resource);
        let prefer = prefer.or(most_free);
        if !self.rows[resource].unassigned {
            return;
        }
        let table = self.rows[resource].allowed.clone();
        let current = self.current_node(resource);
        let nodes = {
            let nodes = table.nodes();
            model::merge_sort(nodes, &mut |&a, &b| self.compare_nodes(&table, a, b, current))
        };
        let best = nodes.first().copied();
        let mut chosen = None;
        if let (Some(prefer), Some(best)) = (prefer, best)
            && let Some(cell) = table.get(prefer)
            && cell.score >= table.score(best)
            && self.is_allowed(prefer, cell)
        {
            chosen = Some(prefer);
        }
        if chosen.is_none()
            && let Some(best) = best
        {
            chosen = Some(best);
            let parent_is_unique = self.parent(resource).is_some_and(|parent| {
                self.resource(parent).is_clone() && self.resource(parent).unique
            });
            let score = table.score(best);
            // Of several nodes that are equally good, the present one is kept.
            if !parent_is_unique
                && score > Score::ZERO
                && self.is_available(best)
                && let Some(current) = current
                && self.is_available(current)
                && self.model.nodes[current].base_score >= Score::ZERO
            {
                let equal = nodes.iter().take_while(|&&node| table.score(node) == score);
                if equal.into_iter().any(|&node| node == current) {
                    chosen = Some(current);
                }
            }
        }
        self.assign(resource, chosen, false, stop_if_fail);
    }

    /// Puts a resource and what it contains on a node or on none, if the node can take it or `force` says so. True if
    /// that is a change.
    pub(crate) fn assign(
        &mut self,
        resource: ResourceKey,
        node: Option<NodeKey>,
        force: bool,
        stop_if_fail: bool,
    ) -> bool {
        if self.has_children(resource) {
            let mut changed = false;
            for child in self.children(resource) {
                changed |= self.assign(child, node, force, stop_if_fail);
            }
            return changed;
        }
        let mut node = node;
        if let Some(candidate) = node
            && !force
        {
            let score = self.rows[resource].allowed.score(candidate);
            let available = self.is_available(candidate) || self.is_guest(candidate);
            if score < Score::ZERO || !available {
                if stop_if_fail {
                    self.rows[resource].state.next_role = Role::Stopped;
                }
                node = None;
            }
        }
        let changed = self.rows[resource].assigned != node;
        self.unassign(resource);
        self.rows[resource].unassigned = false;
        let Some(node) = node else {
            if stop_if_fail {
                self.rows[resource].state.next_role = Role::Stopped;
                self.stop_actions_without_node(resource);
            }
            return changed;
        };
        self.rows[resource].assigned = Some(node);
        self.nodes[node].assigned += 1;
        if let Some(cell) = self.rows[resource].allowed.get_mut(node) {
            cell.instances += 1;
        }
        self.consume(node, resource);
        self.tell_taken(resource, node);
        changed
    }

    fn stop_actions_without_node(&mut self, resource: ResourceKey) {
        const NOT_RUNNING: &str = "7";
        for key in self.rows[resource].actions.clone() {
            let action = &mut self.actions[key];
            match action.task {
                Op::Stop => action.flags.clear(ActionFlags::OPTIONAL),
                Op::Start => action.flags.clear(ActionFlags::RUNNABLE),
                _ => {
                    let expected = action.meta.get("op_target_rc").map(|rc| &**rc);
                    if action.is_recurring() && expected != Some(NOT_RUNNING) {
                        action.flags.clear(ActionFlags::RUNNABLE);
                    }
                }
            }
        }
    }

    /// Takes a resource off the node it was put on.
    pub(crate) fn unassign(&mut self, resource: ResourceKey) {
        self.rows[resource].unassigned = true;
        if self.has_children(resource) {
            for child in self.children(resource) {
                self.unassign(child);
            }
            return;
        }
        if let Some(node) = self.rows[resource].assigned.take() {
            self.nodes[node].assigned -= 1;
            self.release(node, resource);
        }
    }

    /// A remote node is there if its connection is.
    fn connection_assigned(&mut self, connection: ResourceKey) {
        let name = self.resource(connection).id.clone();
        let Some(node) = self.model.node_named(name.as_str()) else { return };
        let row = &self.rows[connection];
        let state = &mut self.nodes[node].state;
        if row.assigned.is_some() && row.state.next_role != Role::Stopped {
            state.online = true;
            if !state.seen {
                state.unclean = false;
            }
        } else {
            state.shutdown = true;
        }
    }
}
