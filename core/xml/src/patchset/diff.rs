use std::sync::Arc;

use super::{AttributeChange, Change, Generation, Patchset, pairing};
use crate::{Element, Node, path::push_step};

/// Two documents that no patch set leads between.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unpatchable {
    /// The roots have different names or ids.
    #[error("the documents have different roots, <{old}> and <{new}>")]
    Root {
        /// Name of the old root.
        old: String,
        /// Name of the new root.
        new: String,
    },
    /// Character data directly inside the root changed.
    #[error("the text inside the root element changed, which a patch set cannot say")]
    Text,
}

impl Patchset {
    /// What leads from `old` to `new`, with their versions and without a digest; `None` if they are the same. What the two
    /// trees share is not looked at.
    pub fn between(old: &Element, new: &Element) -> Result<Option<Self>, Unpatchable> {
        compare(old, new, Differ { path: String::new(), deletions: Vec::new(), reordered: true })
    }

    /// Like [`Patchset::between`], but attributes that only stand in another order do not count as changed.
    pub fn significant(old: &Element, new: &Element) -> Result<Option<Self>, Unpatchable> {
        compare(old, new, Differ { path: String::new(), deletions: Vec::new(), reordered: false })
    }
}

fn compare(
    old: &Element,
    new: &Element,
    mut differ: Differ,
) -> Result<Option<Patchset>, Unpatchable> {
    if old.name() != new.name() || old.id() != new.id() {
        return Err(Unpatchable::Root { old: old.name().to_owned(), new: new.name().to_owned() });
    }
    if !pairing::patchable(old, new) {
        return Err(Unpatchable::Text);
    }
    push_step(&mut differ.path, old.name(), old.id());
    let rest = differ.element(old, new);
    let mut changes = differ.deletions;
    changes.extend(rest);
    let versions = Some((Generation::read(old, 1), Generation::read(new, 1)));
    Ok((!changes.is_empty()).then_some(Patchset { versions, digest: None, changes }))
}

struct Differ {
    /// Path of the element that is compared.
    path: String,
    /// What is gone, so far.
    deletions: Vec<Change>,
    /// Whether a new order of attributes is a change.
    reordered: bool,
}

impl Differ {
    /// Compares two versions of one element: notes what is gone and gives the other changes.
    fn element(&mut self, old: &Element, new: &Element) -> Vec<Change> {
        let mut changes = Vec::new();
        let attributes = attribute_changes(old, new, self.reordered);
        if !attributes.is_empty() {
            let mut result = Element::new(new.name());
            new.attrs().for_each(|(name, value)| result.set(name, value));
            changes.push(Change::Modify { path: self.path.clone(), attributes, result });
        }
        if !shared(old.nodes(), new.nodes()) {
            self.content(old.nodes(), new.nodes(), &mut changes);
        }
        changes
    }

    fn content(&mut self, old: &[Node], new: &[Node], changes: &mut Vec<Change>) {
        let pairing = pairing::pair(old, new);
        let mut inside: Vec<Vec<Change>> = vec![Vec::new(); new.len()];
        let mut left = 0;
        for (node, became) in old.iter().zip(&pairing.new_of) {
            match (became, node) {
                (None, _) => self.delete(node, left),
                (Some(to), Node::Element(before)) => {
                    left += 1;
                    if let Node::Element(after) = &new[*to]
                        && !Arc::ptr_eq(before, after)
                    {
                        inside[*to] = self.below(after, |differ| differ.element(before, after));
                    }
                }
                (Some(_), Node::Text(_) | Node::Comment(_)) => left += 1,
            }
        }
        for (position, (node, mut below)) in new.iter().zip(inside).enumerate() {
            if !pairing.existed[position] {
                let parent = self.path.clone();
                changes.push(Change::Create { parent, position, node: node.clone() });
                continue;
            }
            changes.append(&mut below);
            if pairing.moved[position]
                && let Node::Element(element) = node
            {
                let path = self.below(element, |differ| differ.path.clone());
                changes.push(Change::Move { path, position });
            }
        }
    }

    fn delete(&mut self, node: &Node, position: usize) {
        let change = match node {
            Node::Element(element) => {
                let path = self.below(element, |differ| differ.path.clone());
                Change::Delete { path, position: None }
            }
            Node::Comment(_) => {
                let path = format!("{}/comment", self.path);
                Change::Delete { path, position: Some(position) }
            }
            // Where text changed, the element around it is replaced as a whole.
            Node::Text(_) => return,
        };
        self.deletions.push(change);
    }

    /// Does something one step further down.
    fn below<T>(&mut self, child: &Element, act: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        push_step(&mut self.path, child.name(), child.id());
        let done = act(self);
        self.path.truncate(length);
        done
    }
}

/// Whether both lists share everything.
fn shared(old: &[Node], new: &[Node]) -> bool {
    old.len() == new.len()
        && old.iter().zip(new).all(|(a, b)| match (a, b) {
            (Node::Element(x), Node::Element(y)) => Arc::ptr_eq(x, y),
            (Node::Text(_) | Node::Comment(_) | Node::Element(_), _) => a == b,
        })
}

fn attribute_changes(old: &Element, new: &Element, reordered: bool) -> Vec<AttributeChange> {
    if old.attrs().eq(new.attrs()) {
        return Vec::new();
    }
    let moved = if reordered { moved_attributes(old, new) } else { Vec::new() };
    let set = new
        .attrs()
        .enumerate()
        .filter(|(at, (name, value))| old.attr(name) != Some(value) || moved.contains(at))
        .map(|(_, (name, value))| AttributeChange {
            name: name.to_owned(),
            value: Some(value.to_owned()),
        });
    let unset = old
        .attrs()
        .filter(|(name, _)| new.attr(name).is_none())
        .map(|(name, _)| AttributeChange { name: name.to_owned(), value: None });
    set.chain(unset).collect()
}

/// Indices of the new attributes whose value is the old one but whose place is not, as the original sees it.
fn moved_attributes(old: &Element, new: &Element) -> Vec<usize> {
    let mut moved = Vec::new();
    let (mut skip_old, mut skip_new) = (Vec::new(), Vec::new());
    let place = |at: usize, skipped: &[usize]| at - skipped.iter().filter(|&&s| s < at).count();
    for (from, (name, value)) in old.attrs().enumerate() {
        let Some(to) = new.attrs().position(|attribute| attribute == (name, value)) else {
            continue;
        };
        let (before, after) = (place(from, &skip_old), place(to, &skip_new));
        if before != after {
            moved.push(to);
            if before > after { skip_old.push(from) } else { skip_new.push(to) }
        }
    }
    moved
}
