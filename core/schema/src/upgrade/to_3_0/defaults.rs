//! Cluster options that were defaults of resources and operations move to where those are.

use xml::Element;

use super::{
    convert::{is_plain, name_and_value},
    replacements::{self as tables, Place},
};

/// What moves to the defaults.
pub(super) struct Moved {
    operations: Vec<Element>,
    resources: Vec<Element>,
}

impl Moved {
    /// What is in the cluster options. What counts only sometimes has no place there.
    pub(super) fn of(configuration: &Element) -> Self {
        let mut moved = Self { operations: Vec::new(), resources: Vec::new() };
        let options = configuration.child("crm_config");
        let sets =
            options.iter().flat_map(|options| options.children_named("cluster_property_set"));
        for pair in sets.filter(|set| is_plain(set)).flat_map(|set| set.children_named("nvpair")) {
            let (name, value) = name_and_value(pair);
            let Some(row) = tables::OPTIONS.find(name, value) else { continue };
            match row.moves_to {
                Some(Place::OpDefaults) => moved.operations.push(row.apply(pair)),
                Some(Place::RscDefaults) => moved.resources.push(row.apply(pair)),
                Some(Place::Resource | Place::ResourceFromParameters | Place::Operation) | None => {
                }
            }
        }
        moved
    }

    /// Puts it there, unless something is said about it already.
    pub(super) fn put(self, configuration: &mut Element) {
        put(configuration, "op_defaults", "_2TO3_-op-defaults", self.operations);
        put(configuration, "rsc_defaults", "_2TO3_-rsc-defaults", self.resources);
    }
}

fn put(configuration: &mut Element, section: &str, id: &str, pairs: Vec<Element>) {
    if pairs.is_empty() {
        return;
    }
    let Some(defaults) = configuration.child_mut(section) else {
        let set = Element::new("meta_attributes").with("id", id).with_children(pairs);
        configuration.push(Element::new(section).with_child(set));
        return;
    };
    let plain =
        || defaults.children().filter(|set| set.name() == "meta_attributes" && is_plain(set));
    let said = |name: &str| {
        plain().any(|set| set.children_named("nvpair").any(|pair| pair.attr("name") == Some(name)))
    };
    let missing: Vec<Element> =
        pairs.into_iter().filter(|pair| !said(pair.attr("name").unwrap_or_default())).collect();
    let set = defaults.elements_mut().find(|set| set.name() == "meta_attributes" && is_plain(set));
    if let Some(set) = set {
        missing.into_iter().for_each(|pair| set.push(pair));
    }
}
