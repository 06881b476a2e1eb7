//! Sets of names with values in the order in which they count, options by their present names, dates without the moon,
//! fencing levels up to nine.

use std::cmp::Reverse;

use xml::{Element, Node};

use super::{CHANGED, configuration, id, is_set};
use crate::upgrade::{Event, Unfit};

/// The last fencing level.
const LEVEL_MAX: f64 = 9.0;

pub(super) fn run(cib: &mut Element, events: &mut Vec<Event>) -> Result<(), Unfit> {
    inside(configuration(cib)?, events);
    Ok(())
}

fn inside(element: &mut Element, events: &mut Vec<Event>) {
    sort_sets(element);
    let options = element.name() == "cluster_property_set";
    for place in 0..element.nodes().len() {
        let Some(child) = element.nodes().get(place).and_then(Node::as_element) else { continue };
        // Most are no case for any of this.
        if child.name() == "nvpair" && !options && child.attr("value").is_some() {
            continue;
        }
        let Some(child) = element.element_mut(place) else { continue };
        if child.name() == "date_spec" && child.remove_attr("moon").is_some() {
            events.push(Event::warning(format!(
                "Dropping moon attribute from date spec {} because moon phase is no longer supported",
                id(child)
            )));
            child.set(CHANGED, 1);
        }
        if options && child.name() == "nvpair" {
            option(child, events);
        }
        inside(child, events);
    }
    element.nodes_mut().retain(|node| !node.as_element().is_some_and(is_superfluous));
}

fn option(pair: &mut Element, events: &mut Vec<Event>) {
    let new = match pair.attr("name") {
        Some("crmd-finalization-timeout") => "join-finalization-timeout",
        Some("crmd-integration-timeout") => "join-integration-timeout",
        Some("crmd-transition-delay") => "transition-delay",
        Some("remove-after-stop") => {
            events.push(Event::warning(format!(
                "Dropping nvpair {} because the remove-after-stop property is unsupported",
                id(pair)
            )));
            pair.remove_attr("value");
            return;
        }
        Some("stonith-action") if pair.attr("value") == Some("poweroff") => {
            pair.set("value", "off");
            pair.set(CHANGED, 1);
            return;
        }
        _ => return,
    };
    pair.set("name", new);
    pair.set(CHANGED, 1);
}

fn is_superfluous(element: &Element) -> bool {
    match element.name() {
        "nvpair" => element.attr("value").is_none(),
        "fencing-level" => {
            let index = element.attr("index").and_then(|text| text.trim().parse::<f64>().ok());
            index.is_some_and(|index| index > LEVEL_MAX)
        }
        _ => false,
    }
}

/// Puts sets behind everything else, what counts first before what counts later.
fn sort_sets(element: &mut Element) {
    let set = |node: &Node| node.as_element().filter(|child| is_set(child.name())).map(rank);
    if element.nodes().iter().map(set).is_sorted() {
        return;
    }
    element.nodes_mut().sort_by_cached_key(set);
}

/// When a set counts, among others.
fn rank(set: &Element) -> (bool, u8, Reverse<i128>) {
    let first = set.name() == "cluster_property_set" && set.id() == Some("cib-bootstrap-options");
    let (class, score) = match set.attr("score").map(str::trim) {
        Some("INFINITY" | "+INFINITY") => (0, 0),
        Some("-INFINITY") => (2, 0),
        Some(score) => (1, score.parse().unwrap_or(0)),
        None => (1, 0),
    };
    (!first, class, Reverse(score))
}
