use model::{
    ResourceKey, Variant,
    constraint::{Constraint, Order, OrderEnd, OrderStrength},
    resource::Replica,
};

use crate::{
    Objection, Rule,
    deeds::{Deed, Deeds, Doing},
};

/// What has to come after something comes after it, and what needs something does not start without it.
pub(crate) fn check(deeds: &Deeds<'_>) -> Vec<Objection> {
    let mut objections = Vec::new();
    for constraint in &deeds.model.constraints {
        if let Constraint::Order(Order::Pair { id, first, then, strength }) = constraint {
            pair(deeds, id, first, then, *strength, &mut objections);
        }
    }
    for (_, group) in deeds.model.resources.iter() {
        if matches!(group.variant, Variant::Group { ordered: true, .. }) {
            for members in group.state.children.windows(2) {
                in_group(deeds, members[0], members[1], &mut objections);
            }
        }
    }
    objections
}

fn pair(
    deeds: &Deeds<'_>,
    id: &str,
    first: &OrderEnd,
    then: &OrderEnd,
    strength: OrderStrength,
    objections: &mut Vec<Objection>,
) {
    let (Some(first_doing), Some(then_doing)) = (doing(&first.task), doing(&then.task)) else {
        return;
    };
    // Orders that reach into a bundle are about parts that come and go with their containers.
    if is_inside_bundle(deeds, first.resource) || is_inside_bundle(deeds, then.resource) {
        return;
    }
    let apart = has_instances(deeds, first.resource) && has_instances(deeds, then.resource);
    let done = |end: &OrderEnd, doing| -> Vec<&Deed> {
        let parts = ordered_parts(deeds, end.resource);
        let all: Vec<&Deed> = parts.into_iter().flat_map(|part| deeds.of(part)).collect();
        all.into_iter().filter(|deed| deed.doing == doing && !deed.pseudo).collect()
    };
    let (firsts, thens) = (done(first, first_doing), done(then, then_doing));
    for then_deed in &thens {
        for first_deed in &firsts {
            // Instances are paired node by node, or not at all: what happens elsewhere need not be waited for.
            let counts = !apart || first_deed.node == then_deed.node;
            let either_way = strength == OrderStrength::Serialize
                && deeds.order.is_before(then_deed.position, first_deed.position);
            if counts && !either_way && !is_kept(deeds, first_deed, then_deed) {
                let text = format!(
                    "{id}: {} {:?} need not wait for {} {:?}",
                    deeds.name(then_deed.resource, then_deed.node),
                    then_deed.doing,
                    deeds.name(first_deed.resource, first_deed.node),
                    first_deed.doing
                );
                objections.push(Objection::new(Rule::Sequence, text));
            }
        }
    }
    let binds = matches!(strength, OrderStrength::Mandatory | OrderStrength::Asymmetric);
    if binds && first_doing == Doing::Start && then_doing == Doing::Start {
        without_first(deeds, id, first.resource, &thens, objections);
    }
}

/// Whether the first comes before the second. What is sent to another node has left this one before it is stopped here.
fn is_kept(deeds: &Deeds<'_>, first: &Deed, then: &Deed) -> bool {
    let has_left = first.doing == Doing::Stop
        && deeds
            .on(first.resource, first.node, Doing::MigrateTo)
            .any(|sent| deeds.order.is_before(sent.position, then.position));
    has_left || deeds.order.is_before(first.position, then.position)
}

/// A start without what it needs.
fn without_first(
    deeds: &Deeds<'_>,
    id: &str,
    first: ResourceKey,
    thens: &[&Deed],
    objections: &mut Vec<Objection>,
) {
    let runs = !deeds.places_of(first).is_empty();
    if let (false, Some(then)) = (runs, thens.first()) {
        let text = format!(
            "{id}: {} starts although {} does not run",
            deeds.name(then.resource, then.node),
            deeds.resource(first).id
        );
        objections.push(Objection::new(Rule::Sequence, text));
    }
}

fn in_group(
    deeds: &Deeds<'_>,
    earlier: ResourceKey,
    later: ResourceKey,
    objections: &mut Vec<Objection>,
) {
    let pairs = [(earlier, later, Doing::Start), (later, earlier, Doing::Stop)];
    for (first, then, doing) in pairs {
        let firsts: Vec<&Deed> =
            deeds.of(first).filter(|deed| deed.doing == doing && !deed.pseudo).collect();
        for then_deed in deeds.of(then).filter(|deed| deed.doing == doing && !deed.pseudo) {
            for first_deed in &firsts {
                if !deeds.order.is_before(first_deed.position, then_deed.position) {
                    let text = format!(
                        "{} {doing:?} need not wait for {}",
                        deeds.name(then, then_deed.node),
                        deeds.name(first, first_deed.node)
                    );
                    objections.push(Objection::new(Rule::Sequence, text));
                }
            }
        }
    }
}

fn doing(task: &str) -> Option<Doing> {
    match task {
        "start" => Some(Doing::Start),
        "stop" => Some(Doing::Stop),
        "promote" => Some(Doing::Promote),
        "demote" => Some(Doing::Demote),
        _ => None,
    }
}

/// The primitives that an order of the resource is about: of a bundle the containers and what runs in them, since their
/// addresses and connections are the bundle's own affair.
fn ordered_parts(deeds: &Deeds<'_>, resource: ResourceKey) -> Vec<ResourceKey> {
    match &deeds.resource(resource).variant {
        Variant::Bundle { replicas, .. } => {
            let bundled = |child| deeds.primitives(child);
            let of_replica = |replica: &Replica| {
                let inside = replica.child.map(bundled).unwrap_or_default();
                [vec![replica.container], inside].concat()
            };
            replicas.iter().flat_map(of_replica).collect()
        }
        Variant::Primitive | Variant::Group { .. } | Variant::Clone(_) => {
            deeds.primitives(resource)
        }
    }
}

/// Whether a resource has instances that may be paired with others' node by node.
fn has_instances(deeds: &Deeds<'_>, resource: ResourceKey) -> bool {
    let top = deeds.resource(deeds.model.top_of(resource, false));
    top.is_clone() || top.is_bundle()
}

fn is_inside_bundle(deeds: &Deeds<'_>, resource: ResourceKey) -> bool {
    let top = deeds.model.top_of(resource, false);
    top != resource && deeds.resource(top).is_bundle()
}
