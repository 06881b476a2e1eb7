//! What is before what in every order that a graph allows.

use std::collections::BTreeMap;

use transition::{ActionId, Graph};

/// The strict order of a graph's actions, by position in the graph.
pub(crate) struct Order {
    /// For each action the set of those before it, a bit for each.
    before: Vec<Vec<u64>>,
    /// For each action whether it waits for itself, or for one that does.
    stuck: Vec<bool>,
}

impl Order {
    /// Works the order out.
    pub(crate) fn of(graph: &Graph) -> Self {
        let count = graph.synapses.len();
        let positions: BTreeMap<ActionId, usize> = graph
            .synapses
            .iter()
            .enumerate()
            .map(|(position, synapse)| (synapse.action.id, position))
            .collect();
        let inputs: Vec<Vec<usize>> = graph
            .synapses
            .iter()
            .map(|synapse| {
                synapse.inputs.iter().filter_map(|id| positions.get(id).copied()).collect()
            })
            .collect();
        let mut before = vec![vec![0_u64; count.div_ceil(64)]; count];
        let mut stuck = vec![true; count];
        for position in topological(&inputs) {
            stuck[position] = false;
            for &input in &inputs[position] {
                let (from, to) = two(&mut before, input, position);
                to.iter_mut().zip(from.iter()).for_each(|(to, from)| *to |= from);
                to[input / 64] |= 1 << (input % 64);
            }
        }
        Self { before, stuck }
    }

    /// Whether an action is never done, since in the end it waits for itself.
    pub(crate) fn is_stuck(&self, position: usize) -> bool {
        self.stuck[position]
    }

    /// Whether `first` is done before `then` in every order.
    pub(crate) fn is_before(&self, first: usize, then: usize) -> bool {
        self.before[then][first / 64] & (1 << (first % 64)) != 0
    }
}

/// Positions such that each comes after its inputs; those in circles are left out.
fn topological(inputs: &[Vec<usize>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = inputs.iter().map(Vec::len).collect();
    let mut followers = vec![Vec::new(); inputs.len()];
    for (position, inputs) in inputs.iter().enumerate() {
        inputs.iter().for_each(|&input| followers[input].push(position));
    }
    let mut ready: Vec<usize> =
        (0..inputs.len()).filter(|&position| waiting[position] == 0).collect();
    let mut sorted = Vec::with_capacity(inputs.len());
    while let Some(position) = ready.pop() {
        sorted.push(position);
        for &follower in &followers[position] {
            waiting[follower] -= 1;
            if waiting[follower] == 0 {
                ready.push(follower);
            }
        }
    }
    sorted
}

/// Whether some actions wait for each other.
pub(crate) fn has_circle(graph: &Graph) -> bool {
    let positions: BTreeMap<ActionId, usize> =
        graph.synapses.iter().enumerate().map(|(at, synapse)| (synapse.action.id, at)).collect();
    let inputs: Vec<Vec<usize>> = graph
        .synapses
        .iter()
        .map(|synapse| synapse.inputs.iter().filter_map(|id| positions.get(id).copied()).collect())
        .collect();
    topological(&inputs).len() < inputs.len()
}

/// Two different rows at once, the first to read, the second to change.
fn two(rows: &mut [Vec<u64>], read: usize, change: usize) -> (&[u64], &mut [u64]) {
    if read < change {
        let (left, right) = rows.split_at_mut(change);
        (&left[read], &mut right[0])
    } else {
        let (left, right) = rows.split_at_mut(read);
        (&right[0], &mut left[change])
    }
}

#[cfg(test)]
mod tests {
    use transition::{Action, ActionKind, Synapse};

    use super::*;

    fn graph(inputs: &[&[u32]]) -> Graph {
        let synapses = inputs.iter().zip(0..).map(|(inputs, id)| Synapse {
            id,
            priority: 0,
            action: Action::new(ActionId(id), ActionKind::Pseudo, "t", "k"),
            inputs: inputs.iter().map(|&id| ActionId(id)).collect(),
        });
        Graph { synapses: synapses.collect(), ..Graph::default() }
    }

    #[test]
    fn order_reaches_through() {
        let order = Order::of(&graph(&[&[2], &[], &[1], &[]]));
        assert!(order.is_before(1, 0) && order.is_before(2, 0) && order.is_before(1, 2));
        assert!(!order.is_before(0, 1) && !order.is_before(3, 0) && !order.is_before(0, 3));
    }

    #[test]
    fn circles_are_found() {
        let circle = graph(&[&[1], &[0], &[], &[0]]);
        assert!(has_circle(&circle));
        assert_eq!(
            [0, 1, 2, 3].map(|at| Order::of(&circle).is_stuck(at)),
            [true, true, false, true]
        );
        assert!(!has_circle(&graph(&[&[1], &[], &[0, 1]])));
    }
}
