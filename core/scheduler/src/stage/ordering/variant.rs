use model::{NodeKey, ResourceKey, Variant};
use vocab::Role;

use crate::{
    plan::Plan,
    reason::ActionReason,
    table::{ActionFlags, ActionKey, KeyOp, Op, Relation},
};

/// What an update changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Changed {
    pub(super) first: bool,
    pub(super) then: bool,
    /// The first action as it was understood.
    pub(super) action: ActionKey,
}

impl Default for Changed {
    fn default() -> Self {
        Self { first: false, then: false, action: model::Key::new(0) }
    }
}

impl Changed {
    fn add(&mut self, other: Self) {
        self.first |= other.first;
        self.then |= other.then;
    }
}

/// One meaning of one ordering.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) first: ActionKey,
    pub(super) then: ActionKey,
    pub(super) node: Option<NodeKey>,
    pub(super) flags: ActionFlags,
    pub(super) filter: ActionFlags,
    pub(super) kind: Relation,
}

const OPTIONAL: ActionFlags = ActionFlags::OPTIONAL;
const RUNNABLE: ActionFlags = ActionFlags::RUNNABLE;
const MIGRATABLE: ActionFlags = ActionFlags::MIGRATABLE;

impl Plan<'_> {
    /// What an action comes to, on a node if one is given: a collection's follows from its members'.
    pub(crate) fn flags_of(&mut self, action: ActionKey, node: Option<NodeKey>) -> ActionFlags {
        let Some(resource) = self.actions[action].resource else {
            return self.actions[action].flags;
        };
        match self.resource(resource).variant {
            Variant::Primitive => self.actions[action].flags,
            Variant::Group { .. } => self.group_flags(action, resource, node),
            Variant::Clone(_) => {
                let instances = self.children(resource);
                self.collective_flags(action, &instances, node)
            }
            Variant::Bundle { .. } => self.bundle_flags(action, resource, node),
        }
    }

    pub(super) fn flags_for_ordering(
        &mut self,
        action: ActionKey,
        node: Option<NodeKey>,
    ) -> ActionFlags {
        let Some(resource) = self.actions[action].resource else {
            return self.actions[action].flags;
        };
        let flags = self.flags_of(action, None);
        if node.is_none() || !self.resource(resource).is_clone() {
            return flags;
        }
        // One instance that cannot run does not keep the clone from running.
        let mut on_node = self.flags_of(action, node);
        if flags.has(RUNNABLE) {
            on_node.set(RUNNABLE);
        }
        on_node
    }

    fn group_flags(
        &mut self,
        action: ActionKey,
        group: ResourceKey,
        node: Option<NodeKey>,
    ) -> ActionFlags {
        let mut flags = OPTIONAL | RUNNABLE | ActionFlags::PSEUDO;
        let own_task = self.actions[action].task;
        let task = own_task.beginning();
        for member in self.children(group) {
            match self.latest_action(member, task, node) {
                Some(of_member) => {
                    let member_flags = self.flags_of(of_member, node);
                    if flags.has(OPTIONAL) && !member_flags.has(OPTIONAL) {
                        flags.clear(OPTIONAL);
                        self.actions[action].flags.clear(OPTIONAL);
                    }
                    if task != own_task && flags.has(RUNNABLE) && !member_flags.has(RUNNABLE) {
                        flags.clear(RUNNABLE);
                        self.actions[action].flags.clear(RUNNABLE);
                    }
                }
                None if !matches!(task, Op::Stop | Op::Demote) => flags.clear(RUNNABLE),
                None => {}
            }
        }
        flags
    }

    /// What members do when a collection does this.
    fn member_task(&self, action: ActionKey) -> Op {
        let row = &self.actions[action];
        let op = match row.key.op {
            KeyOp::Notify(_, op) => op,
            KeyOp::Op(_) => row.task,
        };
        let leaf = row
            .resource
            .and_then(|resource| self.rows[resource].state.children.first().copied())
            .is_some_and(|child| self.resource(child).is_primitive());
        if leaf { op.beginning() } else { op }
    }

    pub(crate) fn collective_flags(
        &mut self,
        action: ActionKey,
        instances: &[ResourceKey],
        node: Option<NodeKey>,
    ) -> ActionFlags {
        let mut flags = OPTIONAL | RUNNABLE | ActionFlags::PSEUDO;
        let mut any_runnable = false;
        let task = self.member_task(action);
        for &instance in instances {
            let on = if self.resource(instance).is_primitive() { node } else { None };
            let Some(of_instance) = self.latest_action(instance, task, on) else { continue };
            let instance_flags = self.flags_of(of_instance, node);
            if flags.has(OPTIONAL) && !instance_flags.has(OPTIONAL) {
                flags.clear(OPTIONAL);
                self.actions[action].flags.clear(OPTIONAL);
            }
            any_runnable |= instance_flags.has(RUNNABLE);
        }
        if !any_runnable {
            flags.clear(RUNNABLE);
            if node.is_none() {
                self.actions[action].flags.clear(RUNNABLE);
            }
        }
        flags
    }

    /// Applies one meaning of an ordering, in the way of the resource that owns the side it concerns.
    pub(super) fn update_ordered(
        &mut self,
        owner: ResourceKey,
        order: Order,
        depth: u32,
    ) -> Changed {
        match self.resource(owner).variant {
            Variant::Primitive => self.update_pair(order, depth),
            Variant::Group { .. } => self.update_group(order, depth),
            Variant::Clone(_) | Variant::Bundle { .. } => self.update_instances(order, depth),
        }
    }

    fn update_group(&mut self, order: Order, depth: u32) -> Changed {
        let mut changed = self.update_pair(order, depth);
        let Some(group) = self.actions[order.then].resource else { return changed };
        let task = self.actions[order.then].task;
        for member in self.children(group) {
            if let Some(then) = self.latest_action(member, task, order.node) {
                changed.add(self.update_ordered(member, Order { then, ..order }, depth));
            }
        }
        changed
    }

    fn update_instances(&mut self, order: Order, depth: u32) -> Changed {
        let Some(collective) = self.actions[order.then].resource else {
            return Changed::default();
        };
        if self.can_interleave(order.first, order.then) {
            return self.update_interleaved(order, collective, depth);
        }
        let mut changed = self.update_pair(order, depth);
        let task = self.actions[order.then].task;
        for instance in self.instances(collective) {
            let Some(then) = self.latest_action(instance, task, order.node) else { continue };
            if !self.flags_of(then, order.node).has(RUNNABLE) {
                continue;
            }
            let now = self.update_ordered(instance, Order { then, ..order }, depth);
            changed.add(now);
            if now.then {
                for after in (0..self.actions[then].after.len()).rev() {
                    let other = self.actions[then].after[after].action;
                    self.update_for_orderings(other, depth + 1);
                }
            }
        }
        changed
    }

    fn can_interleave(&self, first: ActionKey, then: ActionKey) -> bool {
        let (Some(one), Some(two)) = (self.actions[first].resource, self.actions[then].resource)
        else {
            return false;
        };
        if one == two || self.resource(one).rank() < 2 || self.resource(two).rank() < 2 {
            return false;
        }
        let key = self.actions[then].key;
        let leader = if key.is(Op::Stop) || key.is(Op::Demote) { one } else { two };
        self.resource(leader).meta_is_true("interleave")
    }

    fn update_interleaved(&mut self, order: Order, collective: ResourceKey, depth: u32) -> Changed {
        let mut changed = Changed::default();
        let Some(first_collective) = self.actions[order.first].resource else { return changed };
        let task = self.member_task(order.first);
        let (KeyOp::Op(ended) | KeyOp::Notify(_, ended)) = self.actions[order.first].key.op;
        let current = matches!(ended, Op::Stopped | Op::Demoted);
        for then_instance in self.instances(collective) {
            let partner = self.compatible_instance(
                then_instance,
                first_collective,
                Role::Unknown,
                current,
                None,
            );
            let Some(first_instance) = partner else {
                let mandatory = Relation::UNRUNNABLE_FIRST_BLOCKS | Relation::FIRST_IMPLIES_THEN;
                if !current
                    && order.kind.any(mandatory)
                    && self.assign(then_instance, None, true, true)
                {
                    changed.then = true;
                    self.note_no_partner(then_instance, first_collective, None);
                }
                continue;
            };
            let first_task = self.actions[order.first].task;
            let then_task = self.actions[order.then].task;
            let first = self.instance_action(first_instance, first_task, task, order.node, true);
            let Some(first) = first else { continue };
            let then = self.instance_action(then_instance, then_task, then_task, order.node, false);
            let Some(then) = then else { continue };
            if self.order_actions(first, then, order.kind) {
                changed.first = true;
                changed.then = true;
            }
            let flags = self.flags_of(first, order.node);
            let order = Order { first, then, flags, ..order };
            changed.add(self.update_ordered(then_instance, order, depth));
        }
        changed
    }

    /// What an instance does for its collection; inside a container it is what the container holds that does it.
    fn instance_action(
        &self,
        instance: ResourceKey,
        collective_task: Op,
        task: Op,
        node: Option<NodeKey>,
        for_first: bool,
    ) -> Option<ActionKey> {
        let inner = if for_first {
            !matches!(collective_task, Op::Stop | Op::Stopped)
        } else {
            matches!(collective_task, Op::Promote | Op::Promoted | Op::Demote | Op::Demoted)
        };
        let contained = if inner { self.resource_in_container(instance) } else { None };
        match contained {
            Some(contained) => self.latest_action(contained, task, None),
            None => self.latest_action(instance, task, node),
        }
    }

    fn because(&self, other: ActionKey, flag: ActionFlags) -> ActionReason {
        let row = &self.actions[other];
        let resource = row.resource.map(|resource| self.resource(resource).id.to_string());
        let task = self.op_text(row.task).to_owned();
        if flag == RUNNABLE {
            ActionReason::Unrunnable { resource, task }
        } else if flag == MIGRATABLE {
            ActionReason::Unmigratable { resource, task }
        } else {
            ActionReason::Required { resource, task }
        }
    }

    /// Takes a flag off an action, and notes which other action that is because of.
    fn clear_because(&mut self, action: ActionKey, flag: ActionFlags, other: ActionKey) {
        if !self.actions[action].is(flag) {
            return;
        }
        self.actions[action].flags.clear(flag);
        if self.actions[action].resource != self.actions[other].resource
            && self.actions[action].reason.is_none()
        {
            let reason = self.because(other, flag);
            self.actions[action].reason = Some(reason);
        }
    }

    /// Applies one meaning of an ordering of two actions.
    pub(super) fn update_pair(&mut self, order: Order, depth: u32) -> Changed {
        let Order { first, then, flags, filter, kind, .. } = order;
        let then_before = self.actions[then].flags;
        let first_before = self.actions[first].flags;
        if kind.has(Relation::ASYMMETRIC) {
            self.update_asymmetric(first, then);
        }
        if kind.has(Relation::THEN_IMPLIES_FIRST) && !then_before.has(OPTIONAL) {
            if filter.has(OPTIONAL) && !flags.has(OPTIONAL) && first_before.has(OPTIONAL) {
                self.clear_because(first, OPTIONAL, then);
            }
            if flags.has(MIGRATABLE) && !self.actions[then].is(MIGRATABLE) {
                self.clear_because(first, MIGRATABLE, then);
            }
        }
        if kind.has(Relation::PROMOTED_THEN_IMPLIES_FIRST)
            && filter.has(OPTIONAL)
            && !self.actions[then].is_optional()
            && self.actions[then]
                .resource
                .is_some_and(|resource| self.rows[resource].state.role == Role::Promoted)
        {
            self.clear_because(first, OPTIONAL, then);
            if self.actions[first].is(MIGRATABLE) && !self.actions[then].is(MIGRATABLE) {
                self.clear_because(first, MIGRATABLE, then);
            }
        }
        if kind.has(Relation::UNMIGRATABLE_THEN_BLOCKS) && filter.has(OPTIONAL) {
            if !self.actions[then].is(MIGRATABLE | RUNNABLE) {
                self.clear_because(first, RUNNABLE, then);
            }
            if !self.actions[then].is_optional() {
                self.clear_because(first, OPTIONAL, then);
            }
        }
        if kind.has(Relation::FIRST_ELSE_THEN)
            && filter.has(OPTIONAL)
            && !self.actions[first].is_runnable()
        {
            self.clear_because(then, MIGRATABLE, first);
            self.actions[then].flags.clear(ActionFlags::PSEUDO);
        }
        if kind.has(Relation::UNRUNNABLE_FIRST_BLOCKS)
            && filter.has(RUNNABLE)
            && self.actions[then].is_runnable()
            && !flags.has(RUNNABLE)
        {
            self.clear_because(then, RUNNABLE, first);
            self.clear_because(then, MIGRATABLE, first);
        }
        if kind.has(Relation::FIRST_IMPLIES_THEN)
            && filter.has(OPTIONAL)
            && self.actions[then].is_optional()
            && !flags.has(OPTIONAL)
            && !self.actions[first].is(MIGRATABLE)
        {
            self.clear_because(then, OPTIONAL, first);
        }
        if kind.has(Relation::INTERMEDIATE_STOP) {
            self.update_restart(first, then, filter);
        }
        let mut changed = Changed::default();
        if then_before != self.actions[then].flags {
            changed.then = true;
            if self.actions[then].resource.is_some_and(|owner| self.parent(owner).is_some()) {
                self.update_for_orderings(then, depth + 1);
            }
        }
        changed.first = first_before != self.actions[first].flags;
        changed
    }

    fn update_asymmetric(&mut self, first: ActionKey, then: ActionKey) {
        let Some(resource) = self.actions[then].resource else { return };
        if self.actions[first].is_runnable() {
            return;
        }
        if self.actions[then].is_optional() {
            let role = self.role(resource, true);
            let row = &self.actions[then];
            let only_there = self.rows[resource].state.active_on.as_slice() == row.node.as_slice()
                && row.node.is_some();
            if (role == Role::Stopped && row.task == Op::Stop)
                || (role >= Role::Started && row.task == Op::Start && only_there)
            {
                return;
            }
        }
        self.clear_because(then, OPTIONAL, first);
        self.clear_because(then, RUNNABLE, first);
    }

    fn update_restart(&mut self, first: ActionKey, then: ActionKey, filter: ActionFlags) {
        let then_row = &self.actions[then];
        let restart = filter.has(OPTIONAL) && !then_row.is_optional();
        let stop = filter.has(RUNNABLE)
            && !then_row.is_runnable()
            && self.actions[first].resource == then_row.resource
            && then_row.resource.is_some_and(|owner| self.rows[owner].state.managed);
        if !restart && !stop {
            return;
        }
        if self.actions[first].is_runnable() {
            self.clear_because(first, OPTIONAL, then);
        }
        if !self.actions[then].is_optional() {
            self.clear_because(first, OPTIONAL, then);
        }
        if !self.actions[then].is(MIGRATABLE) {
            self.clear_because(first, MIGRATABLE, then);
        }
        if !self.actions[first].is_optional() && !self.actions[first].is_runnable() {
            self.clear_because(then, RUNNABLE, first);
        }
    }
}
