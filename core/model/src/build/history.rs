use vocab::{ResourceId, Role, Score};
use xml::Element;

use super::Build;
use crate::{
    Finding, NodeKey, NodeKind, ResourceKey, ScoreReason, Variant,
    history::{HistoryEntry, ResourceHistory, active_range, seconds},
    resource::{Lock, OnFail, base_name},
};

/// What reading one resource's history on one node has found so far.
pub(crate) struct Reading {
    pub(crate) resource: ResourceKey,
    pub(crate) node: NodeKey,
    /// The latest failure.
    pub(crate) last_failure: Option<HistoryEntry>,
    /// What the failures mean together.
    pub(crate) on_fail: OnFail,
}

impl Build<'_, '_> {
    /// Reads what a node recorded.
    pub(crate) fn read_history(&mut self, index: usize, node: NodeKey) {
        let count = self.model.history[index].resources.len();
        let mut found_launched = false;
        for position in 0..count {
            let resource = self.read_resource(index, position, node);
            found_launched |= resource
                .is_some_and(|resource| self.model.resources[resource].state.removed_launched);
        }
        if found_launched {
            self.link_removed_launched(index);
        }
    }

    fn link_removed_launched(&mut self, index: usize) {
        for position in 0..self.model.history[index].resources.len() {
            let history = &self.model.history[index].resources[position];
            let Some(container) = history.container() else { continue };
            let launcher = self.model.resource_named(container);
            let resource = self.model.resource_named(history.id());
            let (Some(launcher), Some(resource)) = (launcher, resource) else { continue };
            let state = &mut self.model.resources[resource].state;
            if state.launcher.is_none() && state.removed_launched {
                state.launcher = Some(launcher);
                self.model.resources[launcher].state.launched.push(resource);
            }
        }
    }

    fn read_resource(
        &mut self,
        index: usize,
        position: usize,
        node: NodeKey,
    ) -> Option<ResourceKey> {
        let locks = self.model.options.shutdown_lock;
        // Shares what it holds with the one in the model, which stays as it is while others are compared with it.
        let mut history = self.model.history[index].resources[position].clone();
        if history.entries.is_empty() && !locks {
            return None;
        }
        let resource = match self.resource_of_history(history.id(), node) {
            Some(resource) => resource,
            None if history.entries.is_empty() => return None,
            None => self.removed_resource(&history)?,
        };
        if locks {
            self.shutdown_lock(&history, resource, node);
        }
        let saved_role =
            std::mem::replace(&mut self.model.resources[resource].state.role, Role::Unknown);
        let mut reading = Reading { resource, node, last_failure: None, on_fail: OnFail::Ignore };
        for entry in &mut history.entries {
            self.read_entry(&mut reading, entry);
        }
        self.recurring(resource, node, &history.entries);
        self.model.history[index].resources[position] = history;
        self.apply_reading(&reading);
        let text = self.model.resources[resource].meta("target-role").map(str::to_owned);
        if let Some(role) = self.target_role(resource, text.as_deref()) {
            let state = &mut self.model.resources[resource].state;
            if state.next_role == Role::Unknown || role < state.next_role {
                state.next_role = role;
            }
        }
        let state = &mut self.model.resources[resource].state;
        state.role = state.role.max(saved_role);
        Some(resource)
    }

    /// The resource that a node knows under that name.
    fn resource_of_history(&mut self, id: &str, node: NodeKey) -> Option<ResourceKey> {
        let mut found = self.model.resource_named(id);
        let parent = match found {
            Some(resource) if !self.model.resources[resource].is_primitive() => return None,
            Some(resource) => Some(self.model.top_of(resource, true)),
            None => {
                // An anonymous clone's history has no instance number; any instance leads to the clone.
                let zero = format!("{}:0", base_name(id));
                let instance = self
                    .model
                    .resource_named(&zero)
                    .filter(|&instance| !self.model.resources[instance].unique);
                found = instance;
                instance.map(|instance| self.model.top_of(instance, true))
            }
        };
        if let Some(parent) = parent
            && self.model.resources[parent].is_anonymous_clone()
        {
            found = match self.model.resources[parent].parent {
                Some(bundle) => self.replica_on(bundle, node),
                None => self.anonymous_instance(parent, base_name(id), node),
            };
        }
        let resource = found?;
        let state = &self.model.resources[resource].state;
        let known = state.history_id.as_ref().is_some_and(|known| *known == id);
        if self.model.resources[resource].id != id && !known {
            self.set_history_id(resource, Some(id));
        }
        Some(resource)
    }

    fn replica_on(&self, bundle: ResourceKey, node: NodeKey) -> Option<ResourceKey> {
        let Variant::Bundle { replicas, .. } = &self.model.resources[bundle].variant else {
            return None;
        };
        replicas.iter().find(|replica| replica.node == Some(node)).and_then(|replica| replica.child)
    }

    pub(crate) fn set_history_id(&mut self, resource: ResourceKey, id: Option<&str>) {
        if let Some(old) = self.model.resources[resource].state.history_id.take()
            && self.model.history_ids.get(old.as_str()) == Some(&resource)
        {
            self.model.history_ids.remove(old.as_str());
        }
        if let Some(id) = id {
            self.model.resources[resource].state.history_id = Some(ResourceId::from(id));
            self.model.history_ids.entry(id.to_owned()).or_insert(resource);
        }
    }

    /// The primitive of that base name in an instance.
    pub(crate) fn primitive_in(&self, instance: ResourceKey, name: &str) -> Option<ResourceKey> {
        let resource = &self.model.resources[instance];
        if resource.id == name || resource.config_id == name {
            return Some(instance);
        }
        resource.state.children.iter().find_map(|&child| self.primitive_in(child, name))
    }

    /// The instance of an anonymous clone that a history on a node belongs to: the one that is active there, else one
    /// that is active nowhere, else a new one.
    fn anonymous_instance(
        &mut self,
        parent: ResourceKey,
        name: &str,
        node: NodeKey,
    ) -> Option<ResourceKey> {
        let mut active = None;
        let mut inactive = None;
        let mut skip_inactive = false;
        for child in self.model.resources[parent].state.children.clone() {
            if active.is_some() {
                break;
            }
            let locations = self.locations(child);
            if let Some(&first) = locations.first() {
                if first != node {
                    continue;
                }
                if let Some(primitive) = self.primitive_in(child, name) {
                    if self.model.resources[primitive].state.active_on.is_empty() {
                        active = Some(primitive);
                    } else {
                        skip_inactive = true;
                    }
                }
            } else if !skip_inactive
                && inactive.is_none()
                && !self.model.resources[child].state.blocked
            {
                inactive = self.primitive_in(child, name).filter(|&primitive| {
                    let pending = self.model.resources[primitive].state.pending.as_ref();
                    pending.is_none_or(|pending| pending.node == node)
                });
            }
        }
        let mut found = active.or(if skip_inactive { None } else { inactive });
        if let Some(resource) = found {
            let state = self.model.nodes[node].state;
            let lost = !state.online || state.unclean;
            if !self.model.resources[resource].needs_fencing
                && lost
                && !self.model.is_guest(node)
                && !self.is_on_all_nodes(parent)
            {
                found = None;
            }
        }
        if found.is_none() {
            let instance = self.add_instance(parent).ok()?;
            self.register(instance);
            found = self.primitive_in(instance, name);
        }
        found
    }

    fn is_on_all_nodes(&self, clone: ResourceKey) -> bool {
        match &self.model.resources[clone].variant {
            Variant::Clone(limits) => {
                usize::try_from(limits.instances_max) == Ok(self.model.nodes.len())
            }
            _ => false,
        }
    }

    /// Where a resource or what it contains is active or about to be.
    fn locations(&self, resource: ResourceKey) -> Vec<NodeKey> {
        let state = &self.model.resources[resource].state;
        let mut nodes: Vec<NodeKey> = Vec::new();
        if state.children.is_empty() {
            nodes.extend(&state.active_on);
            if let Some(pending) = &state.pending
                && !nodes.contains(&pending.node)
            {
                nodes.push(pending.node);
            }
            return nodes;
        }
        for &child in &state.children {
            for node in self.locations(child) {
                if !nodes.contains(&node) {
                    nodes.push(node);
                }
            }
        }
        nodes
    }

    /// Makes a resource from what a node recorded of one that is not configured any more.
    fn removed_resource(&mut self, history: &ResourceHistory) -> Option<ResourceKey> {
        let element = Element::new("primitive")
            .with("id", history.id())
            .with_some("type", history.agent())
            .with_some("class", history.class())
            .with_some("provider", history.provider())
            .with_some("container", history.container());
        let resource = self.resource(&element, None, None).ok()?;
        if self.model.resources[resource].remote_connection {
            let name = history.id();
            let node = match self.model.node_named(name) {
                Some(node) => node,
                None => self.add_node(name, name, NodeKind::Remote, Score::ZERO),
            };
            self.link_remote_node(resource);
            self.model.nodes[node].state.shutdown = true;
        }
        let state = &mut self.model.resources[resource].state;
        state.removed_launched = history.container().is_some();
        state.removed = true;
        self.add_top(resource);
        if self.model.options.stop_removed_resources {
            self.prefer(resource, None, Score::MINUS_INFINITY, &ScoreReason::Removed);
        } else {
            self.model.resources[resource].state.managed = false;
        }
        Some(resource)
    }

    fn shutdown_lock(&mut self, history: &ResourceHistory, resource: ResourceKey, node: NodeKey) {
        let Some(since) = history.shutdown_lock() else { return };
        let limit = self.model.options.shutdown_lock_limit_ms;
        if limit > 0 && self.model.now.moment.0 > since.0.saturating_add(seconds(limit)) {
            let managed = self.model.resources[resource].state.managed;
            self.model.findings.push(Finding::ForgetHistory { resource, node, managed });
        } else {
            self.model.resources[resource].state.lock = Some(Lock { node, since });
        }
    }

    /// Notes the recurring operations of the resource's present life.
    fn recurring(&mut self, resource: ResourceKey, node: NodeKey, entries: &[HistoryEntry]) {
        const PENDING: i32 = -1;
        let range = active_range(entries);
        if !self.model.nodes[node].state.online {
            return;
        }
        for (position, entry) in (0_isize..).zip(entries) {
            let over = range.start < range.stop && position <= range.stop;
            if over
                || position < range.start
                || !entry.interval.is_recurring()
                || entry.status == Some(PENDING)
            {
                continue;
            }
            let managed = self.model.resources[resource].state.managed;
            self.model.findings.push(Finding::Recurring {
                resource,
                node,
                task: entry.task().to_owned(),
                interval: entry.interval,
                managed,
            });
        }
    }
}
