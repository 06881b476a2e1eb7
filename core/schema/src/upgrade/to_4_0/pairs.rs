//! Of several values for one name in a set, the one that counts.

use std::collections::BTreeMap;

use xml::{Element, Node};

/// The value that takes back those before it.
const NONE: &str = "#default";

/// Leaves one pair for each name: the first after the last that takes back those before it.
pub(super) fn leave_one_of_each(set: &mut Element) {
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, node) in set.nodes().iter().enumerate() {
        let pair = node.as_element().filter(|element| element.name() == "nvpair");
        if let Some(name) = pair.and_then(|pair| pair.attr("name")) {
            by_name.entry(name).or_default().push(place);
        }
    }
    let is_none = |place: &usize| {
        let pair = set.nodes().get(*place).and_then(Node::as_element);
        pair.is_some_and(|pair| pair.attr("value") == Some(NONE))
    };
    let mut dropped = Vec::new();
    for places in by_name.values().filter(|places| places.len() > 1) {
        let last_none = places.iter().rposition(is_none);
        let kept = match last_none {
            None => 0,
            Some(none) if none + 1 < places.len() => none + 1,
            Some(none) => none,
        };
        let others = places.iter().enumerate().filter(|(index, _)| *index != kept);
        dropped.extend(others.map(|(_, place)| *place));
    }
    if dropped.is_empty() {
        return;
    }
    dropped.sort_unstable();
    let mut place = 0;
    set.nodes_mut().retain(|_| {
        let keep = dropped.binary_search(&place).is_err();
        place += 1;
        keep
    });
}
