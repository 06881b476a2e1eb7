//! What is down while a transition is carried out.

use model::{NodeKey, ResourceKey};
use serde::Serialize;
use transition::ActionId;

use crate::{
    Situation,
    effect::{Effect, Found},
    waves::Order,
};

/// A service that is not there for a while, or for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Interruption {
    /// The resource.
    pub resource: String,
    /// The node that it runs on now.
    pub node: String,
    /// The wave in which it stops; `None` if nobody stops it, since its node is gone.
    pub from_wave: Option<usize>,
    /// The wave in which it starts again; `None` if it does not.
    pub until_wave: Option<usize>,
    /// Nodes on which other instances of it go on running.
    pub elsewhere: Vec<String>,
}

/// Everything among the effects that stops for a while or for good.
pub(crate) fn interruptions(
    situation: &Situation,
    found: &[Found],
    order: &Order,
) -> Vec<Interruption> {
    let mut interruptions = Vec::new();
    for found in found {
        let Effect::Resource { fate, resource, from: Some(from), to, blocked: false, .. } =
            &found.effect
        else {
            continue;
        };
        use simulate::Fate::{Move, Recover, Restart, Stop};
        let (true, Some(key)) = (matches!(fate, Stop | Move | Restart | Recover), found.resource)
        else {
            continue;
        };
        let wave = |task: &str, node: &str| {
            let action = situation.plan.actions.iter().find(|action| {
                action.resource == Some(key)
                    && action.task == task
                    && action.in_graph
                    && situation.model.node_named(node) == action.node
            })?;
            order.wave_of.get(&ActionId(action.id)).copied()
        };
        let is_there = situation
            .model
            .node_named(from)
            .is_some_and(|node| situation.model.nodes[node].state.online);
        interruptions.push(Interruption {
            resource: resource.clone(),
            node: from.clone(),
            from_wave: wave("stop", from).filter(|_| is_there),
            until_wave: wave("start", to.as_ref().unwrap_or(from)),
            elsewhere: elsewhere(situation, key),
        });
    }
    interruptions
}

/// Where other instances of the same go on without a stop.
fn elsewhere(situation: &Situation, key: ResourceKey) -> Vec<String> {
    let model = &situation.model;
    let stops = |resource: ResourceKey, node: NodeKey| {
        situation.plan.actions.iter().any(|action| {
            action.resource == Some(resource)
                && action.node == Some(node)
                && action.task == "stop"
                && action.in_graph
        })
    };
    let config_id = &model.resources[key].config_id;
    let mut nodes: Vec<String> = model
        .resources
        .iter()
        .filter(|(other, resource)| *other != key && resource.config_id == *config_id)
        .flat_map(|(other, resource)| {
            resource.state.active_on.iter().map(move |&node| (other, node))
        })
        .filter(|(other, node)| model.nodes[*node].state.online && !stops(*other, *node))
        .map(|(_, node)| model.nodes[node].name.to_string())
        .collect();
    nodes.sort_by(|a, b| model::node::compare_names(a, b));
    nodes.dedup();
    nodes
}
