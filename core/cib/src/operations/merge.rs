//! How an update is merged into what is there: what modify and create share.

use std::{collections::BTreeSet, sync::Arc};

use vocab::Score;
use xml::{Element, Node};

use super::{
    data::fit,
    places::{MANY, Places},
};

/// By what a child of the update finds its counterpart among the children that are there, apart from the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The id; without one, the first of that name.
    Id,
    /// The id or, if it has none, what it refers to.
    IdOrReference,
}

impl Identity {
    pub(super) fn of(self, element: &Element) -> Option<(&'static str, &str)> {
        let reference = || Some(("id-ref", element.attr("id-ref")?));
        match (element.id(), self) {
            (Some(id), _) => Some(("id", id)),
            (None, Self::IdOrReference) => reference(),
            (None, Self::Id) => None,
        }
    }

    /// The index of the child that corresponds to `update`.
    pub(crate) fn position(self, parent: &Element, update: &Element) -> Option<usize> {
        let wanted = self.of(update);
        parent.nodes().iter().position(|node| {
            node.as_element().is_some_and(|child| {
                child.name() == update.name()
                    && wanted.is_none_or(|(name, value)| child.attr(name) == Some(value))
            })
        })
    }
}

/// A merge and whether Pacemaker 2.1.5 would see that it changed something: it does not see new elements that have no
/// attributes.
#[derive(Debug)]
pub(crate) struct Merge {
    identity: Identity,
    pub(crate) noticed: bool,
}

impl Merge {
    pub(crate) const fn by(identity: Identity) -> Self {
        Self { identity, noticed: false }
    }

    /// `target` with the attributes of `update` set and its children merged in, recursively; `None` if that changes
    /// nothing.
    pub(crate) fn merged(&mut self, target: &Element, update: &Element) -> Option<Element> {
        let mut result: Option<Element> = None;
        for (name, value) in update.attrs() {
            let old = result.as_ref().unwrap_or(target).attr(name);
            let raised = raised_value(name, value, old);
            let new = raised.as_deref().unwrap_or(value);
            if old != Some(new) {
                self.noticed = true;
                result.get_or_insert_with(|| target.clone()).set(name, new);
            }
        }
        let many = update.nodes().len() >= MANY;
        let mut children = Children { target, result, places: many.then(|| Places::of(target)) };
        for node in update.nodes() {
            match node {
                Node::Element(child) => match children.position(self.identity, child) {
                    Some(index) => {
                        let counterpart = children.current().nodes()[index].as_element();
                        let changed = counterpart.and_then(|c| self.merged(c, child));
                        if let Some(changed) = changed {
                            children.put(index, changed.into());
                        }
                    }
                    None => {
                        self.noticed |= has_attributes(child);
                        children.push(fresh(child, self.identity).into());
                    }
                },
                Node::Comment(text) if !children.has_comment(text) => children.push(node.clone()),
                Node::Comment(_) | Node::Text(_) => {}
            }
        }
        children.result
    }
}

/// The children that are there while others are merged into them.
struct Children<'a> {
    target: &'a Element,
    /// What the target has become, once it changed.
    result: Option<Element>,
    /// Where each is, if many are looked for.
    places: Option<Places>,
}

impl Children<'_> {
    fn current(&self) -> &Element {
        self.result.as_ref().unwrap_or(self.target)
    }

    fn position(&self, identity: Identity, update: &Element) -> Option<usize> {
        match &self.places {
            Some(places) => places.position(identity, update),
            None => identity.position(self.current(), update),
        }
    }

    fn has_comment(&self, text: &Arc<str>) -> bool {
        match &self.places {
            Some(places) => places.has_comment(text),
            None => self.current().nodes().contains(&Node::Comment(Arc::clone(text))),
        }
    }

    fn put(&mut self, index: usize, node: Node) {
        let nodes = self.result.get_or_insert_with(|| self.target.clone()).nodes_mut();
        if let Some(places) = &mut self.places {
            places.remove(index, &nodes[index]);
            places.insert(index, &node);
        }
        nodes[index] = node;
    }

    fn push(&mut self, node: Node) {
        let nodes = self.result.get_or_insert_with(|| self.target.clone()).nodes_mut();
        if let Some(places) = &mut self.places {
            places.insert(nodes.len(), &node);
        }
        nodes.push(node);
    }
}

/// Whether the element or anything in it has an attribute.
pub(crate) fn has_attributes(element: &Element) -> bool {
    element.descendants().any(|element| element.attrs().next().is_some())
}

/// What comes of merging `update` into nothing: itself, unless it contains the same thing twice.
pub(crate) fn fresh(update: &Arc<Element>, identity: Identity) -> Arc<Element> {
    let update = fit(update);
    if update.descendants().all(|element| !repeats(element, identity)) {
        return update;
    }
    let mut empty = Element::new(update.name());
    for (name, value) in update.attrs() {
        empty.set(name, value);
    }
    Arc::new(Merge::by(identity).merged(&empty, &update).unwrap_or(empty))
}

fn repeats(element: &Element, identity: Identity) -> bool {
    let mut seen = BTreeSet::new();
    element.children().any(|child| !seen.insert((child.name(), identity.of(child))))
}

/// What an attribute becomes if the new value says "more than the old one": `name++` or `name+=N`. `None` if it is a
/// plain value.
pub(crate) fn raised_value(name: &str, value: &str, old: Option<&str>) -> Option<String> {
    let step = value.strip_prefix(name)?;
    let step = match (step.strip_prefix("++"), step.strip_prefix("+=")) {
        (Some(_), _) => 1,
        (None, Some(step)) => score(step),
        (None, None) => return None,
    };
    let sum = old.map_or(0, score) + step;
    Some(sum.min(score("INFINITY")).to_string())
}

fn score(text: &str) -> i64 {
    Score::parse(text).map_or(0, |score| i64::from(score.value()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merge(target: &str, update: &str) -> Option<String> {
        let (target, update) = (xml::parse(target).unwrap(), xml::parse(update).unwrap());
        Merge::by(Identity::IdOrReference)
            .merged(&target, &update)
            .map(|element| element.to_compact())
    }

    #[test]
    fn attributes_are_set_where_they_stand() {
        assert_eq!(
            merge("<a x='1' y='2'/>", "<a y='3' z='4'/>").as_deref(),
            Some("<a x=\"1\" y=\"3\" z=\"4\"/>")
        );
    }

    /// Half of them are there, half are new; who looks for each among all others takes minutes.
    #[test]
    fn very_many_children_meet() {
        let parent = |ids: std::ops::Range<usize>, value: usize| {
            let child = |id: usize| Element::new("x").with("id", id).with("value", value);
            Element::new("status").with_children(ids.map(child))
        };
        let (target, update) = (parent(0..200_000, 1), parent(100_000..300_000, 2));
        let merged = Merge::by(Identity::IdOrReference).merged(&target, &update).unwrap();
        assert_eq!(merged.children().count(), 300_000);
        for (index, child) in merged.children().enumerate() {
            assert_eq!(child.attr("value"), Some(if index < 100_000 { "1" } else { "2" }));
        }
    }

    #[test]
    fn nothing_new_is_no_change() {
        assert_eq!(merge("<a x='1'><b id='c'/></a>", "<a x='1'><b id='c'/></a>"), None);
    }

    #[test]
    fn children_meet_by_name_and_id() {
        assert_eq!(
            merge("<a><b id='1' v='x'/><b id='2'/></a>", "<a><b id='2' v='y'/><b id='3'/></a>")
                .as_deref(),
            Some("<a><b id=\"1\" v=\"x\"/><b id=\"2\" v=\"y\"/><b id=\"3\"/></a>")
        );
    }

    #[test]
    fn children_without_id_meet_by_name() {
        assert_eq!(
            merge("<a><ops><op id='1'/></ops></a>", "<a><ops><op id='2'/></ops></a>").as_deref(),
            Some("<a><ops><op id=\"1\"/><op id=\"2\"/></ops></a>")
        );
    }

    #[test]
    fn counters_grow() {
        assert_eq!(
            merge("<n value='4'/>", "<n value='value++'/>").as_deref(),
            Some("<n value=\"5\"/>")
        );
        assert_eq!(
            merge("<n value='4'/>", "<n value='value+=6'/>").as_deref(),
            Some("<n value=\"10\"/>")
        );
        assert_eq!(
            merge("<n value='999999'/>", "<n value='value+=6'/>").as_deref(),
            Some("<n value=\"1000000\"/>")
        );
        assert_eq!(
            merge("<n value='4'/>", "<n value='other++'/>").as_deref(),
            Some("<n value=\"other++\"/>")
        );
    }

    #[test]
    fn repetitions_in_the_update_become_one() {
        assert_eq!(
            merge("<a/>", "<a><b id='1'><m x='1'/><m y='2'/></b></a>").as_deref(),
            Some("<a><b id=\"1\"><m x=\"1\" y=\"2\"/></b></a>")
        );
    }

    #[test]
    fn what_has_no_attributes_is_added_unnoticed() {
        let target = xml::parse("<a id='1'/>").unwrap();
        for (update, noticed) in [
            ("<a id='1'><operations/></a>", false),
            ("<a id='1'><operations><op id='2'/></operations></a>", true),
            ("<a id='1' x='y'/>", true),
        ] {
            let mut merge = Merge::by(Identity::Id);
            assert!(merge.merged(&target, &xml::parse(update).unwrap()).is_some());
            assert_eq!(merge.noticed, noticed, "{update}");
        }
    }

    #[test]
    fn comments_come_along_once() {
        assert_eq!(merge("<a><!--x--></a>", "<a><!--x--></a>"), None);
        assert_eq!(merge("<a/>", "<a><!--x--></a>").as_deref(), Some("<a><!--x--></a>"));
    }
}
