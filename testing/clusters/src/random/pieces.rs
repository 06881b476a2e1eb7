//! The pieces of XML that a configuration is made of.

use std::fmt::Display;

use xml::Element;

/// Names with their values, as they are collected before they become an element.
#[derive(Clone, Debug, Default)]
pub(super) struct Values(Vec<(String, String)>);

impl Values {
    /// Sets a value; the last one counts.
    pub(super) fn set(&mut self, name: &str, value: impl Display) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.to_string()));
    }

    /// Whether something was set.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The element, unless it would be empty.
    pub(super) fn element(&self, kind: &str, id: &str) -> Option<Element> {
        (!self.0.is_empty()).then(|| {
            let pairs = self.0.iter().map(|(name, value)| pair(id, name, value));
            Element::new(kind).with("id", id).with_children(pairs)
        })
    }
}

/// A name with its value, in the set of that id.
pub(super) fn pair(set: &str, name: &str, value: impl Display) -> Element {
    let id = name.replace('#', "_");
    Element::new("nvpair")
        .with("id", format_args!("{set}-{id}"))
        .with("name", name)
        .with("value", value)
}

/// Sets a value in a set of values, which is made if the owner has none of that kind.
pub(super) fn set_value(owner: &mut Element, kind: &str, name: &str, value: impl Display) {
    let id = format!("{}-{kind}", owner.id().unwrap_or("set"));
    let set = owner.child_or_new(kind);
    let id = match set.id() {
        Some(id) => id.to_owned(),
        None => {
            set.set("id", &id);
            id
        }
    };
    let known = set
        .nodes()
        .iter()
        .position(|node| node.as_element().is_some_and(|pair| pair.attr("name") == Some(name)));
    match known.and_then(|index| set.element_mut(index)) {
        Some(known) => known.set("value", value),
        None => set.push(pair(&id, name, value)),
    }
}

/// Resources as a constraint lists them.
pub(super) fn resource_set(id: &str, members: &[String]) -> Element {
    let members = members.iter().map(|member| Element::new("resource_ref").with("id", member));
    Element::new("resource_set").with("id", id).with_children(members)
}
