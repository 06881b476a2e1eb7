//! Nodes that only answer pings become members that run nothing, promotable clones are clones, and each location has at most
//! one rule.

use std::{collections::BTreeMap, fmt::Write};

use xml::{Element, Node};

use super::{CHANGED, COPY, NEW, configuration, id, is_set, mark_copy, pairs, with_replaced};
use crate::upgrade::{
    Event, Unfit,
    references::{for_each, shell},
};

pub(super) fn run(cib: &mut Element, _: &mut Vec<Event>) -> Result<(), Unfit> {
    let configuration = configuration(cib)?;
    one_of_each(configuration);
    let bans: Vec<Element> = configuration.child_mut("nodes").map(members).unwrap_or_default();
    if let Some(resources) = configuration.child_mut("resources") {
        resources.elements_mut().for_each(resource);
    }
    let mut divided = BTreeMap::new();
    if let Some(constraints) = configuration.child_mut("constraints") {
        let old = std::mem::take(constraints.nodes_mut());
        for node in old {
            match node.as_element() {
                Some(location) if rules(location).count() > 1 => {
                    divided.insert(id(location).to_owned(), rules(location).count());
                    constraints.nodes_mut().extend(divide(location));
                }
                Some(_) | None => constraints.push(node),
            }
        }
        bans.into_iter().for_each(|ban| constraints.push(ban));
    }
    if let Some(acls) = configuration.child_mut("acls").filter(|_| !divided.is_empty()) {
        for_each(acls, &["acl_permission"], &mut |permission| {
            let count = permission.attr("reference").and_then(|id| divided.get(id));
            if let Some(count) = count {
                let xpath = parts_of(permission.attr("reference").unwrap_or_default(), *count);
                *permission = with_replaced(permission, "reference", "xpath", &xpath);
                permission.set(CHANGED, 1);
            }
        });
    }
    Ok(())
}

fn one_of_each(element: &mut Element) {
    for place in 0..element.nodes().len() {
        let Some(child) = element.nodes().get(place).and_then(Node::as_element) else { continue };
        if child.nodes().is_empty() {
            continue;
        }
        let Some(child) = element.element_mut(place) else { continue };
        if is_set(child.name()) {
            pairs::leave_one_of_each(child);
        } else {
            one_of_each(child);
        }
    }
}

/// Makes members of nodes that only answer pings; gives back what keeps resources from them.
fn members(nodes: &mut Element) -> Vec<Element> {
    let mut bans = Vec::new();
    for place in 0..nodes.nodes().len() {
        let node = nodes.nodes().get(place).and_then(Node::as_element);
        if node.is_none_or(|node| node.attr("type").map(str::trim) != Some("ping")) {
            continue;
        }
        let Some(node) = nodes.element_mut(place) else { continue };
        node.set("type", "member");
        node.set(CHANGED, 1);
        let name = node.attr("uname").unwrap_or_default();
        bans.push(
            Element::new("rsc_location")
                .with("id", format!("{NEW}ping-node-ban-{name}"))
                .with("rsc-pattern", ".*")
                .with("node", name)
                .with("score", "-INFINITY")
                .with("resource-discovery", "never"),
        );
    }
    bans
}

fn resource(resource: &mut Element) {
    match resource.name() {
        "master" => {
            let set = format!("{NEW}promotable-legacy-{}-meta_attributes", id(resource));
            let pair = Element::new("nvpair")
                .with("id", format!("{set}-promotable"))
                .with("name", "promotable")
                .with("value", "true");
            let set = Element::new("meta_attributes").with("id", set).with("score", "INFINITY");
            resource.rename("clone");
            resource.set(CHANGED, 1);
            resource.nodes_mut().insert(0, set.with_child(pair).into());
        }
        "bundle" => {
            for container in resource.elements_mut() {
                let masters = container.attr("masters").map(str::to_owned);
                if let Some(masters) = masters {
                    *container = with_replaced(container, "masters", "promoted-max", &masters);
                    container.set(CHANGED, 1);
                }
            }
        }
        _ => {}
    }
}

fn rules(location: &Element) -> impl Iterator<Item = &Element> {
    let is_location = location.name() == "rsc_location";
    location.children_named("rule").filter(move |_| is_location)
}

/// A location for each rule of one that has several.
fn divide(location: &Element) -> Vec<Node> {
    let parts = rules(location).enumerate().map(|(index, rule)| {
        let mut part = shell(location);
        part.set(COPY, 1);
        part.set("id", format!("{NEW}{}-{}", id(location), index + 1));
        let copies = |name: &'static str| {
            location.children_named(name).map(move |child| {
                let mut child = child.clone();
                if index > 0 {
                    mark_copy(&mut child);
                }
                child
            })
        };
        copies("resource_set").for_each(|set| part.push(set));
        part.push(rule.clone());
        copies("lifetime").for_each(|lifetime| part.push(lifetime));
        part.into()
    });
    parts.collect()
}

/// What finds all the parts of a location that was divided.
fn parts_of(location: &str, count: usize) -> String {
    let mut xpath = "//*[".to_owned();
    for index in 1..=count {
        let or = if index > 1 { " or " } else { "" };
        // Writing to a text cannot fail.
        let _ = write!(xpath, "{or}@id = '{NEW}{location}-{index}'");
    }
    xpath.push(']');
    xpath
}
