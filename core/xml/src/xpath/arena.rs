use std::{cmp::Ordering, collections::BTreeSet};

use super::{
    Match,
    ast::{Axis, Test},
};
use crate::{Element, Node, NodePath};

/// A node or an attribute, while an expression is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// Index of an entry.
    Node(u32),
    /// Index of an element's entry and of one of its attributes.
    Attribute(u32, u32),
}

/// The nodes that were looked at. The tree does not know its parents, and the same subtree may be in it twice, so each node
/// that is reached gets an entry of its own that knows where it is.
pub(super) struct Arena<'a> {
    entries: Vec<Entry<'a>>,
}

#[derive(Clone, Copy)]
struct Entry<'a> {
    kind: Kind<'a>,
    parent: u32,
    /// Place among the parent's children.
    index: u32,
    /// Entry of the first child; the others follow it. 0 before they have entries.
    children: u32,
}

#[derive(Clone, Copy)]
enum Kind<'a> {
    Document(&'a Element),
    Element(&'a Element),
    Text(&'a str),
    Comment(&'a str),
}

impl Item {
    pub(super) const DOCUMENT: Self = Self::Node(0);
}

fn narrow(index: usize) -> u32 {
    u32::try_from(index).expect("the evaluation's budget is below four billion nodes")
}

impl<'a> Arena<'a> {
    pub(super) fn new(root: &'a Element) -> Self {
        let document = Entry { kind: Kind::Document(root), parent: 0, index: 0, children: 0 };
        Self { entries: vec![document] }
    }

    fn entry(&self, id: u32) -> &Entry<'a> {
        &self.entries[id as usize]
    }

    /// The entries of a node's children.
    fn children(&mut self, id: u32) -> std::ops::Range<u32> {
        let Entry { kind, children, .. } = *self.entry(id);
        let nodes = match kind {
            Kind::Document(root) => {
                if children == 0 {
                    let first = self.begin_children(id);
                    self.push(Kind::Element(root), id, 0);
                    return first..first + 1;
                }
                return children..children + 1;
            }
            Kind::Element(element) => element.nodes(),
            Kind::Text(_) | Kind::Comment(_) => return 0..0,
        };
        let first = if children == 0 && !nodes.is_empty() {
            let first = self.begin_children(id);
            for (index, node) in nodes.iter().enumerate() {
                let kind = match node {
                    Node::Element(element) => Kind::Element(element),
                    Node::Text(text) => Kind::Text(text),
                    Node::Comment(text) => Kind::Comment(text),
                };
                self.push(kind, id, narrow(index));
            }
            first
        } else {
            children
        };
        first..first + narrow(nodes.len())
    }

    fn begin_children(&mut self, id: u32) -> u32 {
        let first = narrow(self.entries.len());
        self.entries[id as usize].children = first;
        first
    }

    fn push(&mut self, kind: Kind<'a>, parent: u32, index: u32) {
        self.entries.push(Entry { kind, parent, index, children: 0 });
    }

    fn siblings(&mut self, id: u32) -> std::ops::Range<u32> {
        if id == 0 { 0..1 } else { self.children(self.entry(id).parent) }
    }

    /// Everything below a node, in document order.
    fn descendants(&mut self, id: u32, found: &mut Vec<Item>) {
        let mut pending: Vec<u32> = self.children(id).rev().collect();
        while let Some(next) = pending.pop() {
            found.push(Item::Node(next));
            pending.extend(self.children(next).rev());
        }
    }

    /// The nodes of an axis that pass the test, nearest first. Gives also how many nodes were looked at.
    pub(super) fn axis(&mut self, from: Item, axis: Axis, test: &Test) -> (Vec<Item>, usize) {
        let mut found = Vec::new();
        match from {
            Item::Node(id) => self.axis_of_node(id, axis, &mut found),
            Item::Attribute(owner, _) => match axis {
                Axis::Itself => found.push(from),
                Axis::AncestorOrSelf => {
                    found.push(from);
                    self.ancestors(Some(owner), &mut found);
                }
                Axis::Parent => found.push(Item::Node(owner)),
                Axis::Ancestor => self.ancestors(Some(owner), &mut found),
                Axis::DescendantOrSelf => found.push(from),
                Axis::Following => {
                    self.descendants(owner, &mut found);
                    self.axis_of_node(owner, Axis::Following, &mut found);
                }
                Axis::Preceding => self.axis_of_node(owner, Axis::Preceding, &mut found),
                Axis::Attribute
                | Axis::Child
                | Axis::Descendant
                | Axis::FollowingSibling
                | Axis::PrecedingSibling => {}
            },
        }
        let looked_at = found.len();
        found.retain(|&item| self.passes(item, axis, test));
        (found, looked_at)
    }

    fn axis_of_node(&mut self, id: u32, axis: Axis, found: &mut Vec<Item>) {
        match axis {
            Axis::Itself => found.push(Item::Node(id)),
            Axis::Child => found.extend(self.children(id).map(Item::Node)),
            Axis::Attribute => {
                if let Kind::Element(element) = self.entry(id).kind {
                    let count = narrow(element.attrs().count());
                    found.extend((0..count).map(|index| Item::Attribute(id, index)));
                }
            }
            Axis::Parent => found.extend(self.parent(id).map(Item::Node)),
            Axis::Ancestor => self.ancestors(self.parent(id), found),
            Axis::AncestorOrSelf => self.ancestors(Some(id), found),
            Axis::Descendant => self.descendants(id, found),
            Axis::DescendantOrSelf => {
                found.push(Item::Node(id));
                self.descendants(id, found);
            }
            Axis::FollowingSibling => {
                let end = self.siblings(id).end;
                found.extend((id + 1..end).map(Item::Node));
            }
            Axis::PrecedingSibling => {
                let start = self.siblings(id).start;
                found.extend((start..id).rev().map(Item::Node));
            }
            Axis::Following => {
                let mut at = Some(id);
                while let Some(node) = at {
                    for sibling in node + 1..self.siblings(node).end {
                        found.push(Item::Node(sibling));
                        self.descendants(sibling, found);
                    }
                    at = self.parent(node);
                }
            }
            Axis::Preceding => {
                let mut at = Some(id);
                while let Some(node) = at {
                    for sibling in (self.siblings(node).start..node).rev() {
                        let before = found.len();
                        found.push(Item::Node(sibling));
                        self.descendants(sibling, found);
                        found[before..].reverse();
                    }
                    at = self.parent(node);
                }
            }
        }
    }

    fn parent(&self, id: u32) -> Option<u32> {
        (id != 0).then(|| self.entry(id).parent)
    }

    fn ancestors(&self, from: Option<u32>, found: &mut Vec<Item>) {
        let mut at = from;
        while let Some(id) = at {
            found.push(Item::Node(id));
            at = self.parent(id);
        }
    }

    fn passes(&self, item: Item, axis: Axis, test: &Test) -> bool {
        // Only on the attribute axis do names mean attributes; elsewhere an attribute passes node() alone.
        let (Item::Node(id) | Item::Attribute(id, _)) = item;
        match (test, item) {
            (Test::Node, _) => true,
            (Test::Any | Test::Name(_), Item::Attribute(..)) => {
                axis == Axis::Attribute && {
                    match test {
                        Test::Name(name) => self.name(item) == name,
                        Test::Any | Test::Node | Test::Text | Test::Comment | Test::Nothing => true,
                    }
                }
            }
            (Test::Any, Item::Node(_)) => matches!(self.entry(id).kind, Kind::Element(_)),
            (Test::Name(name), Item::Node(_)) => {
                matches!(self.entry(id).kind, Kind::Element(element) if element.name() == name)
            }
            (Test::Text, Item::Node(_)) => matches!(self.entry(id).kind, Kind::Text(_)),
            (Test::Comment, Item::Node(_)) => matches!(self.entry(id).kind, Kind::Comment(_)),
            (Test::Text | Test::Comment, Item::Attribute(..)) | (Test::Nothing, _) => false,
        }
    }

    fn attribute(&self, owner: u32, index: u32) -> Option<(&'a Element, &'a str, &'a str)> {
        let Kind::Element(element) = self.entry(owner).kind else { return None };
        let (name, value) = element.attrs().nth(index as usize)?;
        Some((element, name, value))
    }

    /// The name of an element or attribute; empty for everything else.
    pub(super) fn name(&self, item: Item) -> &'a str {
        match item {
            Item::Node(id) => match self.entry(id).kind {
                Kind::Element(element) => element.name(),
                Kind::Document(_) | Kind::Text(_) | Kind::Comment(_) => "",
            },
            Item::Attribute(owner, index) => {
                self.attribute(owner, index).map_or("", |(_, name, _)| name)
            }
        }
    }

    /// The string value: an attribute's value, a comment's text, all character data inside an element. Gives also how many
    /// nodes were looked at.
    pub(super) fn text(&self, item: Item) -> (String, usize) {
        match item {
            Item::Node(id) => match self.entry(id).kind {
                Kind::Document(element) | Kind::Element(element) => all_text(element),
                Kind::Text(text) | Kind::Comment(text) => (text.to_owned(), 1),
            },
            Item::Attribute(owner, index) => {
                let value = self.attribute(owner, index).map(|(_, _, value)| value.to_owned());
                (value.unwrap_or_default(), 1)
            }
        }
    }

    /// The value of an attribute without a copy of it.
    pub(super) fn attribute_value(&self, item: Item) -> Option<&'a str> {
        match item {
            Item::Attribute(owner, index) => {
                self.attribute(owner, index).map(|(_, _, value)| value)
            }
            Item::Node(_) => None,
        }
    }

    /// The elements that have one of the ids. Gives also how many nodes were looked at.
    pub(super) fn with_ids(&mut self, ids: &BTreeSet<&str>) -> (Vec<Item>, usize) {
        let mut all = Vec::new();
        self.descendants(0, &mut all);
        let looked_at = all.len();
        all.retain(|item| match item {
            Item::Node(id) => match self.entry(*id).kind {
                Kind::Element(element) => element.id().is_some_and(|id| ids.contains(id)),
                Kind::Document(_) | Kind::Text(_) | Kind::Comment(_) => false,
            },
            Item::Attribute(..) => false,
        });
        (all, looked_at)
    }

    /// Sorts by place in the document and removes what is there twice.
    pub(super) fn in_order(&self, items: Vec<Item>) -> Vec<Item> {
        let mut keyed: Vec<(Vec<u32>, Option<u32>, Item)> = items
            .into_iter()
            .map(|item| match item {
                Item::Node(id) => (self.place(id), None, item),
                Item::Attribute(owner, index) => (self.place(owner), Some(index), item),
            })
            .collect();
        // An attribute comes behind its element and in front of what the element contains.
        keyed.sort_by(|(a, x, _), (b, y, _)| match a.cmp(b) {
            Ordering::Equal => x.cmp(y),
            different => different,
        });
        keyed.dedup_by(|(_, _, a), (_, _, b)| a == b);
        keyed.into_iter().map(|(_, _, item)| item).collect()
    }

    /// Indices from the document down.
    fn place(&self, id: u32) -> Vec<u32> {
        let mut place = Vec::new();
        let mut at = id;
        while at != 0 {
            place.push(self.entry(at).index);
            at = self.entry(at).parent;
        }
        place.reverse();
        place
    }

    fn path(&self, id: u32) -> NodePath {
        // The document's only child is the root element, which a path begins at.
        self.place(id).into_iter().skip(1).map(|index| index as usize).collect()
    }

    pub(super) fn matched(&self, item: Item) -> Match<'a> {
        match item {
            Item::Node(id) => match self.entry(id).kind {
                Kind::Document(_) => Match::Document,
                Kind::Element(element) => Match::Element { path: self.path(id), element },
                Kind::Text(text) => Match::Text { path: self.path(id), text },
                Kind::Comment(text) => Match::Comment { path: self.path(id), text },
            },
            Item::Attribute(owner, index) => match self.attribute(owner, index) {
                Some((element, name, value)) => {
                    Match::Attribute { path: self.path(owner), element, name, value }
                }
                None => Match::Document,
            },
        }
    }
}

/// All character data inside the element and what it contains, in document order.
fn all_text(element: &Element) -> (String, usize) {
    let (mut text, mut looked_at) = (String::new(), 0);
    let mut pending: Vec<&Node> = element.nodes().iter().rev().collect();
    while let Some(node) = pending.pop() {
        looked_at += 1;
        match node {
            Node::Element(child) => pending.extend(child.nodes().iter().rev()),
            Node::Text(part) => text.push_str(part),
            Node::Comment(_) => {}
        }
    }
    (text, looked_at)
}
