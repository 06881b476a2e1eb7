//! Lists operations from the history.

use model::{NodeKey, ResourceKey};
use present::ctime;
use vocab::{ExecStatus, Timestamp};
use xml::Element;

use super::{
    command::Match,
    session::{Session, Stop, find},
};
use crate::frame;

/// Lists operations from the history: all, or those since resources are active where they are.
pub(super) fn list(session: &mut Session<'_>, all: bool) -> Result<(), Stop> {
    let document = session.document.clone();
    let states =
        document.child("status").into_iter().flat_map(|status| status.children_named("node_state"));
    let only_node = session.node;
    let mut operations = Element::new("operations");
    for state in states {
        let Some(name) = state.attr("uname") else { continue };
        let Some(node) = session.model.node_named(name) else { continue };
        let is_online = session.model.nodes[node].state.online;
        if only_node.is_some_and(|only| only != node)
            || !(is_online || session.model.options.fencing_enabled)
        {
            continue;
        }
        let histories =
            state.descend(&["lrm", "lrm_resources"]).into_iter().flat_map(Element::children);
        for history in histories {
            let id = history.id().unwrap_or_default();
            if session.options.resource.as_deref().is_some_and(|only| only != id) {
                continue;
            }
            for operation in recorded(session, node, id, history, all) {
                let resource = find(&session.model, id, Match::Exact);
                show(session, id, name, resource, operation);
                operations.push(to_xml(session, name, resource, operation));
            }
        }
    }
    if operations.children().next().is_some() {
        session.output.element(operations);
    }
    Ok(())
}

/// The operations of one resource in their order; without `all` only those that count for what it is now.
fn recorded<'e>(
    session: &Session<'_>,
    node: NodeKey,
    id: &str,
    history: &'e Element,
    all: bool,
) -> Vec<&'e Element> {
    let elements: Vec<&Element> = history.children_named("lrm_rsc_op").collect();
    let name = &session.model.nodes[node].name;
    let known = session.model.history.iter().find(|known| known.node_name == name.as_str());
    let Some(known) = known.and_then(|known| known.resources.iter().find(|known| known.id() == id))
    else {
        return elements;
    };
    let range = model::history::active_range(&known.entries);
    let in_order = known.entries.iter().zip(0_isize..).filter_map(|(entry, position)| {
        let counts = all || (position >= range.start && (range.start >= range.stop));
        elements.get(entry.position).copied().filter(|_| counts)
    });
    in_order.collect()
}

fn show(
    session: &mut Session<'_>,
    id: &str,
    node: &str,
    resource: Option<ResourceKey>,
    operation: &Element,
) {
    let what = match resource {
        Some(key) => primitive_line(session, key),
        None => format!("Unknown resource {id}"),
    };
    let text = |name: &str| operation.attr(name).unwrap_or("<null>");
    let mut line = format!(
        "{what}: {} (node={node}, call={}, rc={}",
        key(operation),
        text("call-id"),
        text("rc-code")
    );
    if let Some(time) = last_change(operation) {
        line.push_str(&format!(", last-rc-change='{time}', exec={}ms", text("exec-time")));
    }
    line.push_str(&format!("): {}", status(operation)));
    session.output.line(line);
}

/// The resource and its state, without a place.
fn primitive_line(session: &Session<'_>, key: ResourceKey) -> String {
    let status = present::Status::of_resource(&session.model, &session.document, key);
    let mut show = present::Show::new(present::Sections::NONE, frame::utc_offset_seconds());
    show.detail.inactive = true;
    show.detail.hide_places = true;
    show.detail.newer_words = true;
    let mut text = present::TextList::new();
    present::resource_items(&mut text, &status, &show);
    text.into_items().trim_end_matches('\n').to_owned()
}

fn key(operation: &Element) -> &str {
    operation.attr("operation_key").or_else(|| operation.id()).unwrap_or_default()
}

fn last_change(operation: &Element) -> Option<String> {
    let seconds = operation.attr("last-rc-change")?.parse().ok()?;
    Some(ctime(Timestamp(seconds), frame::utc_offset_seconds()))
}

fn status(operation: &Element) -> &'static str {
    let code = operation.attr("op-status").and_then(|code| code.parse().ok());
    code.and_then(ExecStatus::from_code).map_or("Unrecognized status (bug?)", status_words)
}

/// How the execution of an operation went, in the words of tools.
pub(super) fn status_words(status: ExecStatus) -> &'static str {
    match status {
        ExecStatus::Pending => "Pending",
        ExecStatus::Done => "Done",
        ExecStatus::Cancelled => "Cancelled",
        ExecStatus::TimedOut => "Timed out",
        ExecStatus::NotSupported => "Unsupported",
        ExecStatus::Error
        | ExecStatus::ErrorHard
        | ExecStatus::ErrorFatal
        | ExecStatus::NotInstalled
        | ExecStatus::NotConnected
        | ExecStatus::Invalid
        | ExecStatus::NoFenceDevice
        | ExecStatus::NoSecrets => status.as_str(),
    }
}

fn to_xml(
    session: &Session<'_>,
    node: &str,
    resource: Option<ResourceKey>,
    operation: &Element,
) -> Element {
    let mut element = Element::new("operation")
        .with("op", key(operation))
        .with("node", node)
        .with_some("call", operation.attr("call-id"))
        .with_some("rc", operation.attr("rc-code"))
        .with("status", status(operation));
    if let Some(key) = resource {
        let resource = &session.model.resources[key];
        element.set("rsc", resource.display_id());
        if let Some(agent) = &resource.agent {
            let provider = agent.provider.as_deref().unwrap_or_default();
            element.set("agent", format_args!("{}:{provider}:{}", agent.class, agent.agent));
        }
    }
    element.with_some("last-rc-change", last_change(operation)).with_some(
        "exec-time",
        operation.attr("exec-time").filter(|_| last_change(operation).is_some()),
    )
}
