//! Assignments become actions. [`Plan::ensure`] is the door for all stages that need an action.

mod ensure;
mod group;
mod instances;
mod migrate;
mod notify;
mod primitive;
mod probe;
mod recurring;
mod roles;

use model::{ResourceKey, Variant};

use crate::{
    plan::Plan,
    table::{Op, Relation, RelationEnd},
};

pub(crate) fn run(plan: &mut Plan<'_>) {
    plan.late_checks();
    if plan.model.options.probe_resources {
        plan.probe_all();
    }
    if plan.model.options.stop_removed_resources {
        for resource in plan.top.clone() {
            plan.forget_failures_of_removed(resource);
        }
    }
    for resource in plan.top.clone() {
        plan.create_actions(resource);
    }
}

impl Plan<'_> {
    fn forget_failures_of_removed(&mut self, resource: ResourceKey) {
        if !self.rows[resource].state.removed {
            return;
        }
        for node in self.node_keys() {
            if !self.nodes[node].state.online || self.fail_count(resource, node, false).count == 0 {
                continue;
            }
            let clear = self.clear_failures(resource, node);
            let end = RelationEnd { action: Some(clear), ..RelationEnd::default() };
            self.relate(end, RelationEnd::of(resource, Op::Stop), Relation::ORDERED);
        }
    }

    pub(crate) fn create_actions(&mut self, resource: ResourceKey) {
        match self.resource(resource).variant {
            Variant::Primitive => self.primitive_actions(resource),
            Variant::Group { .. } => self.group_actions(resource),
            Variant::Clone(_) => self.clone_actions(resource),
            Variant::Bundle { .. } => self.bundle_actions(resource),
        }
    }
}
