use model::{ResourceKey, Variant};
use vocab::Role;

use crate::{
    Objection, Rule,
    deeds::{Deed, Deeds, Doing},
};

/// At no moment more instances of a clone are promoted than it allows.
pub(crate) fn check(deeds: &Deeds<'_>) -> Vec<Objection> {
    let clones = deeds.model.resources.iter().filter(|(_, resource)| resource.promotable);
    clones
        .filter_map(|(key, resource)| match &resource.variant {
            Variant::Clone(limits) => Some((key, usize::try_from(limits.promoted_max).ok()?)),
            _ => None,
        })
        .flat_map(|(key, limit)| of_clone(deeds, key, limit))
        .collect()
}

fn of_clone(deeds: &Deeds<'_>, clone: ResourceKey, limit: usize) -> Vec<Objection> {
    let mut objections = Vec::new();
    // In a clone of groups each member counts for itself: the instance with the most is as good as any.
    let width = deeds
        .resource(clone)
        .state
        .children
        .first()
        .map_or(1, |&instance| deeds.primitives(instance).len().max(1));
    let instances = deeds.primitives(clone);
    let promoted: Vec<ResourceKey> = instances
        .iter()
        .copied()
        .filter(|&instance| deeds.resource(instance).state.role == Role::Promoted)
        .collect();
    let promotes: Vec<&Deed> = instances
        .iter()
        .flat_map(|&instance| deeds.of(instance))
        .filter(|deed| deed.doing == Doing::Promote)
        .collect();
    for promote in &promotes {
        let still = promoted
            .iter()
            .filter(|&&other| {
                other != promote.resource && !is_demoted_before(deeds, other, promote)
            })
            .count();
        let others = promotes
            .iter()
            .filter(|other| other.resource != promote.resource)
            .filter(|other| !deeds.order.is_before(promote.position, other.position))
            .count();
        if still + others + 1 > limit * width {
            let text = format!(
                "{} is promoted while {} others may be",
                deeds.name(promote.resource, promote.node),
                still + others
            );
            objections.push(Objection::new(Rule::Promoted, text));
        }
    }
    objections
}

fn is_demoted_before(deeds: &Deeds<'_>, instance: ResourceKey, promote: &Deed) -> bool {
    let state = &deeds.resource(instance).state;
    let demoted = deeds.of(instance).any(|deed| {
        matches!(deed.doing, Doing::Demote | Doing::Stop)
            && deeds.order.is_before(deed.position, promote.position)
    });
    demoted
        || state.active_on.iter().all(|&node| {
            let node_state = &deeds.model.nodes[node].state;
            let is_down = !node_state.online
                && (!node_state.unclean
                    || !deeds.model.options.fencing_enabled
                    || !deeds.resource(instance).needs_fencing);
            is_down || deeds.is_fenced_before(node, promote.position)
        })
}
