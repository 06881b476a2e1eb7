use xml::{Element, NodePath};

/// What kind of resource an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One instance of an agent.
    Primitive,
    /// Primitives that run together.
    Group,
    /// A primitive or group on several nodes; also the old form `<master>`.
    Clone,
    /// A primitive in containers.
    Bundle,
}

impl Kind {
    /// The kind that an element's name says.
    pub fn of(element: &Element) -> Option<Self> {
        match element.name() {
            "primitive" => Some(Self::Primitive),
            "group" => Some(Self::Group),
            "clone" | "master" => Some(Self::Clone),
            "bundle" => Some(Self::Bundle),
            _ => None,
        }
    }
}

/// A resource in a CIB and where it is.
#[derive(Clone, Debug)]
pub struct ResourceElement<'a> {
    /// Its place.
    pub path: NodePath,
    /// The element.
    pub element: &'a Element,
    /// What it is.
    pub kind: Kind,
}

/// The resources of a CIB with all those inside them, in document order.
pub fn resources(cib: &Element) -> Vec<ResourceElement<'_>> {
    let mut found = Vec::new();
    if let Some(path) = section_path(cib, "resources")
        && let Some(section) = cib.at(&path)
    {
        collect(section, &path, &mut found);
    }
    found
}

fn collect<'a>(parent: &'a Element, path: &NodePath, found: &mut Vec<ResourceElement<'a>>) {
    for (index, node) in parent.nodes().iter().enumerate() {
        let Some(element) = node.as_element() else { continue };
        if let Some(kind) = Kind::of(element) {
            let path = path.child(index);
            found.push(ResourceElement { path: path.clone(), element, kind });
            collect(element, &path, found);
        }
    }
}

/// The resource with that id.
pub(crate) fn resource<'a>(cib: &'a Element, id: &str) -> Option<ResourceElement<'a>> {
    resources(cib).into_iter().find(|resource| resource.element.id() == Some(id))
}

/// The resource that directly contains the one at the path.
pub(crate) fn parent<'a>(cib: &'a Element, path: &NodePath) -> Option<ResourceElement<'a>> {
    let (path, _) = path.split_last()?;
    let element = cib.at(&path)?;
    Some(ResourceElement { path, element, kind: Kind::of(element)? })
}

/// The resources directly inside one.
pub(crate) fn inner(element: &Element) -> impl Iterator<Item = &Element> {
    element.children().filter(|child| Kind::of(child).is_some())
}

/// The place of a section of the configuration.
pub(crate) fn section_path(cib: &Element, name: &str) -> Option<NodePath> {
    let index_of =
        |parent: &Element, name: &str| parent.nodes().iter().position(|node| node.is_element(name));
    let configuration = index_of(cib, "configuration")?;
    let section = index_of(cib.child("configuration")?, name)?;
    Some(NodePath::from_iter([configuration, section]))
}

/// A section of the configuration, made in its place if there is none.
pub(crate) fn section_mut<'a>(cib: &'a mut Element, name: &str) -> &'a mut Element {
    // The order that the schemas print; they accept any.
    const ORDER: [&str; 11] = [
        "crm_config",
        "rsc_defaults",
        "op_defaults",
        "nodes",
        "resources",
        "constraints",
        "fencing-topology",
        "acls",
        "tags",
        "alerts",
        "",
    ];
    let configuration = cib.child_or_new("configuration");
    if configuration.child(name).is_none()
        && !matches!(
            name,
            "rsc_defaults" | "op_defaults" | "tags" | "acls" | "alerts" | "fencing-topology"
        )
    {
        let rank = |other: &str| ORDER.iter().position(|known| *known == other);
        let at = configuration
            .nodes()
            .iter()
            .position(|node| {
                node.as_element().is_some_and(|element| rank(element.name()) > rank(name))
            })
            .unwrap_or(configuration.nodes().len());
        configuration.nodes_mut().insert(at, Element::new(name).into());
    }
    configuration.child_or_new(name)
}
