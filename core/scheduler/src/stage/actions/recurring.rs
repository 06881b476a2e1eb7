use model::{NodeKey, ResourceKey, resource::OperationConfig};
use vocab::Role;

use crate::{
    plan::Plan,
    stage::findings::recurring,
    table::{ActionFlags, ActionKey, Op, Relation, RelationEnd},
};

impl Plan<'_> {
    /// Starts and ends the recurring operations of a resource.
    pub(super) fn recurring_actions(&mut self, resource: ResourceKey) {
        let row = &self.rows[resource];
        if row.state.blocked || row.state.maintenance {
            return;
        }
        let assigned = row.assigned;
        let wanted = row.state.next_role != Role::Stopped || !row.state.managed;
        let mut start = None;
        if let Some(node) = assigned
            && !self.nodes[node].state.maintenance
            && wanted
        {
            start = Some(self.start(resource, assigned));
        }
        let configured = self.resource(resource);
        for operation in &configured.operations {
            if !can_recur(operation) {
                continue;
            }
            // Of several with the same name and interval, none counts.
            let twins = configured.operations.iter().filter(|other| {
                other.name == operation.name && other.interval == operation.interval
            });
            if twins.count() > 1
                || configured.operation(&operation.name, operation.interval, false).is_none()
            {
                continue;
            }
            let role = match operation.role.as_deref().map(str::parse::<Role>) {
                None => Role::Unknown,
                Some(Ok(Role::Unknown) | Err(_)) => continue,
                Some(Ok(role)) => role,
            };
            if let Some(start) = start {
                self.recurring_while_active(resource, operation, role, start);
            }
            if role == Role::Stopped && configured.unique {
                self.recurring_while_inactive(resource, operation);
            }
        }
    }

    fn recurring_while_active(
        &mut self,
        resource: ResourceKey,
        operation: &OperationConfig,
        role: Role,
        start: ActionKey,
    ) {
        if role == Role::Stopped {
            return;
        }
        let op = self.op(&operation.name);
        let key = recurring(op, operation.interval);
        let Some(node) = self.rows[resource].assigned else { return };
        let running = self.actions_on(resource, key, node);
        let optional = self.actions[start].is_optional()
            && !running.is_empty()
            && !running.iter().any(|&action| self.actions[action].is(ActionFlags::RESCHEDULE));
        let state = &self.rows[resource].state;
        let (present, next, managed) = (state.role, state.next_role, state.managed);
        let fits = if role == Role::Unknown { next != Role::Promoted } else { next == role };
        if !fits {
            if optional {
                let cancel = self.cancel(resource, op, operation.interval, node);
                let after = match (present, next) {
                    (Role::Unpromoted | Role::Started, Role::Promoted) => Some(Op::Promote),
                    (Role::Unpromoted | Role::Started, Role::Stopped) => Some(Op::Stop),
                    (Role::Promoted, _) => Some(Op::Demote),
                    _ => None,
                };
                if let Some(after) = after {
                    self.order_cancel(resource, cancel, after);
                }
            }
            return;
        }
        let monitor = self.ensure(resource, key, op, Some(node), optional);
        let node_state = self.nodes[node].state;
        if !self.actions[start].is_runnable() || !node_state.online || node_state.unclean {
            self.actions[monitor].flags.clear(ActionFlags::RUNNABLE);
        }
        if next == Role::Promoted {
            self.actions[monitor].meta.insert("op_target_rc", "8".into());
        }
        if !managed {
            return;
        }
        let end = RelationEnd { action: Some(monitor), ..RelationEnd::default() };
        let follows = Relation::FIRST_IMPLIES_THEN | Relation::UNRUNNABLE_FIRST_BLOCKS;
        self.relate(RelationEnd::of(resource, Op::Start), end, follows);
        self.relate(RelationEnd::of(resource, Op::Reload), end, follows);
        let ordered = Relation::ORDERED | Relation::UNRUNNABLE_FIRST_BLOCKS;
        if next == Role::Promoted {
            self.relate(RelationEnd::of(resource, Op::Promote), end, ordered);
        } else if present == Role::Promoted {
            self.relate(RelationEnd::of(resource, Op::Demote), end, ordered);
        }
    }

    fn order_cancel(&mut self, resource: ResourceKey, cancel: ActionKey, then: Op) {
        let end = RelationEnd {
            resource: Some(resource),
            action: Some(cancel),
            ..RelationEnd::default()
        };
        let blocks = Relation::UNRUNNABLE_FIRST_BLOCKS;
        self.relate(end, RelationEnd::of(resource, then), blocks);
    }

    fn recurring_while_inactive(&mut self, resource: ResourceKey, operation: &OperationConfig) {
        let op = self.op(&operation.name);
        let key = recurring(op, operation.interval);
        for node in self.node_keys() {
            let running = !self.actions_on(resource, key, node).is_empty();
            if self.rows[resource].assigned == Some(node) {
                if running {
                    let cancel = self.cancel(resource, op, operation.interval, node);
                    let next = self.rows[resource].state.next_role;
                    if matches!(next, Role::Started | Role::Unpromoted) {
                        self.order_cancel(resource, cancel, Op::Start);
                    }
                }
                continue;
            }
            let monitor = self.ensure(resource, key, op, Some(node), running);
            self.actions[monitor].meta.insert("op_target_rc", "7".into());
            self.order_stopped_monitor(resource, node, monitor);
            let state = self.nodes[node].state;
            if !state.online || state.unclean {
                self.actions[monitor].flags.clear(ActionFlags::RUNNABLE);
            }
        }
    }

    fn order_stopped_monitor(&mut self, resource: ResourceKey, node: NodeKey, monitor: ActionKey) {
        let managed = self.rows[resource].state.managed;
        let blocks = Relation::UNRUNNABLE_FIRST_BLOCKS;
        if managed {
            for probe in self.find_actions(resource, Op::Monitor.into(), Some(node)) {
                self.order_actions(probe, monitor, blocks);
            }
        }
        for stop in self.actions_on(resource, Op::Stop.into(), node) {
            let stop_optional = self.actions[stop].is_optional();
            if !stop_optional && !self.actions[monitor].is_optional() && !managed {
                self.actions[monitor].flags.set(ActionFlags::OPTIONAL);
            }
            if !self.actions[stop].is_runnable() {
                self.actions[monitor].flags.clear(ActionFlags::RUNNABLE);
            }
            if managed {
                let first = RelationEnd {
                    resource: Some(resource),
                    action: Some(stop),
                    ..RelationEnd::default()
                };
                let then = RelationEnd { action: Some(monitor), ..RelationEnd::default() };
                self.relate(first, then, Relation::FIRST_IMPLIES_THEN | blocks);
            }
        }
    }
}

fn can_recur(operation: &OperationConfig) -> bool {
    const ONCE_ONLY: [&str; 7] =
        ["stop", "start", "demote", "promote", "reload-agent", "migrate_to", "migrate_from"];
    operation.interval.is_recurring()
        && !operation.id.is_empty()
        && !ONCE_ONLY.contains(&operation.name.as_str())
}
