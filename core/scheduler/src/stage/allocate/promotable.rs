use std::cmp::Ordering;

use model::{
    NodeKey, ResourceKey, ScoreReason, Variant, merge_sort,
    options::NoQuorumPolicy,
    resource::{CloneLimits, base_name},
};
use vocab::{Role, Score};

use crate::{
    plan::Plan,
    report::ScoreLine,
    stage::colocation::{Propagation, same_value},
    table::{Colocation, LocationKey},
};

impl Plan<'_> {
    fn limits(&self, clone: ResourceKey) -> Option<&CloneLimits> {
        match &self.resource(clone).variant {
            Variant::Clone(limits) => Some(limits),
            _ => None,
        }
    }

    fn primitive_in(&self, instance: ResourceKey, name: &str) -> Option<ResourceKey> {
        let resource = self.resource(instance);
        if resource.id == name || resource.config_id == name {
            return Some(instance);
        }
        self.children(instance).into_iter().find_map(|child| self.primitive_in(child, name))
    }

    fn active_primitive_on(
        &self,
        instance: ResourceKey,
        name: &str,
        node: NodeKey,
    ) -> Option<ResourceKey> {
        let resource = self.resource(instance);
        let named = resource.id == name || resource.config_id == name;
        if named && self.rows[instance].state.active_on.contains(&node) {
            return Some(instance);
        }
        self.children(instance)
            .into_iter()
            .find_map(|child| self.active_primitive_on(child, name, node))
    }

    /// Whether an instance may use the promotion score that a node has for it.
    fn promotion_score_applies(&self, resource: ResourceKey, node: NodeKey) -> bool {
        let configured = self.resource(resource);
        let name = base_name(configured.id.as_str());
        let top = self.top_of(resource);
        let allowed =
            || self.rows[resource].allowed.get(node).is_some_and(|cell| cell.score >= Score::ZERO);
        if !configured.unique {
            let instances = self.children(top);
            let active = instances
                .iter()
                .find_map(|&instance| self.active_primitive_on(instance, name, node));
            if active == Some(resource) {
                return allowed();
            }
            let known = || {
                instances
                    .iter()
                    .filter_map(|&instance| self.primitive_in(instance, name))
                    .any(|primitive| self.rows[primitive].state.known_on.contains(&node))
            };
            if active.is_none() && known() {
                return allowed();
            }
        }
        let state = &self.rows[resource].state;
        if state.active_on.is_empty() && state.known_on.is_empty() {
            return allowed();
        }
        (state.known_on.contains(&node) || state.active_on.contains(&node)) && allowed()
    }

    fn promotion_attribute(
        &self,
        resource: ResourceKey,
        node: NodeKey,
        name: &str,
    ) -> Option<&str> {
        let by_assignment = !self.rows[resource].unassigned;
        let of_host = self.looks_at_host(resource);
        self.node_attribute(node, &format!("master-{name}"), of_host, by_assignment)
    }

    /// How much a node wants an instance to be promoted there; `None` if it says nothing.
    fn promotion_score(&self, resource: ResourceKey, node: NodeKey) -> Option<i32> {
        let children = self.children(resource);
        if !children.is_empty() {
            return children.into_iter().map(|child| self.promotion_score(child, node)).fold(
                None,
                |sum, score| match (sum, score) {
                    (None, None) => None,
                    (sum, score) => Some(sum.unwrap_or(0).saturating_add(score.unwrap_or(0))),
                },
            );
        }
        if !self.promotion_score_applies(resource, node) {
            return None;
        }
        let configured = self.resource(resource);
        let known = self.rows[resource].state.history_id.as_ref().unwrap_or(&configured.id);
        let base = base_name(configured.id.as_str());
        let value = self.promotion_attribute(resource, node, known.as_str()).or_else(|| {
            (!configured.unique && configured.id != base)
                .then(|| self.promotion_attribute(resource, node, base))
                .flatten()
        })?;
        Some(self.model.options.parse_score(value).map_or(0, Score::value))
    }

    /// Adds promotion scores to the tables of instances, so that they are put where they can be promoted.
    pub(crate) fn add_promotion_scores(&mut self, clone: ResourceKey) {
        if std::mem::replace(&mut self.rows[clone].promotion_scores_added, true) {
            return;
        }
        for instance in self.children(clone) {
            for node in self.rows[instance].allowed.nodes() {
                if !self.is_available(node) {
                    continue;
                }
                let score = self.promotion_score(instance, node).unwrap_or(0);
                let row = &mut self.rows[instance];
                row.state.priority = row.state.priority.max(score);
                if score > 0
                    && let Some(cell) = row.allowed.get_mut(node)
                {
                    cell.score += Score::from(score);
                    self.note_score(instance, node, Score::from(score), &ScoreReason::Promotion);
                }
            }
        }
    }

    /// Decides which instances are promoted.
    pub(crate) fn set_instance_roles(&mut self, clone: ResourceKey) {
        for (_, cell) in self.rows[clone].allowed.iter_mut() {
            cell.instances = 0;
        }
        for instance in self.children(clone) {
            self.set_instance_priority(clone, instance);
        }
        self.sort_for_promotion(clone);
        let mut promoted = 0;
        for instance in self.children(clone) {
            self.set_instance_role(clone, instance, &mut promoted);
        }
    }

    fn set_unpromoted_now(&mut self, resource: ResourceKey) {
        let state = &mut self.rows[resource].state;
        if state.role == Role::Started {
            state.role = Role::Unpromoted;
        }
        for child in self.children(resource) {
            self.set_unpromoted_now(child);
        }
    }

    fn set_instance_priority(&mut self, clone: ResourceKey, instance: ResourceKey) {
        if self.role(instance, true) == Role::Started {
            self.set_unpromoted_now(instance);
        }
        let Some(node) = self.assigned_location(instance) else { return };
        let next_role = self.role(instance, false);
        match next_role {
            Role::Started | Role::Unknown => {
                let score = self.promotion_score(instance, node);
                self.rows[instance].state.priority = score.unwrap_or(-1);
            }
            Role::Unpromoted | Role::Stopped => {
                self.rows[instance].state.priority = Score::MINUS_INFINITY.value();
            }
            Role::Promoted => {}
        }
        for holder in [instance, clone] {
            for key in self.rows[holder].locations.clone().into_iter().rev() {
                self.add_promoted_location(instance, key, node);
            }
        }
        for key in self.this_with(instance) {
            let primary = self.colocations[key].primary;
            self.apply_colocation(instance, primary, key, true);
        }
        let priority = self.rows[instance].state.priority;
        self.rows[instance].promotion_priority =
            if next_role == Role::Promoted { Score::INFINITY.value() } else { priority };
    }

    fn add_promoted_location(&mut self, instance: ResourceKey, key: LocationKey, node: NodeKey) {
        let location = &self.locations[key];
        if location.role != Role::Promoted {
            return;
        }
        let found =
            location.nodes.iter().find(|(other, _)| *other == node).map(|(_, score)| *score);
        if let Some(score) = found {
            self.raise_priority(instance, score);
        }
    }

    /// Sorts instances by how much they want to be promoted, with the preferences of others added in.
    fn sort_for_promotion(&mut self, clone: ResourceKey) {
        if std::mem::replace(&mut self.rows[clone].promotion_sorted, true) {
            return;
        }
        self.rows[clone].updating_nodes = true;
        for instance in self.children(clone) {
            let priority = self.rows[instance].promotion_priority;
            if priority < 0 {
                continue;
            }
            if let Some(node) = self.assigned_location(instance)
                && let Some(cell) = self.rows[clone].allowed.get_mut(node)
            {
                cell.score = Score::from(priority) + cell.score;
                self.note_score(clone, node, Score::from(priority), &ScoreReason::Promotion);
            }
        }
        for key in self.with_this(clone) {
            let colocation = self.colocations[key].clone();
            if colocation.primary_role != Role::Promoted || !self.has_influence(&colocation, None) {
                continue;
            }
            let how = Propagation { follow_primaries: false, nonnegative: true, active_only: true };
            let table = self.rows[clone].allowed.clone();
            if let Some(new) = self.add_colocated(
                colocation.dependent,
                Some(clone),
                Some(table),
                Some(key),
                colocation.factor(),
                how,
            ) {
                let before = std::mem::replace(&mut self.rows[clone].allowed, new);
                let with = colocation.dependent;
                let reason = ScoreReason::Colocation { id: colocation.id, with, follows: false };
                self.note_table(clone, &before, &reason);
            }
        }
        self.require_promotion_tickets(clone);
        for instance in self.children(clone) {
            let node = self.assigned_location(instance);
            let row = &self.rows[instance];
            let priority = if !row.state.managed && row.state.next_role == Role::Promoted {
                Score::INFINITY.value()
            } else if let Some(node) = node {
                if row.promotion_priority < 0 {
                    row.promotion_priority
                } else {
                    self.rows[clone].allowed.score(node).value()
                }
            } else {
                Score::MINUS_INFINITY.value()
            };
            self.rows[instance].promotion_priority = priority;
        }
        let children = self.children(clone);
        let sorted = merge_sort(children, &mut |&a, &b| self.compare_for_promotion(a, b));
        self.rows[clone].state.children = sorted;
        self.rows[clone].updating_nodes = false;
    }

    fn compare_for_promotion(&mut self, a: ResourceKey, b: ResourceKey) -> Ordering {
        let priority = |key: ResourceKey| self.rows[key].promotion_priority;
        priority(b)
            .cmp(&priority(a))
            .then_with(|| self.role(b, true).cmp(&self.role(a, true)))
            .then_with(|| self.compare_instances(a, b))
    }

    fn set_instance_role(&mut self, clone: ResourceKey, instance: ResourceKey, promoted: &mut i32) {
        let priority = self.rows[instance].promotion_priority;
        self.scores.push(ScoreLine::Promotion {
            resource: instance,
            node: self.assigned_location(instance),
            score: Score::from(priority),
        });
        let promoted_max = self.limits(clone).map_or(0, |limits| limits.promoted_max);
        let mut node = None;
        if priority >= 0 && (*promoted < promoted_max || !self.rows[clone].state.managed) {
            node = self.node_to_be_promoted_on(instance);
        }
        let frozen = self.rows[instance].state.role < Role::Promoted
            && !self.model.quorate
            && self.model.options.no_quorum_policy == NoQuorumPolicy::Freeze;
        let Some(node) = node.filter(|_| !frozen) else {
            self.set_next_unpromoted(instance);
            return;
        };
        if let Some(cell) = self.rows[clone].allowed.get_mut(node) {
            cell.instances += 1;
        }
        self.set_next_promoted(instance);
        *promoted += 1;
    }

    fn set_next_unpromoted(&mut self, resource: ResourceKey) {
        let assigned = !self.assigned_locations(resource).is_empty();
        self.rows[resource].state.next_role =
            if assigned { Role::Unpromoted } else { Role::Stopped };
        for child in self.children(resource) {
            self.set_next_unpromoted(child);
        }
    }

    fn set_next_promoted(&mut self, resource: ResourceKey) {
        let state = &mut self.rows[resource].state;
        if state.next_role == Role::Unknown {
            state.next_role = Role::Promoted;
        }
        for child in self.children(resource) {
            self.set_next_promoted(child);
        }
    }

    fn node_to_be_promoted_on(&self, resource: ResourceKey) -> Option<NodeKey> {
        for child in self.children(resource) {
            self.node_to_be_promoted_on(child)?;
        }
        let node = self.assigned_location(resource)?;
        let state = &self.rows[resource].state;
        if !state.managed {
            if self.role(resource, true) != Role::Promoted {
                return None;
            }
        } else if state.priority < 0 || !self.is_available(node) || !self.guest_will_run(node) {
            return None;
        }
        let top = self.top_of(resource);
        let cell = self.rows[top].allowed.get(node)?;
        let per_node = self.limits(top).map_or(0, |limits| limits.promoted_per_node);
        if i64::from(cell.instances) >= i64::from(per_node) && state.managed {
            return None;
        }
        Some(node)
    }

    /// What follows the promoted instances of a clone is drawn to their nodes.
    pub(crate) fn follow_promoted(
        &mut self,
        clone: ResourceKey,
        dependent: ResourceKey,
        colocation: &Colocation,
    ) {
        let attribute = colocation.node_attribute.as_deref();
        let mut affected = Vec::new();
        let id = colocation.id.clone();
        let reason = ScoreReason::Colocation { id, with: clone, follows: true };
        for instance in self.children(clone) {
            let Some(node) = self.assigned_location(instance) else { continue };
            if self.role(instance, false) != colocation.primary_role {
                continue;
            }
            if !colocation.score.is_infinite() {
                let value = self.colocation_attribute(node, attribute, Some(clone));
                let matching: Vec<NodeKey> = self.rows[dependent]
                    .allowed
                    .nodes()
                    .into_iter()
                    .filter(|&other| {
                        let own = self.colocation_attribute(other, attribute, Some(dependent));
                        same_value(value, own)
                    })
                    .collect();
                for node in matching {
                    if let Some(cell) = self.rows[dependent].allowed.get_mut(node) {
                        cell.score += colocation.score;
                        self.note_score(dependent, node, colocation.score, &reason);
                    }
                }
            }
            affected.push((node, instance));
        }
        let both_promoted = colocation.dependent_role == Role::Promoted
            && colocation.primary_role == Role::Promoted;
        if colocation.score.is_infinite() && !both_promoted {
            let nodes: Vec<NodeKey> = affected.iter().map(|(node, _)| *node).collect();
            self.keep_only(dependent, &nodes, colocation, clone);
            // The preferences of the instances for their nodes count as well.
            for (node, instance) in affected {
                let score = self.assigned_score(instance, node);
                if let Some(cell) = self.rows[dependent].allowed.get_mut(node) {
                    cell.score += score;
                    self.note_score(dependent, node, score, &reason);
                }
            }
        }
    }

    /// The score with which an instance was put on its node.
    fn assigned_score(&self, instance: ResourceKey, node: NodeKey) -> Score {
        let mut holder = instance;
        while let Some(&child) = self.rows[holder].state.children.first() {
            holder = child;
        }
        if !self.rows[holder].state.managed {
            // It was not put there by preference.
            return self.model.nodes[node].base_score;
        }
        self.rows[holder].allowed.score(node)
    }

    pub(crate) fn follow_promoted_priority(
        &mut self,
        clone: ResourceKey,
        dependent: ResourceKey,
        colocation: &Colocation,
    ) -> Score {
        let partner = self.compatible_instance(
            dependent,
            clone,
            colocation.primary_role,
            false,
            colocation.node_attribute.as_deref().or(Some("#uname")),
        );
        if partner.is_some() {
            self.raise_priority(dependent, colocation.score);
            return colocation.score;
        }
        if colocation.score.is_infinite() {
            self.rows[dependent].state.priority = Score::MINUS_INFINITY.value();
            return Score::MINUS_INFINITY;
        }
        Score::ZERO
    }
}
