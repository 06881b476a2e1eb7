use std::collections::BTreeSet;

use transition::Graph;

use crate::{Objection, Rule, order};

/// Numbers are used once, inputs are there, and nothing waits for itself.
pub(crate) fn check(graph: &Graph) -> Vec<Objection> {
    let mut objections = Vec::new();
    let mut seen = BTreeSet::new();
    for synapse in &graph.synapses {
        if !seen.insert(synapse.action.id) {
            let text = format!("the number {} is there twice", synapse.action.id);
            objections.push(Objection::new(Rule::WellFormed, text));
        }
    }
    for synapse in &graph.synapses {
        for input in synapse.inputs.iter().filter(|input| !seen.contains(input)) {
            let text = format!("{} waits for {input}, which is not there", synapse.action.key);
            objections.push(Objection::new(Rule::WellFormed, text));
        }
    }
    if order::has_circle(graph) {
        objections.push(Objection::new(Rule::WellFormed, "actions wait for each other"));
    }
    objections
}
