//! Runs Pacemaker's own scheduler cases and counts how many plans are the same to the letter.
//!
//! The cases are looked for in the folder that `CARDEA_CONFORMANCE` names, else in `../shared/conformance` beside the
//! repository. With `CARDEA_CORPUS_OUT` set to a folder, what was planned is written there for comparison.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test has files, an environment, and prints"
)]

use std::{
    collections::BTreeMap,
    fmt::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use model::Model;
use rules::{CalendarTime, LocalTime};
use scheduler::{Request, schedule};
use vocab::Timestamp;

/// Two cases whose stored results are older than the scheduler that made the others.
const STALE: [&str; 2] = ["bundle-interleave-down", "bundle-order-partial"];

/// Cases that are about a time of their own.
const TIMES: [(&str, &str); 4] = [
    ("date-1", "2005-020"),
    ("date-2", "2005-020T12:30"),
    ("date-3", "2005-020T11:30"),
    ("origin", "2014-05-07 00:28:00"),
];

const KINDS: [&str; 3] = ["exp", "dot", "scores"];

struct Case {
    name: String,
    /// By kind, whether it is as stored.
    same: BTreeMap<&'static str, bool>,
    panicked: bool,
}

fn corpus() -> Option<PathBuf> {
    let folder = match std::env::var_os("CARDEA_CONFORMANCE") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
    };
    let folder = folder.join("scheduler");
    folder.join("xml").is_dir().then_some(folder)
}

fn plan(name: &str, text: &str) -> Option<BTreeMap<&'static str, String>> {
    let cib = xml::parse(text).ok()?;
    let fixed = TIMES.iter().find(|(case, _)| *case == name).map(|(_, time)| *time);
    let now = match fixed {
        Some(time) => CalendarTime::parse(time).ok()?.moment(0),
        None => {
            let recorded = cib.attr("execution-date").and_then(|date| date.parse().ok());
            // The other cases do not depend on the time.
            Timestamp(recorded.unwrap_or(1_790_000_000))
        }
    };
    let (model, _) = Model::build_sanitized(&cib, LocalTime::utc(now));
    let plan = schedule(&model, &Request { dot: true, ..Request::default() });
    let mut scores: Vec<String> =
        plan.scores.iter().map(|line| line.display(&model).to_string()).collect();
    scores.sort();
    Some(BTreeMap::from([
        ("exp", transition::codec::to_element(&plan.graph).to_pretty()),
        ("dot", sorted_dot(plan.dot.as_deref().unwrap_or_default())),
        ("scores", scores.join("\n")),
    ]))
}

/// The picture's lines in order, each once.
fn sorted_dot(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let Some(inner) = lines.get(1..lines.len().saturating_sub(1)) else { return String::new() };
    let mut inner = inner.to_vec();
    inner.sort_unstable();
    inner.dedup();
    format!("{}\n{}\n}}", lines[0], inner.join("\n"))
}

/// Texts are compared without white space and without what depends on the version.
fn normalized(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| without(line, "crm_feature_set=\""))
        .map(|line| without(&line, "batch-limit=\""))
        .map(|line| line.chars().filter(|c| !c.is_whitespace()).collect::<String>())
        .filter(|line| !line.is_empty())
        .collect()
}

fn without(line: &str, attribute: &str) -> String {
    let Some(start) = line.find(attribute) else { return line.to_owned() };
    let value = start + attribute.len();
    let Some(length) = line[value..].find('"') else { return line.to_owned() };
    format!("{}{}", &line[..start], &line[value + length + 1..])
}

fn run_case(folder: &Path, name: &str) -> Case {
    let read = |kind: &str| {
        std::fs::read_to_string(folder.join(kind).join(format!("{name}.{kind}")))
            .unwrap_or_default()
    };
    let text = read("xml");
    let planned = catch_unwind(AssertUnwindSafe(|| plan(name, &text)));
    let panicked = planned.is_err();
    let planned = planned.ok().flatten();
    if let (Some(out), Some(planned)) = (std::env::var_os("CARDEA_CORPUS_OUT"), &planned) {
        for (kind, text) in planned {
            let path = Path::new(&out).join(format!("{name}.{kind}"));
            std::fs::write(path, text).expect("the folder for results can be written");
        }
    }
    let same = KINDS
        .iter()
        .map(|&kind| {
            let same = planned
                .as_ref()
                .is_some_and(|planned| normalized(&planned[kind]) == normalized(&read(kind)));
            (kind, same)
        })
        .collect();
    Case { name: name.to_owned(), same, panicked }
}

fn run_all(folder: &Path) -> Vec<Case> {
    let mut names: Vec<String> = std::fs::read_dir(folder.join("xml"))
        .expect("the corpus can be listed")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|file| file.strip_suffix(".xml").map(str::to_owned))
        .collect();
    names.sort();
    let folder = folder.to_owned();
    let worker = std::thread::Builder::new()
        .stack_size(scheduler::STACK_BYTES)
        .spawn(move || names.iter().map(|name| run_case(&folder, name)).collect::<Vec<_>>());
    worker.expect("a thread can be started").join().expect("panics are caught in each case")
}

/// The reached counts, by kind.
fn ratchet() -> BTreeMap<&'static str, usize> {
    let text = include_str!("corpus-ratchet.txt");
    KINDS
        .iter()
        .map(|&kind| {
            let count = text
                .lines()
                .find_map(|line| line.strip_prefix(kind)?.trim().parse().ok())
                .unwrap_or(0);
            (kind, count)
        })
        .collect()
}

#[test]
fn the_corpus_is_planned_as_well_as_ever() {
    let Some(folder) = corpus() else {
        println!("left out: no scheduler corpus (set CARDEA_CONFORMANCE)");
        return;
    };
    let quiet = std::env::var_os("CARDEA_CORPUS_LOUD").is_none();
    if quiet {
        std::panic::set_hook(Box::new(|_| {}));
    }
    let cases = run_all(&folder);
    let _ = std::panic::take_hook();
    let counted: Vec<&Case> =
        cases.iter().filter(|case| !STALE.contains(&case.name.as_str())).collect();
    let mut report = String::new();
    for kind in KINDS {
        let same = counted.iter().filter(|case| case.same[kind]).count();
        let _ = writeln!(report, "{kind}: {same} of {}", counted.len());
    }
    let all = counted.iter().filter(|case| case.same.values().all(|&same| same)).count();
    let _ = writeln!(report, "all of them: {all} of {}", counted.len());
    let panicked: Vec<&str> =
        cases.iter().filter(|case| case.panicked).map(|case| case.name.as_str()).collect();
    let _ = writeln!(report, "panicked: {panicked:?}");
    print!("{report}");
    if let Some(out) = std::env::var_os("CARDEA_CORPUS_OUT") {
        let mut table = String::new();
        for case in &counted {
            let marks: Vec<String> =
                case.same.iter().map(|(kind, same)| format!("{kind}={same}")).collect();
            let _ = writeln!(table, "{} {} panicked={}", case.name, marks.join(" "), case.panicked);
        }
        std::fs::write(Path::new(&out).join("table.txt"), table).expect("the table can be written");
    }
    assert!(panicked.is_empty(), "no input may make the scheduler panic: {panicked:?}");
    for (kind, least) in ratchet() {
        let same = counted.iter().filter(|case| case.same[kind]).count();
        assert!(same >= least, "{kind}: {same} cases match, {least} did before");
    }
}
