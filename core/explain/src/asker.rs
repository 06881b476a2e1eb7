use std::{cell::RefCell, collections::BTreeMap};

use model::{Model, NodeKey, Resource, ResourceKey, ScoreChange, ScoreReason};
use scheduler::{PlannedAction, ResourceOutcome, Schedule, ScoreLine};
use vocab::Score;
use xml::Element;

use crate::Cause;

/// A plan with everything that is looked for in it more than once.
pub(crate) struct Asker<'a> {
    pub(crate) model: &'a Model,
    pub(crate) plan: &'a Schedule,
    pub(crate) document: Option<&'a Element>,
    /// What changed each score, in order: what the model knew first.
    pub(crate) changes: BTreeMap<(ResourceKey, NodeKey), Vec<&'a ScoreChange>>,
    /// The score that decided, where a decision was made.
    pub(crate) decided: BTreeMap<(ResourceKey, NodeKey), Score>,
    /// Each resource's actions, as positions in the plan's list.
    actions: BTreeMap<ResourceKey, Vec<usize>>,
    /// Resources that are being explained: who asks for one of them again goes in a circle.
    pub(crate) asked: RefCell<Vec<ResourceKey>>,
    /// First causes that have been found.
    pub(crate) known_roots: RefCell<BTreeMap<ResourceKey, Vec<Cause>>>,
}

impl<'a> Asker<'a> {
    pub(crate) fn new(model: &'a Model, plan: &'a Schedule, document: Option<&'a Element>) -> Self {
        let mut changes: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for change in model.score_changes.iter().chain(&plan.score_changes) {
            changes.entry((change.resource, change.node)).or_default().push(change);
        }
        let mut decided = BTreeMap::new();
        for line in &plan.scores {
            if let ScoreLine::Allocation { resource, node, score, .. } = *line {
                decided.insert((resource, node), score);
            }
        }
        let mut actions: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (position, action) in plan.actions.iter().enumerate() {
            if let Some(resource) = action.resource {
                actions.entry(resource).or_default().push(position);
            }
        }
        Self {
            actions,
            model,
            plan,
            document,
            changes,
            decided,
            asked: RefCell::default(),
            known_roots: RefCell::default(),
        }
    }

    pub(crate) fn resource(&self, key: ResourceKey) -> &'a Resource {
        &self.model.resources[key]
    }

    /// The name that people use for it.
    pub(crate) fn name(&self, key: ResourceKey) -> String {
        self.resource(key).id.to_string()
    }

    pub(crate) fn node_name(&self, key: NodeKey) -> String {
        self.model.nodes[key].name.to_string()
    }

    pub(crate) fn node_names(&self, keys: &[NodeKey]) -> Vec<String> {
        keys.iter().map(|&key| self.node_name(key)).collect()
    }

    pub(crate) fn outcome(&self, key: ResourceKey) -> &'a ResourceOutcome {
        &self.plan.resources[key]
    }

    /// What it is made of, in the order of the configuration.
    pub(crate) fn children(&self, key: ResourceKey) -> &'a [ResourceKey] {
        &self.resource(key).state.children
    }

    /// The primitives in it; itself if it is one.
    pub(crate) fn leaves(&self, key: ResourceKey) -> Vec<ResourceKey> {
        if self.resource(key).is_primitive() {
            return vec![key];
        }
        self.children(key).iter().flat_map(|&child| self.leaves(child)).collect()
    }

    /// The actions of a resource that do that once, in the order in which they were thought of.
    pub(crate) fn actions_of(
        &self,
        key: ResourceKey,
        task: &'a str,
    ) -> impl Iterator<Item = &'a PlannedAction> {
        let positions = self.actions.get(&key).map_or(&[][..], Vec::as_slice);
        let (plan, resource) = (self.plan, self.resource(key));
        positions.iter().map(move |&position| &plan.actions[position]).filter(move |action| {
            action.task == task
                && action.interval_ms == 0
                && action.key.starts_with(resource.id.as_str())
        })
    }

    /// The start of a resource on a node.
    pub(crate) fn start_on(&self, key: ResourceKey, node: NodeKey) -> Option<&'a PlannedAction> {
        self.actions_of(key, "start").find(|action| action.node.is_none_or(|other| other == node))
    }

    /// The changes of a score, in order.
    pub(crate) fn changes_of(&self, key: ResourceKey, node: NodeKey) -> &[&'a ScoreChange] {
        self.changes.get(&(key, node)).map_or(&[], Vec::as_slice)
    }

    /// Whether anything was forbidden for that reason.
    pub(crate) fn forbids(change: &ScoreChange) -> bool {
        change.score.is_minus_infinite() && !matches!(change.reason, ScoreReason::Symmetric)
    }

    /// The nodes that people ask about: those inside bundles only for what belongs there.
    pub(crate) fn considered_nodes(&self, key: ResourceKey) -> Vec<NodeKey> {
        let order = &self.model.node_order;
        let special = |node: NodeKey| {
            self.model.nodes[node].base_score.is_minus_infinite() && self.is_bundle_node(node)
        };
        let allowed = &self.resource(key).allowed;
        // What is inside a container has no choice.
        let inside = self.model.is_bundled(key)
            && order.iter().any(|&node| special(node) && allowed.get(node).is_some())
            && self.resource(key).agent.is_some()
            && !allowed.nodes().iter().any(|&node| !special(node));
        order
            .iter()
            .copied()
            .filter(|&node| if inside { allowed.get(node).is_some() } else { !special(node) })
            .collect()
    }
}
