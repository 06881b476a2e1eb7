use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{Element, Node};

/// Which of an element's old contents became which of its new ones.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pairing {
    /// For each old node the new one it became; `None` if it is gone.
    pub(super) new_of: Vec<Option<usize>>,
    /// For each new node whether it existed before.
    pub(super) existed: Vec<bool>,
    /// For each new node whether it has to be moved.
    pub(super) moved: Vec<bool>,
}

/// Pairs what an element contained with what it contains now. Elements are told apart by name and id; comments by where
/// they stand and what they say.
pub(super) fn pair(old: &[Node], new: &[Node]) -> Pairing {
    if unchanged_places(old, new) {
        return Pairing {
            new_of: (0..new.len()).map(Some).collect(),
            existed: vec![true; new.len()],
            moved: vec![false; new.len()],
        };
    }
    let ambiguous: BTreeSet<&str> = ambiguous_names(old).chain(ambiguous_names(new)).collect();
    let index: BTreeMap<_, usize> =
        new.iter().enumerate().filter_map(|(at, node)| Some((key(node)?, at))).collect();
    let elements: Vec<Option<usize>> = old
        .iter()
        .map(|node| {
            let (name, id) = key(node)?;
            let at = *index.get(&(name, id)).filter(|_| !ambiguous.contains(name))?;
            let (before, after) = (node.as_element()?, new[at].as_element()?);
            patchable(before, after).then_some(at)
        })
        .collect();
    // With comments kept where they can be; if that does not come out even, with all of them made anew.
    [true, false]
        .into_iter()
        .find_map(|keep_comments| follow(old, new, &elements, keep_comments))
        .unwrap_or_else(|| longest(old.len(), new.len(), &elements))
}

/// Whether the difference between two elements of one name and id can be told by a patch: changed text cannot.
pub(super) fn patchable(old: &Element, new: &Element) -> bool {
    let has_text =
        |element: &Element| element.nodes().iter().any(|node| matches!(node, Node::Text(_)));
    !(has_text(old) || has_text(new)) || old.nodes() == new.nodes()
}

fn key(node: &Node) -> Option<(&str, Option<&str>)> {
    node.as_element().map(|element| (element.name(), element.id()))
}

/// Whether nothing came, went or moved: the common case, found without an index.
fn unchanged_places(old: &[Node], new: &[Node]) -> bool {
    let (mut before, mut after) = (Census::new(old), Census::new(new));
    old.len() == new.len()
        && old.iter().zip(new).all(|(a, b)| match (a, b) {
            (Node::Element(x), Node::Element(y)) => {
                Arc::ptr_eq(x, y)
                    || (key(a) == key(b)
                        && patchable(x, y)
                        && (before.is_unique(a) && after.is_unique(b) || x == y))
            }
            (Node::Text(_) | Node::Comment(_) | Node::Element(_), _) => a == b,
        })
}

/// Of how many elements one is asked before they are counted: looking is faster for a few, and takes for ever for very many.
const LOOKS: usize = 16;

/// Which elements of a list a path can tell from all others.
struct Census<'a> {
    nodes: &'a [Node],
    looks: usize,
    counted: Option<Frequencies<'a>>,
}

/// How often there is a name, and how often with an id, or without one.
#[derive(Default)]
struct Frequencies<'a> {
    names: BTreeMap<&'a str, usize>,
    ids: BTreeMap<(&'a str, Option<&'a str>), usize>,
}

impl<'a> Census<'a> {
    const fn new(nodes: &'a [Node]) -> Self {
        Self { nodes, looks: 0, counted: None }
    }

    /// Whether there is no other of that name and id, nor one that could be meant as well for want of an id.
    fn is_unique(&mut self, wanted: &Node) -> bool {
        let Some((name, id)) = key(wanted) else { return false };
        self.looks += 1;
        if self.looks <= LOOKS {
            let alike = self.nodes.iter().filter_map(key).filter(|&(other_name, other_id)| {
                other_name == name && (other_id == id || other_id.is_none() || id.is_none())
            });
            return alike.take(2).count() == 1;
        }
        let nodes = self.nodes;
        let Frequencies { names, ids } = self.counted.get_or_insert_with(|| {
            let mut counted = Frequencies::default();
            for (name, id) in nodes.iter().filter_map(key) {
                *counted.names.entry(name).or_default() += 1;
                *counted.ids.entry((name, id)).or_default() += 1;
            }
            counted
        });
        match id {
            Some(_) => ids.get(&(name, id)) == Some(&1) && !ids.contains_key(&(name, None)),
            None => names.get(name) == Some(&1),
        }
    }
}

/// Names for which a path cannot tell the elements apart: an id that is there twice, or none beside another.
fn ambiguous_names(nodes: &[Node]) -> impl Iterator<Item = &str> {
    let mut seen: BTreeMap<&str, (BTreeSet<Option<&str>>, bool)> = BTreeMap::new();
    for (name, id) in nodes.iter().filter_map(key) {
        let (ids, ambiguous) = seen.entry(name).or_default();
        *ambiguous |= !ids.insert(id) || (ids.len() > 1 && ids.contains(&None));
    }
    seen.into_iter().filter(|(_, (_, ambiguous))| *ambiguous).map(|(name, _)| name)
}

/// Finds what moved by following both lists at once, as the original does, so that it sees the same moves. `None` if the
/// outcome does not lead from the old list to the new one.
fn follow(
    old: &[Node],
    new: &[Node],
    elements: &[Option<usize>],
    keep_comments: bool,
) -> Option<Pairing> {
    let mut counted = Counted::new(old.len());
    let mut new_of = elements.to_vec();
    let mut old_of = vec![None; new.len()];
    for (at, node) in old.iter().enumerate() {
        if !matches!(node, Node::Element(_)) {
            let stays = keep_comments && new.get(at).is_some_and(|other| other == node);
            new_of[at] = stays.then_some(at);
        }
        match new_of[at] {
            Some(to) => old_of[to] = Some(at),
            None => counted.skip(at),
        }
    }
    let existed: Vec<bool> = old_of.iter().map(Option::is_some).collect();
    let mut moved = vec![false; new.len()];
    let (mut position, mut last) = (0, None);
    for (to, from) in old_of.into_iter().enumerate() {
        let Some(from) = from else { continue };
        let before = counted.before(from);
        if before != position {
            if !matches!(new[to], Node::Element(_)) {
                return None;
            }
            moved[to] = true;
        } else if last.is_some_and(|last| last > from) {
            return None;
        } else {
            last = Some(from);
        }
        if before > position {
            counted.skip(from);
        }
        if before >= position {
            position += 1;
        }
    }
    Some(Pairing { new_of, existed, moved })
}

/// Moves as few elements as possible. Comments are made anew.
fn longest(old_len: usize, new_len: usize, elements: &[Option<usize>]) -> Pairing {
    let mut existed = vec![false; new_len];
    let mut moved = vec![false; new_len];
    // For each length the end of the increasing run that ends lowest, and for each old node the one before it in its run.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = vec![None; old_len];
    for (at, to) in elements.iter().enumerate() {
        let Some(to) = *to else { continue };
        existed[to] = true;
        moved[to] = true;
        let length = ends.partition_point(|&end| elements[end] < Some(to));
        previous[at] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() { ends.push(at) } else { ends[length] = at }
    }
    let mut stays = ends.last().copied();
    while let Some(at) = stays {
        if let Some(to) = elements[at] {
            moved[to] = false;
        }
        stays = previous[at];
    }
    Pairing { new_of: elements.to_vec(), existed, moved }
}

/// Counts what is left in a list of which things are skipped, in logarithmic time.
struct Counted {
    /// A binary indexed tree over the number of skipped things.
    skipped: Vec<usize>,
}

impl Counted {
    fn new(len: usize) -> Self {
        Self { skipped: vec![0; len + 1] }
    }

    fn skip(&mut self, at: usize) {
        let mut index = at + 1;
        while index < self.skipped.len() {
            self.skipped[index] += 1;
            index += index & index.wrapping_neg();
        }
    }

    /// How many in front of this one are not skipped.
    fn before(&self, at: usize) -> usize {
        let (mut index, mut skipped) = (at, 0);
        while index > 0 {
            skipped += self.skipped[index];
            index &= index - 1;
        }
        at - skipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn pairing(old: &str, new: &str) -> Pairing {
        let list = |names: &str| {
            let children: String = names.chars().map(|id| format!("<n id='{id}'/>")).collect();
            parse(&format!("<a>{children}</a>")).unwrap()
        };
        pair(list(old).nodes(), list(new).nodes())
    }

    #[test]
    fn counting_tells_the_same_as_looking() {
        let element = |name: &str, id: &str| {
            let element = Element::new(name);
            Node::Element(Arc::new(if id.is_empty() { element } else { element.with("id", id) }))
        };
        let all: Vec<Node> = [("x", "1"), ("x", "2"), ("x", "2"), ("y", "1"), ("y", ""), ("z", "")]
            .into_iter()
            .chain([("w", ""), ("w", ""), ("v", "1"), ("v", "2")])
            .map(|(name, id)| element(name, id))
            .collect();
        let unique: Vec<bool> = all.iter().map(|node| Census::new(&all).is_unique(node)).collect();
        assert_eq!(unique, [true, false, false, false, false, true, false, false, true, true]);
        let mut counting = Census { looks: LOOKS, ..Census::new(&all) };
        let counted: Vec<bool> = all.iter().map(|node| counting.is_unique(node)).collect();
        assert_eq!(counted, unique);
    }

    #[test]
    fn very_many_that_changed_are_paired() {
        let all = |value: usize| {
            let one = |id: usize| Element::new("x").with("id", id).with("value", value);
            Element::new("p").with_children((0..100_000).map(one))
        };
        let pairing = pair(all(1).nodes(), all(2).nodes());
        assert!(pairing.existed.iter().all(|existed| *existed));
        assert!(!pairing.moved.iter().any(|moved| *moved));
    }

    #[test]
    fn the_moves_of_the_original_are_found() {
        assert_eq!(pairing("abc", "cab").moved, [true, true, false]);
        assert_eq!(pairing("abc", "bca").moved, [true, false, true]);
        assert_eq!(pairing("abc", "axbc").moved, [false; 4]);
        assert_eq!(pairing("abc", "bc").moved, [false; 2]);
    }

    #[test]
    fn few_are_moved_when_the_other_way_fails() {
        let elements: Vec<_> = [4, 0, 1, 2, 3].into_iter().map(Some).collect();
        assert_eq!(longest(5, 5, &elements).moved, [false, false, false, false, true]);
    }
}
