//! Pacemaker's own scheduler cases: a change that is none has no effect, and no change of any into another is too much.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test has files, an environment, and prints"
)]

use conformance::{SchedulerCase, scheduler_cases, with_planning_stack};
use preview::{Look, Preview, Situation, preview, to_text};
use xml::Element;

fn check(name: &str, preview: &Preview) {
    let text = to_text(preview, Look::Plain);
    assert!(text.lines().all(|line| line.trim_end() == line), "{name}: spaces at an end: {text}");
    serde_json::to_string(preview).expect("a preview can be written as JSON");
}

#[test]
fn no_change_has_no_effect() {
    let Some(cases) = scheduler_cases() else { return };
    with_planning_stack(|| {
        for SchedulerCase { name, cib, now } in cases {
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
    let Some(cases) = scheduler_cases() else { return };
    with_planning_stack(|| {
        let cases: Vec<_> = cases.collect();
        for pair in cases.windows(2) {
            let [before, after] = pair else { continue };
            let name = format!("{} to {}", before.name, after.name);
            let mut changed = before.cib.clone();
            let configuration = after.cib.child("configuration").cloned();
            *changed.child_or_new("configuration") =
                configuration.unwrap_or_else(|| Element::new("configuration"));
            let situation = |cib| Situation::new(cib, before.now, true, false);
            check(&name, &preview(&situation(before.cib.clone()), &situation(changed)));
        }
    });
}
