use std::{collections::BTreeMap, rc::Rc};

use model::{
    Allowed, Arena, Model, NodeKey, NodeKind, ResourceKey, ScoreReason, Variant,
    history::{DigestCache, DigestInput, FailCount, FailCountInput, fail_count},
    resource::Parameters,
};
use rules::NextChange;
use vocab::{Role, Score, Timestamp};

use crate::{
    report::{ScoreLine, ScoreStage},
    table::{
        Action, ActionKey, Colocation, ColocationKey, KeyedActions, Location, LocationKey, NameKey,
        NodeRow, Relation, RelationEnd, RelationRow, ResourceRow, TaskKey, Utilization,
    },
    told::Told,
};

/// Everything that the stages work on: the frozen model, and tables that each stage fills for the next ones.
pub(crate) struct Plan<'m> {
    pub(crate) model: &'m Model,
    pub(crate) nodes: Arena<NodeKey, NodeRow>,
    pub(crate) rows: Arena<ResourceKey, ResourceRow>,
    pub(crate) top: Vec<ResourceKey>,
    pub(crate) actions: Arena<ActionKey, Action>,
    /// Actions without a resource, by key.
    pub(crate) singletons: BTreeMap<String, ActionKey>,
    pub(crate) names: Arena<NameKey, String>,
    pub(crate) relations: Vec<RelationRow>,
    pub(crate) colocations: Arena<ColocationKey, Colocation>,
    pub(crate) locations: Arena<LocationKey, Location>,
    /// Comparisons of parameters that have to wait until it is known where containers run.
    pub(crate) late_checks: Vec<LateCheck>,
    pub(crate) parameters: Parameters,
    pub(crate) digests: DigestCache,
    pub(crate) next_change: NextChange,
    pub(crate) recheck_by: Option<Timestamp>,
    pub(crate) scores: Vec<ScoreLine>,
    pub(crate) score_changes: Vec<model::ScoreChange>,
    /// Whether changes of scores are kept.
    pub(crate) reasons: bool,
    /// What is said besides.
    pub(crate) told: Told,
    /// Steps that applying orderings took; more than any plan needs end it.
    pub(crate) ordering_steps: u64,
}

/// A comparison that has to wait.
#[derive(Clone, Debug)]
pub(crate) struct LateCheck {
    pub(crate) resource: ResourceKey,
    pub(crate) node: NodeKey,
    pub(crate) entry: model::history::HistoryEntry,
    /// Whether the entry is a failure, not an operation under way.
    pub(crate) is_failure: bool,
}

impl<'m> Plan<'m> {
    pub(crate) fn new(model: &'m Model) -> Self {
        let nodes = model
            .nodes
            .values()
            .map(|node| NodeRow {
                state: node.state,
                assigned: 0,
                capacity: amounts(&node.utilization),
            })
            .collect();
        let rows = model
            .resources
            .values()
            .map(|resource| ResourceRow {
                state: resource.state.clone(),
                allowed: resource.allowed.clone(),
                assigned: None,
                unassigned: true,
                assigning: false,
                updating_nodes: false,
                restarting: false,
                stop_unexpected: false,
                reload: false,
                promotion_priority: 0,
                promotion_scores_added: false,
                promotion_sorted: false,
                actions: Vec::new(),
                keyed: KeyedActions::default(),
                this_with: Vec::new(),
                with_this: Vec::new(),
                locations: Vec::new(),
                tickets: Vec::new(),
                start_notify: None,
                stop_notify: None,
                promote_notify: None,
                demote_notify: None,
                utilization: amounts(&resource.utilization),
            })
            .collect();
        Self {
            model,
            nodes,
            rows,
            top: model.top.clone(),
            actions: Arena::new(),
            singletons: BTreeMap::new(),
            names: Arena::new(),
            relations: Vec::new(),
            colocations: Arena::new(),
            locations: Arena::new(),
            late_checks: Vec::new(),
            parameters: model.parameters.clone(),
            digests: model.digests.clone(),
            next_change: NextChange::default(),
            recheck_by: model.recheck_by,
            scores: Vec::new(),
            score_changes: Vec::new(),
            reasons: false,
            told: Told::default(),
            ordering_steps: 0,
        }
    }

    /// The resource as the model has it.
    pub(crate) fn resource(&self, key: ResourceKey) -> &'m model::Resource {
        &self.model.resources[key]
    }

    /// What a resource is made of, in the present order.
    pub(crate) fn children(&self, key: ResourceKey) -> Vec<ResourceKey> {
        self.rows[key].state.children.clone()
    }

    pub(crate) fn has_children(&self, key: ResourceKey) -> bool {
        !self.rows[key].state.children.is_empty()
    }

    pub(crate) fn parent(&self, key: ResourceKey) -> Option<ResourceKey> {
        self.resource(key).parent
    }

    /// The highest resource that this one is part of, below a bundle.
    pub(crate) fn top_of(&self, key: ResourceKey) -> ResourceKey {
        self.model.top_of(key, true)
    }

    pub(crate) fn is_guest(&self, node: NodeKey) -> bool {
        self.guest_launcher(node).is_some()
    }

    /// The resource that launches the node.
    pub(crate) fn guest_launcher(&self, node: NodeKey) -> Option<ResourceKey> {
        self.model.nodes[node]
            .connection
            .and_then(|connection| self.rows[connection].state.launcher)
    }

    pub(crate) fn is_remote_kind(&self, node: NodeKey) -> bool {
        self.model.nodes[node].kind == NodeKind::Remote
    }

    pub(crate) fn is_bundle_node(&self, node: NodeKey) -> bool {
        self.guest_launcher(node).is_some_and(|launcher| self.model.is_bundled(launcher))
    }

    /// A node attribute; a resource may look at that of the host instead of that of the guest.
    pub(crate) fn node_attribute(
        &self,
        node: NodeKey,
        name: &str,
        of_host: bool,
        by_assignment: bool,
    ) -> Option<&'m str> {
        let mut node = node;
        if of_host && let Some(launcher) = self.guest_launcher(node) {
            node = if by_assignment {
                self.rows[launcher].assigned?
            } else {
                *self.rows[launcher].state.active_on.first()?
            };
        }
        self.model.nodes[node].attributes.get(name).map(String::as_str)
    }

    /// Whether a node could run something.
    pub(crate) fn is_available(&self, node: NodeKey) -> bool {
        let state = &self.nodes[node].state;
        state.online && !state.shutdown && !state.unclean && !state.standby && !state.maintenance
    }

    /// Whether a node with that entry in a table could run something.
    pub(crate) fn is_allowed(&self, node: NodeKey, allowed: &Allowed) -> bool {
        self.is_available(node) && allowed.score >= Score::ZERO && !allowed.suspended
    }

    /// Whether what launches the node, if anything does, will run.
    pub(crate) fn guest_will_run(&self, node: NodeKey) -> bool {
        self.guest_launcher(node).is_none_or(|launcher| self.assigned_location(launcher).is_some())
    }

    pub(crate) fn any_allowed(&self, table: &model::AllowedNodes) -> bool {
        table.iter().any(|(node, allowed)| self.is_allowed(node, allowed))
    }

    pub(crate) fn is_clean(&self, node: NodeKey) -> bool {
        let state = &self.nodes[node].state;
        state.online && !state.unclean
    }

    /// The node that a resource counts as being on. A bundle is where its containers are, whatever else of it is active.
    pub(crate) fn current_node(&self, key: ResourceKey) -> Option<NodeKey> {
        let Variant::Bundle { replicas, .. } = &self.resource(key).variant else {
            return self.current_of(key, &self.rows[key].state.active_on);
        };
        let containers = replicas.iter().map(|replica| replica.container);
        let active: Vec<ResourceKey> =
            containers.filter(|&key| !self.rows[key].state.active_on.is_empty()).collect();
        if let [container] = active[..] {
            return self.current_node(container);
        }
        let nodes = active.iter().flat_map(|&key| &self.rows[key].state.active_on);
        let nodes: Vec<NodeKey> = nodes.copied().collect();
        self.current_of(key, &nodes)
    }

    fn current_of(&self, key: ResourceKey, active_on: &[NodeKey]) -> Option<NodeKey> {
        let (source, needs_fencing) =
            (self.rows[key].state.migration_source, self.resource(key).needs_fencing);
        model::current_among(active_on, source, needs_fencing, |node| self.is_clean(node))
    }

    /// How many nodes a resource is active on: all, and those of them that are clean.
    pub(crate) fn active_counts(&self, key: ResourceKey) -> (usize, usize) {
        let active = &self.rows[key].state.active_on;
        (active.len(), active.iter().filter(|&&node| self.is_clean(node)).count())
    }

    /// The nodes that a resource and what it contains are assigned to.
    pub(crate) fn assigned_locations(&self, key: ResourceKey) -> Vec<NodeKey> {
        let row = &self.rows[key];
        if row.state.children.is_empty() {
            return row.assigned.into_iter().collect();
        }
        let mut nodes = Vec::new();
        for &child in &row.state.children {
            for node in self.assigned_locations(child) {
                if !nodes.contains(&node) {
                    nodes.push(node);
                }
            }
        }
        nodes
    }

    /// The one node that a resource and what it contains are assigned to.
    pub(crate) fn assigned_location(&self, key: ResourceKey) -> Option<NodeKey> {
        if !self.has_children(key) {
            return self.rows[key].assigned;
        }
        match self.assigned_locations(key).as_slice() {
            [node] => Some(*node),
            _ => None,
        }
    }

    fn active_locations(&self, key: ResourceKey) -> Vec<NodeKey> {
        let row = &self.rows[key];
        if row.state.children.is_empty() {
            return row.state.active_on.clone();
        }
        let mut nodes = Vec::new();
        for &child in &row.state.children {
            for node in self.active_locations(child) {
                if !nodes.contains(&node) {
                    nodes.push(node);
                }
            }
        }
        nodes
    }

    /// The one node that a resource and what it contains are active on.
    pub(crate) fn active_location(&self, key: ResourceKey) -> Option<NodeKey> {
        let nested;
        let nodes = if self.has_children(key) {
            nested = self.active_locations(key);
            &nested
        } else {
            &self.rows[key].state.active_on
        };
        match nodes.as_slice() {
            [node] => Some(*node),
            _ => None,
        }
    }

    /// The role of a resource: the highest of what it contains.
    pub(crate) fn role(&self, key: ResourceKey, current: bool) -> Role {
        let row = &self.rows[key];
        if self.resource(key).is_bundle() {
            return Role::Unknown;
        }
        if row.state.children.is_empty() {
            return if current { row.state.role } else { row.state.next_role };
        }
        row.state
            .children
            .iter()
            .map(|&child| self.role(child, current))
            .max()
            .unwrap_or(Role::Unknown)
    }

    /// Whether a resource is active: a group if any member is, or all for `all`.
    pub(crate) fn is_active(&self, key: ResourceKey, all: bool) -> bool {
        let row = &self.rows[key];
        if row.state.children.is_empty() {
            return row.state.active_on.iter().any(|&node| {
                let state = &self.nodes[node].state;
                state.unclean || state.online || !row.state.managed
            });
        }
        let mut active = row.state.children.iter().map(|&child| self.is_active(child, all));
        if all { active.all(|active| active) } else { active.any(|active| active) }
    }

    /// Whether the flag holds for the resource or anything in it.
    pub(crate) fn is_blocked_anywhere(&self, key: ResourceKey) -> bool {
        let row = &self.rows[key];
        row.state.blocked || row.state.children.iter().any(|&child| self.is_blocked_anywhere(child))
    }

    /// Changes the preference of a resource and of all that it contains.
    pub(crate) fn prefer(
        &mut self,
        key: ResourceKey,
        node: Option<NodeKey>,
        score: Score,
        reason: &ScoreReason,
    ) {
        let nodes = match node {
            Some(node) => vec![node],
            None => self.model.node_order.clone(),
        };
        for child in self.children(key) {
            for &node in &nodes {
                self.prefer(child, Some(node), score, reason);
            }
        }
        for &node in &nodes {
            let entry = &self.model.nodes[node];
            let (base, probe) = (entry.base_score, entry.base_probe);
            let allowed = &mut self.rows[key].allowed;
            if allowed.get(node).is_none() {
                allowed.insert(node, Allowed { score: base, probe, ..Allowed::default() });
            }
            if let Some(cell) = allowed.get_mut(node) {
                cell.score += score;
            }
            self.note_score(key, node, score, reason);
        }
        if node.is_none() && score.is_minus_infinite() {
            self.rows[key].assigned = None;
        }
    }

    /// Records what has just been done to a preference, if anybody wants to know.
    pub(crate) fn note_score(
        &mut self,
        resource: ResourceKey,
        node: NodeKey,
        score: Score,
        reason: &ScoreReason,
    ) {
        if self.reasons {
            let after = self.rows[resource].allowed.score(node);
            let reason = reason.clone();
            self.score_changes.push(model::ScoreChange { resource, node, score, after, reason });
        }
    }

    /// Forbids a resource a node that is in its table, and records why.
    pub(crate) fn forbid(&mut self, resource: ResourceKey, node: NodeKey, reason: &ScoreReason) {
        if let Some(cell) = self.rows[resource].allowed.get_mut(node) {
            cell.score = Score::MINUS_INFINITY;
            self.note_score(resource, node, Score::MINUS_INFINITY, reason);
        }
    }

    /// Takes back what was recorded about a resource behind that position: what was tried is not what is so.
    pub(crate) fn forget_scores(&mut self, resource: ResourceKey, position: usize) {
        let mut index = 0;
        self.score_changes.retain(|change| {
            index += 1;
            index <= position || change.resource != resource
        });
    }

    pub(crate) fn record_scores(&mut self, key: ResourceKey, stage: ScoreStage) {
        if self.rows[key].state.removed {
            return;
        }
        let allowed = &self.rows[key].allowed;
        let lines = self.model.node_order.iter().filter_map(|&node| {
            let score = allowed.get(node)?.score;
            Some(ScoreLine::Allocation { stage, resource: key, node, score })
        });
        self.scores.extend(lines);
        for child in self.children(key) {
            self.record_scores(child, stage);
        }
    }

    /// The parameters of a resource on a node.
    pub(crate) fn parameters(
        &mut self,
        key: ResourceKey,
        node: Option<NodeKey>,
    ) -> Rc<model::attributes::Values> {
        let model = self.model;
        self.parameters.of(
            key,
            node,
            &model.resources,
            &model.nodes,
            model.now,
            &mut self.next_change,
        )
    }

    /// Counts failures; those of what the resource launches count too if `with_launched` says so.
    pub(crate) fn fail_count(
        &mut self,
        key: ResourceKey,
        node: NodeKey,
        with_launched: bool,
    ) -> FailCount {
        let model = self.model;
        let input = FailCountInput {
            node: &model.nodes[node],
            resource: &model.resources[key],
            options: &model.options,
            history: &model.history,
            now: model.now.moment,
            expire: true,
            entry: None,
        };
        let mut found = fail_count(input, &mut self.rows[key].state);
        if with_launched && !model.is_bundled(key) {
            for launched in self.rows[key].state.launched.clone() {
                let more = self.fail_count(launched, node, with_launched);
                found.count = found.count.saturating_add(more.count);
                found.last = found.last.max(more.last);
            }
        }
        found
    }

    /// Compares the configuration with what an operation ran with.
    pub(crate) fn difference(
        &mut self,
        key: ResourceKey,
        node: NodeKey,
        entry: &model::history::HistoryEntry,
    ) -> (model::history::Difference, bool) {
        let waits = self.waits_for_container(key);
        let address = if waits { self.bundle_address(key) } else { None };
        let parameters = self.parameters(key, Some(node));
        let input = digest_input(self.model, key, node, &parameters, address.as_deref());
        let digests = self.digests.compare(input, entry, &mut self.next_change);
        let digests = digests.borrow();
        (digests.difference, digests.only_secrets_differ(entry))
    }

    /// Notes that the plan has to be made again then.
    pub(crate) fn recheck(&mut self, at: Timestamp) {
        if at > self.model.now.moment {
            self.recheck_by = Some(self.recheck_by.map_or(at, |earlier| earlier.min(at)));
        }
    }

    /// Adds an ordering that is applied when all actions are known.
    pub(crate) fn relate(&mut self, first: RelationEnd, then: RelationEnd, relation: Relation) {
        let owner = |end: RelationEnd, plan: &Self| {
            end.resource.or_else(|| end.action.and_then(|action| plan.actions[action].resource))
        };
        let key = |end: RelationEnd, plan: &Self| {
            end.key.or_else(|| {
                let action = &plan.actions[end.action?];
                Some((action.resource?, action.key))
            })
        };
        let first = RelationEnd {
            resource: owner(first, self),
            key: key(first, self),
            action: first.action,
        };
        let then =
            RelationEnd { resource: owner(then, self), key: key(then, self), action: then.action };
        self.relations.push(RelationRow { first, then, relation });
        self.relate_migrations(first, then);
    }

    /// Adds an ordering of two resources' actions.
    pub(crate) fn order(
        &mut self,
        first: ResourceKey,
        first_key: impl Into<TaskKey>,
        then: ResourceKey,
        then_key: impl Into<TaskKey>,
        relation: Relation,
    ) {
        self.relate(RelationEnd::of(first, first_key), RelationEnd::of(then, then_key), relation);
    }

    /// All nodes, by name.
    pub(crate) fn node_keys(&self) -> Vec<NodeKey> {
        self.model.node_order.clone()
    }

    pub(crate) fn node_name(&self, node: NodeKey) -> &'m str {
        self.model.nodes[node].name.as_str()
    }
}

/// What digests of a resource on a node are made of.
pub(crate) fn digest_input<'a>(
    model: &'a Model,
    key: ResourceKey,
    node: NodeKey,
    parameters: &'a model::attributes::Values,
    remote_address: Option<&'a str>,
) -> DigestInput<'a> {
    DigestInput {
        resource: &model.resources[key],
        resource_key: key,
        node: &model.nodes[node],
        node_key: node,
        parameters,
        operation_defaults: &model.operation_defaults,
        feature_set: model.feature_set.as_deref(),
        remote_address,
        sanitized: model.sanitized,
        now: model.now,
    }
}

fn amounts(values: &model::attributes::Values) -> Utilization {
    values
        .iter()
        .map(|(name, text)| {
            let digits: String = text
                .trim()
                .chars()
                .enumerate()
                .take_while(|(index, c)| c.is_ascii_digit() || (*index == 0 && *c == '-'))
                .map(|(_, c)| c)
                .collect();
            (name.clone(), digits.parse().unwrap_or(0))
        })
        .collect()
}
