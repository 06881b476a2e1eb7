//! Orderings are applied to actions until nothing changes any more.

mod expand;
mod fixpoint;
mod loops;
mod remote;
mod variant;

use crate::plan::Plan;

pub(crate) fn remote_connections(plan: &mut Plan<'_>) {
    plan.order_remote_actions();
}

pub(crate) fn run(plan: &mut Plan<'_>) {
    plan.expand_relations();
    let actions: Vec<_> = plan.actions.keys().rev().collect();
    for action in actions {
        plan.block_dependents(action);
    }
    plan.order_probes();
    let actions: Vec<_> = plan.actions.keys().rev().collect();
    for action in actions {
        plan.update_for_orderings(action, 0);
    }
    plan.disable_invalid();
    // Nothing looks at them any more, and the graph needs room.
    plan.relations = Vec::new();
}
