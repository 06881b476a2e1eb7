use std::sync::Arc;

use xml::{Element, Node, NodePath};

use super::marks::At;

/// What a user sees of a document. What is not readable is not there; where something inside is readable, the way to it
/// is, without attributes other than ids. What can be seen as a whole is shared.
#[derive(Clone, Debug)]
pub(crate) struct View {
    root: Arc<Element>,
    places: Places,
}

/// Where the children of an element of a view are in the original.
#[derive(Clone, Debug)]
enum Places {
    /// Where they are in the view, and so on below.
    Same,
    /// Elsewhere: the indices, with what is below.
    Moved(Vec<(usize, Self)>),
}

impl View {
    /// What is seen of the document that the marks are for; `None` if that is nothing.
    pub(super) fn of(root: &Arc<Element>, at: At<'_>) -> Option<Self> {
        seen(root, at).map(|(root, places)| Self { root, places })
    }

    /// The document as it is seen.
    pub(crate) fn root(&self) -> &Arc<Element> {
        &self.root
    }

    /// Where something is that is seen there.
    pub(crate) fn original(&self, seen: &NodePath) -> NodePath {
        let mut places = &self.places;
        let step = |&index: &usize| match places {
            Places::Same => index,
            Places::Moved(moved) => match moved.get(index) {
                Some((original, below)) => {
                    places = below;
                    *original
                }
                None => usize::MAX,
            },
        };
        seen.indices().iter().map(step).collect()
    }

    /// Where something is seen; `None` if it is not.
    pub(crate) fn seen(&self, original: &NodePath) -> Option<NodePath> {
        let mut places = &self.places;
        let mut seen = Vec::with_capacity(original.indices().len());
        for index in original.indices() {
            match places {
                Places::Same => seen.push(*index),
                Places::Moved(moved) => {
                    let at = moved.binary_search_by_key(index, |(original, _)| *original).ok()?;
                    seen.push(at);
                    places = &moved[at].1;
                }
            }
        }
        Some(seen.into_iter().collect())
    }
}

fn seen(element: &Arc<Element>, at: At<'_>) -> Option<(Arc<Element>, Places)> {
    let readable = at.standing.read;
    if at.is_uniform() {
        return readable.then(|| (Arc::clone(element), Places::Same));
    }
    let mut nodes = Vec::new();
    let mut places = Vec::new();
    let mut whole = readable;
    for (index, node) in element.nodes().iter().enumerate() {
        match node {
            Node::Element(child) => match seen(child, at.child(index)) {
                Some((shown, below)) => {
                    whole &= Arc::ptr_eq(&shown, child);
                    nodes.push(Node::Element(shown));
                    places.push((index, below));
                }
                None => whole = false,
            },
            Node::Text(_) | Node::Comment(_) if readable => {
                nodes.push(node.clone());
                places.push((index, Places::Same));
            }
            Node::Text(_) | Node::Comment(_) => {}
        }
    }
    if whole {
        return Some((Arc::clone(element), Places::Same));
    }
    if !readable && nodes.is_empty() {
        return None;
    }
    let mut shown = Element::new(element.name());
    for (name, value) in element.attrs().filter(|(name, _)| readable || *name == "id") {
        shown.set(name, value);
    }
    *shown.nodes_mut() = nodes;
    Some((Arc::new(shown), Places::Moved(places)))
}
