use model::{NodeKey, ResourceKey, merge_sort};
use vocab::Role;

use crate::{plan::Plan, stage::colocation::same_value};

impl Plan<'_> {
    /// What counts as the instances of a clone or a bundle.
    pub(crate) fn instances(&self, collective: ResourceKey) -> Vec<ResourceKey> {
        match &self.resource(collective).variant {
            model::Variant::Bundle { replicas, .. } => {
                replicas.iter().map(|replica| replica.container).collect()
            }
            _ => self.children(collective),
        }
    }

    /// Whether an instance is, or will be, on a node in a role.
    pub(crate) fn instance_matches(
        &self,
        instance: ResourceKey,
        node: NodeKey,
        role: Role,
        current: bool,
        attribute: Option<&str>,
    ) -> bool {
        let own =
            if current { self.active_location(instance) } else { self.assigned_location(instance) };
        let Some(own) = own else { return false };
        let is_there = match attribute {
            None => own == node,
            Some(_) => same_value(
                self.colocation_attribute(own, attribute, Some(instance)),
                self.colocation_attribute(node, attribute, Some(instance)),
            ),
        };
        // Most instances are elsewhere, which is the quickest to tell.
        is_there
            && (role == Role::Unknown || role == self.role(instance, current))
            && !self.is_blocked_anywhere(instance)
    }

    /// The instance that is paired with a resource: the one on the same node, or on the best of its nodes.
    pub(crate) fn compatible_instance(
        &mut self,
        with: ResourceKey,
        collective: ResourceKey,
        role: Role,
        current: bool,
        attribute: Option<&str>,
    ) -> Option<ResourceKey> {
        let instances = self.instances(collective);
        let on = |plan: &Self, node: NodeKey| {
            instances
                .iter()
                .copied()
                .find(|&instance| plan.instance_matches(instance, node, role, current, attribute))
        };
        let node = if current { self.active_location(with) } else { self.assigned_location(with) };
        if let Some(node) = node {
            return on(self, node);
        }
        let table = self.rows[with].allowed.clone();
        let nodes = table.nodes();
        let nodes = merge_sort(nodes, &mut |&a, &b| self.compare_nodes(&table, a, b, None));
        nodes.into_iter().find_map(|node| on(self, node))
    }
}
