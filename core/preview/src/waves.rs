//! The order of a transition: which actions can start at once, which have to wait.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use transition::{Action, ActionId, ActionKind, Graph};

/// Something that is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its number in the graph.
    pub id: u32,
    /// What: `start`, `stop`, `monitor`, `stonith`, ...
    pub task: String,
    /// To which resource.
    pub resource: Option<String>,
    /// Where, or to which node.
    pub node: Option<String>,
    /// How often it recurs, in milliseconds; 0 for once.
    pub interval_ms: u32,
    /// For fencing, how: `reboot`, `off`, `on`.
    pub how: Option<String>,
    /// Whether it would be done without the change, too.
    pub anyway: bool,
}

/// What can be done at the same time, once the waves before are done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wave {
    /// Its number, from 1.
    pub number: usize,
    /// What is done, in the order of the graph.
    pub steps: Vec<Step>,
}

/// A transition in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    pub(crate) waves: Vec<Wave>,
    /// The wave of each action; for what nobody carries out the last one before it.
    pub(crate) wave_of: BTreeMap<ActionId, usize>,
}

/// Whatever tells an action in two graphs.
fn identity(action: &Action) -> (&str, Option<&str>, &str) {
    let node = action.node.as_ref().map(|node| node.name.as_str());
    (&action.key, node, &action.task)
}

/// Orders a graph; `before` is that of the plan without the change.
pub(crate) fn order(graph: &Graph, before: &Graph) -> Order {
    let known: BTreeSet<_> =
        before.synapses.iter().map(|synapse| identity(&synapse.action)).collect();
    let wave_of = depths(graph);
    let mut waves: BTreeMap<usize, Vec<Step>> = BTreeMap::new();
    for synapse in &graph.synapses {
        let action = &synapse.action;
        if action.kind == ActionKind::Pseudo {
            continue;
        }
        if let Some(&wave) = wave_of.get(&action.id) {
            let anyway = known.contains(&identity(action));
            waves.entry(wave).or_default().push(step(action, anyway));
        }
    }
    let waves = waves.into_iter().map(|(number, steps)| Wave { number, steps }).collect();
    Order { waves, wave_of }
}

fn step(action: &Action, anyway: bool) -> Step {
    Step {
        id: action.id.0,
        task: action.task.clone(),
        resource: action.primitive.as_ref().map(|primitive| primitive.id.clone()),
        node: action.node.as_ref().map(|node| node.name.clone()),
        interval_ms: action.meta("interval").and_then(|text| text.parse().ok()).unwrap_or(0),
        how: action.meta("stonith_action").map(str::to_owned),
        anyway,
    }
}

/// How many actions have to be done one after the other until each is done. What waits for itself has no wave.
fn depths(graph: &Graph) -> BTreeMap<ActionId, usize> {
    let costs: BTreeMap<ActionId, usize> = graph
        .synapses
        .iter()
        .map(|synapse| (synapse.action.id, usize::from(synapse.action.kind != ActionKind::Pseudo)))
        .collect();
    let mut waiting: BTreeMap<ActionId, Vec<ActionId>> = BTreeMap::new();
    let mut unmet: BTreeMap<ActionId, usize> = BTreeMap::new();
    let mut depths: BTreeMap<ActionId, usize> = BTreeMap::new();
    let mut ready = Vec::new();
    for synapse in &graph.synapses {
        let id = synapse.action.id;
        let inputs: BTreeSet<_> =
            synapse.inputs.iter().filter(|input| costs.contains_key(input)).collect();
        for input in &inputs {
            waiting.entry(**input).or_default().push(id);
        }
        if inputs.is_empty() {
            ready.push((id, 0));
        }
        unmet.insert(id, inputs.len());
    }
    let mut latest: BTreeMap<ActionId, usize> = BTreeMap::new();
    while let Some((id, before)) = ready.pop() {
        let depth = before + costs[&id];
        depths.insert(id, depth);
        for next in waiting.get(&id).into_iter().flatten() {
            let latest = latest.entry(*next).or_default();
            *latest = depth.max(*latest);
            let left = unmet.entry(*next).or_default();
            *left = left.saturating_sub(1);
            if *left == 0 {
                ready.push((*next, *latest));
            }
        }
    }
    depths
}

#[cfg(test)]
mod tests {
    use transition::Synapse;

    use super::*;

    fn graph(actions: &[(u32, ActionKind, &[u32])]) -> Graph {
        let synapses = actions
            .iter()
            .enumerate()
            .map(|(position, (id, kind, inputs))| Synapse {
                id: u32::try_from(position).unwrap(),
                priority: 0,
                action: Action::new(ActionId(*id), *kind, "start", &format!("r{id}_start_0")),
                inputs: inputs.iter().copied().map(ActionId).collect(),
            })
            .collect();
        Graph { synapses, ..Graph::default() }
    }

    #[test]
    fn what_nobody_carries_out_takes_no_wave_and_loops_have_none() {
        use ActionKind::{Pseudo, Resource};
        let graph = graph(&[
            (1, Resource, &[]),
            (2, Pseudo, &[1]),
            (3, Resource, &[2, 99]),
            (4, Resource, &[5]),
            (5, Resource, &[4]),
            (6, Resource, &[]),
        ]);
        let before = Graph { synapses: vec![graph.synapses[5].clone()], ..Graph::default() };
        let order = order(&graph, &before);
        let ids: Vec<Vec<(u32, bool)>> = order
            .waves
            .iter()
            .map(|wave| wave.steps.iter().map(|step| (step.id, step.anyway)).collect())
            .collect();
        assert_eq!(ids, [vec![(1, false), (6, true)], vec![(3, false)]]);
        assert_eq!(order.wave_of[&ActionId(2)], 1);
    }
}
