use std::collections::BTreeSet;

use model::{
    NodeKey, ResourceKey, Variant,
    constraint::{Colocation, Constraint},
};
use vocab::Role;

use crate::{
    Objection, Rule,
    deeds::{Deeds, Doing},
};

/// When everything is done, what the plan started is with what it must be with, and not with what it must not be with.
pub(crate) fn check(deeds: &Deeds<'_>) -> Vec<Objection> {
    let mut objections = Vec::new();
    for constraint in &deeds.model.constraints {
        if let Constraint::Colocation(colocation) = constraint {
            configured(deeds, colocation, &mut objections);
        }
    }
    for (_, group) in deeds.model.resources.iter() {
        if matches!(group.variant, Variant::Group { colocated: true, .. }) {
            for members in group.state.children.windows(2) {
                in_group(deeds, members[0], members[1], &mut objections);
            }
        }
    }
    objections
}

fn configured(deeds: &Deeds<'_>, colocation: &Colocation, objections: &mut Vec<Objection>) {
    let (must, must_not) = (colocation.score.is_infinite(), colocation.score.is_minus_infinite());
    if !must && !must_not {
        return;
    }
    let there: BTreeSet<&str> = deeds
        .primitives(colocation.primary)
        .into_iter()
        .filter(|&part| has_role(deeds, part, colocation.primary_role))
        .flat_map(|part| deeds.places_after(part))
        .filter_map(|node| value(deeds, colocation, node))
        .collect();
    for part in deeds.primitives(colocation.dependent) {
        if !has_role(deeds, part, colocation.dependent_role) {
            continue;
        }
        for node in deeds.places_after(part) {
            if !was_decided(deeds, part, node, colocation.dependent_role) {
                continue;
            }
            let is_there =
                value(deeds, colocation, node).is_some_and(|value| there.contains(value));
            if is_there != must {
                let (id, with) = (&colocation.id, &deeds.resource(colocation.primary).id);
                let verb = if must { "without" } else { "with" };
                let text = format!("{id}: {} {verb} {with}", deeds.name(part, node));
                objections.push(Objection::new(Rule::Together, text));
            }
        }
    }
}

/// What has to be equal: a node's name, or the attribute that the constraint names.
fn value<'a>(deeds: &Deeds<'a>, colocation: &Colocation, node: NodeKey) -> Option<&'a str> {
    // What is in a container is where the container is.
    let node = &deeds.model.nodes[deeds.host_after(node)];
    match colocation.node_attribute.as_deref() {
        None | Some("#uname") => Some(node.name.as_str()),
        Some(name) => node.attributes.get(name).map(String::as_str),
    }
}

fn has_role(deeds: &Deeds<'_>, part: ResourceKey, role: Role) -> bool {
    match role {
        Role::Promoted => deeds.role_after(part) == Role::Promoted,
        Role::Unpromoted => deeds.role_after(part) == Role::Unpromoted,
        Role::Stopped => false,
        Role::Unknown | Role::Started => true,
    }
}

/// Whether this plan put the resource there: what stays from before may not be the plan's fault.
fn was_decided(deeds: &Deeds<'_>, part: ResourceKey, node: NodeKey, role: Role) -> bool {
    if role == Role::Promoted {
        return deeds.on(part, node, Doing::Promote).next().is_some();
    }
    deeds.is_started(part, node)
}

fn in_group(
    deeds: &Deeds<'_>,
    earlier: ResourceKey,
    later: ResourceKey,
    objections: &mut Vec<Objection>,
) {
    let there = deeds.places_after(earlier);
    for node in deeds.places_after(later) {
        if deeds.is_started(later, node) && !there.contains(&node) {
            let id = &deeds.resource(earlier).id;
            let text = format!("{} without {id} before it", deeds.name(later, node));
            objections.push(Objection::new(Rule::Together, text));
        }
    }
}
