use std::collections::BTreeMap;

use crate::{
    plan::Plan,
    table::{ActionFlags, ActionKey, Op, Relation},
};

impl Plan<'_> {
    /// Whether an action has to be, and can be, carried out.
    pub(crate) fn is_for_graph(&self, action: ActionKey) -> bool {
        let row = &self.actions[action];
        if !row.is_runnable() || (row.is_optional() && !row.is(ActionFlags::ALWAYS_IN_GRAPH)) {
            return false;
        }
        if let Some(resource) = row.resource
            && !self.rows[resource].state.managed
            && row.task != Op::Monitor
            && !row.is_recurring()
        {
            return false;
        }
        if row.is_pseudo() || matches!(row.task, Op::Fence | Op::Shutdown) {
            return true;
        }
        let Some(node) = row.node else { return false };
        if row.is(ActionFlags::ON_DC) {
            return true;
        }
        let state = &self.nodes[node].state;
        if self.is_guest(node) && !state.remote_reset {
            return true;
        }
        state.online && !state.unclean
    }

    /// Whether an action has to wait for one of its inputs. Inputs that turn out not to apply are taken out.
    pub(crate) fn input_counts(&mut self, action: ActionKey, index: usize) -> bool {
        let input = self.actions[action].before[index];
        if input.graphed {
            return true;
        }
        let relation = input.relation;
        let before = &self.actions[input.action];
        let plain = Relation::THEN_IMPLIES_FIRST_GRAPHED
            | Relation::FIRST_IMPLIES_THEN_GRAPHED
            | Relation::ORDERED;
        if relation == Relation::NONE {
            return false;
        }
        if !before.is_runnable()
            && (!relation.has_more_than(plain)
                || relation.has(Relation::MIN_RUNNABLE)
                || relation.has(Relation::UNMIGRATABLE_THEN_BLOCKS))
        {
            return false;
        }
        let migratable = before.is(ActionFlags::MIGRATABLE);
        if relation.has(Relation::IF_FIRST_UNMIGRATABLE) && migratable {
            return false;
        }
        let is_stop = before.key.is(Op::Stop);
        if relation == Relation::ORDERED && migratable && is_stop {
            return false;
        }
        let own = &self.actions[action];
        if relation == Relation::IF_ON_SAME_NODE_OR_TARGET {
            let moved = own.resource.filter(|_| own.task == Op::MigrateTo);
            let out = match moved {
                Some(resource) => {
                    let target = self.rows[resource].assigned;
                    before.node.is_none() || before.node != target
                }
                None => before.node.is_none() || before.node != own.node || before.is_optional(),
            };
            if out {
                self.actions[action].before[index].relation = Relation::NONE;
            }
            return !out;
        }
        if relation == Relation::IF_REQUIRED_ON_SAME_NODE {
            let apart = before.node.is_some() && own.node.is_some() && before.node != own.node;
            if apart || before.is_optional() {
                self.actions[action].before[index].relation = Relation::NONE;
                return false;
            }
            return true;
        }
        if let Some(resource) = before.resource
            && before.resource != own.resource
            && self.rows[resource].state.failed
            && !self.rows[resource].state.managed
            && is_stop
            && own.resource.is_some_and(|owner| self.resource(owner).is_clone())
        {
            return false;
        }
        if before.is_optional()
            && !before.flags.any(ActionFlags::ALWAYS_IN_GRAPH | ActionFlags::IN_GRAPH)
            && !self.is_for_graph(input.action)
        {
            return false;
        }
        true
    }

    /// Lists each input once, by number, with all that it means.
    pub(crate) fn merge_inputs(&mut self, action: ActionKey) {
        if self.actions[action].is(ActionFlags::INPUTS_UNIQUE) {
            return;
        }
        let mut merged: BTreeMap<ActionKey, crate::table::Input> = BTreeMap::new();
        for input in self.actions[action].before.iter().rev() {
            merged
                .entry(input.action)
                .and_modify(|known| {
                    known.relation |= input.relation;
                    known.graphed |= input.graphed;
                })
                .or_insert(crate::table::Input { graphed: false, ..*input });
        }
        let row = &mut self.actions[action];
        row.before = merged.into_values().collect();
        row.flags.set(ActionFlags::INPUTS_UNIQUE);
    }
}
