use std::rc::Rc;

use model::{FenceReason, NodeKey, ResourceKey, options::NoQuorumPolicy, resource::Requires};
use vocab::Role;

use crate::{
    plan::Plan,
    reason::ActionReason,
    table::{Action, ActionFlags, ActionKey, Followers, Input, Meta, Op, Relation, TaskKey},
};

impl Plan<'_> {
    /// The action of a resource with that key on that node, made if there is none, with what can be said about it by now
    /// brought up to date. This is the only place where actions of resources come into being.
    pub(crate) fn ensure(
        &mut self,
        resource: ResourceKey,
        key: impl Into<TaskKey>,
        task: Op,
        node: Option<NodeKey>,
        optional: bool,
    ) -> ActionKey {
        let managed = self.rows[resource].state.managed;
        self.ensure_as(resource, key.into(), task, node, optional, managed)
    }

    /// As [`Plan::ensure`], for a time when the resource was or was not managed.
    pub(crate) fn ensure_as(
        &mut self,
        resource: ResourceKey,
        key: TaskKey,
        task: Op,
        node: Option<NodeKey>,
        optional: bool,
        managed: bool,
    ) -> ActionKey {
        let action = match self.find_action(resource, key, node) {
            Some(found) => found,
            None => {
                let needs = match task {
                    Op::Start => self.resource(resource).requires("start"),
                    Op::Promote => self.resource(resource).requires("promote"),
                    _ => Requires::Nothing,
                };
                let mut flags = ActionFlags::RUNNABLE;
                if optional {
                    flags.set(ActionFlags::OPTIONAL);
                }
                if task == Op::ForgetHistory {
                    flags.set(ActionFlags::ON_DC);
                }
                let action = self.actions.push(Action {
                    resource: Some(resource),
                    node,
                    needs,
                    flags,
                    ..blank(task, key)
                });
                self.rows[resource].actions.push(action);
                self.rows[resource].keyed.push(key, task, action, node);
                action
            }
        };
        let row = &mut self.actions[action];
        if row.node.is_some() && !row.is_pseudo() && !managed && !row.is_recurring() {
            row.flags.set(ActionFlags::OPTIONAL);
        } else if !optional {
            row.flags.clear(ActionFlags::OPTIONAL);
        }
        self.update_runnable(action, resource);
        action
    }

    /// An action of no resource, made if there is none.
    fn singleton(
        &mut self,
        key: &str,
        task: Op,
        node: Option<NodeKey>,
        optional: bool,
    ) -> ActionKey {
        let action = match self.singletons.get(key) {
            Some(&found) => found,
            None => {
                let mut flags = ActionFlags::RUNNABLE;
                if optional {
                    flags.set(ActionFlags::OPTIONAL);
                }
                let name = self.names.push(key.to_owned());
                let named = TaskKey::once(Op::Named(name));
                let action = self.actions.push(Action { node, flags, ..blank(task, named) });
                self.singletons.insert(key.to_owned(), action);
                action
            }
        };
        if !optional {
            self.actions[action].flags.clear(ActionFlags::OPTIONAL);
        }
        action
    }

    /// A point in the order that belongs to no resource.
    pub(crate) fn pseudo_point(&mut self, name: &str) -> ActionKey {
        if let Some(&found) = self.singletons.get(name) {
            return found;
        }
        let task = match Op::known(name) {
            Some(op) => op,
            None => Op::Named(self.names.push(name.to_owned())),
        };
        let action = self.singleton(name, task, None, true);
        self.actions[action].flags.set(ActionFlags::PSEUDO | ActionFlags::RUNNABLE);
        action
    }

    /// The shutdown of a node.
    pub(crate) fn shutdown_action(&mut self, node: NodeKey) -> ActionKey {
        let key = format!("do_shutdown-{}", self.node_name(node));
        self.singleton(&key, Op::Shutdown, Some(node), false)
    }

    /// A point in the order that belongs to a resource.
    pub(crate) fn resource_point(
        &mut self,
        resource: ResourceKey,
        op: Op,
        optional: bool,
        runnable: bool,
    ) -> ActionKey {
        let action = self.ensure(resource, op, op, None, optional);
        self.actions[action].flags.set(ActionFlags::PSEUDO);
        if runnable {
            self.actions[action].flags.set(ActionFlags::RUNNABLE);
        }
        action
    }

    pub(crate) fn start(&mut self, resource: ResourceKey, node: Option<NodeKey>) -> ActionKey {
        self.ensure(resource, Op::Start, Op::Start, node, true)
    }

    pub(crate) fn stop(
        &mut self,
        resource: ResourceKey,
        node: NodeKey,
        optional: bool,
    ) -> ActionKey {
        self.ensure(resource, Op::Stop, Op::Stop, Some(node), optional)
    }

    /// Fencing of a node, made if there is none. It is required only if it is possible and not `optional`.
    pub(crate) fn fence_action(
        &mut self,
        node: NodeKey,
        how: Option<&str>,
        optional: bool,
        reason: Option<ActionReason>,
        priority_delay: bool,
    ) -> ActionKey {
        let how = how.unwrap_or(&self.model.options.fencing_action).to_owned();
        let key = format!("stonith-{}-{how}", self.node_name(node));
        let mut optional = optional;
        let action = match self.singletons.get(&key) {
            Some(&found) => found,
            None => {
                let action = self.singleton(&key, Op::Fence, Some(node), true);
                let name: Rc<str> = self.node_name(node).into();
                let id: Rc<str> = self.model.nodes[node].id.as_str().into();
                let meta = &mut self.actions[action].meta;
                meta.insert("on_node", name);
                meta.insert("on_node_uuid", id);
                meta.insert("stonith_action", how.as_str().into());
                if self.model.enable_unfencing && self.add_unfencing_digests(action, node) {
                    optional = false;
                }
                action
            }
        };
        self.add_fencing_delay(action, node, priority_delay);
        let row = &mut self.actions[action];
        if row.reason.is_none() {
            row.reason = reason;
        }
        if !optional && self.can_fence(node) {
            self.actions[action].flags.clear(ActionFlags::OPTIONAL);
        }
        action
    }

    fn add_fencing_delay(&mut self, action: ActionKey, node: NodeKey, wanted: bool) {
        const DELAY: &str = "priority-fencing-delay";
        let limit = self.model.options.priority_fencing_delay_ms;
        if limit == 0 || (!wanted && !self.actions[action].meta.contains_key(DELAY)) {
            return;
        }
        let members = || {
            self.model.nodes.iter().filter(|(_, member)| member.kind == model::NodeKind::Cluster)
        };
        let online = members().filter(|(key, _)| self.nodes[*key].state.online).count();
        let top = members().map(|(_, member)| member.priority).max().unwrap_or(0);
        let lowest = members().map(|(_, member)| member.priority).min().unwrap_or(0);
        let lost_important_side = !self.is_remote_kind(node)
            && !self.nodes[node].state.online
            && online <= members().count() / 2
            && lowest != top
            && self.model.nodes[node].priority >= top;
        let delay = if lost_important_side { limit.div_ceil(1000) } else { 0 };
        self.actions[action].meta.insert(DELAY, delay.to_string().into());
    }

    /// Whether the node could be fenced if it had to be.
    pub(crate) fn can_fence(&self, node: NodeKey) -> bool {
        model::can_fence(
            self.model,
            node,
            &|node| self.nodes[node].state.online,
            &|resource| &self.rows[resource].state.active_on,
            &|resource| &self.rows[resource].allowed,
        )
    }

    /// Marks a node as one that has to be fenced, or what it runs in as failed.
    pub(crate) fn request_fencing(
        &mut self,
        node: NodeKey,
        reason: FenceReason,
        priority_delay: bool,
    ) {
        if let Some(launcher) = self.guest_launcher(node) {
            let state = &mut self.rows[launcher].state;
            if !state.failed && state.managed {
                state.failed = true;
                state.stop_if_failed = true;
                self.nodes[node].state.remote_reset = true;
            }
            return;
        }
        let connection = self.model.nodes[node].connection;
        if let Some(connection) = connection
            && self.rows[connection].state.removed_launched
        {
            let state = &mut self.rows[connection].state;
            state.failed = true;
            state.stop_if_failed = true;
            return;
        }
        let reason = Some(ActionReason::Fence(reason));
        if self.is_remote_kind(node) {
            let managed = connection.is_none_or(|connection| self.rows[connection].state.managed);
            if managed {
                self.nodes[node].state.remote_reset = true;
            }
            self.nodes[node].state.unclean = true;
            self.fence_action(node, None, true, reason, false);
        } else if !self.nodes[node].state.unclean {
            self.nodes[node].state.unclean = true;
            self.fence_action(node, None, true, reason, priority_delay);
        }
    }

    fn update_runnable(&mut self, action: ActionKey, resource: ResourceKey) {
        let row = &self.actions[action];
        if row.is_pseudo() {
            return;
        }
        let on_dc = row.is(ActionFlags::ON_DC);
        let Some(node) = row.node else {
            self.actions[action].flags.clear(ActionFlags::RUNNABLE);
            return;
        };
        let is_stop = row.task == Op::Stop;
        let needs = row.needs;
        let state = self.nodes[node].state;
        let guest = self.is_guest(node);
        if !on_dc && !state.online && (!guest || state.remote_reset) {
            self.actions[action].flags.clear(ActionFlags::RUNNABLE);
            if self.rows[resource].state.managed && is_stop && !state.unclean {
                self.request_fencing(node, FenceReason::StopUnrunnable, false);
            }
        } else if !on_dc && state.pending {
            self.actions[action].flags.clear(ActionFlags::RUNNABLE);
        } else if needs == Requires::Nothing {
            self.actions[action].reason = None;
            if guest && !self.can_fence(node) {
                self.actions[action].flags.clear(ActionFlags::RUNNABLE);
            } else {
                self.actions[action].flags.set(ActionFlags::RUNNABLE);
            }
        } else {
            self.update_by_quorum(action, resource);
        }
    }

    fn update_by_quorum(&mut self, action: ActionKey, resource: ResourceKey) {
        let mut policy = self.model.options.no_quorum_policy;
        let state = &mut self.rows[resource].state;
        if self.model.quorate {
            policy = NoQuorumPolicy::Ignore;
        } else if policy == NoQuorumPolicy::Demote {
            if matches!(state.role, Role::Promoted | Role::Unpromoted) {
                state.next_role = state.next_role.min(Role::Unpromoted);
                policy = NoQuorumPolicy::Ignore;
            } else {
                policy = NoQuorumPolicy::Stop;
            }
        }
        match policy {
            NoQuorumPolicy::Stop => {
                let row = &mut self.actions[action];
                row.flags.clear(ActionFlags::RUNNABLE);
                row.reason = Some(ActionReason::NoQuorum);
            }
            NoQuorumPolicy::Freeze => {
                let state = &self.rows[resource].state;
                if state.next_role > state.role || !self.is_active(resource, true) {
                    let row = &mut self.actions[action];
                    row.flags.clear(ActionFlags::RUNNABLE);
                    row.reason = Some(ActionReason::QuorumFreeze);
                }
            }
            _ => self.actions[action].flags.set(ActionFlags::RUNNABLE),
        }
    }

    /// The actions of a resource with that key, oldest first. If a node is given, only those on it; an action that has no
    /// node yet gets it.
    pub(crate) fn find_actions(
        &mut self,
        resource: ResourceKey,
        key: TaskKey,
        node: Option<NodeKey>,
    ) -> Vec<ActionKey> {
        let mut found = Vec::new();
        for (action, own) in self.rows[resource].keyed.of_mut(key) {
            if own.is_none() && node.is_some() {
                *own = node;
                self.actions[*action].node = node;
            }
            if node.is_none() || *own == node {
                found.push(*action);
            }
        }
        found
    }

    /// As [`Plan::find_actions`], but only the oldest.
    fn find_action(
        &mut self,
        resource: ResourceKey,
        key: TaskKey,
        node: Option<NodeKey>,
    ) -> Option<ActionKey> {
        let mut found = None;
        for (action, own) in self.rows[resource].keyed.of_mut(key) {
            if own.is_none() && node.is_some() {
                *own = node;
                self.actions[*action].node = node;
            }
            if found.is_none() && (node.is_none() || *own == node) {
                found = Some(*action);
            }
        }
        found
    }

    /// The actions of a resource with that key that are on that node, oldest first.
    pub(crate) fn actions_on(
        &self,
        resource: ResourceKey,
        key: TaskKey,
        node: NodeKey,
    ) -> Vec<ActionKey> {
        let all = self.rows[resource].keyed.of(key).iter();
        all.filter(|(_, own)| *own == Some(node)).map(|(action, _)| *action).collect()
    }

    /// The latest action of a resource that does that, on that node if one is given.
    pub(crate) fn latest_action(
        &self,
        resource: ResourceKey,
        task: Op,
        node: Option<NodeKey>,
    ) -> Option<ActionKey> {
        let row = &self.rows[resource];
        if !row.keyed.has_task(task) {
            return None;
        }
        row.actions.iter().rev().copied().find(|&action| {
            let action = &self.actions[action];
            action.task == task && (node.is_none() || action.node == node)
        })
    }

    /// Orders two actions. False if they are so ordered already.
    pub(crate) fn order_actions(
        &mut self,
        first: ActionKey,
        then: ActionKey,
        relation: Relation,
    ) -> bool {
        if relation == Relation::NONE {
            return false;
        }
        if !self.actions[first].after.add(then, relation) {
            return false;
        }
        self.actions[then].before.push(Input { action: first, relation, graphed: false });
        true
    }

    /// The key of an action as history and executor know it, with the resource's own name.
    pub(crate) fn uuid(&self, action: ActionKey) -> String {
        let row = &self.actions[action];
        match row.resource {
            Some(resource) => self.key_text(self.resource(resource).id.as_str(), row.key),
            None => self.task_text_of(row.key),
        }
    }

    fn task_text_of(&self, key: TaskKey) -> String {
        match key.op {
            crate::table::KeyOp::Op(op) | crate::table::KeyOp::Notify(_, op) => {
                self.op_text(op).to_owned()
            }
        }
    }

    /// An operation key.
    pub(crate) fn key_text(&self, resource: &str, key: TaskKey) -> String {
        match key.op {
            crate::table::KeyOp::Op(op) => {
                format!("{resource}_{}_{}", self.op_text(op), key.interval)
            }
            crate::table::KeyOp::Notify(time, op) => {
                format!("{resource}_{}_notify_{}_0", time.text(), self.op_text(op))
            }
        }
    }

    /// The name of an operation.
    pub(crate) fn op_text(&self, op: Op) -> &str {
        match op {
            Op::Named(name) => &self.names[name],
            other => other.text().unwrap_or_default(),
        }
    }

    /// The operation of that name.
    pub(crate) fn op(&mut self, name: &str) -> Op {
        if let Some(op) = Op::known(name) {
            return op;
        }
        let known = self.names.iter().find(|(_, text)| *text == name).map(|(key, _)| key);
        Op::Named(known.unwrap_or_else(|| self.names.push(name.to_owned())))
    }
}

fn blank(task: Op, key: TaskKey) -> Action {
    Action {
        resource: None,
        node: None,
        task,
        planned_as: task,
        cancels: None,
        key,
        flags: ActionFlags::NONE,
        priority: 0,
        needs: Requires::Nothing,
        meta: Meta::new(),
        reason: None,
        before: Vec::new(),
        after: Followers::new(),
        required_runnable_before: 0,
        runnable_before: 0,
    }
}
