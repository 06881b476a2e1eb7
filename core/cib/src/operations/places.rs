//! Where among many children the counterpart of another element is.

use std::{collections::BTreeSet, sync::Arc};

use xml::{Element, Node};

use super::merge::Identity;

/// From so many on it is worth while to make a table; whoever looks for each among all others would be at it for minutes.
pub(crate) const MANY: usize = 32;

/// The children of an element by all that they may be found by.
#[derive(Debug, Default)]
pub(crate) struct Places(BTreeSet<(Key, usize)>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Name(Box<str>),
    Attribute(Box<str>, &'static str, Box<str>),
    Comment(Arc<str>),
}

impl Places {
    /// The places of all children.
    pub(crate) fn of(parent: &Element) -> Self {
        let mut places = Self::default();
        for (index, node) in parent.nodes().iter().enumerate() {
            places.insert(index, node);
        }
        places
    }

    /// Notes that something is at an index.
    pub(crate) fn insert(&mut self, index: usize, node: &Node) {
        self.0.extend(keys(node).map(|key| (key, index)));
    }

    /// Notes that it is not there any more.
    pub(crate) fn remove(&mut self, index: usize, node: &Node) {
        for key in keys(node) {
            self.0.remove(&(key, index));
        }
    }

    /// The same as [`Identity::position`].
    pub(crate) fn position(&self, identity: Identity, update: &Element) -> Option<usize> {
        self.first(match identity.of(update) {
            Some((attribute, value)) => {
                Key::Attribute(update.name().into(), attribute, value.into())
            }
            None => Key::Name(update.name().into()),
        })
    }

    /// Whether the same comment is there.
    pub(crate) fn has_comment(&self, text: &Arc<str>) -> bool {
        self.first(Key::Comment(Arc::clone(text))).is_some()
    }

    fn first(&self, key: Key) -> Option<usize> {
        let from = (key, 0);
        let (found, index) = self.0.range(&from..).next()?;
        (*found == from.0).then_some(*index)
    }
}

/// All that a node may be found by.
fn keys(node: &Node) -> impl Iterator<Item = Key> {
    let keys = match node {
        Node::Element(element) => {
            let by = |attribute: &'static str| {
                let value = element.attr(attribute)?;
                Some(Key::Attribute(element.name().into(), attribute, value.into()))
            };
            [Some(Key::Name(element.name().into())), by("id"), by("id-ref")]
        }
        Node::Comment(text) => [Some(Key::Comment(Arc::clone(text))), None, None],
        Node::Text(_) => [None, None, None],
    };
    keys.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_the_same_as_those_found_by_looking() {
        let child = |number: usize| {
            let element = Element::new(["x", "y"][number % 2]);
            match number % 5 {
                0 => element,
                1 => element.with("id", number % 7),
                2 => element.with("id-ref", number % 7),
                3 => element.with("id", number % 3).with("id-ref", number % 4),
                _ => element.with("id", ""),
            }
        };
        let parent =
            |from: usize, to: usize| Element::new("p").with_children((from..to).map(child));
        for identity in [Identity::Id, Identity::IdOrReference] {
            for from in 0..70 {
                let parent = parent(from, from + 25);
                let mut places = Places::of(&parent);
                for number in 0..70 {
                    let wanted = child(number);
                    let looked = identity.position(&parent, &wanted);
                    assert_eq!(places.position(identity, &wanted), looked, "{wanted:?}");
                }
                places.remove(0, &parent.nodes()[0]);
                let rest = Element::new("p").with_children((from + 1..from + 25).map(child));
                for number in 0..70 {
                    let wanted = child(number);
                    let looked = identity.position(&rest, &wanted).map(|index| index + 1);
                    assert_eq!(places.position(identity, &wanted), looked, "{wanted:?}");
                }
            }
        }
    }
}
