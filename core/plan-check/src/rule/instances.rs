use std::collections::BTreeMap;

use model::{NodeKey, ResourceKey, Variant, resource::CloneLimits};

use crate::{Objection, Rule, deeds::Deeds};

/// When everything is done, clones have no more instances than they may have, in all and on each node. Only clones of
/// which the plan starts something are looked at: others may have more from before.
pub(crate) fn check(deeds: &Deeds<'_>) -> Vec<Objection> {
    let clones =
        deeds.model.resources.iter().filter_map(|(key, resource)| match &resource.variant {
            Variant::Clone(limits) => Some((key, limits)),
            _ => None,
        });
    clones.flat_map(|(key, limits)| of_clone(deeds, key, limits)).collect()
}

fn of_clone(deeds: &Deeds<'_>, clone: ResourceKey, limits: &CloneLimits) -> Vec<Objection> {
    let mut objections = Vec::new();
    let instances = &deeds.resource(clone).state.children;
    let started = instances.iter().any(|&instance| {
        deeds.places_of(instance).iter().any(|&node| deeds.begins_on(instance, node))
    });
    if !started {
        return objections;
    }
    let mut on_node: BTreeMap<NodeKey, usize> = BTreeMap::new();
    let mut active = 0;
    for &instance in instances {
        let places = deeds.places_of(instance);
        active += usize::from(!places.is_empty());
        for node in places {
            *on_node.entry(node).or_default() += 1;
        }
    }
    let exceeds =
        |count: usize, limit: i32| usize::try_from(limit).is_ok_and(|limit| count > limit);
    let id = &deeds.resource(clone).id;
    if exceeds(active, limits.instances_max) {
        let text = format!("{id} has {active} instances of at most {}", limits.instances_max);
        objections.push(Objection::new(Rule::Instances, text));
    }
    for (node, count) in on_node {
        let starts_here = instances.iter().any(|&instance| deeds.begins_on(instance, node));
        if starts_here && exceeds(count, limits.instances_per_node) {
            let text = format!(
                "{id} has {count} instances on {} of at most {}",
                deeds.model.nodes[node].name, limits.instances_per_node
            );
            objections.push(Objection::new(Rule::Instances, text));
        }
    }
    objections
}
