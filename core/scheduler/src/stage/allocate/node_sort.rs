use std::cmp::Ordering;

use model::{AllowedNodes, NodeKey, ResourceKey, merge_sort, options::PlacementStrategy};
use vocab::Score;

use crate::{plan::Plan, stage::colocation::Propagation};

impl Plan<'_> {
    /// Which of two nodes is better for a resource.
    pub(crate) fn compare_nodes(
        &self,
        table: &AllowedNodes,
        a: NodeKey,
        b: NodeKey,
        preferred: Option<NodeKey>,
    ) -> Ordering {
        let score = |node: NodeKey| {
            if self.is_available(node) { table.score(node) } else { Score::MINUS_INFINITY }
        };
        score(b).cmp(&score(a)).then_with(|| self.compare_load(a, b, preferred))
    }

    fn compare_load(&self, a: NodeKey, b: NodeKey, preferred: Option<NodeKey>) -> Ordering {
        let strategy = self.model.options.placement_strategy;
        let by_name = || self.node_name(a).cmp(self.node_name(b));
        if strategy == PlacementStrategy::Minimal {
            return by_name();
        }
        let by_capacity = if strategy == PlacementStrategy::Balanced {
            self.compare_capacities(a, b)
        } else {
            Ordering::Equal
        };
        by_capacity
            .then_with(|| self.nodes[a].assigned.cmp(&self.nodes[b].assigned))
            .then_with(|| (preferred == Some(b)).cmp(&(preferred == Some(a))))
            .then_with(by_name)
    }

    /// All nodes, the one with most to give first.
    pub(crate) fn nodes_by_capacity(&self) -> Vec<NodeKey> {
        let mut table = AllowedNodes::default();
        for (node, entry) in self.model.nodes.iter() {
            let score = entry.base_score;
            table.insert(node, model::Allowed { score, ..model::Allowed::default() });
        }
        let nodes = self.node_keys();
        merge_sort(nodes, &mut |&a, &b| self.compare_nodes(&table, a, b, None))
    }

    /// Which of two resources is assigned first when capacity counts.
    pub(crate) fn compare_resources(
        &mut self,
        a: ResourceKey,
        b: ResourceKey,
        nodes: &[NodeKey],
    ) -> Ordering {
        let priority = |plan: &Self, key: ResourceKey| plan.rows[key].state.priority;
        let order = priority(self, b).cmp(&priority(self, a));
        if order != Ordering::Equal {
            return order;
        }
        let how = Propagation { follow_primaries: true, nonnegative: false, active_only: false };
        let table_a = self.add_colocated(a, None, None, None, 1.0, how).unwrap_or_default();
        let table_b = self.add_colocated(b, None, None, None, 1.0, how).unwrap_or_default();
        let current = |plan: &Self, key: ResourceKey, table: &AllowedNodes| {
            if plan.rows[key].state.active_on.is_empty() {
                return Score::MINUS_INFINITY;
            }
            plan.current_node(key).map_or(Score::MINUS_INFINITY, |node| table.score(node))
        };
        let order = current(self, b, &table_b).cmp(&current(self, a, &table_a));
        nodes.iter().fold(order, |order, &node| {
            order.then_with(|| table_b.score(node).cmp(&table_a.score(node)))
        })
    }
}
