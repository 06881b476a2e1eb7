use std::borrow::Cow;

use vocab::Role;
use xml::Element;

use super::Constraint;
use crate::{Model, ResourceKey, document::Document, resource::Resource};

/// What a name in a constraint means.
pub(crate) enum Named {
    Resource,
    /// A tag or a template, with what it stands for.
    Several(Vec<String>),
}

/// Reads the constraints of a model whose resources and status are complete.
pub(crate) struct ConstraintReader<'a, 'x> {
    pub(crate) model: &'a mut Model,
    pub(crate) document: &'a mut Document<'x>,
    pub(crate) read: Vec<Constraint>,
}

impl ConstraintReader<'_, '_> {
    pub(crate) fn read_all(mut self) {
        let Some(section) = self.document.section("constraints") else { return };
        for element in section.children() {
            if element.id().is_none() {
                self.document
                    .problems
                    .error(format!("Ignoring <{}> constraint without id", element.name()));
                continue;
            }
            match element.name() {
                "rsc_location" => self.location(element),
                "rsc_colocation" => self.colocation(element),
                "rsc_order" => self.order(element),
                "rsc_ticket" => self.ticket(element),
                other => {
                    self.document.problems.error(format!("Unsupported constraint type: {other}"));
                }
            }
        }
        self.model.constraints = self.read;
    }

    /// The resource that a constraint names: one that nodes know under that name stands for its clone.
    pub(crate) fn find(&self, id: &str) -> Option<ResourceKey> {
        let found = self.model.resource_named(id)?;
        if self.model.resources[found].id == id {
            Some(found)
        } else {
            Some(self.model.top_of(found, true))
        }
    }

    pub(crate) fn resource(&self, key: ResourceKey) -> &Resource {
        &self.model.resources[key]
    }

    pub(crate) fn error(&mut self, text: String) {
        self.document.problems.error(text);
    }

    fn named(&mut self, id: &str) -> Option<Named> {
        if self.find(id).is_some() {
            return Some(Named::Resource);
        }
        let several = self.model.templates.get(id).or_else(|| self.model.tags.get(id)).cloned();
        if several.is_none() {
            self.document.problems.warning(format!("No resource, template, or tag named '{id}'"));
        }
        several.filter(|members| !members.is_empty()).map(Named::Several)
    }

    /// A constraint with tags and templates written out as sets. `ends` are the attributes that name resources, each with
    /// the attribute of the constraint that goes to the set (`role`, `action`) under another name.
    pub(crate) fn expanded<'e>(
        &mut self,
        element: &'e Element,
        ends: &[(&str, &str, &str)],
        convert_resources: bool,
    ) -> Option<Cow<'e, Element>> {
        if element.child("resource_set").is_some() {
            return self.expanded_sets(element);
        }
        let id = element.id().unwrap_or_default();
        let mut several = Vec::new();
        for (attribute, _, _) in ends {
            let Some(name) = element.attr(attribute) else { return Some(Cow::Borrowed(element)) };
            match self.named(name) {
                Some(Named::Resource) => several.push(None),
                Some(Named::Several(members)) => several.push(Some(members)),
                None => {
                    self.error(format!(
                        "Ignoring constraint '{id}' because '{name}' is not a valid resource or tag"
                    ));
                    return None;
                }
            }
        }
        if several.iter().all(Option::is_none) {
            return Some(Cow::Borrowed(element));
        }
        if element.name() == "rsc_colocation" && several.iter().all(Option::is_some) {
            self.error(format!(
                "Ignoring constraint '{id}' because two templates or tags cannot be colocated"
            ));
            return None;
        }
        let mut expanded = element.clone();
        for ((attribute, extra, extra_in_set), members) in ends.iter().zip(several) {
            let Some(name) = expanded.attr(attribute).map(str::to_owned) else { continue };
            let is_tag = members.is_some();
            if !is_tag && !convert_resources {
                continue;
            }
            expanded.remove_attr(attribute);
            let mut set = Element::new("resource_set").with("id", &name);
            for member in members.unwrap_or_else(|| vec![name.clone()]) {
                set.push(Element::new("resource_ref").with("id", member));
            }
            if is_tag {
                set.set("sequential", "false");
            }
            if let Some(value) = expanded.remove_attr(extra) {
                set.set(extra_in_set, value);
            }
            expanded.push(set);
        }
        Some(Cow::Owned(expanded))
    }

    fn expanded_sets<'e>(&mut self, element: &'e Element) -> Option<Cow<'e, Element>> {
        let mut expanded = element.clone();
        let mut any = false;
        for set in expanded.elements_mut() {
            if set.name() != "resource_set" || set.attr("id-ref").is_some() {
                continue;
            }
            let mut references = Vec::new();
            for reference in set.children_named("resource_ref") {
                let name = reference.id().unwrap_or_default();
                match self.named(name) {
                    Some(Named::Resource) => references.push(reference.clone()),
                    Some(Named::Several(members)) => {
                        any = true;
                        references.extend(
                            members.iter().map(|id| Element::new("resource_ref").with("id", id)),
                        );
                    }
                    None => {
                        // The sets are then read as they stand and fail where the name is needed.
                        let id = element.id().unwrap_or_default();
                        self.error(format!(
                            "Ignoring resource sets for constraint '{id}' because '{name}' is not a valid resource or tag"
                        ));
                        return Some(Cow::Borrowed(element));
                    }
                }
            }
            set.nodes_mut().clear();
            for reference in references {
                set.push(reference);
            }
        }
        Some(if any { Cow::Owned(expanded) } else { Cow::Borrowed(element) })
    }

    /// The sets of a constraint, references followed.
    pub(crate) fn sets(&mut self, element: &Element) -> Option<Vec<Element>> {
        element
            .children_named("resource_set")
            .map(|set| self.document.resolve(set).map(Cow::into_owned))
            .collect()
    }

    /// The ids in a set.
    pub(crate) fn members(set: &Element) -> Vec<String> {
        set.children_named("resource_ref").filter_map(Element::id).map(str::to_owned).collect()
    }

    /// Reads a role of a constraint; started means any.
    pub(crate) fn role(&mut self, id: &str, text: Option<&str>) -> Option<Role> {
        let Some(text) = text else { return Some(Role::Unknown) };
        match text.parse() {
            Ok(Role::Started) => Some(Role::Unknown),
            Ok(Role::Unknown) | Err(_) => {
                self.error(format!("Ignoring constraint {id}: Invalid role '{text}'"));
                None
            }
            Ok(role) => Some(role),
        }
    }
}
