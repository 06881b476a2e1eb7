//! The parts of a CIB that requests can name.

use std::sync::Arc;

use xml::{Element, Node, NodePath};

/// The sections below `configuration` that have a name of their own.
const CONFIGURATION: [&str; 10] = [
    "crm_config",
    "nodes",
    "resources",
    "constraints",
    "op_defaults",
    "rsc_defaults",
    "acls",
    "fencing-topology",
    "tags",
    "alerts",
];

/// A part of a CIB, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The whole CIB. Names that nobody knows mean it as well, as they do in Pacemaker 2.1.
    All,
    /// `/cib/configuration`.
    Configuration,
    /// `/cib/status`.
    Status,
    /// `/cib/configuration/…`.
    Below(&'static str),
}

impl Section {
    /// What a request's section means; none is the whole CIB.
    pub fn named(name: Option<&str>) -> Self {
        match name {
            Some("configuration") => Self::Configuration,
            Some("status") => Self::Status,
            Some(name) => CONFIGURATION
                .iter()
                .find(|known| **known == name)
                .map_or(Self::All, |known| Self::Below(known)),
            None => Self::All,
        }
    }

    fn steps(&self) -> &[&'static str] {
        match self {
            Self::All => &[],
            Self::Configuration => &["configuration"],
            Self::Status => &["status"],
            Self::Below(name) => std::slice::from_ref(name),
        }
    }

    /// Where the section is; `None` if the CIB does not have it.
    pub fn path(&self, cib: &Element) -> Option<NodePath> {
        let mut path = NodePath::ROOT;
        let mut element = cib;
        let above: &[&str] = match self {
            Self::Below(_) => &["configuration"],
            Self::All | Self::Configuration | Self::Status => &[],
        };
        for step in above.iter().chain(self.steps()) {
            let index = element.nodes().iter().position(|node| node.is_element(step))?;
            element = element.nodes()[index].as_element()?;
            path = path.child(index);
        }
        Some(path)
    }

    /// The section, shared; `None` if the CIB does not have it.
    pub fn find(&self, cib: &Arc<Element>) -> Option<Arc<Element>> {
        let path = self.path(cib)?;
        shared_at(cib, &path)
    }

    /// The section, made empty if it is missing. `configuration` itself must be there for those below it.
    pub(crate) fn ensure(&self, cib: &mut Element) -> Option<NodePath> {
        if let Some(path) = self.path(cib) {
            return Some(path);
        }
        let (parent, name) = match self {
            Self::All => return None,
            Self::Configuration => (NodePath::ROOT, "configuration"),
            Self::Status => (NodePath::ROOT, "status"),
            Self::Below(name) => (Self::Configuration.path(cib)?, *name),
        };
        cib.at_mut(&parent)?.push(Element::new(name));
        self.path(cib)
    }
}

/// The element at a path, shared rather than copied.
pub(crate) fn shared_at(root: &Arc<Element>, path: &NodePath) -> Option<Arc<Element>> {
    let mut found = root;
    for &index in path.indices() {
        match found.nodes().get(index)? {
            Node::Element(child) => found = child,
            Node::Text(_) | Node::Comment(_) => return None,
        }
    }
    Some(Arc::clone(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_found_where_they_belong() {
        let cib = Arc::new(
            xml::parse("<cib><configuration><nodes id='n'/></configuration><status/></cib>")
                .unwrap(),
        );
        let name = |name| Section::named(name).find(&cib).map(|found| found.name().to_owned());
        assert_eq!(name(None).as_deref(), Some("cib"));
        assert_eq!(name(Some("nodes")).as_deref(), Some("nodes"));
        assert_eq!(name(Some("status")).as_deref(), Some("status"));
        assert_eq!(name(Some("no-such-section")).as_deref(), Some("cib"));
        assert_eq!(name(Some("tags")), None);
    }

    #[test]
    fn a_missing_section_is_made() {
        let mut cib = xml::parse("<cib><configuration/></cib>").unwrap();
        assert!(Section::named(Some("tags")).ensure(&mut cib).is_some());
        assert!(cib.descend(&["configuration", "tags"]).is_some());
        let mut bare = Element::new("cib");
        assert!(Section::named(Some("tags")).ensure(&mut bare).is_none());
    }
}
