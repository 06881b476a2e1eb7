//! Pacemaker's own scheduler cases: a change that is none has no effect, and no change of any into another is too much.
//!
//! The cases are looked for in the folder that `CARDEA_CONFORMANCE` names, else in `../shared/conformance` beside the
//! repository.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test has files, an environment, and prints"
)]

use std::path::{Path, PathBuf};

use preview::{Look, Preview, Situation, preview, to_text};
use rules::LocalTime;
use vocab::Timestamp;
use xml::Element;

fn corpus() -> Option<PathBuf> {
    let folder = match std::env::var_os("CARDEA_CONFORMANCE") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
    };
    let folder = folder.join("scheduler/xml");
    folder.is_dir().then_some(folder)
}

/// All cases by name, each with the time it is about.
fn cases(folder: &Path) -> Vec<(String, Element, LocalTime)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the corpus can be listed")
        .map(|entry| entry.expect("the corpus can be listed").path())
        .collect();
    paths.sort();
    let case = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).ok()?;
        let mut cib = xml::parse(&text).ok()?;
        cib.child_or_new("status");
        let recorded = cib.attr("execution-date").and_then(|date| date.parse().ok());
        let now = LocalTime::utc(Timestamp(recorded.unwrap_or(1_790_000_000)));
        Some((path.file_stem()?.to_string_lossy().into_owned(), cib, now))
    };
    let cases: Vec<_> = paths.into_iter().filter_map(case).collect();
    assert!(cases.len() > 800, "only {} cases can be read", cases.len());
    cases
}

/// Runs on a thread with the stack that planning needs.
fn with_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(scheduler::STACK_BYTES).spawn(work);
    thread.expect("a thread can be started").join().expect("nothing panics");
}

fn check(name: &str, preview: &Preview) {
    let text = to_text(preview, Look::Plain);
    assert!(text.lines().all(|line| line.trim_end() == line), "{name}: spaces at an end: {text}");
    serde_json::to_string(preview).expect("a preview can be written as JSON");
}

#[test]
fn no_change_has_no_effect() {
    let Some(folder) = corpus() else {
        println!("left out: no scheduler corpus (set CARDEA_CONFORMANCE)");
        return;
    };
    with_stack(move || {
        for (name, cib, now) in cases(&folder) {
            let situation = Situation::new(cib, now, true, false);
            let preview = preview(&situation, &situation);
            let quiet = preview.is_quiet() && preview.configuration.is_empty();
            assert!(quiet, "{name}: {}", to_text(&preview, Look::Plain));
            check(&name, &preview);
        }
    });
}

#[test]
fn any_configuration_can_follow_any_other() {
    let Some(folder) = corpus() else {
        println!("left out: no scheduler corpus (set CARDEA_CONFORMANCE)");
        return;
    };
    with_stack(move || {
        let cases = cases(&folder);
        for pair in cases.windows(2) {
            let [(name, cib, now), (other, changed, _)] = pair else { continue };
            let mut after = cib.clone();
            let configuration = changed.child("configuration").cloned();
            *after.child_or_new("configuration") =
                configuration.unwrap_or_else(|| Element::new("configuration"));
            let before = Situation::new(cib.clone(), *now, true, false);
            let after = Situation::new(after, *now, true, false);
            check(&format!("{name} to {other}"), &preview(&before, &after));
        }
    });
}
