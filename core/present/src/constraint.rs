//! The constraints of one resource, and of those that they lead to.

use std::{cmp::Ordering, collections::BTreeSet};

use model::{
    Model, NodeKey, ResourceKey,
    constraint::{Colocation, Constraint, Location, Preference, RuleScore},
};
use rules::{Facts, NextChange};
use vocab::{Role, Score};
use xml::Element;

use crate::TextList;

/// Which side of its colocations a resource is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// The others follow it.
    Followed,
    /// It follows the others.
    Following,
}

/// The colocations in which others follow the resource, as configured for itself: most important first.
pub fn followers(model: &Model, resource: ResourceKey) -> Vec<&Colocation> {
    colocations(model, resource, Side::Followed)
}

/// Locations and colocations of a resource as text, with `recursively` of all that colocations lead to.
pub fn constraint_text(model: &Model, resource: ResourceKey, recursively: bool) -> String {
    let mut out = TextList::new();
    location_section(&mut out, model, resource);
    for side in [Side::Followed, Side::Following] {
        side_section(&mut out, model, resource, side, recursively, &mut BTreeSet::new());
    }
    out.into_text()
}

/// The same as elements, one after another without nesting.
pub fn constraint_elements(
    model: &Model,
    resource: ResourceKey,
    recursively: bool,
) -> Vec<Element> {
    let mut elements = Vec::new();
    location_elements(&mut elements, model, resource);
    for side in [Side::Followed, Side::Following] {
        side_elements(&mut elements, model, resource, side, recursively, &mut BTreeSet::new());
    }
    elements
}

impl Side {
    /// The end of a colocation that the resource itself is.
    fn own(self, colocation: &Colocation) -> ResourceKey {
        match self {
            Self::Followed => colocation.primary,
            Self::Following => colocation.dependent,
        }
    }

    /// The other end.
    fn other(self, colocation: &Colocation) -> ResourceKey {
        match self {
            Self::Followed => colocation.dependent,
            Self::Following => colocation.primary,
        }
    }
}

fn colocations(model: &Model, resource: ResourceKey, side: Side) -> Vec<&Colocation> {
    let mut list: Vec<&Colocation> = Vec::new();
    for constraint in &model.constraints {
        let Constraint::Colocation(colocation) = constraint else { continue };
        if side.own(colocation) != resource || colocation.score == Score::ZERO {
            continue;
        }
        // Of equals the last one comes first, as in plans.
        let other = side.other(colocation);
        let position =
            list.iter().position(|known| compare(model, other, side.other(known)).is_le());
        list.insert(position.unwrap_or(list.len()), colocation);
    }
    list
}

/// Which of two resources is more important.
fn compare(model: &Model, a: ResourceKey, b: ResourceKey) -> Ordering {
    let (one, two) = (&model.resources[a], &model.resources[b]);
    two.state
        .priority
        .cmp(&one.state.priority)
        .then_with(|| two.rank().cmp(&one.rank()))
        .then_with(|| {
            if one.is_clone() { two.promotable.cmp(&one.promotable) } else { Ordering::Equal }
        })
        .then_with(|| one.id.cmp(&two.id))
}

/// The locations of a resource, the last one first, each with the nodes for which it holds.
fn locations(model: &Model, resource: ResourceKey) -> Vec<(&Location, Vec<(NodeKey, Score)>)> {
    let mut found: Vec<_> = model
        .constraints
        .iter()
        .filter_map(|constraint| match constraint {
            Constraint::Location(location) if location.resource == resource => {
                Some((location, scores(model, location)))
            }
            _ => None,
        })
        .collect();
    found.reverse();
    found
}

fn scores(model: &Model, location: &Location) -> Vec<(NodeKey, Score)> {
    let (rule, score, submatches) = match &location.preference {
        Preference::Node { node, score } => return vec![(*node, *score)],
        Preference::Rule { rule, score, submatches } => (rule, score, submatches),
    };
    let mut next = NextChange::default();
    let mut parameters = model.parameters.clone();
    let mut nodes = Vec::new();
    for &node in model.node_order.iter().rev() {
        let attributes = &model.nodes[node].attributes;
        let values = parameters.of(
            location.resource,
            Some(node),
            &model.resources,
            &model.nodes,
            model.now,
            &mut next,
        );
        let facts = Facts {
            node: Some(attributes),
            parameters: Some(&values),
            meta: Some(&model.resources[location.resource].meta),
            submatches,
            ..Facts::at(model.now)
        };
        if !rule.evaluate(&facts, &mut next).holds() {
            continue;
        }
        let score = match score {
            RuleScore::Fixed(score) => Some(*score),
            RuleScore::Attribute(name) => attributes
                .get(&rules::expand(name, submatches).into_owned())
                .filter(|value| !value.is_empty())
                .and_then(|value| model.options.parse_score(value)),
        };
        nodes.extend(score.map(|score| (node, score)));
    }
    nodes
}

fn location_section(out: &mut TextList, model: &Model, resource: ResourceKey) {
    let found = locations(model, resource);
    if found.iter().all(|(_, nodes)| nodes.is_empty()) {
        return;
    }
    let id = &model.resources[resource].id;
    out.section("Locations", |out| {
        for (location, nodes) in found {
            for (node, score) in nodes {
                let (node, constraint) = (&model.nodes[node].name, &location.id);
                out.item(format!("Node {node} (score={score}, id={constraint}, rsc={id})"));
            }
        }
    });
}

fn side_section(
    out: &mut TextList,
    model: &Model,
    resource: ResourceKey,
    side: Side,
    recursively: bool,
    seen: &mut BTreeSet<ResourceKey>,
) {
    let found = colocations(model, resource, side);
    if !seen.insert(resource) || found.is_empty() {
        return;
    }
    let id = &model.resources[resource].id;
    let heading = match side {
        Side::Followed => format!("Resources colocated with {id}"),
        Side::Following => format!("Resources {id} is colocated with"),
    };
    out.section(heading, |out| {
        for colocation in found {
            let other = side.other(colocation);
            let (name, constraint) = (&model.resources[other].id, &colocation.id);
            if seen.contains(&other) {
                out.item(format!("{name} (id={constraint} - loop)"));
                continue;
            }
            let role = match colocation.primary_role {
                role @ (Role::Promoted | Role::Unpromoted) => {
                    let with = if side == Side::Followed { "needs" } else { "with" };
                    format!(" {with} role={role},")
                }
                Role::Unknown | Role::Stopped | Role::Started => String::new(),
            };
            out.item(format!("{name} (score={},{role} id={constraint})", colocation.score));
            out.nested(|out| {
                location_section(out, model, other);
                if recursively {
                    side_section(out, model, other, side, recursively, seen);
                }
            });
        }
    });
}

fn location_elements(elements: &mut Vec<Element>, model: &Model, resource: ResourceKey) {
    for (location, nodes) in locations(model, resource) {
        elements.extend(nodes.into_iter().map(|(node, score)| {
            Element::new("rsc_location")
                .with("node", &model.nodes[node].name)
                .with("rsc", &model.resources[resource].id)
                .with("id", &location.id)
                .with("score", score)
        }));
    }
}

fn side_elements(
    elements: &mut Vec<Element>,
    model: &Model,
    resource: ResourceKey,
    side: Side,
    recursively: bool,
    seen: &mut BTreeSet<ResourceKey>,
) {
    if !seen.insert(resource) {
        return;
    }
    for colocation in colocations(model, resource, side) {
        let role = |role: Role| (role != Role::Unknown).then(|| role.to_string());
        elements.push(
            Element::new("rsc_colocation")
                .with("id", &colocation.id)
                .with("rsc", &model.resources[colocation.dependent].id)
                .with("with-rsc", &model.resources[colocation.primary].id)
                .with("score", colocation.score)
                .with("node-attribute", colocation.node_attribute.as_deref().unwrap_or("#uname"))
                .with_some("rsc-role", role(colocation.dependent_role))
                .with_some("with-rsc-role", role(colocation.primary_role)),
        );
        let other = side.other(colocation);
        if seen.contains(&other) {
            continue;
        }
        location_elements(elements, model, other);
        if recursively {
            side_elements(elements, model, other, side, recursively, seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use vocab::Timestamp;

    use super::*;

    fn model() -> Model {
        let cib = xml::parse(
            "<cib><configuration><crm_config/><nodes><node id='1' uname='n1'/><node id='2' uname='n2'/></nodes>\
             <resources>\
             <primitive id='a' class='ocf' provider='pacemaker' type='Dummy'/>\
             <primitive id='b' class='ocf' provider='pacemaker' type='Dummy'/>\
             <primitive id='c' class='ocf' provider='pacemaker' type='Dummy'/>\
             </resources><constraints>\
             <rsc_location id='l1' rsc='b' node='n1' score='5'/>\
             <rsc_location id='l2' rsc='b'><rule id='r' score='-INFINITY'>\
             <expression id='e' attribute='#uname' operation='eq' value='n2'/></rule></rsc_location>\
             <rsc_colocation id='ab' rsc='a' with-rsc='b' score='INFINITY'/>\
             <rsc_colocation id='bc' rsc='b' with-rsc='c' with-rsc-role='Promoted' score='7'/>\
             <rsc_colocation id='ca' rsc='c' with-rsc='a' score='-1'/>\
             </constraints></configuration></cib>",
        )
        .expect("this is XML");
        Model::build(&cib, Timestamp(0)).0
    }

    #[test]
    fn colocations_are_followed_until_they_come_back() {
        let model = model();
        let a = model.resource_named("a").expect("it is there");
        assert_eq!(
            constraint_text(&model, a, true),
            "Resources colocated with a:\n\
             \x20 * c (score=-1, id=ca)\n\
             \x20   * Resources colocated with c:\n\
             \x20     * b (score=7, needs role=Promoted, id=bc)\n\
             \x20       * Locations:\n\
             \x20         * Node n2 (score=-INFINITY, id=r, rsc=b)\n\
             \x20         * Node n1 (score=5, id=l1, rsc=b)\n\
             \x20       * Resources colocated with b:\n\
             \x20         * a (id=ab - loop)\n\
             Resources a is colocated with:\n\
             \x20 * b (score=INFINITY, id=ab)\n\
             \x20   * Locations:\n\
             \x20     * Node n2 (score=-INFINITY, id=r, rsc=b)\n\
             \x20     * Node n1 (score=5, id=l1, rsc=b)\n\
             \x20   * Resources b is colocated with:\n\
             \x20     * c (score=7, with role=Promoted, id=bc)\n\
             \x20       * Resources c is colocated with:\n\
             \x20         * a (id=ca - loop)\n"
        );
        let ids = |recursively| {
            let elements = constraint_elements(&model, a, recursively);
            elements.iter().filter_map(|e| e.id().map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(ids(false), ["ca", "ab", "r", "l1"]);
        assert_eq!(ids(true), ["ca", "bc", "r", "l1", "ab", "ab", "r", "l1", "bc", "ca"]);
    }
}
