use std::fmt::Write;

use crate::{Element, Node};

/// Where a node stands in a tree: at each level the index into [`Element::nodes`], from the root down. The root's path is empty.
///
/// Paths compare in document order. A path is good for the tree it was made for until something before it is added,
/// removed or moved.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodePath(Vec<usize>);

impl NodePath {
    /// The root's path.
    pub const ROOT: Self = Self(Vec::new());

    /// The path of the node at an index below this one.
    #[must_use]
    pub fn child(&self, index: usize) -> Self {
        let mut indices = Vec::with_capacity(self.0.len() + 1);
        indices.extend_from_slice(&self.0);
        indices.push(index);
        Self(indices)
    }

    /// The path of the node above, and the index below it; `None` for the root.
    pub fn split_last(&self) -> Option<(Self, usize)> {
        let (&index, parent) = self.0.split_last()?;
        Some((Self(parent.to_vec()), index))
    }

    /// The indices, from the root down.
    pub fn indices(&self) -> &[usize] {
        &self.0
    }

    /// Whether the other path is this one or leads to something below it.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }
}

impl FromIterator<usize> for NodePath {
    fn from_iter<I: IntoIterator<Item = usize>>(indices: I) -> Self {
        Self(indices.into_iter().collect())
    }
}

impl Element {
    /// The element at the path; `None` if the path leads nowhere or to something that is no element.
    pub fn at(&self, path: &NodePath) -> Option<&Self> {
        path.0.iter().try_fold(self, |element, &index| element.nodes().get(index)?.as_element())
    }

    /// The element at the path, to be changed. What is shared on the way to it is copied.
    pub fn at_mut(&mut self, path: &NodePath) -> Option<&mut Self> {
        path.0.iter().try_fold(self, |element, &index| element.element_mut(index))
    }

    /// Takes the node at the path out of the tree; `None` if there is none, or if it is the root.
    pub fn remove_at(&mut self, path: &NodePath) -> Option<Node> {
        let (parent, index) = path.split_last()?;
        if index >= self.at(&parent)?.nodes().len() {
            return None;
        }
        Some(self.at_mut(&parent)?.nodes_mut().remove(index))
    }

    /// The path of the first element, in document order, for which `wanted` says so.
    pub fn find_path(&self, mut wanted: impl FnMut(&Self) -> bool) -> Option<NodePath> {
        fn search(
            element: &Element,
            path: &mut Vec<usize>,
            wanted: &mut dyn FnMut(&Element) -> bool,
        ) -> bool {
            if wanted(element) {
                return true;
            }
            for (index, node) in element.nodes().iter().enumerate() {
                if let Some(child) = node.as_element() {
                    path.push(index);
                    if search(child, path, wanted) {
                        return true;
                    }
                    path.pop();
                }
            }
            false
        }
        let mut path = Vec::new();
        search(self, &mut path, &mut wanted).then_some(NodePath(path))
    }
}

/// The path in words, as patch sets and messages have it: `/cib/configuration/resources/primitive[@id='a']`. It goes as
/// far as the path leads to something; elements that have an id are told apart by it.
pub fn node_path_string(root: &Element, path: &NodePath) -> String {
    let mut text = String::new();
    push_step(&mut text, root.name(), root.id());
    let mut element = root;
    for &index in path.indices() {
        match element.nodes().get(index) {
            Some(Node::Element(child)) => {
                push_step(&mut text, child.name(), child.id());
                element = child;
            }
            Some(Node::Comment(_)) => {
                push_step(&mut text, "comment", None);
                break;
            }
            Some(Node::Text(_)) => {
                push_step(&mut text, "text()", None);
                break;
            }
            None => break,
        }
    }
    text
}

/// Appends one step of a path in words.
pub(crate) fn push_step(text: &mut String, name: &str, id: Option<&str>) {
    // Writing to a String cannot fail.
    let _ = match id {
        Some(id) => write!(text, "/{name}[@id='{id}']"),
        None => write!(text, "/{name}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn a_path_leads_to_its_node_and_can_be_told() {
        let mut root =
            parse("<cib><!--n--><nodes><node id='1'/><node id='2'><x/></node></nodes></cib>")
                .unwrap();
        let path = root.find_path(|element| element.name() == "x").unwrap();
        assert_eq!(path.indices(), [1, 1, 0]);
        assert_eq!(root.at(&path).unwrap().name(), "x");
        assert_eq!(node_path_string(&root, &path), "/cib/nodes/node[@id='2']/x");
        assert_eq!(node_path_string(&root, &NodePath::from_iter([0])), "/cib/comment");
        root.at_mut(&path).unwrap().set("a", 1);
        assert_eq!(root.at(&path).unwrap().attr("a"), Some("1"));
        assert_eq!(root.at(&NodePath::from_iter([0])), None, "a comment is no element");
        assert_eq!(root.at(&NodePath::from_iter([1, 7])), None);
        assert!(NodePath::from_iter([1, 1]).contains(&path));
    }

    #[test]
    fn a_removed_node_is_given_back() {
        let mut root = parse("<a><b/><c/></a>").unwrap();
        assert!(root.remove_at(&NodePath::from_iter([0])).unwrap().is_element("b"));
        assert!(root.remove_at(&NodePath::from_iter([1])).is_none());
        assert!(root.remove_at(&NodePath::ROOT).is_none());
        assert_eq!(root.to_compact(), "<a><c/></a>");
    }
}
