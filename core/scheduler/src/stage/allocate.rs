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

use crate::{
    plan::Plan,
    told::{Amounts, CapacityLine},
};

pub(crate) fn run(plan: &mut Plan<'_>) {
    if plan.model.options.placement_strategy != PlacementStrategy::Default {
        let nodes = plan.nodes_by_capacity();
        let top = plan.top.clone();
        plan.top = merge_sort(top, &mut |&a, &b| plan.compare_resources(a, b, &nodes));
    }
    plan.tell_capacities(|node, amounts| CapacityLine::Original { node, amounts });
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
    plan.tell_capacities(|node, amounts| CapacityLine::Remaining { node, amounts });
}

impl Plan<'_> {
    fn tell_capacities(&mut self, line: impl Fn(NodeKey, Amounts) -> CapacityLine) {
        if !self.told.with_capacities {
            return;
        }
        for node in self.node_keys() {
            // What is asked of a bundle's node is asked of its container's.
            if !self.is_bundle_node(node) {
                let amounts = self.nodes[node].capacity.clone().into_iter().collect();
                self.told.capacities.push(line(node, amounts));
            }
        }
    }

    fn tell_taken(&mut self, resource: ResourceKey, node: NodeKey) {
        if self.told.with_capacities {
            let amounts = self.rows[resource].utilization.clone().into_iter().collect();
            let scores_before = self.scores.len();
            let line = CapacityLine::Taken { resource, node, amounts, scores_before };
            self.told.capacities.push(line);
        }
    }

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
