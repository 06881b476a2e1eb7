use std::collections::BTreeMap;

use model::{NodeKey, options::PlacementStrategy};

use crate::{Objection, Rule, deeds::Deeds};

/// When everything is done, nodes on which something was started have the capacity for all that runs on them.
pub(crate) fn check(deeds: &Deeds<'_>) -> Vec<Objection> {
    let model = deeds.model;
    if model.options.placement_strategy == PlacementStrategy::Default {
        return Vec::new();
    }
    let mut used: BTreeMap<(NodeKey, &str), i64> = BTreeMap::new();
    let mut changed: BTreeMap<(NodeKey, &str), ()> = BTreeMap::new();
    for (key, resource) in deeds.all_primitives() {
        for node in deeds.places_after(key) {
            for (name, amount) in &resource.utilization {
                let Ok(amount) = amount.parse::<i64>() else { continue };
                *used.entry((node, name)).or_default() += amount;
                if amount > 0 && deeds.is_started(key, node) {
                    changed.insert((node, name), ());
                }
            }
        }
    }
    let exceeded = used.into_iter().filter(|(place, amount)| {
        let capacity = model.nodes[place.0].utilization.get(place.1);
        let capacity = capacity.and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
        changed.contains_key(place) && *amount > capacity
    });
    exceeded
        .map(|((node, name), amount)| {
            let text = format!("{} has not {amount} of {name}", model.nodes[node].name);
            Objection::new(Rule::Capacity, text)
        })
        .collect()
}
