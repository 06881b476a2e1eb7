//! Waits until the cluster has nothing left to do.

use std::{
    thread,
    time::{Duration, Instant},
};

use client::cib::{CallOptions, CibError, NotificationKind};
use model::Model;
use scheduler::{PlannedAction, Request};
use vocab::{PRODUCT_VERSION, ToolExit};
use xml::Element;

use super::{Options, planning, session::Stop};
use crate::{frame, output::Output};

/// How long to wait if nobody says.
const TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// When to look again although nothing was heard: time alone can make something necessary.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Waits until a plan made of the CIB has nothing in it, and nothing is under way.
pub(super) fn wait(options: &Options, output: &mut Output) -> Result<(), Stop> {
    let mut cib = super::session::connect()?;
    let deadline = Instant::now() + options.timeout()?.unwrap_or(TIMEOUT);
    // A file has no notifications: then looking again has to do.
    let notified = cib.subscribe(NotificationKind::Diff).is_ok();
    let mut warned = options.quiet;
    loop {
        let document = cib.query(None, CallOptions::SCOPE_LOCAL)?;
        let (pending, version) = pending(&document)?;
        if pending.is_empty() && !is_under_way(&document) {
            return Ok(());
        }
        if !warned && version.is_some_and(|version| !version.starts_with(PRODUCT_VERSION)) {
            output.line("warning: wait option may not work properly in mixed-version cluster");
            warned = true;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            if !options.quiet {
                output.line("Pending actions:");
                for action in pending {
                    output.line(format!("\tAction {action}"));
                }
            }
            return Err(Stop::failed(ToolExit::Timeout));
        }
        output.flush();
        pause(&mut cib, left.min(LOOK_AGAIN), notified)?;
    }
}

pub(super) fn pause(
    cib: &mut client::cib::Cib,
    time: Duration,
    notified: bool,
) -> Result<(), CibError> {
    if !notified {
        thread::sleep(time);
        return Ok(());
    }
    // What comes in one burst is looked at once.
    let mut heard = cib.next_notification(time)?;
    while heard.is_some() {
        heard = cib.next_notification(Duration::ZERO)?;
    }
    Ok(())
}

/// What a plan made of the CIB still has to do, in words; and the version of the DC's software.
fn pending(cib: &Element) -> Result<(Vec<String>, Option<String>), Stop> {
    planning(|| {
        let (model, _) = Model::build_at(cib, frame::local_time());
        let plan = scheduler::schedule(&model, &Request::default());
        let pending = plan.actions.iter().filter(|action| is_pending(action));
        let words = pending.map(|action| in_words(&model, action)).collect();
        (words, model.options.configured.get("dc-version").cloned())
    })
}

/// Whether somebody still has to do it. Notifications do not count: they belong to what they are about.
fn is_pending(action: &PlannedAction) -> bool {
    !action.optional && !action.pseudo && action.runnable && action.task != "notify"
}

fn in_words(model: &Model, action: &PlannedAction) -> String {
    let place =
        action.node.map(|node| format!("\ton {}", model.nodes[node].name)).unwrap_or_default();
    format!("{}: {}{place}", action.id, action.key)
}

/// Whether the history has an operation without a result. A monitor that recurs and has failed stays there without one for
/// ever.
fn is_under_way(cib: &Element) -> bool {
    const NO_RESULT: &str = "193";
    let states = cib.child("status").into_iter().flat_map(|s| s.children_named("node_state"));
    let operations: Vec<&Element> = states
        .filter_map(|state| state.descend(&["lrm", "lrm_resources"]))
        .flat_map(|resources| resources.children_named("lrm_resource"))
        .flat_map(|resource| resource.children_named("lrm_rsc_op"))
        .collect();
    let has_failed = |key: &str| {
        operations.iter().any(|operation| {
            operation.attr("operation_key") == Some(key)
                && operation.id().is_some_and(|id| id.ends_with("_last_failure_0"))
        })
    };
    operations.iter().filter(|operation| operation.attr("rc-code") == Some(NO_RESULT)).any(
        |operation| {
            let recurs = operation.attr("interval").is_some_and(|interval| interval != "0");
            let monitors = operation.attr("operation") == Some("monitor") && recurs;
            !(monitors && operation.attr("operation_key").is_some_and(has_failed))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(operations: &str) -> Element {
        xml::parse(&format!(
            "<cib><status><node_state><lrm><lrm_resources><lrm_resource id='a'>{operations}</lrm_resource>\
             </lrm_resources></lrm></node_state></status></cib>"
        ))
        .expect("this is XML")
    }

    #[test]
    fn a_start_without_result_is_under_way_but_not_a_monitor_that_failed() {
        let start = "<lrm_rsc_op id='a_last_0' operation='start' operation_key='a_start_0' interval='0' rc-code='193'/>";
        let monitor = "<lrm_rsc_op id='a_monitor_5' operation='monitor' operation_key='a_monitor_5' interval='5' \
                       rc-code='193'/>";
        let failed = "<lrm_rsc_op id='a_last_failure_0' operation='monitor' operation_key='a_monitor_5' interval='5' \
                      rc-code='7'/>";
        assert!(is_under_way(&history(start)));
        assert!(is_under_way(&history(monitor)));
        assert!(!is_under_way(&history(&format!("{monitor}{failed}"))));
        assert!(!is_under_way(&history("")));
    }
}
