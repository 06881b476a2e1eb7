//! What resources have to do with each other, as the configuration says.

use std::collections::BTreeMap;

use model::{Model, Variant};
use serde::Serialize;
use xml::Element;

use crate::{concern::references, difference::is_resource};

/// What connects two resources, or a resource and a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// An ordering.
    Order,
    /// A colocation.
    Colocation,
    /// Both are in the same group.
    Group,
    /// Both are in the same clone.
    Clone,
    /// Both are in the same bundle.
    Bundle,
    /// The node on which it runs is fenced.
    Fencing,
    /// The scheduler says that it is so, and nothing that is configured connects them.
    Other,
}

struct Connection<'x> {
    relation: Relation,
    id: &'x str,
    members: Vec<&'x str>,
}

/// The resources of a configuration: what each is in, and the constraints between them.
pub(crate) struct Family<'x> {
    /// What a resource is in or made from, nearest first, with the kind of element.
    above: BTreeMap<&'x str, Vec<(&'x str, &'x str)>>,
    connections: Vec<Connection<'x>>,
}

impl<'x> Family<'x> {
    /// Reads a configuration; the model made from it knows the resources that nobody configured.
    pub(crate) fn read(configuration: &'x Element, model: &'x Model) -> Self {
        let mut family = Self { above: BTreeMap::new(), connections: Vec::new() };
        if let Some(resources) = configuration.child("resources") {
            family.resources(resources, &[]);
        }
        family.implied(model);
        let tags = configuration.child("tags").into_iter().flat_map(Element::children);
        for tag in tags {
            let Some(id) = tag.id() else { continue };
            for member in references(tag) {
                family.above.entry(member).or_default().push((id, "tag"));
            }
        }
        let constraints = configuration.child("constraints");
        for constraint in constraints.into_iter().flat_map(Element::children) {
            let relation = match constraint.name() {
                "rsc_order" => Relation::Order,
                "rsc_colocation" => Relation::Colocation,
                _ => continue,
            };
            let Some(id) = constraint.id() else { continue };
            let members = references(constraint).collect();
            family.connections.push(Connection { relation, id, members });
        }
        family
    }

    fn resources(&mut self, owner: &'x Element, above: &[(&'x str, &'x str)]) {
        for element in owner.children().filter(|element| is_resource(element.name())) {
            let Some(id) = element.id() else { continue };
            let mut mine = above.to_vec();
            mine.extend(element.attr("template").map(|template| (template, "template")));
            self.above.entry(id).or_default().extend(mine);
            let mut inside = vec![(id, element.name())];
            inside.extend_from_slice(above);
            self.resources(element, &inside);
        }
    }

    /// The parts of bundles that only the model has.
    fn implied(&mut self, model: &'x Model) {
        for resource in model.resources.values() {
            let id = resource.config_id.as_str();
            let mut parent = resource.parent.filter(|_| !self.above.contains_key(id));
            let mut above = Vec::new();
            while let Some(key) = parent {
                let container = &model.resources[key];
                let element = match container.variant {
                    Variant::Bundle { .. } => "bundle",
                    Variant::Group { .. } => "group",
                    Variant::Clone(_) => "clone",
                    Variant::Primitive => "primitive",
                };
                above.push((container.config_id.as_str(), element));
                parent = container.parent;
            }
            if !above.is_empty() {
                self.above.insert(id, above);
            }
        }
    }

    /// A resource and all that it is in or made from.
    pub(crate) fn line<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a str> {
        let above = self.above.get(id).into_iter().flatten().map(|(above, _)| *above);
        std::iter::once(id).chain(above)
    }

    /// Whether one is the other or in it.
    pub(crate) fn overlap(&self, a: &str, b: &str) -> bool {
        self.line(a).any(|above| above == b) || self.line(b).any(|above| above == a)
    }

    /// What connects two resources, orderings first if they are asked for.
    pub(crate) fn relation(
        &self,
        a: &str,
        b: &str,
        first: Relation,
    ) -> (Relation, Option<&'x str>) {
        let names = |connection: &&Connection<'x>| {
            let has = |id: &str| self.line(id).any(|above| connection.members.contains(&above));
            has(a) && has(b)
        };
        let mut found: Vec<_> = self.connections.iter().filter(names).collect();
        found.sort_by_key(|connection| connection.relation != first);
        if let Some(connection) = found.first().filter(|connection| connection.relation == first) {
            return (connection.relation, Some(connection.id));
        }
        if let Some((id, element)) = self.common(a, b) {
            let relation = match element {
                "group" => Relation::Group,
                "bundle" => Relation::Bundle,
                _ => Relation::Clone,
            };
            return (relation, Some(id));
        }
        found.first().map_or((Relation::Other, None), |other| (other.relation, Some(other.id)))
    }

    /// The nearest resource that both are in.
    fn common(&self, a: &str, b: &str) -> Option<(&'x str, &'x str)> {
        let above = self.above.get(a)?;
        let containers = above.iter().filter(|(_, element)| is_resource(element));
        containers.copied().find(|(id, _)| self.line(b).any(|other| other == *id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_come_from_constraints_and_from_what_things_are_in() {
        let cib = xml::parse(
            "<configuration><resources><group id='g'><primitive id='a' template='t'/>\
             <primitive id='b'/></group><clone id='c'><primitive id='d'/></clone>\
             <primitive id='e'/></resources><constraints>\
             <rsc_colocation id='col' rsc='g' with-rsc='c' score='1'/>\
             <rsc_order id='ord' first='d' then='b'/></constraints></configuration>",
        )
        .unwrap();
        let empty = xml::parse("<cib><configuration/></cib>").unwrap();
        let (model, _) = Model::build(&empty, vocab::Timestamp(1));
        let family = Family::read(&cib, &model);
        assert_eq!(family.line("a").collect::<Vec<_>>(), ["a", "g", "t"]);
        assert_eq!(family.relation("b", "d", Relation::Order), (Relation::Order, Some("ord")));
        assert_eq!(family.relation("a", "d", Relation::Order), (Relation::Colocation, Some("col")));
        assert_eq!(family.relation("a", "b", Relation::Order), (Relation::Group, Some("g")));
        assert_eq!(family.relation("a", "e", Relation::Order), (Relation::Other, None));
        assert!(family.overlap("g", "a") && !family.overlap("a", "b"));
    }
}
