use model::{NodeKey, ResourceKey, resource::MultipleActive};
use vocab::Role;

use super::roles::{Step, next_role, step};
use crate::{
    plan::Plan,
    reason::ActionReason,
    table::{ActionFlags, Op, Relation, TaskKey},
};

/// How a primitive comes from where it is to where it will be.
#[derive(Default)]
struct Way {
    need_stop: bool,
    need_promote: bool,
    moving: bool,
    migrate: bool,
}

impl Plan<'_> {
    pub(super) fn primitive_actions(&mut self, resource: ResourceKey) {
        let row = &mut self.rows[resource];
        if row.state.next_role == Role::Unknown {
            row.state.next_role =
                if row.assigned.is_some() { Role::Started } else { Role::Stopped };
        }
        let (all_active, clean_active) = self.active_counts(resource);
        let current = self.current_node(resource);
        for node in self.rows[resource].state.dangling_migrations.clone() {
            let stop = self.stop(resource, node, false);
            self.actions[stop].flags.set(ActionFlags::MIGRATION_ABORT);
        }
        let mut way = Way::default();
        let assigned = self.rows[resource].assigned;
        if let (Some(current), Some(assigned)) = (current, assigned)
            && current != assigned
            && self.rows[resource].state.next_role >= Role::Started
        {
            way.moving = true;
            way.migrate = self.can_migrate(resource, current);
            way.need_stop = true;
        }
        let multiply_active =
            self.check_migration(resource, current, all_active, clean_active, &mut way);
        self.rows[resource].stop_unexpected = false;
        if multiply_active {
            match self.resource(resource).multiple_active {
                MultipleActive::StopStart => way.need_stop = true,
                MultipleActive::StopUnexpected => {
                    way.need_stop = true;
                    self.rows[resource].stop_unexpected = true;
                }
                MultipleActive::StopOnly | MultipleActive::Block => {}
            }
        }
        self.check_restart(resource, current, &mut way);
        self.restart_steps(resource, current, &way);
        self.role_steps(resource);
        self.recurring_actions(resource);
        if way.migrate
            && let Some(current) = current
        {
            self.migration_actions(resource, current);
        }
    }

    /// Goes on with a migration under way or gives it up; true if the resource is active where it should not be.
    fn check_migration(
        &mut self,
        resource: ResourceKey,
        current: Option<NodeKey>,
        all_active: usize,
        clean_active: usize,
        way: &mut Way,
    ) -> bool {
        let row = &mut self.rows[resource];
        let (source, target) = (row.state.migration_source, row.state.migration_target);
        if source.is_some()
            && target.is_some()
            && way.migrate
            && all_active == 2
            && current == source
            && row.assigned == target
        {
            return false;
        }
        if source.is_some() || target.is_some() {
            way.need_stop = true;
            way.migrate = false;
            row.state.migration_source = None;
            row.state.migration_target = None;
            return false;
        }
        let count = if self.resource(resource).needs_fencing { all_active } else { clean_active };
        count > 1
    }

    fn check_restart(&mut self, resource: ResourceKey, current: Option<NodeKey>, way: &mut Way) {
        let assigned = self.rows[resource].assigned;
        if self.rows[resource].state.start_pending {
            let start = self.start(resource, assigned);
            self.actions[start].flags.set(ActionFlags::ALWAYS_IN_GRAPH);
        }
        let state = &self.rows[resource].state;
        if way.moving {
            return;
        }
        if state.failed {
            if state.stop_if_failed {
                way.need_stop = true;
            } else if state.next_role == Role::Promoted {
                way.need_promote = true;
            }
        } else if state.blocked {
            way.need_stop = true;
        } else if state.role > Role::Started && current.is_some() && assigned.is_some() {
            // What is promoted is demoted if it has to be started anew.
            let start = self.start(resource, assigned);
            if !self.actions[start].is_optional() {
                way.need_stop = true;
            }
        }
    }

    /// The way down and up again, required only if it has to be gone.
    fn restart_steps(&mut self, resource: ResourceKey, current: Option<NodeKey>, way: &Way) {
        self.rows[resource].restarting = true;
        let mut role = self.rows[resource].state.role;
        while role != Role::Stopped {
            let next = next_role(role, Role::Stopped);
            let Some(step) = step(role, next) else { break };
            self.take_step(resource, step, current, !way.need_stop);
            role = next;
        }
        let state = &self.rows[resource].state;
        let (target, stays_up, blocked) =
            (state.role, state.role <= state.next_role, state.blocked);
        while stays_up && role != target && !blocked {
            let next = next_role(role, target);
            let required = way.need_stop || (next == Role::Promoted && way.need_promote);
            let Some(step) = step(role, next) else { break };
            let assigned = self.rows[resource].assigned;
            self.take_step(resource, step, assigned, !required);
            role = next;
        }
        self.rows[resource].restarting = false;
    }

    fn role_steps(&mut self, resource: ResourceKey) {
        let mut role = self.rows[resource].state.role;
        while role != self.rows[resource].state.next_role {
            let next = next_role(role, self.rows[resource].state.next_role);
            let Some(step) = step(role, next) else { break };
            let assigned = self.rows[resource].assigned;
            self.take_step(resource, step, assigned, false);
            role = next;
        }
    }

    fn take_step(
        &mut self,
        resource: ResourceKey,
        step: Step,
        node: Option<NodeKey>,
        optional: bool,
    ) {
        match step {
            Step::Stop => self.stop_step(resource, optional),
            Step::Start => self.start_step(resource, node, optional),
            Step::Promote => self.promote_step(resource, node, optional),
            Step::Demote => {
                for node in self.rows[resource].state.active_on.clone() {
                    if !self.is_expected(resource, Some(node)) {
                        self.ensure(resource, Op::Demote, Op::Demote, Some(node), optional);
                    }
                }
            }
        }
    }

    /// Whether a resource that is active too often is where it should be.
    fn is_expected(&self, resource: ResourceKey, node: Option<NodeKey>) -> bool {
        let row = &self.rows[resource];
        row.stop_unexpected
            && row.restarting
            && row.state.next_role > Role::Stopped
            && node.is_some()
            && row.assigned == node
    }

    fn stop_step(&mut self, resource: ResourceKey, optional: bool) {
        let mut optional = optional;
        for node in self.rows[resource].state.active_on.clone() {
            if self.is_expected(resource, Some(node)) {
                continue;
            }
            let row = &self.rows[resource];
            if let Some(target) = row.state.migration_target {
                if node == target && row.assigned == Some(node) {
                    continue;
                }
                optional = false;
            }
            let stop = self.stop(resource, node, optional);
            let row = &self.rows[resource];
            if row.assigned.is_none() {
                self.actions[stop].reason = Some(ActionReason::NodeAvailability);
            } else if row.restarting && row.stop_unexpected {
                self.actions[stop].reason = Some(ActionReason::MultiplyActive);
            }
            if !self.rows[resource].state.managed {
                self.actions[stop].flags.clear(ActionFlags::RUNNABLE);
            }
            if self.model.options.forget_after_stop {
                self.clean_up(resource, node, optional);
            }
            if self.resource(resource).needs_unfencing {
                let unfence = self.fence_action(node, Some("on"), true, None, false);
                self.order_actions(stop, unfence, Relation::THEN_IMPLIES_FIRST);
            }
        }
    }

    fn start_step(&mut self, resource: ResourceKey, node: Option<NodeKey>, optional: bool) {
        let start = self.start(resource, node);
        if let Some(node) = node {
            self.order_after_unfencing(resource, node, start, Relation::FIRST_IMPLIES_THEN);
        }
        if self.actions[start].is_runnable() && !optional {
            self.actions[start].flags.clear(ActionFlags::OPTIONAL);
        }
        if self.is_expected(resource, node) {
            self.actions[start].flags.set(ActionFlags::PSEUDO);
        }
    }

    fn promote_step(&mut self, resource: ResourceKey, node: Option<NodeKey>, optional: bool) {
        let on_node = |plan: &Self, op: Op| match node {
            Some(node) => plan.actions_on(resource, TaskKey::once(op), node),
            None => Vec::new(),
        };
        let starts = on_node(self, Op::Start);
        if starts.iter().all(|&start| self.actions[start].is_runnable()) {
            let promote = self.ensure(resource, Op::Promote, Op::Promote, node, optional);
            if self.is_expected(resource, node) {
                self.actions[promote].flags.set(ActionFlags::PSEUDO);
            }
        } else {
            for promote in on_node(self, Op::Promote) {
                self.actions[promote].flags.clear(ActionFlags::RUNNABLE);
            }
        }
    }
}
