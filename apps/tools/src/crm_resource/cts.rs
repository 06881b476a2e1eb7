//! Lists resources and colocations for the programs that test clusters.

use model::{ResourceKey, current_node};
use xml::Element;

use super::session::{Session, Stop};

/// Lists all resources with their parts, and the colocations.
pub(super) fn list(session: &mut Session<'_>) -> Result<(), Stop> {
    let mut pending: Vec<ResourceKey> = session.model.top.iter().rev().copied().collect();
    while let Some(key) = pending.pop() {
        let line = resource(session, key);
        session.output.line(line);
        pending.extend(session.model.resources[key].state.children.iter().rev());
    }
    let document = session.document.clone();
    let section = document.descend(&["configuration", "constraints"]);
    for constraint in section.into_iter().flat_map(Element::children) {
        if constraint.name() != "rsc_colocation" || constraint.id().is_none() {
            continue;
        }
        let names = ["id", "rsc", "with-rsc", "score", "rsc-role", "with-rsc-role"];
        let values: Vec<&str> =
            names.iter().map(|name| constraint.attr(name).unwrap_or("NA")).collect();
        session.output.line(format!("Constraint rsc_colocation {}", values.join(" ")));
    }
    Ok(())
}

fn resource(session: &Session<'_>, key: ResourceKey) -> String {
    let model = &session.model;
    let resource = &model.resources[key];
    let element = match resource.rank() {
        0 => "primitive",
        1 => "group",
        2 => "clone",
        _ => "bundle",
    };
    let parent = resource.parent.map_or("NA", |parent| model.resources[parent].id.as_str());
    let known_as = resource.state.history_id.as_ref().unwrap_or(&resource.id);
    let agent = resource.agent.as_ref();
    let provider = agent.and_then(|agent| agent.provider.as_deref()).unwrap_or("NA");
    let (class, kind) =
        agent.map_or(("(null)", "(null)"), |agent| (agent.class.as_str(), agent.agent.as_str()));
    let is_clean = |node| {
        let state = &model.nodes[node].state;
        state.online && !state.unclean
    };
    let node = current_node(&resource.state, resource.needs_fencing, is_clean);
    let node = node.map_or("NA", |node| model.nodes[node].name.as_str());
    let quorum = u8::from(!resource.fence_device);
    let flags = flags(session, key);
    format!(
        "Resource: {element} {} {known_as} {parent} {provider} {class} {kind} {node} {quorum} {flags} {flags:#018x}",
        resource.id
    )
}

/// The properties of a resource as bits, which test programs read.
fn flags(session: &Session<'_>, key: ResourceKey) -> u64 {
    let resource = &session.model.resources[key];
    let state = &resource.state;
    let bits = [
        (state.removed, 0),
        (state.managed, 1),
        (state.blocked, 2),
        (state.removed_launched, 3),
        (resource.notify, 4),
        (resource.unique, 5),
        (resource.fence_device, 6),
        (resource.promotable, 7),
        // It has no place yet: nothing has been planned.
        (true, 8),
        (state.stop_if_failed, 12),
        (resource.remote_nesting_allowed, 14),
        (resource.critical, 15),
        (state.failed, 16),
        (resource.remote_connection, 18),
        (state.start_pending, 19),
        (state.exclusive_probes, 20),
        (state.migratable, 23),
        (state.failure_ignored, 24),
        (resource.replica_container, 25),
        (state.maintenance, 26),
        (resource.needs_quorum, 28),
        (resource.needs_fencing, 29),
        (resource.needs_unfencing, 30),
    ];
    bits.iter().filter(|(is_set, _)| *is_set).fold(0, |sum, (_, bit)| sum | (1 << bit))
}
