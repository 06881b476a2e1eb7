//! Explains every resource of Pacemaker's own scheduler cases: there is always an answer, and what does not run has a
//! cause. The cases are looked for as the scheduler's own test does.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test has files, an environment, and prints"
)]

use std::path::{Path, PathBuf};

use explain::{Explanation, Verdict};
use model::Model;
use rules::LocalTime;
use scheduler::{Request, schedule};
use vocab::Timestamp;

fn corpus() -> Option<PathBuf> {
    let folder = match std::env::var_os("CARDEA_CONFORMANCE") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
    };
    let folder = folder.join("scheduler/xml");
    folder.is_dir().then_some(folder)
}

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

/// All cases by name, with the time they are about.
fn cases(folder: &Path) -> Vec<(String, xml::Element, LocalTime)> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files
        .into_iter()
        .filter_map(|file| {
            let case = file.file_stem()?.to_string_lossy().into_owned();
            let cib = xml::parse(&std::fs::read_to_string(&file).ok()?).ok()?;
            let recorded = cib.attr("execution-date").and_then(|date| date.parse().ok());
            let now = LocalTime::utc(Timestamp(recorded.unwrap_or(1_790_000_000)));
            Some((case, cib, now))
        })
        .collect()
}

fn explain_all(folder: &Path) -> Found {
    let mut found = Found::default();
    for (case, cib, now) in cases(folder) {
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
fn remedy_some(folder: &Path) -> usize {
    let mut remedies = 0;
    for (_, cib, now) in cases(folder).into_iter().step_by(10) {
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

fn on_a_large_stack<T: Send + 'static>(
    work: impl FnOnce(&Path) -> T + Send + 'static,
) -> Option<T> {
    let Some(folder) = corpus() else {
        println!("left out: no scheduler corpus (set CARDEA_CONFORMANCE)");
        return None;
    };
    let worker = std::thread::Builder::new()
        .stack_size(scheduler::STACK_BYTES)
        .spawn(move || work(&folder))
        .unwrap();
    Some(worker.join().unwrap())
}

#[test]
fn remedies_bring_back_what_does_not_run() {
    if let Some(remedies) = on_a_large_stack(remedy_some) {
        println!("{remedies} remedies");
        assert!(remedies > 0);
    }
}

#[test]
fn every_resource_of_the_corpus_is_explained() {
    let Some(found) = on_a_large_stack(explain_all) else { return };
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
