//! Resources are put on nodes. Assigning one may first assign what it is colocated with: [`Plan::allocate`] is the door.

mod clone;
mod group;
mod instances;
mod node_sort;
mod pairing;
mod primitive;
mod promotable;
mod utilization;

use model::{NodeKey, ResourceKey, Variant, merge_sort, options::PlacementStrategy};

use crate::plan::Plan;

pub(crate) fn run(plan: &mut Plan<'_>) {
    if plan.model.options.placement_strategy != PlacementStrategy::Default {
        let nodes = plan.nodes_by_capacity();
        let top = plan.top.clone();
        plan.top = merge_sort(top, &mut |&a, &b| plan.compare_resources(a, b, &nodes));
    }
    let is_connection = |plan: &Plan<'_>, key: ResourceKey| plan.resource(key).remote_connection;
    if plan.model.have_remote_nodes {
        for resource in plan.top.clone() {
            if is_connection(plan, resource) {
                let target = plan.rows[resource].state.migration_target;
                plan.allocate(resource, target, true);
            }
        }
    }
    for resource in plan.top.clone() {
        if !is_connection(plan, resource) {
            plan.allocate(resource, None, true);
        }
    }
}

impl Plan<'_> {
    /// Assigns a resource to a node, or to none, unless that has been done already.
    pub(crate) fn allocate(
        &mut self,
        resource: ResourceKey,
        prefer: Option<NodeKey>,
        stop_if_fail: bool,
    ) -> Option<NodeKey> {
        match self.resource(resource).variant {
            Variant::Primitive => self.allocate_primitive(resource, prefer, stop_if_fail),
            Variant::Group { .. } => self.allocate_group(resource, prefer, stop_if_fail),
            Variant::Clone(_) => {
                self.allocate_clone(resource, prefer, stop_if_fail);
                None
            }
            Variant::Bundle { .. } => {
                self.allocate_bundle(resource, prefer, stop_if_fail);
                None
            }
        }
    }
}
