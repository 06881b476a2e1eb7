//! What the other stages ask about bundles.

use model::{NodeKey, ResourceKey, Variant};
use vocab::Score;

use crate::{
    plan::Plan,
    table::{ActionFlags, ActionKey, ColocationKey, LocationKey},
};

impl Plan<'_> {
    /// The host whose name a connection into a container uses as address.
    pub(crate) fn bundle_address(&self, connection: ResourceKey) -> Option<String> {
        let container = self.container_of_connection(connection)?;
        let host = self.rows[container].assigned.or_else(|| self.current_node(container))?;
        Some(self.node_name(host).to_owned())
    }

    fn container_of_connection(&self, connection: ResourceKey) -> Option<ResourceKey> {
        let top = self.model.top_of(connection, false);
        match &self.resource(top).variant {
            Variant::Bundle { replicas, .. } => replicas
                .iter()
                .find(|replica| replica.remote == Some(connection))
                .map(|replica| replica.container),
            _ => None,
        }
    }

    /// Whether the parameters of a resource are complete only when it is known where its container runs.
    pub(crate) fn waits_for_container(&mut self, resource: ResourceKey) -> bool {
        self.resource(resource).remote_connection
            && self
                .parameters(resource, None)
                .get("addr")
                .is_some_and(|address| address.eq_ignore_ascii_case("#uname"))
    }

    /// What a container of a bundle holds.
    pub(crate) fn resource_in_container(&self, container: ResourceKey) -> Option<ResourceKey> {
        let top = self.model.top_of(container, false);
        match &self.resource(top).variant {
            Variant::Bundle { replicas, .. } => replicas
                .iter()
                .find(|replica| replica.container == container)
                .and_then(|replica| replica.child),
            _ => None,
        }
    }

    /// Whether the resource is what a bundle holds, or an instance of it.
    pub(crate) fn is_bundled_resource(&self, resource: ResourceKey) -> bool {
        let top = self.model.top_of(resource, false);
        match &self.resource(top).variant {
            Variant::Bundle { child, .. } => *child == Some(self.top_of(resource)),
            _ => false,
        }
    }

    /// Whether a part of a bundle gets the bundle's own colocations.
    pub(crate) fn bundle_passes_colocations(
        &self,
        bundle: ResourceKey,
        origin: ResourceKey,
    ) -> bool {
        bundle == origin
    }

    pub(crate) fn follows_bundle(
        &mut self,
        _dependent: ResourceKey,
        _bundle: ResourceKey,
        _key: ColocationKey,
    ) -> Score {
        Score::ZERO
    }

    pub(crate) fn apply_bundle_location(&mut self, _bundle: ResourceKey, _key: LocationKey) {}

    pub(crate) fn bundle_constraints(&mut self, _bundle: ResourceKey) {}

    pub(crate) fn allocate_bundle(
        &mut self,
        bundle: ResourceKey,
        _prefer: Option<NodeKey>,
        _stop_if_fail: bool,
    ) {
        self.rows[bundle].unassigned = false;
    }

    pub(crate) fn bundle_actions(&mut self, _bundle: ResourceKey) {}

    pub(crate) fn probe_bundle(&mut self, _bundle: ResourceKey, _node: NodeKey) -> bool {
        false
    }

    pub(crate) fn bundle_flags(
        &mut self,
        action: ActionKey,
        _bundle: ResourceKey,
        _node: Option<NodeKey>,
    ) -> ActionFlags {
        self.actions[action].flags
    }

    pub(crate) fn bundle_graph_parts(&self, _bundle: ResourceKey) -> Vec<ResourceKey> {
        Vec::new()
    }
}
