//! Operations: what they require is a matter of the resource, and what are no parameters of an agent are no parameters.

use xml::{Element, Node};

use super::{
    convert::{is_plain, with_pairs},
    replacements::{self as tables, Place, Replacement},
};
use crate::upgrade::{Event, references::shell};

const REQUIRES: &str = "requires";

/// The operations of a resource.
pub(super) fn convert(operations: &Element, resource: &Element, events: &mut Vec<Event>) -> Node {
    let mut new = shell(operations);
    for node in operations.nodes() {
        match node.as_element().filter(|element| element.name() == "op") {
            Some(op) => new.push(Operation { op, resource }.convert(events)),
            None => new.push(node.clone()),
        }
    }
    new.into()
}

struct Operation<'a> {
    op: &'a Element,
    resource: &'a Element,
}

fn pairs(set: &Element) -> impl Iterator<Item = &Element> {
    set.children_named("nvpair")
}

fn id(element: &Element) -> &str {
    element.id().unwrap_or_default()
}

impl<'a> Operation<'a> {
    fn name(&self) -> &'a str {
        self.op.attr("name").unwrap_or_default()
    }

    fn parameter(&self, pair: &Element) -> Option<&'static Replacement> {
        tables::OPERATION_PARAMETERS.find(pair.attr("name")?, self.name())
    }

    fn treatment(&self, pair: &Element) -> Option<&'static Replacement> {
        tables::OPERATIONS.find(pair.attr("name")?, self.name())
    }

    fn sets(&self, name: &'static str) -> impl Iterator<Item = &'a Element> + use<'a> {
        self.op.children_named(name)
    }

    /// Says what becomes of the pairs of a set.
    fn say(
        &self,
        set: &Element,
        table: &tables::Table,
        find: impl Fn(&Element) -> Option<&'static Replacement>,
        events: &mut Vec<Event>,
    ) {
        for pair in pairs(set) {
            if let Some(row) = find(pair) {
                let of = format!("{} (rsc={}, meta={})", id(self.op), id(self.resource), id(set));
                table.say(row, &of, events);
            }
        }
    }

    /// What of an operation's parameters belongs to how the cluster treats it. Of sets that always count, the last counts.
    fn misplaced(&self, set: &'a Element) -> Vec<&'a Element> {
        let moves = |pair: &Element| {
            self.parameter(pair).is_some_and(|row| row.moves_to == Some(Place::Operation))
        };
        let later = self.sets("instance_attributes").skip_while(|other| !std::ptr::eq(*other, set));
        let later: Vec<&Element> = later.skip(1).filter(|other| is_plain(other)).collect();
        let overridden = |name: Option<&str>| {
            later.iter().flat_map(|set| pairs(set)).any(|pair| pair.attr("name") == name)
        };
        let of_resource = |name: Option<&str>| {
            let sets = self.resource.children_named("meta_attributes").filter(|set| is_plain(set));
            sets.flat_map(pairs).any(|pair| pair.attr("name") == name)
        };
        let wanted = |pair: &&Element| {
            let name = pair.attr("name");
            moves(pair) && !of_resource(name) && !overridden(name)
        };
        pairs(set).filter(wanted).collect()
    }

    fn convert(&self, events: &mut Vec<Event>) -> Element {
        let plain = || self.sets("instance_attributes").filter(|set| is_plain(set));
        plain().for_each(|set| {
            self.say(set, &tables::OPERATION_PARAMETERS, |pair| self.parameter(pair), events);
        });
        for set in self.sets("meta_attributes") {
            self.say(set, &tables::OPERATIONS, |pair| self.treatment(pair), events);
        }
        let ruled = || self.sets("instance_attributes").filter(|set| !is_plain(set));
        ruled().for_each(|set| {
            self.say(set, &tables::OPERATION_PARAMETERS, |pair| self.parameter(pair), events);
        });

        let moved: Vec<&Element> = plain().flat_map(|set| self.misplaced(set)).collect();
        let mut new = shell(self.op);
        new.remove_attr(REQUIRES);
        let mut placed = false;
        for node in self.op.nodes() {
            let Some(set) = node.as_element() else {
                new.push(node.clone());
                continue;
            };
            match set.name() {
                "instance_attributes" => {
                    let kept = without(set, |pair| self.parameter(pair).is_some());
                    if pairs(&kept).next().is_some() {
                        new.push(kept);
                    }
                }
                "meta_attributes" => {
                    let mut kept = without(set, |pair| self.treatment(pair).is_some());
                    let takes = is_plain(set) && !placed;
                    placed |= is_plain(set);
                    let gets = if takes { moved.as_slice() } else { &[] };
                    if pairs(&kept).next().is_some() || !gets.is_empty() {
                        gets.iter().for_each(|pair| kept.push(Element::clone(pair)));
                        new.push(kept);
                    }
                }
                _ => new.push(node.clone()),
            }
        }
        if !placed && !moved.is_empty() {
            let set = new.push_new("meta_attributes");
            set.set("id", format!("_2TO3_{}-meta", id(self.op)));
            moved.iter().for_each(|pair| set.push(Element::clone(pair)));
        }
        for set in ruled() {
            let moved = self.misplaced(set);
            if !moved.is_empty() {
                new.push(relocated(set, &moved));
            }
        }
        new
    }
}

/// A set without some of its pairs.
fn without(set: &Element, drop: impl Fn(&Element) -> bool) -> Element {
    with_pairs(set, |pair| (!drop(pair)).then(|| pair.clone()))
}

/// A set with some of the pairs of another, which counts when that did.
fn relocated(set: &Element, moved: &[&Element]) -> Element {
    let mut new = Element::new("meta_attributes");
    for (name, value) in set.attrs().filter(|(name, _)| *name != "id") {
        new.set(name, value);
    }
    new.set("id", format!("_2TO3_{}", id(set)));
    let others = set.nodes().iter().filter(|node| !node.is_element("nvpair"));
    new.nodes_mut().extend(others.cloned());
    moved.iter().for_each(|pair| new.push(Element::clone(pair)));
    new
}

/// What operations to start or promote a resource require goes to the resource, unless it says so itself.
pub(super) fn requirements(old: &Element, new: &mut Element, events: &mut Vec<Event>) {
    let operations = || {
        let sections = old.children_named("operations");
        let all = sections.flat_map(|section| section.children_named("op"));
        all.map(|op| Operation { op, resource: old })
    };
    for operation in operations().filter(|operation| operation.op.attr(REQUIRES).is_some()) {
        if let Some(row) = tables::OPERATIONS.find(REQUIRES, operation.name()) {
            let of = format!("{} (rsc={})", id(operation.op), id(old));
            tables::OPERATIONS.say(row, &of, events);
        }
    }
    let requires = |pair: &Element| pair.attr("name") == Some(REQUIRES);
    let own = old.children_named("meta_attributes").filter(|set| is_plain(set));
    if own.flat_map(pairs).any(requires) {
        return;
    }
    let counts = |operation: &Operation<'_>| matches!(operation.name(), "start" | "promote");
    let said =
        operations().filter(counts).filter(|operation| operation.op.attr(REQUIRES).is_some());
    if let Some(operation) = said.last() {
        let set = new.push_new("meta_attributes");
        set.set("id", format!("_2TO3_{}-meta", id(old)));
        let pair = set.push_new("nvpair");
        pair.set("id", format!("_2TO3_{}-meta-requires", id(operation.op)));
        pair.set("name", REQUIRES);
        pair.set("value", operation.op.attr(REQUIRES).unwrap_or_default());
        return;
    }
    let sets: Vec<&Element> = operations()
        .filter(counts)
        .flat_map(|operation| operation.op.children())
        .filter(|set| matches!(set.name(), "meta_attributes" | "instance_attributes"))
        .filter(|set| pairs(set).any(requires))
        .collect();
    let plain = |name: &str, from: usize| {
        sets.iter().skip(from).any(|set| set.name() == name && is_plain(set))
    };
    for (index, set) in sets.iter().enumerate() {
        let overridden = match set.name() {
            "meta_attributes" => plain("meta_attributes", index + 1),
            _ => plain("meta_attributes", 0) || plain("instance_attributes", index + 1),
        };
        if !overridden {
            let moved: Vec<&Element> = pairs(set).filter(|pair| requires(pair)).collect();
            new.push(relocated(set, &moved));
        }
    }
}
