//! Pacemaker's regression corpora, for the tests that look at them.
//!
//! They are data beside the repository, never part of it: in the folder that `CARDEA_CONFORMANCE` names, else in
//! `../shared/conformance`. A test that does not find them says so and leaves them out.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    thread,
};

use rules::LocalTime;
use vocab::Timestamp;
use xml::Element;

/// When a case plays that does not say when; none of them depends on it.
const SOME_TIME: Timestamp = Timestamp(1_790_000_000);

/// One of the scheduler's cases.
pub struct SchedulerCase {
    /// Its name, which its files have before the dot.
    pub name: String,
    /// The cluster.
    pub cib: Element,
    /// When it plays.
    pub now: LocalTime,
}

/// The folder of the corpora, whether it is there or not.
pub fn expected_folder() -> PathBuf {
    env::var_os("CARDEA_CONFORMANCE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    )
}

/// A folder of the corpora. Says what is left out if it is not there.
pub fn folder(name: &str) -> Option<PathBuf> {
    let folder = expected_folder().join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("left out: there is no folder {} (set CARDEA_CONFORMANCE)", folder.display());
    None
}

/// When a cluster of the corpus plays.
pub fn time_of(cib: &Element) -> Timestamp {
    let recorded = cib.attr("execution-date").and_then(|date| date.parse().ok());
    recorded.map_or(SOME_TIME, Timestamp)
}

/// The scheduler's cases, by name.
///
/// # Panics
/// If one of them cannot be read.
pub fn scheduler_cases() -> Option<impl Iterator<Item = SchedulerCase>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder("scheduler/xml")?)
        .expect("the corpus can be listed")
        .map(|entry| entry.expect("the corpus can be listed").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "xml"))
        .collect();
    paths.sort();
    assert!(paths.len() > 800, "only {} cases are there", paths.len());
    Some(paths.into_iter().map(|path| {
        let text = fs::read_to_string(&path).expect("a case can be read");
        let mut cib = xml::parse(&text).expect("a case is XML");
        cib.child_or_new("status");
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let now = LocalTime::utc(time_of(&cib));
        SchedulerCase { name, cib, now }
    }))
}

/// Works on a thread with the stack that planning needs.
///
/// # Panics
/// If the work does, or there can be no thread.
pub fn with_planning_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let worker = thread::Builder::new().stack_size(scheduler::STACK_BYTES).spawn(work);
    worker.expect("a thread can be started").join().expect("the work does not panic")
}

/// Compares what was found with a list of what is known, one a line, `#` before reasons.
///
/// # Panics
/// If something is new, or something on the list was not found.
pub fn assert_only_known(found: &BTreeSet<String>, list: &str) {
    let known: BTreeSet<String> = list
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let new: Vec<&String> = found.difference(&known).collect();
    let gone: Vec<&String> = known.difference(found).collect();
    assert!(new.is_empty(), "new: {new:#?}");
    assert!(gone.is_empty(), "not so any more, take them off the list: {gone:#?}");
}
