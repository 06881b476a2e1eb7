use model::{Model, resource::base_name};
use rules::LocalTime;
use simulate::{Injections, NodeEvent, TicketEvent, inject};
use vocab::Timestamp;
use xml::{Element, Node};

use crate::{Change, asker::Asker, document::find_resource};

/// Makes a change in a document. The second value is the time at which its effect is to be looked at.
pub(crate) fn apply(
    document: &Element,
    asker: &Asker<'_>,
    now: LocalTime,
    change: &Change,
) -> (Element, LocalTime) {
    let mut changed = document.clone();
    let mut later = now;
    match change {
        Change::RemoveConstraint { id } | Change::Clear { id, .. } => remove(&mut changed, id),
        Change::Unset { id, .. } | Change::Enable { id, .. } => remove(&mut changed, id),
        Change::CleanUp { resource, node } | Change::Unlock { resource, node } => {
            clean_up(&mut changed, asker.model, resource, node);
        }
        Change::SetOption { name, value } => set_option(&mut changed, name, value),
        Change::SetMeta { resource, name, value } => set_meta(&mut changed, resource, name, value),
        Change::SetNodeAttribute { node, name, value } => {
            set_node_attribute(&mut changed, node, name, value);
        }
        Change::Fenced { node } => fenced(&mut changed, asker.model, node),
        Change::NodeUp { node } => {
            let nodes = vec![(NodeEvent::Up, node.clone())];
            changed = pretend(&changed, asker.model, now, Injections { nodes, ..none() });
        }
        Change::Quorum => changed.set("have-quorum", "1"),
        Change::GrantTicket { ticket } => {
            let tickets = vec![(TicketEvent::Grant, ticket.clone())];
            changed = pretend(&changed, asker.model, now, Injections { tickets, ..none() });
        }
        Change::ActivateTicket { ticket } => {
            let tickets = vec![(TicketEvent::Activate, ticket.clone())];
            changed = pretend(&changed, asker.model, now, Injections { tickets, ..none() });
        }
        Change::WaitForTimeout { until } => {
            later.moment = Timestamp(until.saturating_add(1));
            changed.remove_attr("execution-date");
        }
    }
    (changed, later)
}

fn none() -> Injections {
    Injections::default()
}

fn pretend(cib: &Element, model: &Model, now: LocalTime, what: Injections) -> Element {
    inject(cib, model, &what, now.moment).0
}

/// Takes out the element with that id, wherever it is.
fn remove(document: &mut Element, id: &str) {
    if let Some(path) = document.find_path(|element| element.id() == Some(id)) {
        document.remove_at(&path);
    }
}

fn node_state<'e>(document: &'e mut Element, node: &str) -> Option<&'e mut Element> {
    document.child_or_new("status").elements_mut().find(|state| {
        state.name() == "node_state"
            && state.attr("uname").or(state.id()).is_some_and(|n| n.eq_ignore_ascii_case(node))
    })
}

fn clean_up(document: &mut Element, model: &Model, resource: &str, node: &str) {
    let mut names = vec![base_name(resource).to_owned(), resource.to_owned()];
    if let Some(key) = find_resource(model, resource) {
        let mut pending = vec![key];
        while let Some(key) = pending.pop() {
            let row = &model.resources[key];
            names.push(row.config_id.to_string());
            names.push(row.id.to_string());
            names.extend(row.state.history_id.as_ref().map(ToString::to_string));
            pending.extend(&row.state.children);
        }
    }
    let Some(state) = node_state(document, node) else { return };
    for child in state.elements_mut() {
        match child.name() {
            "transient_attributes" => {
                for set in child.elements_mut() {
                    set.nodes_mut().retain(|pair| !is_failure_of(pair, &names));
                }
            }
            "lrm" => {
                for list in child.elements_mut() {
                    list.nodes_mut().retain(|row| {
                        let id = row.as_element().and_then(Element::id);
                        !id.is_some_and(|id| names.iter().any(|name| name == id))
                    });
                }
            }
            _ => {}
        }
    }
}

fn is_failure_of(pair: &Node, names: &[String]) -> bool {
    let Some(name) = pair.as_element().and_then(|pair| pair.attr("name")) else { return false };
    let rest = name.strip_prefix("fail-count-").or_else(|| name.strip_prefix("last-failure-"));
    let Some(rest) = rest else { return false };
    let of = rest.split_once('#').map_or(rest, |(of, _)| of);
    names.iter().any(|name| name == of || name == base_name(of))
}

fn set_option(document: &mut Element, name: &str, value: &str) {
    let section = document.child_or_new("configuration").child_or_new("crm_config");
    set_in(section, "cluster_property_set", name, value);
}

fn set_meta(document: &mut Element, resource: &str, name: &str, value: &str) {
    let path = document
        .child("configuration")
        .and_then(|configuration| configuration.find_path(|e| e.id() == Some(resource)));
    let Some(path) = path else { return };
    let configuration = document.child_or_new("configuration");
    if let Some(element) = configuration.at_mut(&path) {
        set_in(element, "meta_attributes", name, value);
    }
}

/// Sets a value in the first block of that kind that has it, or in a new one that counts before all others.
fn set_in(holder: &mut Element, block: &str, name: &str, value: &str) {
    let mut found = false;
    for set in holder.elements_mut().filter(|set| set.name() == block) {
        for pair in set.elements_mut().filter(|pair| pair.name() == "nvpair") {
            let is_it = pair.attr("name").is_some_and(|written| {
                let single = [(written.to_owned(), String::new())].into();
                written == name || model::options::option(&single, name).is_some()
            });
            if is_it {
                pair.set("value", value);
                found = true;
            }
        }
    }
    if !found {
        let set = holder.push_new(block);
        set.set("id", "explain-tried");
        set.set("score", "INFINITY");
        let pair = set.push_new("nvpair");
        pair.set("id", "explain-tried-value");
        pair.set("name", name);
        pair.set("value", value);
    }
}

fn set_node_attribute(document: &mut Element, node: &str, name: &str, value: &str) {
    let of_node = |element: &Element| {
        element.attr("uname").or(element.id()).is_some_and(|n| n.eq_ignore_ascii_case(node))
    };
    let sections = document.elements_mut().flat_map(|child| match child.name() {
        "configuration" => child.child_or_new("nodes").elements_mut().collect::<Vec<_>>(),
        "status" => child.elements_mut().collect(),
        _ => Vec::new(),
    });
    for element in sections.filter(|element| of_node(element)) {
        let mut pending: Vec<&mut Element> = vec![element];
        while let Some(inner) = pending.pop() {
            if inner.name() == "lrm" {
                continue;
            }
            if inner.name() == "nvpair" && inner.attr("name") == Some(name) {
                inner.set("value", value);
            }
            pending.extend(inner.elements_mut());
        }
    }
}

fn fenced(document: &mut Element, model: &Model, node: &str) {
    if node_state(document, node).is_none() {
        let id = model.node_named(node).map_or(node, |key| model.nodes[key].id.as_str());
        let state = document.child_or_new("status").push_new("node_state");
        state.set("id", id);
        state.set("uname", node);
    }
    let Some(state) = node_state(document, node) else { return };
    for (name, value) in
        [("in_ccm", "false"), ("crmd", "offline"), ("join", "down"), ("expected", "down")]
    {
        state.set(name, value);
    }
    state.nodes_mut().clear();
}
