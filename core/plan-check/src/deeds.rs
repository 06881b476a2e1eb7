//! A graph's actions as deeds: what is done to which resource on which node.

use std::collections::{BTreeMap, BTreeSet};

use model::{Key, Model, NodeKey, Resource, ResourceKey};
use transition::{Action, ActionKind, Graph};
use vocab::Role;

use crate::order::Order;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Doing {
    /// Started, or brought by a migration.
    Start,
    /// Stopped.
    Stop,
    /// Promoted.
    Promote,
    /// Demoted.
    Demote,
    /// Sent to another node while it runs.
    MigrateTo,
    /// Taken over from another node while it runs.
    MigrateFrom,
    /// Asked once how it is.
    Probe,
    /// Changed while it runs.
    Reload,
}

/// One deed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deed {
    /// Position of the action in the graph.
    pub(crate) position: usize,
    pub(crate) resource: ResourceKey,
    pub(crate) node: NodeKey,
    pub(crate) doing: Doing,
    /// Whether nobody carries it out: it is implied by something else.
    pub(crate) pseudo: bool,
}

/// Fencing of one node.
#[derive(Clone, Debug)]
pub(crate) struct Fencing {
    pub(crate) position: usize,
    pub(crate) node: NodeKey,
    /// Whether the node is only allowed to work again.
    pub(crate) is_unfencing: bool,
    /// Whether the node is a guest, which is fenced by stopping what launches it.
    pub(crate) pseudo: bool,
}

/// All deeds of a plan, with what is needed to judge them.
pub(crate) struct Deeds<'a> {
    pub(crate) model: &'a Model,
    pub(crate) order: Order,
    pub(crate) all: Vec<Deed>,
    pub(crate) fencings: Vec<Fencing>,
    by_resource: BTreeMap<usize, Vec<usize>>,
}

impl<'a> Deeds<'a> {
    pub(crate) fn read(model: &'a Model, graph: &Graph) -> Self {
        let mut all = Vec::new();
        let mut fencings = Vec::new();
        let order = Order::of(graph);
        for (position, synapse) in graph.synapses.iter().enumerate() {
            let action = &synapse.action;
            if order.is_stuck(position) {
                // There is an objection already, and what is never done breaks no other rule.
                continue;
            }
            let Some(node) = action.node.as_ref().and_then(|node| model.node_named(&node.name))
            else {
                continue;
            };
            let pseudo = action.kind == ActionKind::Pseudo;
            if action.task == "stonith" {
                let is_unfencing = action.meta("stonith_action") == Some("on");
                fencings.push(Fencing { position, node, is_unfencing, pseudo });
            } else if let (Some(doing), Some(resource)) = (doing(action), resource(model, action)) {
                all.push(Deed { position, resource, node, doing, pseudo });
            }
        }
        let mut by_resource: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, deed) in all.iter().enumerate() {
            by_resource.entry(deed.resource.index()).or_default().push(index);
        }
        Self { model, order, all, fencings, by_resource }
    }

    /// What is done to one primitive.
    pub(crate) fn of(&self, resource: ResourceKey) -> impl Iterator<Item = &Deed> {
        let indices = self.by_resource.get(&resource.index());
        indices.into_iter().flatten().map(|&index| &self.all[index])
    }

    /// What is done to one primitive on one node, of this kind.
    pub(crate) fn on(
        &self,
        resource: ResourceKey,
        node: NodeKey,
        doing: Doing,
    ) -> impl Iterator<Item = &Deed> {
        self.of(resource).filter(move |deed| deed.node == node && deed.doing == doing)
    }

    /// Whether the resource begins to run on the node, by a start or a migration.
    pub(crate) fn is_started(&self, resource: ResourceKey, node: NodeKey) -> bool {
        self.of(resource).any(|deed| {
            deed.node == node && matches!(deed.doing, Doing::Start | Doing::MigrateFrom)
        })
    }

    /// Whether the resource does not run any more on the node before `position`: it was stopped or sent away, or the node
    /// was fenced.
    pub(crate) fn is_over_before(
        &self,
        resource: ResourceKey,
        node: NodeKey,
        position: usize,
    ) -> bool {
        let ended = self.of(resource).any(|deed| {
            deed.node == node
                && matches!(deed.doing, Doing::Stop | Doing::MigrateTo)
                && self.order.is_before(deed.position, position)
        });
        ended || self.is_fenced_before(node, position)
    }

    /// Whether a primitive that was active on the node may run there at `position`: it is not over, and the node can run it.
    pub(crate) fn may_run_still(
        &self,
        resource: ResourceKey,
        node: NodeKey,
        position: usize,
    ) -> bool {
        let state = &self.model.nodes[node].state;
        // A node that is known to be down runs nothing; without fencing one that was lost counts as down.
        let is_down = !state.online && (!state.unclean || !self.model.options.fencing_enabled);
        // What does not need fencing may start whatever becomes of a lost node.
        let need_not_wait =
            !self.resource(resource).needs_fencing && (!state.online || self.is_fenced(node));
        // A guest is gone with what launches it.
        let launcher_is_over = self.model.nodes[node]
            .connection
            .and_then(|connection| self.resource(connection).state.launcher)
            .is_some_and(|launcher| {
                let hosts = &self.resource(launcher).state.active_on;
                hosts.iter().all(|&host| self.is_over_before(launcher, host, position))
            });
        let is_gone = is_down || need_not_wait || launcher_is_over;
        !is_gone && !self.is_over_before(resource, node, position)
    }

    /// Whether the node, or what it runs in, is fenced before `position`.
    pub(crate) fn is_fenced_before(&self, node: NodeKey, position: usize) -> bool {
        self.fencings.iter().any(|fencing| {
            fencing.node == node
                && !fencing.is_unfencing
                && self.order.is_before(fencing.position, position)
        })
    }

    /// Whether the node is fenced at all.
    pub(crate) fn is_fenced(&self, node: NodeKey) -> bool {
        self.fencings.iter().any(|fencing| fencing.node == node && !fencing.is_unfencing)
    }

    /// Where a primitive runs when everything is done.
    pub(crate) fn places_after(&self, resource: ResourceKey) -> BTreeSet<NodeKey> {
        let active = &self.model.resources[resource].state.active_on;
        let mut places: BTreeSet<NodeKey> =
            active.iter().copied().filter(|&node| !self.is_fenced(node)).collect();
        for deed in self.of(resource) {
            if matches!(deed.doing, Doing::Stop | Doing::MigrateTo) {
                places.remove(&deed.node);
            }
        }
        for deed in self.of(resource) {
            if matches!(deed.doing, Doing::Start | Doing::MigrateFrom) {
                places.insert(deed.node);
            }
        }
        places
    }

    /// Where any part of a resource runs when everything is done.
    pub(crate) fn places_of(&self, resource: ResourceKey) -> BTreeSet<NodeKey> {
        self.primitives(resource).into_iter().flat_map(|part| self.places_after(part)).collect()
    }

    /// The role a primitive has where it runs when everything is done.
    pub(crate) fn role_after(&self, resource: ResourceKey) -> Role {
        let mut role = self.model.resources[resource].state.role;
        if self.of(resource).any(|deed| matches!(deed.doing, Doing::Demote | Doing::Stop)) {
            role = Role::Unpromoted;
        }
        if self.of(resource).any(|deed| deed.doing == Doing::Promote) {
            role = Role::Promoted;
        }
        if self.places_after(resource).is_empty() { Role::Stopped } else { role }
    }

    pub(crate) fn resource(&self, key: ResourceKey) -> &'a Resource {
        &self.model.resources[key]
    }

    /// The primitives that a resource is made of, itself if it is one.
    pub(crate) fn primitives(&self, key: ResourceKey) -> Vec<ResourceKey> {
        let resource = self.resource(key);
        if resource.is_primitive() {
            return vec![key];
        }
        resource.state.children.iter().flat_map(|&child| self.primitives(child)).collect()
    }

    /// The instances that cannot be told from this one on a node: those of an anonymous clone, else itself alone.
    pub(crate) fn alike(&self, key: ResourceKey) -> Vec<ResourceKey> {
        let top = self.model.top_of(key, true);
        if !self.resource(top).is_anonymous_clone() {
            return vec![key];
        }
        let configured = &self.resource(key).config_id;
        let mut parts = self.primitives(top);
        parts.retain(|&part| self.resource(part).config_id == *configured);
        parts
    }

    /// The node itself, or the one that its container runs on when everything is done.
    pub(crate) fn host_after(&self, node: NodeKey) -> NodeKey {
        let connection = self.model.nodes[node].connection;
        let launcher = connection.and_then(|key| self.resource(key).state.launcher);
        launcher.and_then(|launcher| self.places_after(launcher).pop_first()).unwrap_or(node)
    }

    /// All primitives of the cluster.
    pub(crate) fn all_primitives(&self) -> impl Iterator<Item = (ResourceKey, &'a Resource)> {
        self.model.resources.iter().filter(|(_, resource)| resource.is_primitive())
    }

    /// "db on node1".
    pub(crate) fn name(&self, resource: ResourceKey, node: NodeKey) -> String {
        format!("{} on {}", self.resource(resource).id, self.model.nodes[node].name)
    }
}

fn doing(action: &Action) -> Option<Doing> {
    let is_once = action.meta("interval").is_none_or(|interval| interval == "0");
    match action.task.as_str() {
        "start" => Some(Doing::Start),
        "stop" => Some(Doing::Stop),
        "promote" => Some(Doing::Promote),
        "demote" => Some(Doing::Demote),
        "migrate_to" => Some(Doing::MigrateTo),
        "migrate_from" => Some(Doing::MigrateFrom),
        "monitor" if is_once => Some(Doing::Probe),
        "reload" | "reload-agent" => Some(Doing::Reload),
        _ => None,
    }
}

/// The primitive that the action's key names: `RESOURCE_TASK_MILLISECONDS`, with the number of the instance.
fn resource(model: &Model, action: &Action) -> Option<ResourceKey> {
    let key = action.internal_key.as_deref().unwrap_or(&action.key);
    let (rest, _) = key.rsplit_once('_')?;
    let id = rest.strip_suffix(action.task.as_str())?.strip_suffix('_')?;
    let named = model.resource_named(id);
    named.filter(|&key| model.resources[key].is_primitive())
}
