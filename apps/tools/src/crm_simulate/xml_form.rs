use simulate::{Change, Executed, Injected, NodeEvent, ResourceChange};
use vocab::Role;
use xml::Element;

/// What was pretended before the plan was made.
pub(super) fn modifications(done: &[Injected]) -> Element {
    let mut element = Element::new("modifications");
    for injected in done {
        let child = match injected {
            Injected::Quorum(value) => {
                element.set("quorum", value);
                continue;
            }
            Injected::Watchdog(value) => {
                element.set("watchdog", value);
                continue;
            }
            Injected::Node(event, node) => node_event(*event, node),
            Injected::Ticket(event, ticket) => {
                Element::new("modify_ticket").with("action", event.as_str()).with("ticket", ticket)
            }
            Injected::Operation(spec) => Element::new("inject_spec").with("spec", spec),
            Injected::Attribute { name, value, node_id } => attribute(name, value, node_id),
            Injected::UnknownResource(_) => continue,
        };
        element.push(child);
    }
    element
}

fn node_event(event: NodeEvent, node: &str) -> Element {
    Element::new("modify_node").with("action", event.as_str()).with("node", node)
}

fn attribute(name: &str, value: &str, node_id: &str) -> Element {
    Element::new("inject_attr")
        .with("name", name)
        .with("value", value)
        .with("node_path", "/node_state")
        .with("cib_node", node_id)
}

/// What a plan means.
pub(super) fn actions(changes: &[Change]) -> Element {
    Element::new("actions").with_children(changes.iter().map(|change| {
        match change {
            Change::Node(change) => Element::new("node_action")
                .with("task", &change.task)
                .with("node", &change.node)
                .with("reason", &change.reason),
            Change::Resource(change) => resource_action(change),
        }
    }))
}

fn resource_action(change: &ResourceChange) -> Element {
    let (role, next_role) = (change.role, change.next_role);
    let (same_role, needs_role) = (role == next_role, change.needs_role());
    let mut element = Element::new("rsc_action")
        .with("action", change.fate.title().to_ascii_lowercase())
        .with("resource", &change.resource);
    let mut set = |pairs: &[(&str, &str)]| {
        for (name, value) in pairs {
            element.set(name, value);
        }
    };
    let (role, next_role) = (Role::as_str(role), Role::as_str(next_role));
    match (change.origin.as_deref(), change.destination.as_deref()) {
        (None, None) => {}
        (None, Some(to)) if needs_role => {
            set(&[("role", role), ("next-role", next_role), ("dest", to)]);
        }
        (None, Some(node)) => set(&[("node", node)]),
        (Some(node), None) if needs_role => set(&[("role", role), ("node", node)]),
        (Some(node), None) => set(&[("node", node)]),
        (Some(from), Some(to)) if from == to => {
            if !same_role {
                set(&[("role", role), ("next-role", next_role), ("source", from)]);
            } else if needs_role {
                set(&[("role", role), ("source", from)]);
            } else {
                set(&[("source", from)]);
            }
        }
        (Some(from), Some(to)) if !same_role => {
            set(&[("role", role), ("source", from), ("next-role", next_role), ("dest", to)]);
        }
        (Some(from), Some(to)) if needs_role => {
            set(&[("source", from), ("dest", to), ("role", role)]);
        }
        (Some(from), Some(to)) => set(&[("source", from), ("dest", to)]),
    }
    if let Some(reason) = &change.reason {
        element.set("reason", reason);
    }
    if change.blocked {
        element.set("blocked", true);
    }
    element
}

/// What was carried out.
pub(super) fn transition(executed: &[Executed]) -> Element {
    Element::new("transition").with_children(executed.iter().filter_map(|done| {
        Some(match done {
            Executed::Resource { resource, task, interval_ms, node } => Element::new("rsc_action")
                .with("resource", resource)
                .with("op", task)
                .with("node", node)
                .with_some("interval", (*interval_ms > 0).then_some(interval_ms)),
            Executed::Pseudo { key, node } => {
                Element::new("pseudo_action").with("task", key).with_some("node", node.as_ref())
            }
            Executed::Cluster { task, resource, node } => Element::new("cluster_action")
                .with("task", task)
                .with("node", node)
                .with_some("id", resource.as_ref()),
            Executed::Fencing { target, action } => {
                Element::new("fencing_action").with("target", target).with("op", action)
            }
            Executed::Attribute { name, value, node_id } => attribute(name, value, node_id),
            Executed::Failed { .. } => return None,
        })
    }))
}
