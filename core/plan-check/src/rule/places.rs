use model::{
    NodeKey, ProbeMode, ResourceKey,
    constraint::{Constraint, Location, Preference, RuleScore},
};
use rules::{Facts, NextChange};
use vocab::{Role, Score};

use crate::{
    Objection, Rule,
    deeds::{Deed, Deeds, Doing},
};

/// Nothing is started or promoted on a node that cannot run it, from which it is banned, or of which nobody knows whether
/// it runs there already.
pub(crate) fn check(deeds: &Deeds<'_>) -> Vec<Objection> {
    let mut objections = Vec::new();
    for deed in &deeds.all {
        if deed.pseudo || !matches!(deed.doing, Doing::Start | Doing::MigrateFrom | Doing::Promote)
        {
            continue;
        }
        let mut object = |why: &str| {
            let text = format!("{} {:?}: {why}", deeds.name(deed.resource, deed.node), deed.doing);
            objections.push(Objection::new(Rule::Places, text));
        };
        if let Some(why) = unable(deeds, deed) {
            object(why);
        }
        if let Some(id) = ban(deeds, deed) {
            object(&format!("banned by {id}"));
        }
        if deed.doing != Doing::Promote && !is_known(deeds, deed) {
            object("nobody has asked whether it runs there");
        }
    }
    objections
}

/// Why the node cannot run anything.
fn unable(deeds: &Deeds<'_>, deed: &Deed) -> Option<&'static str> {
    let node = &deeds.model.nodes[deed.node];
    if let Some(connection) = node.connection {
        // A remote node can do what its connection can: that one has to be there, or to come first.
        let comes = deeds.of(connection).any(|start| {
            matches!(start.doing, Doing::Start | Doing::MigrateFrom)
                && deeds.order.is_before(start.position, deed.position)
        });
        let stays = !deeds.places_after(connection).is_empty();
        return (!comes && !stays).then_some("nothing connects to the node");
    }
    let state = &node.state;
    [
        (!state.online, "the node is offline"),
        (state.unclean, "the node is unclean"),
        (state.shutdown, "the node shuts down"),
        (state.standby, "the node is in standby"),
        (state.maintenance, "the node is in maintenance"),
        (state.pending, "the node has not joined"),
    ]
    .into_iter()
    .find_map(|(is_so, why)| is_so.then_some(why))
}

/// The location constraints on the resource and on what it is part of.
fn locations<'a>(
    deeds: &Deeds<'a>,
    resource: ResourceKey,
) -> impl Iterator<Item = &'a Location> + use<'a> {
    let model = deeds.model;
    let locations = model.constraints.iter().filter_map(|constraint| match constraint {
        Constraint::Location(location) => Some(location),
        _ => None,
    });
    locations.filter(move |location| {
        location.resource == resource || model.is_above(location.resource, resource)
    })
}

/// The location constraint that keeps the resource, or what it is part of, off the node, or from being promoted there.
fn ban<'a>(deeds: &Deeds<'a>, deed: &Deed) -> Option<&'a str> {
    let is_promotion = deed.doing == Doing::Promote;
    locations(deeds, deed.resource)
        .filter(|location| (location.role == Role::Promoted) == is_promotion)
        .find(|location| forbids(deeds, location, deed.resource, deed.node))
        .map(|location| location.id.as_str())
}

fn forbids(deeds: &Deeds<'_>, location: &Location, resource: ResourceKey, node: NodeKey) -> bool {
    match &location.preference {
        Preference::Node { node: named, score } => *named == node && score.is_minus_infinite(),
        Preference::Rule { rule, score, submatches } => {
            let attributes = &deeds.model.nodes[node].attributes;
            let facts = Facts {
                node: Some(attributes),
                meta: Some(&deeds.resource(resource).meta),
                submatches,
                ..Facts::at(deeds.model.now)
            };
            let score = match score {
                RuleScore::Fixed(score) => Some(*score),
                RuleScore::Attribute(name) => attributes
                    .get(rules::expand(name, submatches).as_ref())
                    .and_then(|value| deeds.model.options.parse_score(value)),
            };
            score.is_some_and(Score::is_minus_infinite)
                && rule.evaluate(&facts, &mut NextChange::default()).holds()
        }
    }
}

/// Whether it is known that the resource does not run on the node yet: it was asked before, or is asked first.
fn is_known(deeds: &Deeds<'_>, deed: &Deed) -> bool {
    let resource = deeds.resource(deed.resource);
    let alike = deeds.alike(deed.resource);
    let recorded = alike.iter().any(|&instance| {
        let state = &deeds.resource(instance).state;
        state.known_on.contains(&deed.node) || state.active_on.contains(&deed.node)
    });
    let asked = alike.iter().any(|&instance| {
        let mut probes = deeds.on(instance, deed.node, Doing::Probe);
        probes.any(|probe| deeds.order.is_before(probe.position, deed.position))
    });
    // Nodes that come up with this plan run nothing yet, nor do containers that are started by it.
    let is_new = deeds.model.nodes[deed.node].connection.is_some();
    let is_launched = resource.state.launcher.is_some();
    let not_wanted = locations(deeds, deed.resource).any(|location| {
        let here =
            matches!(location.preference, Preference::Node { node, .. } if node == deed.node);
        here && location.discovery == ProbeMode::Never
    });
    recorded
        || asked
        || is_new
        || is_launched
        || not_wanted
        || !deeds.model.options.probe_resources
        || !deeds.model.nodes[deed.node].state.probes_allowed
}
