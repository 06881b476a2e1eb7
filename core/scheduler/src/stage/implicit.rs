//! Constraints that nobody wrote: what the parts of a resource owe each other.

mod clone;
mod group;
mod primitive;

use model::{ResourceKey, Variant};

use crate::plan::Plan;

pub(crate) fn run(plan: &mut Plan<'_>) {
    for resource in plan.top.clone() {
        plan.implicit_constraints(resource);
    }
}

impl Plan<'_> {
    pub(crate) fn implicit_constraints(&mut self, resource: ResourceKey) {
        match self.resource(resource).variant {
            Variant::Primitive => self.primitive_constraints(resource),
            Variant::Group { ordered, colocated } => {
                self.group_constraints(resource, ordered, colocated);
            }
            Variant::Clone(_) => self.clone_constraints(resource),
            Variant::Bundle { .. } => self.bundle_constraints(resource),
        }
    }
}
