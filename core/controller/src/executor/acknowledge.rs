use messages::{
    crmd::{Body, Subsystem},
    executor::OperationResult,
};
use vocab::ResourceId;
use xml::Element;

use super::{Asker, history_rows};
use crate::{desk::Desk, output::Output};

/// Tells who asked about a result that does not reach them through the CIB.
pub(super) fn acknowledge(desk: &mut Desk<'_>, asker: &Asker, result: &OperationResult) {
    let rows = history_rows(result, &desk.settings.name, "controld_ack_event_directly", None);
    let state = node_state(desk, &result.resource, rows);
    answer(desk, asker, Some(state));
}

/// Sends an answer to whoever asked.
pub(super) fn answer(desk: &mut Desk<'_>, asker: &Asker, state: Option<Element>) {
    let body = Body::InvokeResult(state);
    let mut message = desk.request(Subsystem::Executor, asker.subsystem.clone(), body);
    let local = asker.host.as_ref().is_none_or(|host| *host == desk.settings.name);
    match &asker.subsystem {
        // Only the DC knows of the transition; the others drop what is not for them.
        Subsystem::Transition => {
            desk.out.push(Output::Send { to: None, message: Box::new(message) });
        }
        Subsystem::Client(client) if local => {
            message.from_node = Some(desk.settings.name.clone());
            let client = client.clone();
            desk.out.push(Output::Reply { client, message: Box::new(message) });
        }
        _ => {
            // The receiver tells by the name whether it is meant.
            message.to_node = asker.host.clone();
            desk.out.push(Output::Send { to: None, message: Box::new(message) });
        }
    }
}

fn node_state(desk: &Desk<'_>, resource: &ResourceId, rows: Vec<Element>) -> Element {
    let history = Element::new("lrm_resource").with("id", resource).with_children(rows);
    let lrm = Element::new("lrm")
        .with("id", desk.settings.node)
        .with_child(Element::new("lrm_resources").with_child(history));
    Element::new("node_state")
        .with("id", desk.settings.node)
        .with("uname", &desk.settings.name)
        .with("crm-debug-origin", "controld_ack_event_directly")
        .with_child(lrm)
}
