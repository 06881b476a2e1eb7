use std::collections::BTreeSet;

use crate::{
    plan::Plan,
    table::{ActionKey, Input, Op, Relation},
};

impl Plan<'_> {
    /// Takes orderings out that cannot be kept: those that would make a circle, and those of a guest against what
    /// launches it.
    pub(super) fn disable_invalid(&mut self) {
        let actions: Vec<_> = self.actions.keys().rev().collect();
        for action in actions {
            for index in (0..self.actions[action].before.len()).rev() {
                if self.is_invalid(action, index) {
                    self.actions[action].before[index].relation = Relation::NONE;
                }
            }
        }
    }

    fn is_invalid(&mut self, action: ActionKey, index: usize) -> bool {
        let input = self.actions[action].before[index];
        let resource = self.actions[action].resource;
        let before = &self.actions[input.action];
        if !input.relation.has(Relation::GUEST_ALLOWED)
            && before.resource.is_some()
            && let (Some(resource), Some(node)) = (resource, before.node)
            && self.guest_launcher(node) == Some(resource)
            && !self.rows[resource].state.launched.is_empty()
        {
            let inside = before.resource.map_or("", |inside| self.resource(inside).id.as_str());
            let launcher = &self.resource(resource).id;
            let text = format!("Invalid ordering constraint between {inside} and {launcher}");
            self.told.warn(text);
            return true;
        }
        input.relation == Relation::IF_ON_SAME_NODE_OR_TARGET
            && resource.is_some()
            && self.actions[action].task == Op::MigrateTo
            && self.leads_back(action, action, index, &mut BTreeSet::new())
    }

    /// Whether following an input backwards comes to `origin` again.
    fn leads_back(
        &mut self,
        origin: ActionKey,
        action: ActionKey,
        index: usize,
        path: &mut BTreeSet<ActionKey>,
    ) -> bool {
        let Input { action: before, .. } = self.actions[action].before[index];
        if path.contains(&before) || !self.input_counts(action, index) {
            return false;
        }
        if before == origin {
            return true;
        }
        path.insert(before);
        let mut found = false;
        for next in (0..self.actions[before].before.len()).rev() {
            if self.leads_back(origin, before, next, path) {
                found = true;
                break;
            }
        }
        path.remove(&before);
        found
    }
}
