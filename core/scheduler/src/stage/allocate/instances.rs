use std::{cmp::Ordering, collections::BTreeMap};

use model::{Allowed, AllowedNodes, NodeKey, ResourceKey, ScoreReason};
use vocab::Score;

use crate::{plan::Plan, stage::colocation::Propagation};

impl Plan<'_> {
    /// The entry of a node in the table of what the instance is part of.
    fn parent_cell(&self, instance: ResourceKey, node: NodeKey) -> Option<&Allowed> {
        let holder = self.parent(instance).unwrap_or(instance);
        self.rows[holder].allowed.get(node)
    }

    fn can_run_instance(&self, instance: ResourceKey, node: NodeKey, per_node: i32) -> bool {
        if self.rows[instance].state.removed || !self.is_available(node) {
            return false;
        }
        self.parent_cell(instance, node).is_some_and(|cell| {
            cell.score >= Score::ZERO && i64::from(cell.instances) < i64::from(per_node)
        })
    }

    fn ban_full_nodes(&mut self, instance: ResourceKey, per_node: i32) {
        for node in self.rows[instance].allowed.nodes() {
            if self.can_run_instance(instance, node, per_node) {
                continue;
            }
            let reason = self.why_no_instance(instance, node);
            let mut banned = vec![instance];
            banned.extend(self.children(instance));
            for key in banned {
                self.forbid(key, node, &reason);
            }
        }
    }

    /// Why a node cannot take an instance, if it cannot.
    fn why_no_instance(&self, instance: ResourceKey, node: NodeKey) -> ScoreReason {
        if self.rows[instance].state.removed {
            ScoreReason::Removed
        } else if !self.is_available(node) {
            ScoreReason::NodeUnavailable
        } else if self.parent_cell(instance, node).is_some_and(|cell| cell.score >= Score::ZERO) {
            ScoreReason::NodeLimit
        } else {
            ScoreReason::Collective(self.parent(instance).unwrap_or(instance))
        }
    }

    fn count_in_parent(&mut self, instance: ResourceKey, node: Option<NodeKey>) {
        let Some(node) = node else { return };
        let holder = self.parent(instance).unwrap_or(instance);
        if let Some(cell) = self.rows[holder].allowed.get_mut(node) {
            cell.instances += 1;
        }
    }

    fn assign_instance(
        &mut self,
        instance: ResourceKey,
        prefer: Option<NodeKey>,
        per_node: i32,
    ) -> Option<NodeKey> {
        if self.rows[instance].assigning {
            return None;
        }
        self.ban_full_nodes(instance, per_node);
        let chosen = self.allocate(instance, prefer, prefer.is_none());
        self.count_in_parent(instance, chosen);
        chosen
    }

    /// Tries to keep an instance where it is; true if that was possible. An assignment that would leave too few
    /// instances for others is undone.
    fn assign_early(
        &mut self,
        instance: ResourceKey,
        current: NodeKey,
        per_node: i32,
        available: i32,
    ) -> bool {
        let Some(parent) = self.parent(instance) else { return false };
        let allowed = self.rows[instance].allowed.get(current).copied();
        if !allowed.is_some_and(|cell| self.is_allowed(current, &cell)) {
            return false;
        }
        let mut tables = BTreeMap::new();
        self.save_tables(instance, &mut tables);
        let noted = self.score_changes.len();
        let parent_table = self.rows[parent].allowed.clone();
        let mut chosen = None;
        let mut reserved = 0;
        while reserved < available {
            chosen = self.assign_instance(instance, Some(current), per_node);
            if chosen == Some(current) {
                break;
            }
            self.restore_tables(instance, &tables, noted);
            if chosen.is_none() {
                self.rows[instance].unassigned = true;
                break;
            }
            reserved += 1;
            self.unassign(instance);
            chosen = None;
        }
        self.rows[parent].allowed = parent_table;
        if chosen.is_none() {
            return false;
        }
        self.count_in_parent(instance, chosen);
        true
    }

    fn save_tables(&self, resource: ResourceKey, tables: &mut BTreeMap<ResourceKey, AllowedNodes>) {
        tables.insert(resource, self.rows[resource].allowed.clone());
        for &child in &self.rows[resource].state.children {
            self.save_tables(child, tables);
        }
    }

    fn restore_tables(
        &mut self,
        resource: ResourceKey,
        tables: &BTreeMap<ResourceKey, AllowedNodes>,
        noted: usize,
    ) {
        if let Some(table) = tables.get(&resource) {
            self.rows[resource].allowed = table.clone();
            self.forget_scores(resource, noted);
        }
        for child in self.children(resource) {
            self.restore_tables(child, tables, noted);
        }
    }

    /// Where an instance should stay, if it may.
    fn node_to_keep(&self, instance: ResourceKey, optimal_per_node: i32) -> Option<NodeKey> {
        let row = &self.rows[instance];
        if row.state.active_on.is_empty() || !row.unassigned || row.state.failed {
            return None;
        }
        let node = self.current_node(instance)?;
        if !self.is_available(node) || self.model.nodes[node].base_score < Score::ZERO {
            return None;
        }
        let full = self
            .parent_cell(instance, node)
            .is_some_and(|cell| i64::from(cell.instances) >= i64::from(optimal_per_node));
        (!full).then_some(node)
    }

    /// Spreads instances over nodes: those that can stay stay, as long as no node gets more than its share.
    pub(crate) fn assign_instances(
        &mut self,
        collective: ResourceKey,
        instances: &[ResourceKey],
        max_total: i32,
        per_node: i32,
    ) {
        let mut available_nodes = 0;
        for node in self.rows[collective].allowed.nodes() {
            if let Some(cell) = self.rows[collective].allowed.get_mut(node) {
                cell.instances = 0;
            }
            available_nodes += i32::from(self.is_available(node));
        }
        let optimal = if available_nodes > 0 { max_total / available_nodes } else { 0 }.max(1);
        let mut assigned = 0;
        for &instance in instances {
            if assigned >= max_total {
                break;
            }
            if !self.rows[instance].unassigned {
                continue;
            }
            if let Some(node) = self.node_to_keep(instance, optimal)
                && self.assign_early(instance, node, per_node, max_total - assigned)
            {
                assigned += 1;
            }
        }
        for &instance in instances {
            if !self.rows[instance].unassigned {
                continue;
            }
            if assigned >= max_total {
                let reason = &ScoreReason::InstanceLimit;
                self.prefer(instance, None, Score::MINUS_INFINITY, reason);
            } else if self.assign_instance(instance, None, per_node).is_some() {
                assigned += 1;
            }
        }
    }

    /// The number of an instance.
    fn number(&self, instance: ResourceKey) -> i64 {
        let id = self.resource(instance).id.as_str();
        let digits = id.rfind(':').or_else(|| id.rfind('-')).map_or("", |at| &id[at + 1..]);
        digits.parse().unwrap_or(0)
    }

    pub(crate) fn compare_numbers(&self, a: ResourceKey, b: ResourceKey) -> Ordering {
        self.number(a).cmp(&self.number(b))
    }

    fn has_failed(&self, resource: ResourceKey) -> bool {
        let state = &self.rows[resource].state;
        state.failed || state.children.iter().any(|&child| self.has_failed(child))
    }

    /// Which of two instances is assigned first.
    pub(crate) fn compare_instances(&mut self, a: ResourceKey, b: ResourceKey) -> Ordering {
        let count = |plan: &Self, key| plan.active_counts(key).0;
        let (count_a, count_b) = (count(self, a), count(self, b));
        if count_a > 0 && count_b > 0 && count_a != count_b {
            return count_a.cmp(&count_b);
        }
        let allowed_node = |plan: &Self, key: ResourceKey| match plan.current_node(key) {
            None => (true, None),
            Some(node) => {
                let fits =
                    plan.rows[key].allowed.get(node).is_some_and(|cell| cell.score >= Score::ZERO);
                (fits, fits.then_some(node))
            }
        };
        let (can_a, node_a) = allowed_node(self, a);
        let (can_b, node_b) = allowed_node(self, b);
        let priority = |plan: &Self, key: ResourceKey| plan.rows[key].state.priority;
        let order = can_b.cmp(&can_a).then_with(|| priority(self, b).cmp(&priority(self, a)));
        if order != Ordering::Equal {
            return order;
        }
        let (node_a, node_b) = match (node_a, node_b) {
            (Some(a), Some(b)) => (a, b),
            (a, b) => return b.is_some().cmp(&a.is_some()),
        };
        let order = self.is_available(node_b).cmp(&self.is_available(node_a));
        if order != Ordering::Equal {
            return order;
        }
        let cells = (self.parent_cell(a, node_a), self.parent_cell(b, node_b));
        let order = match cells {
            (Some(cell_a), Some(cell_b)) => cell_a.instances.cmp(&cell_b.instances),
            (cell_a, cell_b) => return cell_b.is_some().cmp(&cell_a.is_some()),
        };
        order
            .then_with(|| self.has_failed(a).cmp(&self.has_failed(b)))
            .then_with(|| self.compare_by_colocation(a, b))
            .then_with(|| self.compare_numbers(a, b))
    }

    fn compare_by_colocation(&mut self, a: ResourceKey, b: ResourceKey) -> Ordering {
        let score_a = self.colocated_score(a);
        let score_b = self.colocated_score(b);
        score_b.cmp(&score_a)
    }

    /// How much others want an instance to be where it is.
    fn colocated_score(&mut self, instance: ResourceKey) -> Score {
        let Some(node) = self.current_node(instance) else { return Score::ZERO };
        let mut table = AllowedNodes::default();
        let score = self.model.nodes[node].base_score;
        table.insert(node, Allowed { score, ..Allowed::default() });
        for key in self.this_with(instance) {
            let (other, factor) = (self.colocations[key].primary, self.colocations[key].factor());
            let how =
                Propagation { follow_primaries: false, nonnegative: false, active_only: false };
            let copy = table.clone();
            if let Some(new) =
                self.add_colocated(other, Some(instance), Some(copy), Some(key), factor, how)
            {
                table = new;
            }
        }
        for key in self.with_this(instance) {
            if !self.has_influence(&self.colocations[key], Some(instance)) {
                continue;
            }
            let (other, factor) = (self.colocations[key].dependent, self.colocations[key].factor());
            let how =
                Propagation { follow_primaries: false, nonnegative: true, active_only: false };
            let copy = table.clone();
            if let Some(new) =
                self.add_colocated(other, Some(instance), Some(copy), Some(key), factor, how)
            {
                table = new;
            }
        }
        table.score(node)
    }
}
