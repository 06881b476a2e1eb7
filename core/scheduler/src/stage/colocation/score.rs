use model::{NodeKey, ResourceKey, ScoreReason, Variant};
use vocab::{Role, Score};

use super::propagate::same_value;
use crate::{
    plan::Plan,
    table::{Colocation, ColocationKey},
};

/// What a colocation changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    None,
    /// Where the dependent runs.
    Location,
    /// Which role the dependent has.
    Role,
}

impl Plan<'_> {
    /// The value of a node attribute as a colocation sees it.
    pub(crate) fn colocation_attribute(
        &self,
        node: NodeKey,
        attribute: Option<&str>,
        resource: Option<ResourceKey>,
    ) -> Option<&str> {
        let name = attribute.unwrap_or("#uname");
        let of_host = resource.is_some_and(|resource| {
            (self.is_bundle_node(node) && self.is_bundled_resource(resource))
                || self.looks_at_host(resource)
        });
        self.node_attribute(node, name, of_host, true)
    }

    /// The resource whose role counts: of a container, what is in it.
    fn role_bearer(&self, resource: ResourceKey) -> ResourceKey {
        if self.resource(resource).replica_container {
            self.resource_in_container(resource).unwrap_or(resource)
        } else {
            resource
        }
    }

    /// What a colocation would change by now.
    pub(crate) fn effect(
        &self,
        dependent: ResourceKey,
        primary: ResourceKey,
        colocation: &Colocation,
        preview: bool,
    ) -> Effect {
        if !preview && self.rows[primary].unassigned {
            return Effect::None;
        }
        let dependent_bearer = self.role_bearer(dependent);
        let primary_bearer = self.role_bearer(primary);
        let parent_promotable =
            self.parent(dependent_bearer).is_some_and(|parent| self.resource(parent).promotable);
        if colocation.dependent_role >= Role::Unpromoted
            && parent_promotable
            && !self.rows[dependent_bearer].unassigned
        {
            return Effect::Role;
        }
        if !preview && !self.rows[dependent].unassigned {
            return Effect::None;
        }
        let differs = |wanted: Role, bearer: ResourceKey| {
            wanted != Role::Unknown && wanted != self.rows[bearer].state.next_role
        };
        if differs(colocation.dependent_role, dependent_bearer)
            || differs(colocation.primary_role, primary_bearer)
        {
            return Effect::None;
        }
        Effect::Location
    }

    /// Applies a colocation to the dependent, and gives back by how much its priority changed.
    pub(crate) fn apply_colocation(
        &mut self,
        dependent: ResourceKey,
        primary: ResourceKey,
        key: ColocationKey,
        for_dependent: bool,
    ) -> Score {
        let side = if for_dependent { dependent } else { primary };
        match self.resource(side).variant {
            Variant::Primitive if for_dependent => {
                self.apply_colocation(dependent, primary, key, false)
            }
            Variant::Primitive => self.apply_to_primitive(dependent, primary, key),
            Variant::Group { colocated, .. } if for_dependent => {
                self.group_follows(dependent, primary, key, colocated)
            }
            Variant::Group { colocated, .. } => {
                self.follows_group(dependent, primary, key, colocated)
            }
            Variant::Clone(_) if for_dependent => Score::ZERO,
            Variant::Clone(_) => self.follows_clone(dependent, primary, key),
            Variant::Bundle { .. } if for_dependent => Score::ZERO,
            Variant::Bundle { .. } => self.follows_bundle(dependent, primary, key),
        }
    }

    fn apply_to_primitive(
        &mut self,
        dependent: ResourceKey,
        primary: ResourceKey,
        key: ColocationKey,
    ) -> Score {
        let colocation = self.colocations[key].clone();
        match self.effect(dependent, primary, &colocation, false) {
            Effect::None => Score::ZERO,
            Effect::Role => self.apply_to_priority(dependent, primary, &colocation),
            Effect::Location => {
                self.apply_to_scores(dependent, primary, &colocation);
                Score::ZERO
            }
        }
    }

    fn apply_to_scores(
        &mut self,
        dependent: ResourceKey,
        primary: ResourceKey,
        colocation: &Colocation,
    ) {
        let attribute = colocation.node_attribute.as_deref();
        let assigned = self.rows[primary].assigned;
        let value = match assigned {
            Some(node) => self.colocation_attribute(node, attribute, Some(primary)),
            None if colocation.score < Score::ZERO => return,
            None => None,
        };
        let mut work = self.rows[dependent].allowed.clone();
        for (node, cell) in work.iter_mut() {
            if assigned.is_none() {
                cell.score += -colocation.score;
                continue;
            }
            let own = self.colocation_attribute(node, attribute, Some(dependent));
            if same_value(own, value) {
                if colocation.score < Score::INFINITY {
                    cell.score += colocation.score;
                }
            } else if colocation.score.is_infinite() {
                cell.score = Score::MINUS_INFINITY;
            }
        }
        if colocation.is_mandatory() || self.any_allowed(&work) {
            self.rows[dependent].allowed = work;
            self.note_following(dependent, primary, colocation);
        }
    }

    /// Records what a colocation has done to its dependent, for nodes that were forbidden before, too.
    fn note_following(
        &mut self,
        dependent: ResourceKey,
        primary: ResourceKey,
        colocation: &Colocation,
    ) {
        if !self.reasons {
            return;
        }
        let reason =
            ScoreReason::Colocation { id: colocation.id.clone(), with: primary, follows: true };
        let attribute = colocation.node_attribute.as_deref();
        let assigned = self.rows[primary].assigned;
        for node in self.rows[dependent].allowed.nodes() {
            let score = match assigned {
                None => -colocation.score,
                Some(place) => {
                    let value = self.colocation_attribute(place, attribute, Some(primary));
                    let own = self.colocation_attribute(node, attribute, Some(dependent));
                    match same_value(own, value) {
                        true if colocation.score < Score::INFINITY => colocation.score,
                        false if colocation.score.is_infinite() => Score::MINUS_INFINITY,
                        true | false => continue,
                    }
                }
            };
            self.note_score(dependent, node, score, &reason);
        }
    }

    fn apply_to_priority(
        &mut self,
        dependent: ResourceKey,
        primary: ResourceKey,
        colocation: &Colocation,
    ) -> Score {
        let Some(dependent_node) = self.rows[dependent].assigned else { return Score::ZERO };
        let primary_node = self.rows[primary].assigned;
        let attribute = colocation.node_attribute.as_deref();
        if primary_node.is_some() && colocation.primary_role != Role::Unknown {
            let bearer = self.role_bearer(primary);
            if colocation.primary_role != self.rows[bearer].state.next_role {
                return Score::ZERO;
            }
        }
        let own = self.colocation_attribute(dependent_node, attribute, Some(dependent));
        let other =
            primary_node.and_then(|node| self.colocation_attribute(node, attribute, Some(primary)));
        let same = same_value(own, other);
        let negate = if same {
            colocation.dependent_role == Role::Unpromoted
        } else if colocation.score.is_infinite() && colocation.dependent_role == Role::Promoted {
            true
        } else {
            return Score::ZERO;
        };
        let delta = if negate { -colocation.score } else { colocation.score };
        self.raise_priority(dependent, delta);
        delta
    }

    pub(crate) fn raise_priority(&mut self, resource: ResourceKey, delta: Score) {
        let state = &mut self.rows[resource].state;
        state.priority = (Score::from(state.priority) + delta).value();
    }

    fn group_follows(
        &mut self,
        group: ResourceKey,
        primary: ResourceKey,
        key: ColocationKey,
        colocated: bool,
    ) -> Score {
        let members = self.children(group);
        let mut delta = Score::ZERO;
        if colocated {
            if let Some(&first) = members.first() {
                delta = self.apply_colocation(first, primary, key, true);
            }
        } else if !self.colocations[key].score.is_infinite() {
            for member in members {
                delta += self.apply_colocation(member, primary, key, false);
            }
        }
        if delta != Score::ZERO {
            self.raise_priority(group, delta);
        }
        delta
    }

    fn follows_group(
        &mut self,
        dependent: ResourceKey,
        group: ResourceKey,
        key: ColocationKey,
        colocated: bool,
    ) -> Score {
        if self.rows[group].unassigned {
            return Score::ZERO;
        }
        let members = self.children(group);
        let mandatory = self.colocations[key].score.is_infinite();
        if colocated {
            let member = if mandatory { members.last() } else { members.first() };
            return match member {
                Some(&member) => self.apply_colocation(dependent, member, key, false),
                None => Score::ZERO,
            };
        }
        if mandatory {
            return Score::ZERO;
        }
        let mut delta = Score::ZERO;
        for member in members {
            delta += self.apply_colocation(dependent, member, key, false);
        }
        delta
    }

    fn follows_clone(
        &mut self,
        dependent: ResourceKey,
        clone: ResourceKey,
        key: ColocationKey,
    ) -> Score {
        if self.rows[clone].unassigned {
            return Score::ZERO;
        }
        let colocation = self.colocations[key].clone();
        if self.resource(clone).promotable && colocation.primary_role != Role::Unknown {
            if self.rows[dependent].unassigned {
                self.follow_promoted(clone, dependent, &colocation);
                return Score::ZERO;
            }
            if colocation.dependent_role == Role::Promoted {
                return self.follow_promoted_priority(clone, dependent, &colocation);
            }
        }
        if self.can_pair(&colocation) {
            let partner = self.compatible_instance(dependent, clone, Role::Unknown, false, None);
            if let Some(partner) = partner {
                return self.apply_colocation(dependent, partner, key, true);
            }
            if colocation.score.is_infinite() {
                self.assign(dependent, None, true, true);
                self.note_no_partner(dependent, clone, Some(&colocation.id));
            }
            return Score::ZERO;
        }
        if colocation.score.is_infinite() {
            let nodes: Vec<NodeKey> = self
                .children(clone)
                .into_iter()
                .filter(|&instance| !self.is_blocked_anywhere(instance))
                .filter_map(|instance| self.assigned_location(instance))
                .collect();
            self.keep_only(dependent, &nodes, &colocation, clone);
            return Score::ZERO;
        }
        let mut delta = Score::ZERO;
        for instance in self.children(clone) {
            delta += self.apply_colocation(dependent, instance, key, false);
        }
        delta
    }

    /// Forbids a resource all nodes but some.
    pub(crate) fn keep_only(
        &mut self,
        resource: ResourceKey,
        nodes: &[NodeKey],
        colocation: &Colocation,
        with: ResourceKey,
    ) {
        let reason = ScoreReason::Colocation { id: colocation.id.clone(), with, follows: true };
        for node in self.rows[resource].allowed.nodes() {
            if !nodes.contains(&node) {
                self.forbid(resource, node, &reason);
            }
        }
    }

    /// Records that an instance was taken off its node for want of a partner.
    pub(crate) fn note_no_partner(
        &mut self,
        instance: ResourceKey,
        with: ResourceKey,
        colocation: Option<&str>,
    ) {
        if !self.reasons {
            return;
        }
        for child in self.children(instance) {
            self.note_no_partner(child, with, colocation);
        }
        let reason = ScoreReason::NoPartner { with, colocation: colocation.map(str::to_owned) };
        for node in self.rows[instance].allowed.nodes() {
            self.note_score(instance, node, Score::MINUS_INFINITY, &reason);
        }
    }

    /// Whether a colocation pairs instances of two clones.
    fn can_pair(&self, colocation: &Colocation) -> bool {
        let per_node = |key: ResourceKey| match &self.resource(key).variant {
            Variant::Primitive | Variant::Group { .. } => 1,
            Variant::Clone(limits) => limits.instances_per_node,
            Variant::Bundle { replicas_per_host, .. } => *replicas_per_host,
        };
        let dependent = self.resource(colocation.dependent);
        dependent.rank() > 1
            && dependent.meta_is_true("interleave")
            && per_node(colocation.dependent) == per_node(colocation.primary)
    }
}
