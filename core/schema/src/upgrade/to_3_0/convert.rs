use xml::{Element, Node};

use super::{defaults, operations, replacements as tables};
use crate::upgrade::{
    Event, Unfit,
    references::{for_each, shell},
};

/// Rewrites the configuration.
pub(in crate::upgrade) fn run(cib: &mut Element, events: &mut Vec<Event>) -> Result<(), Unfit> {
    let Some(configuration) = cib.child_mut("configuration") else { return Err(Unfit) };
    let moved = defaults::Moved::of(configuration);
    for place in 0..configuration.nodes().len() {
        let Some(part) = configuration.element_mut(place) else { continue };
        match part.name() {
            "crm_config" => options(part, events),
            "nodes" => part.elements_mut().for_each(|node| self::node(node, events)),
            "resources" => for_each(part, &["template", "primitive"], &mut |resource| {
                *resource = self::resource(resource, events);
            }),
            "constraints" => constraints(part, events),
            _ => {}
        }
    }
    moved.put(configuration);
    Ok(())
}

/// The name of a pair, and its value as far as it decides.
pub(super) fn name_and_value(pair: &Element) -> (&str, &str) {
    (pair.attr("name").unwrap_or_default(), pair.attr("value").unwrap_or_default())
}

/// Whether a set counts always.
pub(super) fn is_plain(set: &Element) -> bool {
    set.child("rule").is_none()
}

/// A set with what becomes of its pairs. Comments stay with the pair before which they stand.
pub(super) fn with_pairs(
    set: &Element,
    mut become_of: impl FnMut(&Element) -> Option<Element>,
) -> Element {
    let mut new = shell(set);
    let mut comments = Vec::new();
    for node in set.nodes() {
        match node {
            Node::Element(pair) if pair.name() == "nvpair" => {
                if let Some(pair) = become_of(pair) {
                    new.nodes_mut().append(&mut comments);
                    new.push(pair);
                }
                comments.clear();
            }
            Node::Comment(_) => comments.push(node.clone()),
            Node::Element(_) | Node::Text(_) => {
                comments.clear();
                new.push(node.clone());
            }
        }
    }
    new
}

fn options(part: &mut Element, events: &mut Vec<Event>) {
    let old = std::mem::take(part.nodes_mut());
    for node in old {
        let Some(set) = node.as_element().filter(|e| e.name() == "cluster_property_set") else {
            part.push(node);
            continue;
        };
        let new = with_pairs(set, |pair| {
            let (name, value) = name_and_value(pair);
            let Some(row) = tables::OPTIONS.find(name, value) else { return Some(pair.clone()) };
            tables::OPTIONS.say(row, pair.id().unwrap_or_default(), events);
            row.stays().then(|| row.apply(pair))
        });
        if new.child("nvpair").is_some() {
            part.push(new);
        }
    }
}

fn node(node: &mut Element, events: &mut Vec<Event>) {
    let Some(row) = node.attr("type").and_then(|kind| tables::NODES.find("type", kind)) else {
        return;
    };
    let name = node.attr("uname").unwrap_or_default();
    let id = node.id().unwrap_or_default();
    tables::NODES.say(row, &format!("{name} (id={id})"), events);
    if let Some(value) = row.value {
        node.set("type", value);
    }
}

fn constraints(part: &mut Element, events: &mut Vec<Event>) {
    for constraint in part.elements_mut().filter(|e| e.name() == "rsc_colocation") {
        let id = constraint.id().unwrap_or_default().to_owned();
        constraint.retain_attrs(|name, _| match tables::COLOCATIONS.find(name, "") {
            Some(row) => {
                tables::COLOCATIONS.say(row, &id, events);
                false
            }
            None => true,
        });
    }
}

/// A primitive resource or template.
fn resource(old: &Element, events: &mut Vec<Event>) -> Element {
    let mut new = shell(old);
    for (place, node) in old.nodes().iter().enumerate() {
        let Some(part) = node.as_element() else {
            new.push(node.clone());
            continue;
        };
        match part.name() {
            "operations" => new.push(operations::convert(part, old, events)),
            "instance_attributes" => new.nodes_mut().extend(parameters(part, events)),
            "meta_attributes" => {
                let behind = old.nodes().get(place + 1..).unwrap_or_default();
                new.nodes_mut().extend(meta(part, behind, old, events));
            }
            _ => new.push(node.clone()),
        }
    }
    operations::requirements(old, &mut new, events);
    new
}

/// A resource's parameters; nothing if none is left.
fn parameters(set: &Element, events: &mut Vec<Event>) -> Option<Node> {
    let mut new = shell(set);
    for node in set.nodes() {
        let pair = node.as_element().filter(|element| element.name() == "nvpair");
        let Some((pair, row)) = pair.and_then(|pair| {
            let (name, value) = name_and_value(pair);
            Some((pair, tables::PARAMETERS.find(name, value)?))
        }) else {
            new.push(node.clone());
            continue;
        };
        tables::PARAMETERS.say(row, pair.id().unwrap_or_default(), events);
        if row.stays() {
            new.push(row.apply(pair));
        }
    }
    new.child("nvpair").is_some().then(|| new.into())
}

/// How the cluster treats a resource; nothing if that is said by nothing any more. Of several old names that become the
/// same new one, the first counts.
fn meta(
    set: &Element,
    behind: &[Node],
    resource: &Element,
    events: &mut Vec<Event>,
) -> Option<Node> {
    let later = behind.iter().filter_map(Node::as_element);
    let later = later.filter(|other| other.name() == "meta_attributes" && is_plain(other));
    let own = Some(set).filter(|set| is_plain(set));
    let renamed: Vec<(&Element, &str)> =
        own.into_iter().chain(later).flat_map(renamed_pairs).collect();
    let mut new = shell(set);
    let mut kept = false;
    for node in set.nodes() {
        let pair = node.as_element().filter(|element| element.name() == "nvpair");
        let Some(pair) = pair else {
            new.push(node.clone());
            continue;
        };
        let (name, value) = name_and_value(pair);
        let Some(row) = tables::RESOURCES.find(name, value) else {
            kept = true;
            new.push(node.clone());
            continue;
        };
        let of = format!(
            "{} (meta={})",
            resource.id().unwrap_or_default(),
            set.id().unwrap_or_default()
        );
        tables::RESOURCES.say(row, &of, events);
        if !row.stays() {
            continue;
        }
        kept = true;
        let first = renamed.first().is_some_and(|(first, _)| std::ptr::eq(*first, pair));
        if first || renamed.iter().all(|(_, with)| *with != row.with) {
            new.push(row.apply(pair));
        }
    }
    kept.then(|| new.into())
}

fn renamed_pairs(set: &Element) -> impl Iterator<Item = (&Element, &'static str)> {
    set.children_named("nvpair").filter_map(|pair| {
        let (name, value) = name_and_value(pair);
        let row = tables::RESOURCES.find(name, value)?;
        row.stays().then_some((pair, row.with))
    })
}
