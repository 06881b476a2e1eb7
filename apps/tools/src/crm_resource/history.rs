use present::ctime;
use vocab::{ExecStatus, Timestamp};
use xml::Element;

use super::{Session, Stop, target};
use crate::frame;

/// Lists operations from the history: all, or those on the nodes where their resource is active.
pub(super) fn list(session: &mut Session<'_>, all: bool) -> Result<(), Stop> {
    let only_node = session.node()?.map(str::to_owned);
    let document = session.document.clone();
    let states =
        document.child("status").into_iter().flat_map(|status| status.children_named("node_state"));
    let mut operations = Element::new("operations");
    for state in states {
        let node = state.attr("uname").unwrap_or_default();
        if only_node.as_deref().is_some_and(|only| only != node) {
            continue;
        }
        let histories =
            state.descend(&["lrm", "lrm_resources"]).into_iter().flat_map(Element::children);
        for history in histories {
            let id = history.id().unwrap_or_default();
            if session.options.resource.as_deref().is_some_and(|only| only != id) {
                continue;
            }
            for operation in by_call(history) {
                if !all && !is_active_on(session, id, node) {
                    continue;
                }
                show(session, id, node, operation);
                operations.push(to_xml(node, id, operation));
            }
        }
    }
    session.output.element(operations);
    Ok(())
}

fn by_call(history: &Element) -> Vec<&Element> {
    let call = |operation: &Element| -> i64 {
        operation.attr("call-id").and_then(|call| call.parse().ok()).unwrap_or(-1)
    };
    let mut operations: Vec<&Element> = history.children_named("lrm_rsc_op").collect();
    operations.sort_by_key(|operation| call(operation));
    operations
}

fn is_active_on(session: &Session<'_>, id: &str, node: &str) -> bool {
    target::find(&session.status, id).is_some_and(|primitives| {
        primitives.iter().any(|p| p.active && p.nodes.iter().any(|place| place.name == node))
    })
}

fn show(session: &mut Session<'_>, id: &str, node: &str, operation: &Element) {
    let what = match target::find(&session.status, id).and_then(|found| found.first().copied()) {
        Some(primitive) => {
            format!("{}\t({}):\t {}", primitive.id, primitive.agent, primitive.shown_state(true))
        }
        None => format!("Unknown resource {id}"),
    };
    let text = |name: &str| operation.attr(name).unwrap_or_default();
    let mut line = format!(
        "{what}: {} (node={node}, call={}, rc={}",
        text("operation_key"),
        text("call-id"),
        text("rc-code")
    );
    if let Some(seconds) = operation.attr("last-rc-change").and_then(|text| text.parse().ok()) {
        let time = ctime(Timestamp(seconds), frame::utc_offset_seconds());
        line.push_str(&format!(", last-rc-change='{time}', exec={}ms", text("exec-time")));
    }
    line.push_str(&format!("): {}", status(operation)));
    session.output.line(line);
}

fn status(operation: &Element) -> &'static str {
    operation
        .attr("op-status")
        .and_then(|code| code.parse().ok())
        .and_then(ExecStatus::from_code)
        .map_or("UNKNOWN!", ExecStatus::as_str)
}

fn to_xml(node: &str, id: &str, operation: &Element) -> Element {
    Element::new("operation")
        .with_some("op", operation.attr("operation_key"))
        .with("node", node)
        .with_some("call", operation.attr("call-id"))
        .with_some("rc", operation.attr("rc-code"))
        .with("status", status(operation))
        .with("rsc", id)
}
