use model::ResourceKey;

use super::variant::Changed;
use crate::{
    plan::Plan,
    reason::ActionReason,
    table::{ActionFlags, ActionKey, KeyOp, Op, Relation, TaskKey},
};

/// Changes only ever take flags away, apart from a few that are set once, so that this is never reached; it bounds the
/// work that a broken input can ask for.
const STEPS_MAX: u64 = 50_000_000;

/// How deep one change may lead to another before the rest is left as it is.
const DEPTH_MAX: u32 = 20_000;

impl Plan<'_> {
    /// The action that an ordering after this one really waits for: of a collection, the end of what it does.
    fn end_of(&self, action: ActionKey) -> ActionKey {
        let row = &self.actions[action];
        let Some(resource) = row.resource else { return action };
        let configured = self.resource(resource);
        let KeyOp::Op(op) = row.key.op else { return action };
        if configured.rank() < 1 || op == Op::Notify {
            return action;
        }
        let Some(end) = op.completion() else { return action };
        let collects_notices = configured.is_clone() || configured.is_bundle();
        let wants_notice =
            configured.notify && (collects_notices || self.model.is_bundled(resource));
        let key = if wants_notice {
            TaskKey { op: KeyOp::Notify(crate::table::NotifyTime::ConfirmedPost, end), interval: 0 }
        } else {
            TaskKey::once(end)
        };
        self.rows[resource].keyed.of(key).last().map_or(action, |(latest, _)| *latest)
    }

    /// Lets the actions before one say what that means for it, and the other way round, and goes on with whatever changed.
    pub(crate) fn update_for_orderings(&mut self, then: ActionKey, depth: u32) {
        self.ordering_steps += 1;
        if self.ordering_steps > STEPS_MAX || depth > DEPTH_MAX {
            return;
        }
        let mut changed = Changed::default();
        let last_flags = self.actions[then].flags;
        let counted = self.actions[then].required_runnable_before > 0;
        if counted {
            self.actions[then].runnable_before = 0;
            self.actions[then].flags.clear(ActionFlags::RUNNABLE);
        }
        for index in (0..self.actions[then].before.len()).rev() {
            let now = self.update_for_input(then, index, depth);
            changed.then |= now.then;
            changed.first = now.first;
            if changed.first {
                let first = now.action;
                for after in (0..self.actions[first].after.len()).rev() {
                    let other = self.actions[first].after[after].action;
                    self.update_for_orderings(other, depth + 1);
                }
                self.update_for_orderings(first, depth + 1);
            }
        }
        if counted {
            changed.then = last_flags != self.actions[then].flags;
        }
        if !changed.then {
            return;
        }
        if last_flags.has(ActionFlags::RUNNABLE) && !self.actions[then].is_runnable() {
            self.block_dependents(then);
        }
        self.update_for_orderings(then, depth + 1);
        for after in (0..self.actions[then].after.len()).rev() {
            let other = self.actions[then].after[after].action;
            self.update_for_orderings(other, depth + 1);
        }
    }

    fn update_for_input(&mut self, then: ActionKey, index: usize, depth: u32) -> Changed {
        let input = self.actions[then].before[index];
        let mut first = input.action;
        let mut changed = Changed { action: first, ..Changed::default() };
        let first_node = self.node_for_ordering(first);
        let then_node = self.node_for_ordering(then);
        if input.relation.has(Relation::IF_ON_SAME_NODE)
            && let (Some(first_node), Some(then_node)) = (first_node, then_node)
            && first_node != then_node
        {
            self.actions[then].before[index].relation = Relation::NONE;
            return changed;
        }
        let first_resource = self.actions[first].resource;
        if let Some(resource) = first_resource
            && input.relation.has(Relation::THEN_CANCELS_FIRST)
            && !self.actions[then].is_optional()
        {
            self.actions[first].flags.set(ActionFlags::OPTIONAL);
            if self.actions[first].task == Op::Reload {
                self.rows[resource].reload = false;
            }
        }
        if let (Some(one), Some(two)) = (first_resource, self.actions[then].resource)
            && one != two
            && !self.model.is_above(one, two)
        {
            first = self.end_of(first);
            changed.action = first;
        }
        if first == input.action {
            let first_flags = self.flags_for_ordering(first, then_node);
            let then_flags = self.flags_for_ordering(then, first_node);
            let updated =
                self.update_for_relation(first, then, index, first_flags, then_flags, depth);
            changed.first = updated.first;
            changed.then = updated.then;
        } else if self.order_actions(first, then, input.relation) {
            changed.then = true;
            self.actions[then].before[index].relation = Relation::NONE;
        }
        changed
    }

    fn node_for_ordering(&self, action: ActionKey) -> Option<model::NodeKey> {
        let row = &self.actions[action];
        if let Some(resource) = row.resource
            && row.task == Op::Start
            && self.resource(resource).is_group()
            && let location @ Some(_) = self.assigned_location(resource)
        {
            return location;
        }
        row.node
    }

    fn update_for_relation(
        &mut self,
        first: ActionKey,
        then: ActionKey,
        index: usize,
        first_flags: ActionFlags,
        then_flags: ActionFlags,
        depth: u32,
    ) -> Changed {
        let mut node = self.actions[then].node;
        let mut relation = self.actions[then].before[index].relation;
        if relation.has(Relation::FIRST_IMPLIES_SAME_NODE_THEN) {
            relation.clear(Relation::FIRST_IMPLIES_SAME_NODE_THEN);
            relation.set(Relation::FIRST_IMPLIES_THEN);
            self.actions[then].before[index].relation = relation;
            node = self.actions[first].node;
        }
        let edge = Edge { first, then, index, node, first_flags, depth };
        let mut changed = Changed::default();
        self.update_what_is_implied(edge, relation, &mut changed);
        let relation = self.update_what_can_run(edge, relation, &mut changed);
        self.update_the_rest(edge, relation, &mut changed);
        let graphed = ActionFlags::ALWAYS_IN_GRAPH;
        if self.actions[first].is_runnable()
            && relation.has(Relation::FIRST_IMPLIES_THEN_GRAPHED)
            && !first_flags.has(ActionFlags::OPTIONAL)
        {
            self.actions[then].flags.set(graphed);
        }
        if relation.has(Relation::THEN_IMPLIES_FIRST_GRAPHED)
            && !then_flags.has(ActionFlags::OPTIONAL)
        {
            self.actions[first].flags.set(graphed);
        }
        if self.is_blocked_stop(first, relation) && self.actions[then].is_runnable() {
            self.actions[then].flags.clear(ActionFlags::RUNNABLE);
            changed.then = true;
        }
        changed
    }

    /// What one of the two being needed says about the other.
    fn update_what_is_implied(&mut self, edge: Edge, relation: Relation, changed: &mut Changed) {
        const OPTIONAL: ActionFlags = ActionFlags::OPTIONAL;
        const RUNNABLE: ActionFlags = ActionFlags::RUNNABLE;
        let Edge { first, then, first_flags, .. } = edge;
        let then_resource = self.actions[then].resource;
        let first_resource = self.actions[first].resource;
        let optional_only = first_flags.only(OPTIONAL);
        if relation.has(Relation::FIRST_IMPLIES_THEN) {
            let kind = Relation::FIRST_IMPLIES_THEN;
            if then_resource.is_some() {
                self.tell(edge, then_resource, optional_only, OPTIONAL, kind, changed);
            } else if !first_flags.has(OPTIONAL) && self.actions[then].is_optional() {
                self.actions[then].flags.clear(OPTIONAL);
                changed.then = true;
            }
        }
        if relation.has(Relation::INTERMEDIATE_STOP) {
            let kind = Relation::INTERMEDIATE_STOP;
            self.tell(edge, then_resource, first_flags, OPTIONAL | RUNNABLE, kind, changed);
        }
        if relation.has(Relation::THEN_IMPLIES_FIRST) {
            let kind = Relation::THEN_IMPLIES_FIRST;
            if first_resource.is_some() {
                self.tell(edge, first_resource, first_flags, OPTIONAL, kind, changed);
            } else if !first_flags.has(OPTIONAL) && self.actions[first].is_runnable() {
                self.actions[first].flags.clear(RUNNABLE);
                changed.first = true;
            }
        }
        if relation.has(Relation::PROMOTED_THEN_IMPLIES_FIRST) {
            let kind = Relation::PROMOTED_THEN_IMPLIES_FIRST;
            self.tell(edge, then_resource, optional_only, OPTIONAL, kind, changed);
        }
    }

    /// What the first being possible or not says about the other. Gives the relation as it is now: one to a remote node
    /// that is known to be gone ends.
    fn update_what_can_run(
        &mut self,
        edge: Edge,
        mut relation: Relation,
        changed: &mut Changed,
    ) -> Relation {
        const RUNNABLE: ActionFlags = ActionFlags::RUNNABLE;
        let Edge { first, then, first_flags, .. } = edge;
        let then_resource = self.actions[then].resource;
        if relation.has(Relation::MIN_RUNNABLE) {
            if then_resource.is_some() {
                let kind = Relation::MIN_RUNNABLE;
                self.tell(edge, then_resource, first_flags, RUNNABLE, kind, changed);
            } else if first_flags.has(RUNNABLE) {
                let row = &mut self.actions[then];
                row.runnable_before += 1;
                if row.runnable_before >= row.required_runnable_before && !row.is_runnable() {
                    row.flags.set(RUNNABLE);
                    changed.then = true;
                }
            }
        }
        let blocks = Relation::UNRUNNABLE_FIRST_BLOCKS;
        if relation.has(Relation::NESTED_REMOTE_PROBE) && then_resource.is_some() {
            let active = self.actions[first]
                .resource
                .is_some_and(|resource| !self.rows[resource].state.active_on.is_empty());
            if !first_flags.has(RUNNABLE) && active {
                relation = Relation::NONE;
                self.actions[then].before[edge.index].relation = relation;
            } else {
                self.tell(edge, then_resource, first_flags, RUNNABLE, blocks, changed);
            }
        }
        if relation.has(blocks) {
            if then_resource.is_some() {
                self.tell(edge, then_resource, first_flags, RUNNABLE, blocks, changed);
            } else if !first_flags.has(RUNNABLE) && self.actions[then].is_runnable() {
                self.actions[then].flags.clear(RUNNABLE);
                changed.then = true;
            }
        }
        relation
    }

    /// Relations that mean something to resources only.
    fn update_the_rest(&mut self, edge: Edge, relation: Relation, changed: &mut Changed) {
        const KINDS: [(Relation, ActionFlags); 4] = [
            (Relation::UNMIGRATABLE_THEN_BLOCKS, ActionFlags::OPTIONAL),
            (Relation::FIRST_ELSE_THEN, ActionFlags::OPTIONAL),
            (Relation::ORDERED, ActionFlags::RUNNABLE),
            (Relation::ASYMMETRIC, ActionFlags::RUNNABLE),
        ];
        let owner = self.actions[edge.then].resource;
        for (kind, filter) in KINDS {
            if relation.has(kind) {
                self.tell(edge, owner, edge.first_flags, filter, kind, changed);
            }
        }
    }

    /// Lets a resource say what a relation means for its actions; without one nothing happens.
    fn tell(
        &mut self,
        edge: Edge,
        owner: Option<ResourceKey>,
        flags: ActionFlags,
        filter: ActionFlags,
        kind: Relation,
        changed: &mut Changed,
    ) {
        let Some(owner) = owner else { return };
        let Edge { first, then, node, depth, .. } = edge;
        let order = super::variant::Order { first, then, node, flags, filter, kind };
        let update = self.update_ordered(owner, order, depth);
        changed.first |= update.first;
        changed.then |= update.then;
    }

    /// Whether the first action is a stop that nobody can carry out and that others depend on.
    fn is_blocked_stop(&self, first: ActionKey, relation: Relation) -> bool {
        let depends = Relation::FIRST_IMPLIES_THEN
            | Relation::THEN_IMPLIES_FIRST
            | Relation::INTERMEDIATE_STOP;
        let action = &self.actions[first];
        relation.any(depends)
            && action.task == Op::Stop
            && !action.is_runnable()
            && action.resource.is_some_and(|resource| {
                let state = &self.rows[resource].state;
                !state.managed && state.blocked
            })
    }

    /// If an action that brings something up cannot be carried out, neither can what has to be with it.
    pub(super) fn block_dependents(&mut self, action: ActionKey) {
        let row = &self.actions[action];
        if row.is_runnable() || !matches!(row.task, Op::Start | Op::Promote) {
            return;
        }
        let task = row.task;
        let Some(own) = row.resource else { return };
        let top = self.top_of(own);
        let resource = self.parent(top).unwrap_or(top);
        for child in self.children(resource) {
            match self.latest_action(child, task, None) {
                Some(action) if !self.actions[action].is_runnable() => {}
                Some(_) | None => return,
            }
        }
        for key in self.with_this(resource) {
            let colocation = &self.colocations[key];
            if !colocation.score.is_infinite()
                || (task == Op::Promote && colocation.primary_role != vocab::Role::Promoted)
            {
                continue;
            }
            let blocked = if colocation.dependent_role == vocab::Role::Promoted {
                Op::Promote
            } else {
                Op::Start
            };
            let dependent = colocation.dependent;
            self.block(dependent, blocked, own);
        }
    }

    fn block(&mut self, resource: ResourceKey, task: Op, because: ResourceKey) {
        for action in self.rows[resource].actions.clone().into_iter().rev() {
            if self.actions[action].task != task || !self.actions[action].is_runnable() {
                continue;
            }
            let reason = ActionReason::Colocation(self.resource(because).id.to_string());
            let row = &mut self.actions[action];
            row.flags.clear(ActionFlags::RUNNABLE);
            row.reason.get_or_insert(reason);
            self.block_dependents(action);
            self.update_for_orderings(action, 0);
        }
        for child in self.children(resource) {
            self.block(child, task, because);
        }
    }
}

/// One ordering while it is looked at.
#[derive(Clone, Copy)]
struct Edge {
    first: ActionKey,
    then: ActionKey,
    /// Where the ordering stands among those of `then`.
    index: usize,
    node: Option<model::NodeKey>,
    first_flags: ActionFlags,
    depth: u32,
}
