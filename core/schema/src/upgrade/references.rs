//! Elements that stand for others by `id-ref`, and what they stand for.

use std::{collections::BTreeMap, sync::Arc};

use xml::{Element, Node};

use super::Unfit;

/// More elements than are ever copied into the places where they are referred to.
const COPIES_MAX: usize = 500_000;

/// The attribute that refers.
pub(super) const ID_REF: &str = "id-ref";

/// Elements by id. Where several have it, the first of each name is there.
pub(super) struct Index(BTreeMap<String, Vec<Arc<Element>>>);

/// How much may still be copied.
pub(super) struct Budget(usize);

impl Index {
    /// The elements inside a configuration.
    pub(super) fn of(configuration: &Element) -> Self {
        let mut index: BTreeMap<String, Vec<Arc<Element>>> = BTreeMap::new();
        let mut pending: Vec<&Element> = vec![configuration];
        while let Some(element) = pending.pop() {
            for node in element.nodes() {
                let Node::Element(child) = node else { continue };
                let Some(id) = child.id().filter(|_| is_definition(child.name())) else { continue };
                index.entry(id.to_owned()).or_default().push(Arc::clone(child));
            }
            pending.extend(element.children().rev());
        }
        Self(index)
    }

    /// The element with an id, of a name if there is one.
    pub(super) fn find(&self, name: &str, id: &str) -> Option<&Arc<Element>> {
        let found = self.0.get(id)?;
        found.iter().find(|element| element.name() == name).or(found.first())
    }

    /// The only element with that name and id.
    pub(super) fn find_only(&self, name: &str, id: &str) -> Option<&Arc<Element>> {
        let mut found = self.0.get(id)?.iter().filter(|element| element.name() == name);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self(COPIES_MAX)
    }

    /// Pays for one element.
    pub(super) fn pay(&mut self) -> Result<(), Unfit> {
        self.0 = self.0.checked_sub(1).ok_or(Unfit)?;
        Ok(())
    }
}

/// Whether the `id` of an element of that name is its own.
pub(super) fn is_definition(name: &str) -> bool {
    !matches!(name, "resource_ref" | "obj_ref" | "role" | "role_ref" | "node")
}

/// Whether something inside has an `id-ref`.
pub(super) fn has_references(configuration: &Element) -> bool {
    configuration.descendants().any(|element| element.attr(ID_REF).is_some())
}

/// The element without what is inside.
pub(super) fn shell(element: &Element) -> Element {
    element
        .attrs()
        .fold(Element::new(element.name()), |shell, (name, value)| shell.with(name, value))
}

/// Changes every element with one of the names, however deep inside, innermost first. Only what leads to one is copied.
pub(super) fn for_each(
    element: &mut Element,
    names: &[&str],
    change: &mut impl FnMut(&mut Element),
) {
    for index in 0..element.nodes().len() {
        let inside =
            |child: &Element| child.descendants().any(|inner| names.contains(&inner.name()));
        if !element.nodes().get(index).and_then(Node::as_element).is_some_and(inside) {
            continue;
        }
        if let Some(child) = element.element_mut(index) {
            for_each(child, names, change);
        }
    }
    if names.contains(&element.name()) {
        change(element);
    }
}
