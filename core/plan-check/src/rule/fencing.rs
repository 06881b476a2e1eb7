use model::{
    Finding, NodeKey,
    constraint::{Constraint, LossPolicy},
    options::NoQuorumPolicy,
};

use crate::{
    Objection, Rule,
    deeds::{Deeds, Doing, Fencing},
};

/// Every fencing has a cause that the model shows, and nobody fences without being able to.
pub(crate) fn check(deeds: &Deeds<'_>) -> Vec<Objection> {
    let mut objections = Vec::new();
    for fencing in deeds.fencings.iter().filter(|fencing| !fencing.is_unfencing) {
        let name = &deeds.model.nodes[fencing.node].name;
        if !fencing.pseudo && !deeds.model.options.fencing_enabled {
            let text = format!("{name} is fenced although fencing is off");
            objections.push(Objection::new(Rule::Fencing, text));
        }
        if !has_cause(deeds, fencing) {
            let text = format!("{name} is fenced without a cause");
            objections.push(Objection::new(Rule::Fencing, text));
        }
    }
    objections
}

fn has_cause(deeds: &Deeds<'_>, fencing: &Fencing) -> bool {
    let model = deeds.model;
    let node = &model.nodes[fencing.node];
    let asked_for = model
        .findings
        .iter()
        .any(|finding| matches!(finding, Finding::Fence { node, .. } if *node == fencing.node));
    let without_quorum = !model.quorate && model.options.no_quorum_policy == NoQuorumPolicy::Fence;
    node.state.unclean
        || node.state.remote_reset
        || asked_for
        || without_quorum
        || is_unreachable(deeds, fencing.node)
        || lost_a_ticket(deeds, fencing.node)
        || host_goes(deeds, fencing.node)
}

/// Whether something runs on the node, or may run there, and the node cannot be reached to stop it.
fn is_unreachable(deeds: &Deeds<'_>, node: NodeKey) -> bool {
    let state = &deeds.model.nodes[node].state;
    let connection = deeds.model.nodes[node].connection;
    let connection_fails = connection.is_some_and(|connection| {
        let state = &deeds.resource(connection).state;
        let host_is_lost =
            state.active_on.iter().any(|&host| deeds.model.nodes[host].state.unclean);
        let is_down = state.active_on.is_empty() || state.role < vocab::Role::Started;
        state.failed || is_down || host_is_lost
    });
    // A connection that moves, or goes, cannot carry what has to be stopped.
    let connection_goes = connection
        .is_some_and(|connection| deeds.of(connection).any(|deed| deed.doing == Doing::Stop));
    // Of a node that left in good order nothing is wanted, unless something is still said to run there.
    let holds_something = connection.is_some() || !deeds.model.nodes[node].running.is_empty();
    (!state.online && holds_something) || connection_fails || connection_goes
}

fn lost_a_ticket(deeds: &Deeds<'_>, node: NodeKey) -> bool {
    deeds.model.constraints.iter().any(|constraint| match constraint {
        Constraint::Ticket(ticket) => {
            let known = deeds.model.tickets.get(&ticket.ticket);
            let missing = known.is_none_or(|ticket| !ticket.granted || ticket.standby);
            let runs_here = deeds
                .primitives(ticket.resource)
                .iter()
                .any(|&part| deeds.resource(part).state.active_on.contains(&node));
            ticket.loss_policy == LossPolicy::Fence && missing && runs_here
        }
        _ => false,
    })
}

/// Whether the node is a guest of which the container stops, fails or sits on a host that is lost.
fn host_goes(deeds: &Deeds<'_>, node: NodeKey) -> bool {
    let launcher = deeds.model.nodes[node]
        .connection
        .and_then(|connection| deeds.resource(connection).state.launcher);
    launcher.is_some_and(|launcher| {
        let state = &deeds.resource(launcher).state;
        state.failed
            || deeds.of(launcher).any(|deed| matches!(deed.doing, Doing::Stop | Doing::MigrateTo))
            || state.active_on.iter().any(|&host| deeds.model.nodes[host].state.unclean)
            || state.active_on.is_empty()
    })
}
