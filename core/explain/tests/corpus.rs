//! Explains every resource of Pacemaker's own scheduler cases: there is always an answer, and what does not run has a
//! cause.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test has files, an environment, and prints"
)]

use conformance::{SchedulerCase, scheduler_cases, with_planning_stack};
use explain::{Explanation, Verdict};
use model::Model;
use scheduler::{Request, schedule};

/// What was found, over all cases.
#[derive(Default)]
struct Found {
    explained: usize,
    tables: usize,
    without_cause: Vec<String>,
    wrong_sums: Vec<String>,
}

fn look(found: &mut Found, case: &str, explanation: &Explanation) {
    found.explained += 1;
    let stopped = match &explanation.verdict {
        Verdict::Stopped { .. } | Verdict::Waits { .. } => true,
        Verdict::LeftAlone { nodes } => nodes.is_empty(),
        Verdict::Stays { .. } | Verdict::Changes { .. } | Verdict::Parts { .. } => false,
    };
    let caused = !explanation.causes.is_empty()
        || (!explanation.nodes.is_empty()
            && explanation.nodes.iter().all(|node| !node.causes.is_empty()));
    let name = format!("{case} {}", explanation.resource);
    if stopped && !caused {
        found.without_cause.push(format!("{name}\n{explanation}"));
    }
    for node in &explanation.nodes {
        found.tables += 1;
        if !node.adds_up {
            found.wrong_sums.push(format!("{name} on {}: {:?}", node.node, node.table));
        }
    }
}

fn explain_all(cases: impl Iterator<Item = SchedulerCase>) -> Found {
    let mut found = Found::default();
    for SchedulerCase { name: case, cib, now } in cases {
        let (model, _) = Model::build_sanitized(&cib, now);
        let plan = schedule(&model, &Request { reasons: true, ..Request::default() });
        for key in model.resources.keys() {
            let explanation = explain::explain(&model, &plan, key, None);
            assert!(!explanation.to_string().is_empty());
            look(&mut found, &case, &explanation);
        }
    }
    found
}

/// Looks for remedies for one resource that does not run, in every tenth case; gives the number of remedies.
fn remedy_some(cases: impl Iterator<Item = SchedulerCase>) -> usize {
    let mut remedies = 0;
    for SchedulerCase { cib, now, .. } in cases.step_by(10) {
        let (model, _) = Model::build_sanitized(&cib, now);
        let plan = schedule(&model, &Request { reasons: true, ..Request::default() });
        let stopped = model.resources.keys().find(|&key| {
            model.resources[key].is_primitive() && plan.resources[key].assigned.is_none()
        });
        let Some(key) = stopped else { continue };
        let name = model.resources[key].id.as_str();
        let before = explain::explain(&model, &plan, key, None);
        let explanation = explain::explain_document(&cib, now, true, name, None).unwrap();
        assert_eq!(before.verdict, explanation.verdict, "{name}");
        for remedy in &explanation.remedies {
            assert!(remedy.effect.running > 0 || remedy.effect.managed > 0, "{name}: {remedy:?}");
        }
        remedies += explanation.remedies.len();
    }
    remedies
}

#[test]
fn remedies_bring_back_what_does_not_run() {
    let Some(cases) = scheduler_cases() else { return };
    let remedies = with_planning_stack(|| remedy_some(cases));
    println!("{remedies} remedies");
    assert!(remedies > 0);
}

#[test]
fn every_resource_of_the_corpus_is_explained() {
    let Some(cases) = scheduler_cases() else { return };
    let found = with_planning_stack(|| explain_all(cases));
    println!("{} explained, {} tables", found.explained, found.tables);
    println!("{} do not add up", found.wrong_sums.len());
    println!("{} without cause", found.without_cause.len());
    assert!(
        found.without_cause.is_empty(),
        "{} without cause:\n{}",
        found.without_cause.len(),
        found.without_cause.join("\n")
    );
    assert!(
        found.wrong_sums.is_empty(),
        "{} of {} do not add up:\n{}",
        found.wrong_sums.len(),
        found.tables,
        found.wrong_sums.join("\n")
    );
}
