use std::{fmt, sync::Arc};

use compact_str::CompactString;

use crate::attributes::{Attributes, Packed};

/// An element: its name, its attributes in the order in which they were set, and what it contains.
#[derive(Clone, PartialEq, Eq)]
pub struct Element {
    name: CompactString,
    attributes: Packed,
    children: Vec<Node>,
}

/// One thing inside an element. Cloning shares it.
#[derive(Clone, Eq)]
pub enum Node {
    /// A child element.
    Element(Arc<Element>),
    /// Character data, unescaped.
    Text(Arc<str>),
    /// The text of a comment.
    Comment(Arc<str>),
}

/// Iterator over an element's child elements.
#[derive(Clone)]
pub struct Elements<'a>(std::slice::Iter<'a, Node>);

/// Iterator over an element and all elements below it, in document order.
pub struct Descendants<'a>(Vec<&'a Element>);

impl Element {
    /// An element without attributes or content.
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), attributes: Packed::new(), children: Vec::new() }
    }

    /// An element with all that belongs to it.
    pub(crate) fn whole(name: CompactString, attributes: Packed, children: Vec<Node>) -> Self {
        Self { name, attributes, children }
    }

    /// The same element with the attribute set; for building.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.set(name, value);
        self
    }

    /// The same element with the attribute set if there is a value; for building.
    #[must_use]
    pub fn with_some(mut self, name: &str, value: Option<impl fmt::Display>) -> Self {
        if let Some(value) = value {
            self.set(name, value);
        }
        self
    }

    /// The same element with one more child at its end; for building.
    #[must_use]
    pub fn with_child(mut self, child: Self) -> Self {
        self.push(child);
        self
    }

    /// The same element with more children at its end; for building.
    #[must_use]
    pub fn with_children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children.into_iter().map(Node::from));
        self
    }

    /// The element's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives the element another name.
    pub fn rename(&mut self, name: &str) {
        self.name = name.into();
    }

    /// The attribute's value.
    pub fn attr(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)
    }

    /// The value of the attribute `id`.
    pub fn id(&self) -> Option<&str> {
        self.attr("id")
    }

    /// Sets the attribute: where it stands if it is there, else behind the others.
    pub fn set(&mut self, name: &str, value: impl fmt::Display) {
        self.attributes.set(name, value);
    }

    /// Removes the attribute and gives its value back.
    pub fn remove_attr(&mut self, name: &str) -> Option<String> {
        self.attributes.remove(name)
    }

    /// Keeps only the attributes for which `keep` says so.
    pub fn retain_attrs(&mut self, keep: impl FnMut(&str, &str) -> bool) {
        self.attributes.retain(keep);
    }

    /// The attributes, in order.
    pub fn attrs(&self) -> Attributes<'_> {
        self.attributes.iter()
    }

    /// Sorts the attributes by name, bytewise.
    pub fn sort_attrs(&mut self) {
        self.attributes.sort();
    }

    /// The child elements, in order.
    pub fn children(&self) -> Elements<'_> {
        Elements(self.children.iter())
    }

    /// The child elements of that name, in order.
    pub fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> + 'a {
        self.children().filter(move |child| child.name() == name)
    }

    /// The first child element of that name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children().find(|child| child.name() == name)
    }

    /// The element reached by going to the first child of each name in turn.
    pub fn descend(&self, names: &[&str]) -> Option<&Self> {
        names.iter().try_fold(self, |element, name| element.child(name))
    }

    /// The first child element of that name, to be changed.
    pub fn child_mut(&mut self, name: &str) -> Option<&mut Self> {
        self.children.iter_mut().find_map(|node| match node {
            Node::Element(child) if child.name() == name => Some(Arc::make_mut(child)),
            Node::Element(_) | Node::Text(_) | Node::Comment(_) => None,
        })
    }

    /// The first child element of that name, made at the end if there is none.
    pub fn child_or_new(&mut self, name: &str) -> &mut Self {
        let index = match self.children.iter().position(|node| node.is_element(name)) {
            Some(index) => index,
            None => {
                self.push(Self::new(name));
                self.children.len() - 1
            }
        };
        self.element_mut(index).expect("the node at this index is an element")
    }

    /// This element and all below it, in document order.
    pub fn descendants(&self) -> Descendants<'_> {
        Descendants(vec![self])
    }

    /// All that the element contains, in order.
    pub fn nodes(&self) -> &[Node] {
        &self.children
    }

    /// All that the element contains, to be rearranged.
    pub fn nodes_mut(&mut self) -> &mut Vec<Node> {
        &mut self.children
    }

    /// The element at an index into [`Element::nodes`], to be changed; `None` if there is none or it is no element.
    pub fn element_mut(&mut self, index: usize) -> Option<&mut Self> {
        match self.children.get_mut(index)? {
            Node::Element(child) => Some(Arc::make_mut(child)),
            Node::Text(_) | Node::Comment(_) => None,
        }
    }

    /// Every child element, to be changed. Copies each that is shared: look first, then change, where most stay as they are.
    pub fn elements_mut(&mut self) -> impl Iterator<Item = &mut Self> {
        self.children.iter_mut().filter_map(|node| match node {
            Node::Element(child) => Some(Arc::make_mut(child)),
            Node::Text(_) | Node::Comment(_) => None,
        })
    }

    /// Adds something at the end.
    pub fn push(&mut self, node: impl Into<Node>) {
        self.children.push(node.into());
    }

    /// Adds a child at the end and gives it back to be filled.
    pub fn push_new(&mut self, name: &str) -> &mut Self {
        self.push(Self::new(name));
        let last = self.children.len() - 1;
        self.element_mut(last).expect("the node just added is an element")
    }

    /// The character data directly inside, joined.
    pub fn text(&self) -> String {
        self.children
            .iter()
            .filter_map(|node| match node {
                Node::Text(text) => Some(&**text),
                Node::Element(_) | Node::Comment(_) => None,
            })
            .collect()
    }
}

impl Node {
    /// The element, if it is one.
    pub fn as_element(&self) -> Option<&Element> {
        match self {
            Self::Element(element) => Some(element),
            Self::Text(_) | Self::Comment(_) => None,
        }
    }

    /// Whether it is an element of that name.
    pub fn is_element(&self, name: &str) -> bool {
        self.as_element().is_some_and(|element| element.name() == name)
    }
}

impl PartialEq for Node {
    /// Compares content; two nodes that share it are equal without a look inside.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Element(a), Self::Element(b)) => Arc::ptr_eq(a, b) || a == b,
            (Self::Text(a), Self::Text(b)) | (Self::Comment(a), Self::Comment(b)) => a == b,
            (Self::Element(_) | Self::Text(_) | Self::Comment(_), _) => false,
        }
    }
}

impl From<Element> for Node {
    fn from(element: Element) -> Self {
        Self::Element(Arc::new(element))
    }
}

impl From<Arc<Element>> for Node {
    fn from(element: Arc<Element>) -> Self {
        Self::Element(element)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a Element;

    fn next(&mut self) -> Option<&'a Element> {
        self.0.find_map(Node::as_element)
    }
}

impl DoubleEndedIterator for Elements<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(element) = self.0.next_back()?.as_element() {
                return Some(element);
            }
        }
    }
}

impl<'a> Iterator for Descendants<'a> {
    type Item = &'a Element;

    fn next(&mut self) -> Option<&'a Element> {
        let element = self.0.pop()?;
        self.0.extend(element.children().rev());
        Some(element)
    }
}

impl Drop for Element {
    /// Takes a deep tree apart without recursion, so that no document can overflow the stack by being dropped.
    fn drop(&mut self) {
        let mut pending = std::mem::take(&mut self.children);
        while let Some(node) = pending.pop() {
            if let Node::Element(child) = node
                && let Some(mut child) = Arc::into_inner(child)
            {
                pending.append(&mut child.children);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Element {
        Element::new("nodes")
            .with_child(Element::new("node").with("id", 1).with("uname", "a"))
            .with_child(Element::new("node").with("id", 2).with("uname", "b"))
    }

    #[test]
    fn a_copy_shares_and_a_change_copies_the_way_only() {
        let old = sample();
        let mut new = old.clone();
        new.element_mut(1).unwrap().set("uname", "c");
        assert_eq!(old.children().nth(1).unwrap().attr("uname"), Some("b"));
        let (Node::Element(a), Node::Element(b)) = (&old.nodes()[0], &new.nodes()[0]) else {
            panic!("both are elements")
        };
        assert!(Arc::ptr_eq(a, b), "the untouched sibling is shared");
    }

    #[test]
    fn attributes_keep_their_order() {
        let mut element = Element::new("op").with("name", "monitor").with("interval", "10s");
        element.set("name", "start");
        element.set("id", "x");
        assert_eq!(
            element.attrs().collect::<Vec<_>>(),
            [("name", "start"), ("interval", "10s"), ("id", "x")]
        );
        assert_eq!(element.remove_attr("interval").as_deref(), Some("10s"));
        assert_eq!(element.attr("interval"), None);
    }

    #[test]
    fn descendants_come_in_document_order() {
        let tree = Element::new("a")
            .with_child(Element::new("b").with_child(Element::new("c")))
            .with_child(Element::new("d"));
        let names: Vec<_> = tree.descendants().map(Element::name).collect();
        assert_eq!(names, ["a", "b", "c", "d"]);
    }

    #[test]
    fn a_deep_tree_is_dropped_without_recursion() {
        let mut tree = Element::new("leaf");
        for _ in 0..200_000 {
            tree = Element::new("a").with_child(tree);
        }
        drop(tree);
    }
}
