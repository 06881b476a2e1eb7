use vocab::Score;

use super::Build;
use crate::{Allowed, NodeKey, ProbeMode, ResourceKey, ScoreChange, ScoreReason};

impl Build<'_, '_> {
    /// Changes the preference of a resource and of all that it contains, for one node or for all that there are so far.
    pub(crate) fn prefer(
        &mut self,
        resource: ResourceKey,
        node: Option<NodeKey>,
        score: Score,
        reason: &ScoreReason,
    ) {
        let nodes = match node {
            Some(node) => vec![node],
            None => self.model.node_order.clone(),
        };
        // Nodes inside containers are for what belongs there only.
        let by_default = *reason == ScoreReason::Symmetric;
        let nodes: Vec<NodeKey> = nodes
            .into_iter()
            .filter(|&node| !by_default || self.model.nodes[node].base_probe == ProbeMode::Always)
            .collect();
        let mut pending = vec![resource];
        while let Some(resource) = pending.pop() {
            if by_default && self.model.resources[resource].state.exclusive_probes {
                continue;
            }
            for &node in &nodes {
                let entry = &self.model.nodes[node];
                let (base, probe) = (entry.base_score, entry.base_probe);
                let allowed = &mut self.model.resources[resource].allowed;
                if allowed.get(node).is_none() {
                    allowed.insert(node, Allowed { score: base, probe, ..Allowed::default() });
                }
                let mut after = score;
                if let Some(cell) = allowed.get_mut(node) {
                    cell.score += score;
                    after = cell.score;
                }
                if score != Score::ZERO {
                    let reason = reason.clone();
                    self.model.score_changes.push(ScoreChange {
                        resource,
                        node,
                        score,
                        after,
                        reason,
                    });
                }
            }
            pending.extend(self.model.resources[resource].state.children.iter().copied());
        }
    }

    /// Forbids a resource all nodes, whatever was preferred before.
    pub(crate) fn ban_everywhere(&mut self, resource: ResourceKey, reason: &ScoreReason) {
        for node in self.model.node_order.clone() {
            let probe = self.model.nodes[node].base_probe;
            let cell = Allowed { score: Score::MINUS_INFINITY, probe, ..Allowed::default() };
            self.model.resources[resource].allowed.insert(node, cell);
            self.model.score_changes.push(ScoreChange {
                resource,
                node,
                score: Score::MINUS_INFINITY,
                after: Score::MINUS_INFINITY,
                reason: reason.clone(),
            });
        }
    }
}
