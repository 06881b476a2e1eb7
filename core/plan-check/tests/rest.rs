//! Plans for Pacemaker's regression cases, played to their end: then there is nothing left to do.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test has files, an environment, and prints"
)]

use conformance::SchedulerCase;
use model::Model;
use scheduler::{Request, schedule};
use transition::{ActionKind, Graph};

/// Cases that go on, each group with the reason above it.
const RESTLESS: &str = include_str!("restless.txt");

/// How often a cluster may change its mind: what is found out by a first plan's probes may need a second, and so on.
const ROUNDS: usize = 4;

/// Whether the plan does something to a resource or a node; what is only written down does not count.
fn does_something(graph: &Graph) -> bool {
    graph.synapses.iter().any(|synapse| {
        let action = &synapse.action;
        let is_real = action.kind == ActionKind::Resource || action.task == "stonith";
        // Deletions change histories that a simulation keeps.
        is_real && !matches!(action.task.as_str(), "cancel" | "delete" | "lrm_delete" | "notify")
    })
}

fn comes_to_rest(case: &SchedulerCase) -> bool {
    let mut cib = case.cib.clone();
    for _ in 0..ROUNDS {
        let (model, _) = Model::build_sanitized(&cib, case.now);
        let plan = schedule(&model, &Request::default());
        if !does_something(&plan.graph) {
            return true;
        }
        cib = simulate::carry_out(&cib, &model, &plan, &[], case.now.moment).cib;
    }
    false
}

#[test]
fn replanning_after_success_is_empty() {
    let Some(cases) = conformance::scheduler_cases() else { return };
    let found = conformance::with_planning_stack(|| {
        cases.filter(|case| !comes_to_rest(case)).map(|case| case.name).collect()
    });
    conformance::assert_only_known(&found, RESTLESS);
}
