//! Judges the plans for Pacemaker's regression cases.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test has files, an environment, and prints"
)]

use std::{collections::BTreeSet, env};

use conformance::SchedulerCase;
use model::Model;
use plan_check::{Objection, judge};
use scheduler::{Request, schedule};

/// Objections to plans that are Pacemaker's own, as `CASE RULE`, each with the reason above it.
const KNOWN: &str = include_str!("known.txt");

fn judged(case: &SchedulerCase) -> Vec<Objection> {
    let (model, _) = Model::build_sanitized(&case.cib, case.now);
    judge(&model, &schedule(&model, &Request::default()).graph)
}

fn judge_all(cases: impl Iterator<Item = SchedulerCase>) -> BTreeSet<String> {
    let is_loud = env::var_os("CARDEA_CORPUS_LOUD").is_some();
    let mut found = BTreeSet::new();
    for case in cases {
        for objection in judged(&case) {
            if is_loud {
                println!("{}: {objection}", case.name);
            }
            found.insert(format!("{} {:?}", case.name, objection.rule));
        }
    }
    found
}

#[test]
fn only_known_objections_to_the_corpus() {
    let Some(cases) = conformance::scheduler_cases() else { return };
    let found = conformance::with_planning_stack(|| judge_all(cases));
    conformance::assert_only_known(&found, KNOWN);
}
