use vocab::{Role, Score};

use super::{Build, history::Reading};
use crate::{
    FenceReason, Finding, NodeKey, ResourceKey, ScoreReason,
    resource::{MultipleActive, OnFail},
};

impl Build<'_, '_> {
    /// Makes what a node's history says about a resource the state of both.
    pub(crate) fn apply_reading(&mut self, reading: &Reading) {
        let (resource, node) = (reading.resource, reading.node);
        let known_active = self.model.resources[resource].state.role > Role::Stopped;
        if self.model.resources[resource].state.role != Role::Unknown {
            self.mark_known(resource, node);
        }
        let state = self.model.nodes[node].state;
        if known_active
            && !state.online
            && !state.maintenance
            && self.model.resources[resource].state.managed
        {
            self.fence_where_active(resource, node);
        }
        let on_fail =
            if self.model.nodes[node].state.unclean { OnFail::Ignore } else { reading.on_fail };
        self.react(resource, node, on_fail, known_active);
        self.after_reset(resource);
        if known_active {
            self.add_active(resource, node, reading.on_fail != OnFail::Ignore);
            let state = &mut self.model.resources[resource].state;
            match on_fail {
                OnFail::Ignore => {}
                OnFail::Demote | OnFail::Block => state.failed = true,
                _ => {
                    state.failed = true;
                    state.stop_if_failed = true;
                }
            }
        } else if self.model.resources[resource]
            .state
            .history_id
            .as_ref()
            .is_some_and(|id| id.as_str().contains(':'))
        {
            self.set_history_id(resource, None);
        } else {
            self.model.findings.push(Finding::NotActive { resource, node });
        }
        let state = &mut self.model.resources[resource].state;
        if state.role == Role::Stopped
            && !state.active_on.is_empty()
            && state.migration_target.is_some()
            && state.migration_source == Some(node)
        {
            state.role = Role::Started;
        }
    }

    fn mark_known(&mut self, resource: ResourceKey, node: NodeKey) {
        let mut current = Some(resource);
        while let Some(key) = current {
            let entry = &mut self.model.resources[key];
            if !entry.state.known_on.contains(&node) {
                entry.state.known_on.push(node);
            }
            if entry.unique {
                break;
            }
            current = entry.parent;
        }
    }

    fn fence_where_active(&mut self, resource: ResourceKey, node: NodeKey) {
        let id = self.model.resources[resource].id.to_string();
        if self.model.is_guest(node) {
            let state = &mut self.model.resources[resource].state;
            state.failed = true;
            state.stop_if_failed = true;
            self.fence(node, FenceReason::ThoughtActive(id), false);
        } else if self.model.options.fencing_enabled {
            let connection = self.model.nodes[node].connection;
            let connection_failed =
                connection.is_some_and(|connection| self.model.resources[connection].state.failed);
            let reason = if self.model.is_remote(node) && connection.is_some() && !connection_failed
            {
                self.model.nodes[node].state.seen = false;
                FenceReason::ActiveThere(id)
            } else {
                FenceReason::ThoughtActive(id)
            };
            self.fence(node, reason, false);
        }
    }

    /// Does what a failure means.
    fn react(&mut self, resource: ResourceKey, node: NodeKey, on_fail: OnFail, known_active: bool) {
        let managed = self.model.resources[resource].state.managed;
        let id = self.model.resources[resource].id.to_string();
        let bundled = self.model.is_bundled(resource);
        let state = &mut self.model.resources[resource].state;
        match on_fail {
            OnFail::Ignore => {}
            OnFail::Demote => {
                state.failed = true;
                self.model.findings.push(Finding::Demote { resource, node, managed });
            }
            OnFail::FenceNode => self.fence(node, FenceReason::FailedThere(id), false),
            OnFail::StandbyNode => {
                let state = &mut self.model.nodes[node].state;
                state.standby = true;
                state.standby_by_failure = true;
            }
            OnFail::Block => {
                state.managed = false;
                state.blocked = true;
            }
            OnFail::Ban => self.prefer(
                resource,
                Some(node),
                Score::MINUS_INFINITY,
                &ScoreReason::MigrateOnFailure,
            ),
            OnFail::Stop => state.next_role = Role::Stopped,
            OnFail::Restart => {
                if known_active {
                    state.failed = true;
                    state.stop_if_failed = true;
                    self.request_stop(resource, node);
                }
            }
            OnFail::RestartContainer => {
                state.failed = true;
                state.stop_if_failed = true;
                match state.launcher {
                    Some(launcher) if bundled => self.containers_to_stop.insert(0, launcher),
                    Some(launcher) => self.request_stop(launcher, node),
                    None if known_active => self.request_stop(resource, node),
                    None => {}
                }
            }
            OnFail::ResetRemote => self.reset_remote(resource, node, known_active),
        }
    }

    fn reset_remote(&mut self, resource: ResourceKey, node: NodeKey, known_active: bool) {
        let state = &mut self.model.resources[resource].state;
        state.failed = true;
        state.stop_if_failed = true;
        let name = self.model.resources[resource].id.clone();
        let remote = self
            .model
            .node_named(name.as_str())
            .filter(|_| self.model.resources[resource].remote_connection);
        if self.model.options.fencing_enabled
            && let Some(remote) = remote
            && self.model.is_remote(remote)
            && !self.model.nodes[remote].state.remote_fenced
        {
            self.fence(remote, FenceReason::ConnectionUnrecoverable, false);
        }
        if known_active {
            self.request_stop(resource, node);
        }
        if self.model.resources[resource].reconnect_interval_ms > 0 {
            self.model.resources[resource].state.next_role = Role::Stopped;
        }
    }

    /// A remote node that is fenced because of its connection is not clean again just because the connection is.
    fn after_reset(&mut self, resource: ResourceKey) {
        let entry = &self.model.resources[resource];
        if entry.state.failed
            && entry.remote_connection
            && let Some(node) = self.model.node_named(entry.id.as_str())
            && self.model.nodes[node].state.unclean
        {
            self.model.nodes[node].state.seen = true;
        }
    }

    /// Notes that a resource is active on a node, and what follows if it should not be.
    pub(crate) fn add_active(&mut self, resource: ResourceKey, node: NodeKey, failed: bool) {
        if self.model.resources[resource].state.active_on.contains(&node) {
            return;
        }
        self.model.resources[resource].state.active_on.push(node);
        if self.model.resources[resource].is_primitive() {
            self.model.nodes[node].running.push(resource);
            self.add_priority(resource, node, failed);
            if self.model.nodes[node].state.maintenance {
                let state = &mut self.model.resources[resource].state;
                state.managed = false;
                state.maintenance = true;
            }
        }
        let parent = self.model.resources[resource].parent;
        if !self.model.resources[resource].state.managed {
            self.prefer(resource, Some(node), Score::INFINITY, &ScoreReason::Unmanaged);
            let mut above = parent;
            while let Some(key) = above {
                self.model.resources[key].state.active_on.push(node);
                above = self.model.resources[key].parent;
            }
            return;
        }
        if self.is_active_too_often(resource) {
            match self.model.resources[resource].multiple_active {
                MultipleActive::StopOnly => {
                    self.ban_everywhere(resource, &ScoreReason::MultipleActive);
                }
                MultipleActive::Block => self.block_with_siblings(resource),
                MultipleActive::StopStart | MultipleActive::StopUnexpected => {}
            }
        }
        if let Some(parent) = parent {
            self.add_active(parent, node, false);
        }
    }

    fn add_priority(&mut self, resource: ResourceKey, node: NodeKey, failed: bool) {
        let state = &self.model.resources[resource].state;
        if state.priority == 0 || failed {
            return;
        }
        let promoted = i32::from(state.role == Role::Promoted);
        let priority = state.priority.saturating_add(promoted);
        let mut nodes = vec![node];
        if let Some(connection) = self.model.nodes[node].connection
            && let Some(launcher) = self.model.resources[connection].state.launcher
        {
            nodes.extend(&self.model.resources[launcher].state.active_on);
        }
        for node in nodes {
            let entry = &mut self.model.nodes[node];
            entry.priority = entry.priority.saturating_add(priority);
        }
    }

    fn is_active_too_often(&self, resource: ResourceKey) -> bool {
        let entry = &self.model.resources[resource];
        if !entry.is_primitive() {
            return false;
        }
        let clean = |node: &&NodeKey| {
            let state = &self.model.nodes[**node].state;
            state.online && !state.unclean
        };
        let active = &entry.state.active_on;
        let count =
            if entry.needs_fencing { active.len() } else { active.iter().filter(clean).count() };
        count > 1
    }

    fn block_with_siblings(&mut self, resource: ResourceKey) {
        let mut blocked = vec![resource];
        if let Some(parent) = self.model.resources[resource].parent {
            let entry = &self.model.resources[parent];
            if (entry.is_group() || entry.is_bundle())
                && entry.multiple_active == MultipleActive::Block
            {
                blocked.extend(&entry.state.children);
            }
        }
        for key in blocked {
            let state = &mut self.model.resources[key].state;
            state.managed = false;
            state.blocked = true;
        }
    }

    /// The node that a resource counts as being on, of those it is active on.
    pub(crate) fn current_node(&self, resource: ResourceKey) -> Option<NodeKey> {
        crate::model::current_node(
            &self.model.resources[resource].state,
            self.model.resources[resource].needs_fencing,
            |node| {
                let state = &self.model.nodes[node].state;
                state.online && !state.unclean
            },
        )
    }
}
