//! Judges the plans for Pacemaker's regression cases.
//!
//! The cases are looked for in the folder that `CARDEA_CONFORMANCE` names, else in `../shared/conformance` beside the
//! repository.

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
use plan_check::judge;
use rules::LocalTime;
use scheduler::{Request, schedule};
use vocab::Timestamp;

/// Objections to plans that are Pacemaker's own, as `CASE RULE`, each with the reason above it.
const KNOWN: &str = include_str!("known.txt");

fn corpus() -> Option<PathBuf> {
    let folder = match std::env::var_os("CARDEA_CONFORMANCE") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
    };
    let folder = folder.join("scheduler/xml");
    folder.is_dir().then_some(folder)
}

fn judged(text: &str) -> Vec<plan_check::Objection> {
    let cib = xml::parse(text).expect("the corpus can be read");
    let recorded = cib.attr("execution-date").and_then(|date| date.parse().ok());
    let now = Timestamp(recorded.unwrap_or(1_790_000_000));
    let (model, _) = Model::build_sanitized(&cib, LocalTime::utc(now));
    judge(&model, &schedule(&model, &Request::default()).graph)
}

fn judge_all(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the corpus can be listed") {
        let path = entry.expect("a file of the corpus").path();
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
        if path.extension().is_none_or(|ending| ending != "xml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a case can be read");
        for objection in judged(&text) {
            if std::env::var_os("CARDEA_CORPUS_LOUD").is_some() {
                println!("{name}: {objection}");
            }
            found.insert(format!("{name} {:?}", objection.rule));
        }
    }
    found
}

#[test]
fn only_known_objections_to_the_corpus() {
    let Some(folder) = corpus() else {
        println!("left out: no scheduler corpus (set CARDEA_CONFORMANCE)");
        return;
    };
    let worker = std::thread::Builder::new().stack_size(scheduler::STACK_BYTES);
    let worker = worker.spawn(move || judge_all(&folder)).expect("a thread can be started");
    let found = worker.join().expect("judging does not panic");
    let known: BTreeSet<String> = KNOWN
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let new: Vec<&String> = found.difference(&known).collect();
    let gone: Vec<&String> = known.difference(&found).collect();
    assert!(new.is_empty(), "new objections: {new:#?}");
    assert!(gone.is_empty(), "no objections any more, take them off the list: {gone:#?}");
}
