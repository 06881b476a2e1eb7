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
    if node == start.node || deeds.is_over_before(start.resource, node, start.position) {
        return true;
    }
    let resource = deeds.resource(start.resource);
    // What has left the node in an earlier transition is only taken over.
    let has_left =
        start.doing == Doing::MigrateFrom && resource.state.migration_source == Some(node);
    let state = &deeds.model.nodes[node].state;
    let fenceable = deeds.model.options.fencing_enabled;
    // A node that is known to be down runs nothing; without fencing one that was lost counts as down.
    let is_down = !state.online && (!state.unclean || !fenceable);
    // What does not need fencing may start whatever becomes of a lost node.
    let need_not_wait = !resource.needs_fencing && (!state.online || deeds.is_fenced(node));
    // A guest is gone with what launches it.
    let launcher_is_over = deeds.model.nodes[node]
        .connection
        .and_then(|connection| deeds.model.resources[connection].state.launcher)
        .is_some_and(|launcher| {
            let hosts = &deeds.resource(launcher).state.active_on;
            hosts.iter().all(|&host| deeds.is_over_before(launcher, host, start.position))
        });
    has_left || is_down || need_not_wait || launcher_is_over
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
