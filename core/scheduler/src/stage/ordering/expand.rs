use model::ResourceKey;
use vocab::Role;

use crate::{
    plan::Plan,
    table::{ActionFlags, ActionKey, KeyOp, Op, Relation, RelationRow},
};

impl Plan<'_> {
    /// Turns relations of resources' actions into orderings of actions.
    pub(super) fn expand_relations(&mut self) {
        for index in 0..self.relations.len() {
            let row = self.relations[index];
            match (row.first.resource, row.then.resource) {
                (Some(first), _) => self.expand_from(first, row),
                (None, Some(then)) => self.expand_to(row.first.action, then, row),
                (None, None) => {
                    if let (Some(first), Some(then)) = (row.first.action, row.then.action) {
                        self.order_actions(first, then, row.relation);
                    }
                }
            }
        }
    }

    fn expand_from(&mut self, first: ResourceKey, row: RelationRow) {
        let mut actions = match (row.first.action, row.first.key) {
            (Some(action), _) => vec![action],
            (None, Some((_, key))) => self.find_actions(first, key, None),
            (None, None) => return,
        };
        if actions.is_empty()
            && row.then.resource != Some(first)
            && let Some((_, key)) = row.first.key
            && let KeyOp::Op(op) = key.op
        {
            let role = self.role(first, true);
            let never = (role == Role::Stopped && op == Op::Stop)
                || (role == Role::Unpromoted && op == Op::Demote);
            if !never {
                actions.push(self.ensure(first, key, op, None, true));
            }
        }
        let then = match (row.then.resource, row.then.action) {
            (Some(then), _) => Some(then),
            (None, Some(action)) => self.actions[action].resource,
            (None, None) => return,
        };
        for action in actions {
            match then {
                Some(then) => self.expand_to(Some(action), then, row),
                None => {
                    if let Some(point) = row.then.action {
                        self.order_actions(action, point, row.relation);
                    }
                }
            }
        }
    }

    fn expand_to(&mut self, first: Option<ActionKey>, then: ResourceKey, row: RelationRow) {
        let actions = match (row.then.action, row.then.key) {
            (Some(action), _) => vec![action],
            (None, Some((_, key))) => self.find_actions(then, key, None),
            (None, None) => return,
        };
        let mut relation = row.relation;
        if let Some(first) = first {
            let action = &self.actions[first];
            if action.resource == Some(then) && action.is(ActionFlags::MIGRATION_ABORT) {
                relation.clear(Relation::FIRST_IMPLIES_THEN);
            }
        } else if !relation.has(Relation::FIRST_IMPLIES_THEN) {
            return;
        }
        for action in actions {
            match first {
                Some(first) => {
                    self.order_actions(first, action, relation);
                }
                None => self.actions[action].flags.clear(ActionFlags::RUNNABLE),
            }
        }
    }
}
