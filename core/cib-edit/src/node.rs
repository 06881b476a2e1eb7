//! Nodes: their permanent attributes and what they can bear.

use xml::{Element, NodePath};

use crate::{
    Ids, Outcome, Pairs, Refused, Report, find, nvset,
    resource::{check_utilization, set_block},
};

/// The nodes of the CIB as (id, name), in document order.
pub fn nodes(cib: &Element) -> Vec<(&str, &str)> {
    cib.descend(&["configuration", "nodes"])
        .into_iter()
        .flat_map(Element::children)
        .filter(|node| node.name() == "node")
        .filter_map(|node| Some((node.id()?, node.attr("uname")?)))
        .collect()
}

/// The names and values of a node's block, `instance_attributes` or `utilization`.
pub fn values<'a>(cib: &'a Element, name: &str, block: &'a str) -> Vec<(&'a str, &'a str)> {
    let node = cib
        .descend(&["configuration", "nodes"])
        .and_then(|nodes| nodes.children().find(|node| node.attr("uname") == Some(name)));
    node.into_iter().flat_map(|node| node.children_named(block)).flat_map(nvset::pairs).collect()
}

fn path(cib: &Element, name: &str) -> Option<NodePath> {
    let section = find::section_path(cib, "nodes")?;
    let nodes = cib.at(&section)?.nodes();
    let index = nodes
        .iter()
        .position(|node| node.as_element().is_some_and(|node| node.attr("uname") == Some(name)))?;
    Some(section.child(index))
}

fn paths(cib: &Element, names: &[String]) -> Result<Vec<NodePath>, Refused> {
    let mut reports = Vec::new();
    let mut paths = Vec::new();
    for name in names {
        match path(cib, name) {
            Some(path) => paths.push(path),
            None => reports.push(Report::error(
                "NODE_NOT_FOUND",
                format!("Node '{name}' does not appear to exist in configuration"),
            )),
        }
    }
    if reports.is_empty() { Ok(paths) } else { Err(Refused { reports, complete: false }) }
}

/// Sets permanent attributes of nodes. An empty value removes.
pub fn set_attributes(cib: &mut Element, names: &[String], values: &Pairs) -> Outcome {
    let paths = paths(cib, names)?;
    let mut ids = Ids::of(cib);
    for path in paths {
        let Some(node) = cib.at_mut(&path) else { continue };
        if node.child("instance_attributes").is_none() {
            if values.iter().all(|(_, value)| value.is_empty()) {
                continue;
            }
            let id = ids.take(&format!("nodes-{}", node.id().unwrap_or_default()));
            node.push(Element::new("instance_attributes").with("id", id));
        }
        if let Some(block) = node.child_mut("instance_attributes") {
            nvset::update_in_order(block, values, &mut ids);
        }
    }
    Ok(Vec::new())
}

/// Sets what a node can bear. Values are whole numbers, or empty to remove.
pub fn set_utilization(cib: &mut Element, name: &str, values: &Pairs) -> Outcome {
    let paths = paths(cib, &[name.to_owned()])?;
    check_utilization(values)?;
    let mut ids = Ids::of(cib);
    for path in paths {
        let Some(node) = cib.at_mut(&path) else { continue };
        if node.child("utilization").is_none() && values.iter().any(|(_, v)| !v.is_empty()) {
            let id = ids.take(&format!("nodes-{}-utilization", node.id().unwrap_or_default()));
            node.push(Element::new("utilization").with("id", id));
        }
        set_block(node, "utilization", values, &mut ids);
    }
    Ok(Vec::new())
}
