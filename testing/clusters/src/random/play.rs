//! What becomes of a made-up cluster that carries a plan out.

use model::Model;
use rules::LocalTime;
use scheduler::{Request, Schedule, schedule};
use simulate::{Executed, OperationResult, carry_out};
use transition::{Action, ActionKind};
use vocab::Timestamp;
use xml::{Element, Node};

use super::{NOW, pieces::set_value};

/// Makes a plan for a CIB as it is at [`NOW`]. Needs as much stack as the scheduler does.
pub fn plan(cib: &Element) -> (Model, Schedule) {
    let (model, _) = Model::build_at(cib, LocalTime::utc(NOW));
    let plan = schedule(&model, &Request::default());
    (model, plan)
}

/// Whether somebody has to do something that changes the cluster, and does not just look at it again and again.
pub fn is_deed(action: &Action) -> bool {
    let recurs = || action.meta("interval").is_some_and(|interval| interval != "0");
    match action.kind {
        ActionKind::Pseudo => false,
        ActionKind::Cluster => true,
        ActionKind::Resource => action.task == "cancel" || !recurs(),
    }
}

/// Carries a plan out. Unlike the simulator, which does as Pacemaker's, it also does what the controller does beside the
/// histories: failures are forgotten, operations cancelled, histories deleted, nodes shut down and unfenced.
pub fn play(
    cib: &Element,
    model: &Model,
    plan: &Schedule,
    failures: &[OperationResult],
) -> Element {
    let played = carry_out(cib, model, plan, failures, clock(cib));
    let mut cib = played.cib;
    for (index, done) in played.executed.iter().enumerate() {
        match done {
            Executed::Resource { resource, task, interval_ms, node } if task == "cancel" => {
                let rows = ["monitor", "cancel"].map(|task| format!("_{task}_{interval_ms}"));
                let cancelled = |id: &str| rows.iter().any(|row| id.ends_with(row));
                forget_rows(&mut cib, node, resource, cancelled);
            }
            Executed::Resource { resource, task, node, .. } if task == "delete" => {
                let later = &played.executed[index + 1..];
                if !later.iter().any(|later| is_about(later, resource, node)) {
                    delete_history(&mut cib, node, resource);
                }
            }
            Executed::Cluster { task, resource: Some(resource), node }
                if task == "clear_failcount" =>
            {
                forget_failures(&mut cib, node, resource);
            }
            Executed::Cluster { task, node, .. } if task == "do_shutdown" => {
                leave(&mut cib, node);
            }
            Executed::Fencing { target, action } if action == "on" => unfenced(&mut cib, target),
            // A guest is fenced by stopping what launches it; nobody but the controller takes note.
            Executed::Pseudo { key, node: Some(node) }
                if key.starts_with("stonith-") && !key.ends_with("-on") =>
            {
                forget_guest(&mut cib, node, &played.executed[index + 1..]);
            }
            _ => {}
        }
    }
    cib
}

/// When what comes next happens: a little later than all that was recorded, so that what nodes recorded can be put in order.
pub(super) fn clock(cib: &Element) -> Timestamp {
    let recorded = cib.child("status").into_iter().flat_map(Element::descendants);
    let times = recorded.filter_map(|row| row.attr("last-rc-change")?.parse::<i64>().ok());
    times.max().map_or(Timestamp(NOW.0 - 600), |last| Timestamp(last + 10))
}

fn is_about(done: &Executed, of: &str, on: &str) -> bool {
    matches!(done, Executed::Resource { resource, node, .. } if resource == of && node == on)
}

/// The state of the node of that name.
pub(super) fn node_state<'a>(cib: &'a mut Element, name: &str) -> Option<&'a mut Element> {
    let status = cib.child_mut("status")?;
    let index = status.nodes().iter().position(|node| {
        node.as_element().is_some_and(|state| state.attr("uname") == Some(name))
    })?;
    status.element_mut(index)
}

/// Takes a node out of the cluster in good order.
pub(super) fn leave(cib: &mut Element, node: &str) {
    let Some(state) = node_state(cib, node) else { return };
    for (name, value) in
        [("in_ccm", "false"), ("crmd", "offline"), ("join", "down"), ("expected", "down")]
    {
        state.set(name, value);
    }
    let lasts = |part: &Node| !part.is_element("lrm") && !part.is_element("transient_attributes");
    state.nodes_mut().retain(lasts);
}

/// Forgets what a guest recorded before it was fenced; what was done there later it has recorded since.
fn forget_guest(cib: &mut Element, node: &str, later: &[Executed]) {
    let Some(histories) = histories(cib, node) else { return };
    histories.nodes_mut().retain(|history| {
        let id = history.as_element().and_then(Element::id).unwrap_or_default();
        later.iter().any(|done| match done {
            Executed::Resource { resource, node: on, .. } => {
                on == node && (resource == id || base(resource) == id)
            }
            _ => false,
        })
    });
}

/// The name under which histories and failures of an instance are kept, if not under its own.
fn base(resource: &str) -> &str {
    resource.split_once(':').map_or(resource, |(base, _)| base)
}

fn histories<'a>(cib: &'a mut Element, node: &str) -> Option<&'a mut Element> {
    node_state(cib, node)?.child_mut("lrm")?.child_mut("lrm_resources")
}

fn forget_rows(cib: &mut Element, node: &str, resource: &str, which: impl Fn(&str) -> bool) {
    let Some(histories) = histories(cib, node) else { return };
    for history in histories.elements_mut() {
        if history.id().is_some_and(|id| id == resource || id == base(resource)) {
            history
                .nodes_mut()
                .retain(|row| !row.as_element().and_then(Element::id).is_some_and(&which));
        }
    }
}

fn delete_history(cib: &mut Element, node: &str, resource: &str) {
    let Some(histories) = histories(cib, node) else { return };
    histories.nodes_mut().retain(|history| {
        let id = history.as_element().and_then(Element::id);
        !id.is_some_and(|id| id == resource || id == base(resource))
    });
}

fn forget_failures(cib: &mut Element, node: &str, resource: &str) {
    forget_rows(cib, node, resource, |id| id.ends_with("_last_failure_0"));
    let Some(state) = node_state(cib, node) else { return };
    let Some(attributes) = state.child_mut("transient_attributes") else { return };
    let counts = |name: &str| {
        let key = name.strip_prefix("fail-count-").or_else(|| name.strip_prefix("last-failure-"));
        let of = key.map(|key| key.split_once('#').map_or(key, |(of, _)| of));
        of.is_some_and(|of| of == resource || of == base(resource))
    };
    for set in attributes.elements_mut() {
        set.nodes_mut().retain(|pair| {
            !pair.as_element().and_then(|pair| pair.attr("name")).is_some_and(counts)
        });
    }
}

fn unfenced(cib: &mut Element, node: &str) {
    let Timestamp(now) = NOW;
    if node_state(cib, node).is_none() {
        // What runs in a container has no state before anything was done there.
        let state = Element::new("node_state").with("id", node).with("uname", node);
        cib.child_or_new("status").push(state);
    }
    set_transient(cib, node, "#node-unfenced", &now.to_string());
}

/// Sets an attribute of a node that does not outlast its membership.
pub(super) fn set_transient(cib: &mut Element, node: &str, name: &str, value: &str) {
    let Some(state) = node_state(cib, node) else { return };
    let id = state.id().unwrap_or_default().to_owned();
    let attributes = state.child_or_new("transient_attributes");
    if attributes.id().is_none() {
        attributes.set("id", &id);
    }
    let set = attributes.child_or_new("instance_attributes");
    if set.id().is_none() {
        set.set("id", format_args!("status-{id}"));
    }
    set_value(attributes, "instance_attributes", name, value);
}
