//! Plans for Pacemaker's regression cases, played to their end: then there is nothing left to do.
//!
//! The cases are looked for as in `corpus.rs`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test has files, an environment, and prints"
)]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use model::Model;
use rules::LocalTime;
use scheduler::{Request, schedule};
use transition::{ActionKind, Graph};
use vocab::Timestamp;

/// Cases that go on, each group with the reason above it.
const RESTLESS: &str = include_str!("restless.txt");

/// How often a cluster may change its mind: what is found out by a first plan's probes may need a second, and so on.
const ROUNDS: usize = 4;

fn corpus() -> Option<PathBuf> {
    let folder = match std::env::var_os("CARDEA_CONFORMANCE") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
    };
    let folder = folder.join("scheduler/xml");
    folder.is_dir().then_some(folder)
}

/// Whether the plan does something to a resource or a node; what is only written down does not count.
fn does_something(graph: &Graph) -> bool {
    graph.synapses.iter().any(|synapse| {
        let action = &synapse.action;
        let is_real = action.kind == ActionKind::Resource || action.task == "stonith";
        // Deletions change histories that a simulation keeps.
        is_real && !matches!(action.task.as_str(), "cancel" | "delete" | "lrm_delete" | "notify")
    })
}

fn comes_to_rest(text: &str) -> bool {
    let mut cib = xml::parse(text).expect("the corpus can be read");
    cib.child_or_new("status");
    let recorded = cib.attr("execution-date").and_then(|date| date.parse().ok());
    let now = Timestamp(recorded.unwrap_or(1_790_000_000));
    for _ in 0..ROUNDS {
        let (model, _) = Model::build_sanitized(&cib, LocalTime::utc(now));
        let plan = schedule(&model, &Request::default());
        if !does_something(&plan.graph) {
            return true;
        }
        cib = simulate::carry_out(&cib, &model, &plan, &[], now).cib;
    }
    false
}

fn restless(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the corpus can be listed") {
        let path = entry.expect("a file of the corpus").path();
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
        if path.extension().is_none_or(|ending| ending != "xml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a case can be read");
        if !comes_to_rest(&text) {
            found.insert(name.to_owned());
        }
    }
    found
}

#[test]
fn replanning_after_success_is_empty() {
    let Some(folder) = corpus() else {
        println!("left out: no scheduler corpus (set CARDEA_CONFORMANCE)");
        return;
    };
    let worker = std::thread::Builder::new().stack_size(scheduler::STACK_BYTES);
    let worker = worker.spawn(move || restless(&folder)).expect("a thread can be started");
    let found = worker.join().expect("planning does not panic");
    let known: BTreeSet<String> = RESTLESS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let new: Vec<&String> = found.difference(&known).collect();
    let gone: Vec<&String> = known.difference(&found).collect();
    assert!(new.is_empty(), "these go on: {new:#?}");
    assert!(gone.is_empty(), "these come to rest, take them off the list: {gone:#?}");
}
