use std::collections::BTreeSet;

use simulate::OperationResult;
use transition::{Action, ActionKind, Graph};
use xml::Element;

use super::{numbers::Random, play as whole};

/// Makes a plan and carries out only some of it, as if something had come in between; now and then an operation fails.
pub(super) fn play(random: &mut Random, cib: &Element) -> Element {
    let (model, mut plan) = whole::plan(cib);
    keep_some(random, &mut plan.graph);
    let actions: Vec<_> = plan.graph.synapses.iter().map(|synapse| &synapse.action).collect();
    let failure = random.pick(&actions).filter(|_| random.percent(30)).and_then(failure);
    let failures: Vec<OperationResult> = failure.into_iter().collect();
    whole::play(cib, &model, &plan, &failures)
}

/// Drops what would have come later, in one of the orders that the graph allows.
fn keep_some(random: &mut Random, graph: &mut Graph) {
    let count = random.between(0, graph.synapses.len());
    let mut kept = BTreeSet::new();
    for _ in 0..count {
        let ready: Vec<_> = graph
            .synapses
            .iter()
            .filter(|synapse| !kept.contains(&synapse.action.id))
            .filter(|synapse| synapse.inputs.iter().all(|input| kept.contains(input)))
            .map(|synapse| synapse.action.id)
            .collect();
        let Some(next) = random.pick(&ready) else { break };
        kept.insert(next);
    }
    graph.synapses.retain(|synapse| kept.contains(&synapse.action.id));
}

fn failure(action: &Action) -> Option<OperationResult> {
    const CAN_FAIL: [&str; 7] =
        ["start", "stop", "monitor", "promote", "demote", "migrate_to", "migrate_from"];
    if action.kind != ActionKind::Resource || !CAN_FAIL.contains(&action.task.as_str()) {
        return None;
    }
    let interval = action.meta("interval").and_then(|text| text.parse().ok()).unwrap_or(0);
    Some(OperationResult {
        resource: action.primitive.as_ref()?.id.clone(),
        task: action.task.clone(),
        interval_ms: interval,
        node: action.node.as_ref()?.name.clone(),
        exit: 1,
    })
}
