use model::{NodeKey, ResourceKey};
use xml::Element;

use crate::{Owner, Place, asker::Asker};

impl Asker<'_> {
    fn section(&self, name: &str) -> Option<&Element> {
        self.document?.descend(&["configuration", name])
    }

    /// Where an option of the cluster is written.
    pub(crate) fn option_place(&self, name: &str) -> Option<Place> {
        let section = self.section("crm_config")?;
        let value = model::options::option(&self.model.options.configured, name)?;
        let nvpair = section
            .descendants()
            .filter(|element| element.name() == "nvpair")
            .filter(|nvpair| nvpair.attr("value") == Some(value))
            .find(|nvpair| {
                nvpair.attr("name").is_some_and(|written| {
                    let single = [(written.to_owned(), value.to_owned())].into();
                    model::options::option(&single, name).is_some()
                })
            })?;
        Some(Place { owner: Owner::ClusterOptions, id: nvpair.id()?.to_owned() })
    }

    /// Where a meta-attribute of a resource is written: by itself, by its template, by what it is part of, or by the
    /// defaults.
    pub(crate) fn meta_place(&self, key: ResourceKey, name: &str) -> Option<Place> {
        let value = self.resource(key).meta(name)?;
        let resources = self.section("resources")?;
        let mut current = Some(key);
        while let Some(key) = current {
            let id = self.resource(key).config_id.as_str();
            let element = resources.descendants().find(|element| element.id() == Some(id));
            if let Some(element) = element {
                let template = element.attr("template").and_then(|template| {
                    resources.children_named("template").find(|t| t.id() == Some(template))
                });
                for holder in [Some(element), template].into_iter().flatten() {
                    if let Some(pair) = meta_pair(holder, name, value) {
                        let owner = Owner::Resource(holder.id()?.to_owned());
                        return Some(Place { owner, id: pair.id()?.to_owned() });
                    }
                }
            }
            current = self.resource(key).parent;
        }
        let pair = meta_pair(self.section("rsc_defaults")?, name, value)?;
        Some(Place { owner: Owner::ResourceDefaults, id: pair.id()?.to_owned() })
    }

    /// Where an attribute of a node is written; what is transient counts first.
    pub(crate) fn node_place(&self, node: NodeKey, name: &str) -> Option<Place> {
        let wanted = self.model.nodes[node].name.as_str();
        let of_node = |element: &&Element| {
            element.attr("uname").or(element.id()).is_some_and(|n| n.eq_ignore_ascii_case(wanted))
        };
        let pair = |element: &'_ Element| {
            element
                .descendants()
                .filter(|found| found.name() == "nvpair")
                .find(|found| found.attr("name") == Some(name))
                .and_then(|found| found.id().map(str::to_owned))
        };
        let status = self.document?.child("status");
        let transient = status
            .and_then(|status| status.children_named("node_state").find(of_node))
            .and_then(|state| state.child("transient_attributes"))
            .and_then(pair);
        if let Some(id) = transient {
            return Some(Place { owner: Owner::NodeUntilRestart(wanted.to_owned()), id });
        }
        let id = self.section("nodes")?.children_named("node").find(of_node).and_then(pair)?;
        Some(Place { owner: Owner::Node(wanted.to_owned()), id })
    }

    /// The location constraint that a rule belongs to.
    pub(crate) fn constraint_of_rule(&self, rule: &str) -> Option<String> {
        let constraint = self.section("constraints")?.children_named("rsc_location").find(|c| {
            c.children_named("rule").any(|r| r.id() == Some(rule) || r.attr("id-ref") == Some(rule))
        })?;
        constraint.id().map(str::to_owned)
    }
}

fn meta_pair<'e>(holder: &'e Element, name: &str, value: &str) -> Option<&'e Element> {
    holder
        .children_named("meta_attributes")
        .flat_map(Element::descendants)
        .filter(|element| element.name() == "nvpair" && element.attr("name") == Some(name))
        .find(|pair| pair.attr("value") == Some(value))
}
