use model::ResourceKey;
use vocab::Score;

use crate::{
    plan::Plan,
    table::{ActionFlags, Op},
};

/// What happens to the instances of a collection.
#[derive(Clone, Copy, Default)]
struct Changes {
    starting: bool,
    stopping: bool,
    restarting: bool,
    active: bool,
}

impl Plan<'_> {
    pub(super) fn clone_actions(&mut self, clone: ResourceKey) {
        let instances = self.children(clone);
        self.instance_actions(clone, &instances);
        if !self.resource(clone).promotable {
            return;
        }
        let (mut promoting, mut demoting) = (false, false);
        for instance in self.children(clone) {
            self.create_actions(instance);
            self.role_changes(instance, &mut promoting, &mut demoting);
        }
        let done = |plan: &mut Self, op: Op, any: bool| {
            let begin = plan.resource_point(clone, op, !any, true);
            let completion = op.completion().unwrap_or(op);
            let end = plan.resource_point(clone, completion, !any, true);
            plan.actions[end].priority = Score::INFINITY.value();
            (begin, end)
        };
        let (promote, promoted) = done(self, Op::Promote, promoting);
        self.promotion_notifications(clone, promote, promoted);
        let (demote, demoted) = done(self, Op::Demote, demoting);
        self.demotion_notifications(clone, demote, demoted);
        let priority = self.rows[clone].state.priority;
        for instance in self.children(clone) {
            self.rows[instance].state.priority = priority;
        }
    }

    fn role_changes(&self, resource: ResourceKey, promoting: &mut bool, demoting: &mut bool) {
        for &child in &self.rows[resource].state.children {
            self.role_changes(child, promoting, demoting);
        }
        if self.has_children(resource) {
            return;
        }
        for &action in &self.rows[resource].actions {
            let action = &self.actions[action];
            if action.is_optional() {
                continue;
            }
            match action.task {
                Op::Demote => *demoting = true,
                Op::Promote => *promoting = true,
                _ => {}
            }
        }
    }

    /// Actions of instances, and the points between which they lie.
    pub(crate) fn instance_actions(&mut self, collective: ResourceKey, instances: &[ResourceKey]) {
        let mut changes = Changes::default();
        for &instance in instances {
            self.create_actions(instance);
            self.note_changes(instance, &mut changes);
        }
        let start = self.resource_point(collective, Op::Start, !changes.starting, true);
        let started = self.resource_point(collective, Op::Running, !changes.starting, false);
        self.actions[started].priority = Score::INFINITY.value();
        if changes.active || changes.starting {
            self.actions[started].flags.set(ActionFlags::RUNNABLE);
        }
        let stop = self.resource_point(collective, Op::Stop, !changes.stopping, true);
        let stopped = self.resource_point(collective, Op::Stopped, !changes.stopping, true);
        self.actions[stopped].priority = Score::INFINITY.value();
        if !changes.restarting {
            self.actions[stop].flags.set(ActionFlags::MIGRATABLE);
        }
        if self.resource(collective).is_clone() {
            self.start_and_stop_notifications(collective, (start, started), (stop, stopped));
        }
    }

    fn note_changes(&self, instance: ResourceKey, changes: &mut Changes) {
        if !self.resource(instance).is_primitive() {
            for &child in &self.rows[instance].state.children {
                self.note_changes(child, changes);
            }
            return;
        }
        let row = &self.rows[instance];
        let (mut starting, mut stopping) = (false, false);
        for &key in row.actions.iter().rev() {
            let action = &self.actions[key];
            let required = !action.is_optional();
            match action.task {
                Op::Start => starting |= required && action.is_runnable(),
                Op::Stop => {
                    stopping |=
                        required && action.flags.any(ActionFlags::PSEUDO | ActionFlags::RUNNABLE);
                }
                _ => {}
            }
        }
        changes.active |= !row.state.active_on.is_empty();
        changes.starting |= starting;
        changes.stopping |= stopping;
        changes.restarting |= starting && stopping;
    }
}
