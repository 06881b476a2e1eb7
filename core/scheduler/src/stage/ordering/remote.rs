use model::{FenceReason, NodeKey, ResourceKey};
use vocab::Role;

use crate::{
    plan::Plan,
    table::{ActionKey, Op, Relation, RelationEnd},
};

/// How the connection to a remote node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    /// Nobody knows.
    Unknown,
    /// It is there.
    Alive,
    /// It is being moved.
    Resting,
    /// It is lost.
    Failed,
    /// It is gone.
    Stopped,
}

impl Plan<'_> {
    fn connection_state(&self, node: NodeKey, connection: ResourceKey) -> Connection {
        let row = &self.rows[connection];
        let host = self.current_node(connection);
        let host_state = host.map(|host| self.nodes[host].state);
        let stopping = row.state.next_role == Role::Stopped;
        if stopping || row.assigned.is_none() {
            if host_state.is_some_and(|host| host.unclean) {
                return Connection::Failed;
            }
            if !row.state.failed {
                return Connection::Stopped;
            }
            let shutting_down =
                self.model.nodes[node].attributes.get("shutdown").is_some_and(|value| value != "0");
            if stopping
                && self.resource(connection).reconnect_interval_ms > 0
                && self.nodes[node].state.remote_fenced
                && !shutting_down
            {
                return Connection::Unknown;
            }
            return Connection::Failed;
        }
        let Some(host) = host_state else { return Connection::Unknown };
        let migrating = row.state.active_on.len() > 1
            && row.state.migration_source.is_some()
            && row.state.migration_target.is_some();
        if host.unclean || !host.online || migrating {
            Connection::Resting
        } else {
            Connection::Alive
        }
    }

    /// Whether the connection to a remote node is lost for good.
    pub(crate) fn connection_has_failed(&self, node: NodeKey) -> bool {
        let Some(connection) = self.model.nodes[node].connection else { return false };
        self.is_remote_kind(node)
            && !self.is_guest(node)
            && self.connection_state(node, connection) == Connection::Failed
    }

    /// Orders what is done on remote nodes around the starts and stops of their connections.
    pub(super) fn order_remote_actions(&mut self) {
        if !self.model.have_remote_nodes {
            return;
        }
        let actions: Vec<_> = self.actions.keys().rev().collect();
        for action in actions {
            let row = &self.actions[action];
            let Some(resource) = row.resource else { continue };
            let task = row.task;
            if self.resource(resource).remote_connection && task == Op::ClearFailcount {
                let end = own_end(resource, action);
                self.relate(end, RelationEnd::of(resource, Op::Start), Relation::ORDERED);
                continue;
            }
            let Some(node) = row.node else { continue };
            if !self.is_remote_kind(node) || row.is_pseudo() {
                continue;
            }
            let Some(connection) = self.model.nodes[node].connection else { continue };
            if task == Op::Start {
                self.stop_elsewhere_after_connection(resource, node, connection);
            }
            if self.rows[connection].state.launcher.is_some() {
                self.order_on_guest(action, resource, node, connection);
            } else {
                self.order_on_remote(action, resource, node, connection);
            }
        }
    }

    fn stop_elsewhere_after_connection(
        &mut self,
        resource: ResourceKey,
        node: NodeKey,
        connection: ResourceKey,
    ) {
        for other in self.rows[resource].actions.clone().into_iter().rev() {
            let row = &self.actions[other];
            if row.task == Op::Stop && row.node != Some(node) {
                let first = RelationEnd::of(connection, Op::Start);
                self.relate(first, own_end(resource, other), Relation::ORDERED);
            }
        }
    }

    fn after_start(
        &mut self,
        first: ResourceKey,
        action: ActionKey,
        resource: ResourceKey,
        extra: Relation,
    ) {
        let relation = Relation::GUEST_ALLOWED | Relation::UNRUNNABLE_FIRST_BLOCKS | extra;
        let then = own_end(resource, action);
        self.relate(RelationEnd::of(first, Op::Start), then, relation);
    }

    fn before_stop(
        &mut self,
        action: ActionKey,
        resource: ResourceKey,
        then: ResourceKey,
        extra: Relation,
    ) {
        let relation = Relation::GUEST_ALLOWED | extra;
        let first = own_end(resource, action);
        self.relate(first, RelationEnd::of(then, Op::Stop), relation);
    }

    fn order_on_remote(
        &mut self,
        action: ActionKey,
        resource: ResourceKey,
        node: NodeKey,
        connection: ResourceKey,
    ) {
        const NONE: Relation = Relation::NONE;
        let state = self.connection_state(node, connection);
        let task = match self.actions[action].task {
            Op::MigrateTo | Op::MigrateFrom => Op::Stop,
            other => other,
        };
        match task {
            Op::Start | Op::Promote => {
                let extra =
                    if state == Connection::Failed { Relation::FIRST_IMPLIES_THEN } else { NONE };
                self.after_start(connection, action, resource, extra);
            }
            Op::Stop => {
                let implies = Relation::THEN_IMPLIES_FIRST;
                if state == Connection::Alive {
                    self.before_stop(action, resource, connection, implies);
                } else if state == Connection::Failed {
                    self.request_fencing(node, FenceReason::ActiveAndUnreachable, false);
                } else if self.rows[connection].state.next_role == Role::Stopped {
                    self.before_stop(action, resource, connection, implies);
                } else {
                    self.after_start(connection, action, resource, NONE);
                }
            }
            Op::Demote => {
                if matches!(state, Connection::Resting | Connection::Unknown) {
                    self.after_start(connection, action, resource, NONE);
                }
            }
            _ if self.is_recurring_by_meta(action) => {
                let extra = Relation::FIRST_IMPLIES_THEN;
                self.after_start(connection, action, resource, extra);
            }
            other => {
                if other == Op::Monitor && state == Connection::Failed {
                    self.request_fencing(node, FenceReason::UnknownAndUnreachable, false);
                }
                if self.current_node(connection).is_some() && state == Connection::Stopped {
                    let extra = Relation::UNRUNNABLE_FIRST_BLOCKS;
                    self.before_stop(action, resource, connection, extra);
                } else {
                    self.after_start(connection, action, resource, NONE);
                }
            }
        }
    }

    fn order_on_guest(
        &mut self,
        action: ActionKey,
        resource: ResourceKey,
        node: NodeKey,
        connection: ResourceKey,
    ) {
        const NONE: Relation = Relation::NONE;
        let Some(launcher) = self.rows[connection].state.launcher else { return };
        if self.rows[launcher].state.failed {
            self.request_fencing(node, FenceReason::ContainerFailed, false);
        }
        let task = match self.actions[action].task {
            Op::MigrateTo | Op::MigrateFrom => Op::Stop,
            other => other,
        };
        match task {
            Op::Start | Op::Promote => {
                let extra = Relation::FIRST_IMPLIES_THEN;
                self.after_start(launcher, action, resource, extra);
                self.after_start(connection, action, resource, NONE);
            }
            Op::Stop | Op::Demote => {
                if !self.rows[launcher].state.failed {
                    self.before_stop(action, resource, connection, NONE);
                }
            }
            _ if self.is_recurring_by_meta(action) => {
                let known = matches!(
                    task,
                    Op::Monitor
                        | Op::Notify
                        | Op::Notified
                        | Op::Running
                        | Op::Stopped
                        | Op::Promoted
                        | Op::Demoted
                );
                if known {
                    let extra = Relation::FIRST_IMPLIES_THEN;
                    self.after_start(connection, action, resource, extra);
                }
            }
            _ => self.after_start(connection, action, resource, NONE),
        }
    }

    fn is_recurring_by_meta(&self, action: ActionKey) -> bool {
        self.actions[action].is_recurring()
    }
}

fn own_end(resource: ResourceKey, action: ActionKey) -> RelationEnd {
    RelationEnd { resource: Some(resource), action: Some(action), ..RelationEnd::default() }
}
