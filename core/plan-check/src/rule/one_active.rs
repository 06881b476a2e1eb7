use model::{NodeKey, ResourceKey};

use crate::{
    Objection, Rule,
    deeds::{Deed, Deeds, Doing},
};

/// A primitive, or an instance of a clone, starts only where and when it runs nowhere else.
pub(crate) fn check(deeds: &Deeds<'_>) -> Vec<Objection> {
    let starts = deeds.all.iter().filter(|deed| deed.doing == Doing::Start && !deed.pseudo);
    let mut objections: Vec<Objection> = starts.flat_map(|start| of_start(deeds, start)).collect();
    let taken_over = deeds.all.iter().filter(|deed| deed.doing == Doing::MigrateFrom);
    objections.extend(taken_over.flat_map(|start| of_start(deeds, start)));
    objections
}

fn of_start(deeds: &Deeds<'_>, start: &Deed) -> Vec<Objection> {
    let mut objections = Vec::new();
    let resource = deeds.resource(start.resource);
    for &node in &resource.state.active_on {
        if !is_safe(deeds, start, node) {
            let text = format!(
                "{} starts while it may run on {}",
                deeds.name(start.resource, start.node),
                deeds.model.nodes[node].name
            );
            objections.push(Objection::new(Rule::OneActive, text));
        }
    }
    for other in other_starts(deeds, start.resource, start.node) {
        let apart = deeds.is_over_before(start.resource, other.node, start.position)
            || deeds.is_over_before(start.resource, start.node, other.position);
        if !apart && start.position < other.position {
            let text = format!(
                "{} starts, and on {}",
                deeds.name(start.resource, start.node),
                deeds.model.nodes[other.node].name
            );
            objections.push(Objection::new(Rule::OneActive, text));
        }
    }
    objections
}

/// Whether what runs on `node` is over before the start, or cannot run there.
fn is_safe(deeds: &Deeds<'_>, start: &Deed, node: NodeKey) -> bool {
    // Where it starts it may have been started already: then nothing is added.
    if node == start.node || !deeds.may_run_still(start.resource, node, start.position) {
        return true;
    }
    // What has left the node in an earlier transition is only taken over.
    let source = deeds.resource(start.resource).state.migration_source;
    start.doing == Doing::MigrateFrom && source == Some(node)
}

fn other_starts<'a>(
    deeds: &'a Deeds<'_>,
    resource: ResourceKey,
    node: NodeKey,
) -> impl Iterator<Item = &'a Deed> {
    deeds.of(resource).filter(move |deed| {
        deed.node != node
            && (deed.doing == Doing::MigrateFrom || (deed.doing == Doing::Start && !deed.pseudo))
    })
}
