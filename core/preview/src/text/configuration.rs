use super::{Look, Tone};
use crate::{AttributeChange, ChangeKind, ElementChange, Place};

/// What is different, a line for each element; what comes or goes with another is indented below it.
pub(super) fn lines(changes: &[ElementChange], look: Look) -> Vec<String> {
    let mut lines = Vec::new();
    for change in changes {
        tell(change, 0, look, &mut lines);
    }
    lines
}

/// What a change is called where it is the cause of something.
pub(super) fn label(change: &ElementChange) -> String {
    match change.content.first().filter(|_| is_set(&change.place.element)) {
        Some(first) => label(first),
        None => {
            let (what, owner) = (name(change), owner(change));
            owner.map_or(what.clone(), |owner| format!("{what} of {owner}"))
        }
    }
}

fn tell(change: &ElementChange, depth: usize, look: Look, lines: &mut Vec<String>) {
    // A set says nothing that what is in it does not say.
    let is_plain_set = is_set(&change.place.element) && change.attributes.is_empty();
    if is_plain_set && !change.content.is_empty() {
        change.content.iter().for_each(|inner| tell(inner, depth, look, lines));
        return;
    }
    let (sign, tone) = match change.change {
        ChangeKind::Added => ('+', Tone::Good),
        ChangeKind::Removed => ('-', Tone::Bad),
        ChangeKind::Changed => ('~', Tone::Caution),
        ChangeKind::Moved | ChangeKind::Reordered => ('>', Tone::Caution),
    };
    let mut line = format!("{}{sign} {}", "    ".repeat(depth), name(change));
    let values = values(change);
    if !values.is_empty() {
        let separator = if change.place.element == "nvpair" { " " } else { ": " };
        line.push_str(separator);
        line.push_str(&values);
    }
    match change.change {
        ChangeKind::Moved => {
            let parent = change.within.last().map_or_else(String::new, shown);
            let from = change.from.as_ref().map_or_else(String::new, shown);
            line.push_str(&format!(" (from {from} to {parent})"));
        }
        ChangeKind::Reordered => line.push_str(" (in another order)"),
        ChangeKind::Added | ChangeKind::Removed | ChangeKind::Changed => {}
    }
    if let Some(owner) = owner(change).filter(|_| depth == 0 && change.change != ChangeKind::Moved)
    {
        line.push_str(&format!(" (in {owner})"));
    }
    lines.push(look.paint(tone, &line));
    change.content.iter().for_each(|inner| tell(inner, depth + 1, look, lines));
}

/// What is only there to hold other things.
fn is_set(element: &str) -> bool {
    matches!(
        element,
        "instance_attributes"
            | "meta_attributes"
            | "utilization"
            | "operations"
            | "cluster_property_set"
    )
}

fn is_section(element: &str) -> bool {
    matches!(
        element,
        "resources" | "constraints" | "crm_config" | "nodes" | "tags" | "alerts" | "acls"
    )
}

/// The nearest thing around it that has a name people know.
fn owner(change: &ElementChange) -> Option<String> {
    let known = |place: &&Place| !is_set(&place.element) && !is_section(&place.element);
    change.within.iter().rev().find(known).map(shown)
}

fn shown(place: &Place) -> String {
    match place.name.as_ref().or(place.id.as_ref()) {
        Some(name) => format!("{} {name}", place.element),
        None => place.element.clone(),
    }
}

fn name(change: &ElementChange) -> String {
    if change.place.element != "nvpair" {
        return shown(&change.place);
    }
    let set = change.within.last().map(|place| place.element.as_str());
    let in_node = change.within.iter().any(|place| place.element == "node");
    let word = match set {
        Some("cluster_property_set") => "option",
        Some("meta_attributes") => "meta",
        Some("utilization") => "utilization",
        Some("instance_attributes") if in_node => "attribute",
        _ => "parameter",
    };
    let of_id = || {
        // A value that changes does not say its name: the id mostly ends with it.
        let id = change.place.id.as_deref().unwrap_or_default();
        let set = change.within.last().and_then(|place| place.id.as_deref()).unwrap_or_default();
        let rest = id.strip_prefix(set).and_then(|rest| rest.strip_prefix('-'));
        rest.unwrap_or(id).to_owned()
    };
    let name = change.attribute("name").map_or_else(of_id, str::to_owned);
    format!("{word} {name}")
}

fn values(change: &ElementChange) -> String {
    let whole = matches!(change.change, ChangeKind::Added | ChangeKind::Removed);
    if change.place.element == "nvpair" {
        let value = change.attributes.iter().find(|attribute| attribute.name == "value");
        return match value {
            Some(AttributeChange { old: Some(old), new: Some(new), .. }) => {
                format!("{old} -> {new}")
            }
            Some(value) => {
                format!(
                    "= {}",
                    value.new.as_ref().or(value.old.as_ref()).map_or("", String::as_str)
                )
            }
            None => String::new(),
        };
    }
    let mut words = Vec::new();
    if whole && let Some(agent) = agent(change) {
        words.push(agent);
    }
    for attribute in &change.attributes {
        let is_agent = whole && matches!(attribute.name.as_str(), "class" | "provider" | "type");
        if is_agent && matches!(change.place.element.as_str(), "primitive" | "template") {
            continue;
        }
        if attribute.name == "uname" && change.place.name.is_some() {
            continue;
        }
        words.push(match (&attribute.old, &attribute.new) {
            (Some(old), Some(new)) => format!("{} {old} -> {new}", attribute.name),
            (None, Some(value)) if !whole => format!("{} = {value}", attribute.name),
            (Some(value), None) if !whole => format!("no {} (was {value})", attribute.name),
            (old, new) => {
                let value = new.as_ref().or(old.as_ref()).map_or("", String::as_str);
                format!("{}={value}", attribute.name)
            }
        });
    }
    let separator = if whole { " " } else { ", " };
    words.join(separator)
}

/// `ocf:heartbeat:IPaddr2`
fn agent(change: &ElementChange) -> Option<String> {
    if !matches!(change.place.element.as_str(), "primitive" | "template") {
        return None;
    }
    let parts = ["class", "provider", "type"].map(|name| change.attribute(name));
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(":"))
}
