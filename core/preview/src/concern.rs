//! Which resources and nodes a change of the configuration names.

use std::collections::BTreeSet;

use xml::Element;

use crate::difference::{ElementChange, is_resource};

/// Options that say something about the cluster and change nothing in it.
const IDLE_OPTIONS: [&str; 5] =
    ["cluster-infrastructure", "cluster-name", "dc-version", "have-watchdog", "last-lrm-refresh"];

/// What one change of the configuration names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Concern {
    /// Resources, groups, clones, bundles, templates and tags, by id; each stands for all that is in it.
    pub(crate) trees: BTreeSet<String>,
    /// Nodes, by name.
    pub(crate) nodes: BTreeSet<String>,
    /// Whether it is a setting for the whole cluster.
    pub(crate) everything: bool,
}

/// What the change names, between an old and a new configuration.
pub(crate) fn concern(change: &ElementChange, old: &Element, new: &Element) -> Concern {
    let mut concern = Concern::default();
    let section = change.within.first().unwrap_or(&change.place);
    match section.element.as_str() {
        "resources" => concern.resources(change),
        "constraints" | "tags" => concern.references(change, old, new),
        "nodes" => concern.node(change, old, new),
        "crm_config" => concern.option(change),
        // Neither decides what runs where.
        "acls" | "alerts" | "fencing-topology" => {}
        _ => concern.everything = true,
    }
    concern
}

impl Concern {
    fn resources(&mut self, change: &ElementChange) {
        let tells = |name: &str| is_resource(name) || name == "template";
        if tells(&change.place.element) {
            self.collect(change);
            return;
        }
        let owner = change.within.iter().rev().find(|place| tells(&place.element));
        match owner.and_then(|place| place.id.clone()) {
            Some(id) => {
                self.trees.insert(id);
            }
            // A whole section comes or goes.
            None => self.collect(change),
        }
    }

    /// The resource that changes, and those that come, go or move with it.
    fn collect(&mut self, change: &ElementChange) {
        if let Some(id) = &change.place.id {
            self.trees.insert(id.clone());
        }
        for inner in &change.content {
            if is_resource(&inner.place.element) {
                self.collect(inner);
            }
        }
    }

    /// All resources that a constraint or a tag names, before and after.
    fn references(&mut self, change: &ElementChange, old: &Element, new: &Element) {
        let Some(constraint) = change.within.get(1).or_else(|| {
            // The section itself is none.
            (!change.within.is_empty()).then_some(&change.place)
        }) else {
            self.everything = true;
            return;
        };
        for configuration in [old, new] {
            let found = configuration.descendants().find(|element| {
                element.name() == constraint.element && element.id() == constraint.id.as_deref()
            });
            let Some(found) = found else { continue };
            self.everything |= found.attr("rsc-pattern").is_some();
            self.trees.extend(references(found).map(str::to_owned));
        }
    }

    fn node(&mut self, change: &ElementChange, old: &Element, new: &Element) {
        let node = change.within.get(1).unwrap_or(&change.place);
        for configuration in [old, new] {
            let found = configuration.descendants().find(|element| {
                element.name() == "node"
                    && element.id().is_some()
                    && element.id() == node.id.as_deref()
            });
            self.nodes.extend(found.and_then(|found| found.attr("uname")).map(str::to_owned));
        }
    }

    fn option(&mut self, change: &ElementChange) {
        let name = change.attribute("name").or(change.place.id.as_deref()).unwrap_or_default();
        let is_idle = |option: &str| name == option || name.ends_with(&format!("-{option}"));
        let idle = change.place.element == "nvpair" && IDLE_OPTIONS.into_iter().any(is_idle);
        self.everything = !idle;
    }
}

/// The ids of the resources that a constraint or a tag names.
pub(crate) fn references(element: &Element) -> impl Iterator<Item = &str> {
    const ATTRIBUTES: [&str; 4] = ["rsc", "with-rsc", "first", "then"];
    let own = ATTRIBUTES.iter().filter_map(|name| element.attr(name));
    let members = element
        .descendants()
        .filter(|inner| matches!(inner.name(), "resource_ref" | "obj_ref"))
        .filter_map(Element::id);
    own.chain(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::difference::difference;

    fn concerns(old: &str, new: &str) -> Vec<Concern> {
        let [old, new] = [old, new]
            .map(|text| xml::parse(&format!("<configuration>{text}</configuration>")).unwrap());
        difference(&old, &new).iter().map(|change| concern(change, &old, &new)).collect()
    }

    fn set(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn settings_concern_the_resource_they_are_in() {
        let cib = |value: u32| {
            format!(
                "<resources><group id='g'><primitive id='a'><meta_attributes id='m'><nvpair \
                 id='n' name='k' value='{value}'/></meta_attributes></primitive></group></resources>"
            )
        };
        let found = concerns(&cib(1), &cib(2));
        assert_eq!(found, [Concern { trees: set(&["a"]), ..Concern::default() }]);
    }

    #[test]
    fn constraints_concern_what_they_name_even_if_they_are_gone() {
        let old = "<constraints><rsc_colocation id='c' rsc='a' with-rsc='b' score='1'/>\
                   <rsc_order id='o'><resource_set id='s'><resource_ref id='x'/></resource_set>\
                   </rsc_order></constraints>";
        let new = "<constraints><rsc_order id='o'><resource_set id='s'><resource_ref id='x'/>\
                   <resource_ref id='y'/></resource_set></rsc_order></constraints>";
        let found = concerns(old, new);
        let trees: Vec<_> = found.into_iter().map(|concern| concern.trees).collect();
        assert_eq!(trees, [set(&["a", "b"]), set(&["x", "y"])]);
    }

    #[test]
    fn nodes_are_known_by_name_and_options_concern_all_but_idle_ones() {
        let cib = |value: u32| {
            format!(
                "<crm_config><cluster_property_set id='p'><nvpair id='p-cluster-name' \
                 name='cluster-name' value='{value}'/><nvpair id='p-x' name='x' value='{value}'/>\
                 </cluster_property_set></crm_config><nodes><node id='1' uname='n'>\
                 <instance_attributes id='i'><nvpair id='s' name='standby' value='{value}'/>\
                 </instance_attributes></node></nodes>"
            )
        };
        let found = concerns(&cib(1), &cib(2));
        let nodes = Concern { nodes: set(&["n"]), ..Concern::default() };
        let all = Concern { everything: true, ..Concern::default() };
        assert_eq!(found, [Concern::default(), all, nodes]);
    }
}
