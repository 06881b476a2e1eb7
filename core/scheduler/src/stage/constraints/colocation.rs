use model::constraint::Colocation as Configured;
use vocab::{Role, Score};

use crate::{
    plan::Plan,
    table::{Colocation, Op, Relation},
};

impl Plan<'_> {
    pub(crate) fn configured_colocation(&mut self, configured: &Configured) {
        self.colocate(Colocation {
            id: configured.id.clone(),
            dependent: configured.dependent,
            primary: configured.primary,
            score: configured.score,
            dependent_role: configured.dependent_role,
            primary_role: configured.primary_role,
            node_attribute: configured.node_attribute.clone(),
            influence: configured.influence,
            explicit: true,
        });
    }

    /// Adds a colocation. What must be apart also has to leave before the other comes.
    pub(crate) fn colocate(&mut self, colocation: Colocation) {
        if colocation.score == Score::ZERO {
            return;
        }
        let (dependent, primary) = (colocation.dependent, colocation.primary);
        let (dependent_role, primary_role) = (colocation.dependent_role, colocation.primary_role);
        let apart = colocation.score.is_minus_infinite();
        let key = self.colocations.push(colocation);
        let mut list = std::mem::take(&mut self.rows[dependent].this_with);
        self.insert_this_with(&mut list, key);
        self.rows[dependent].this_with = list;
        let mut list = std::mem::take(&mut self.rows[primary].with_this);
        self.insert_with_this(&mut list, key);
        self.rows[primary].with_this = list;
        if apart {
            self.leave_before(dependent, dependent_role, primary, primary_role);
            self.leave_before(primary, primary_role, dependent, dependent_role);
        }
    }

    fn leave_before(
        &mut self,
        first: model::ResourceKey,
        first_role: Role,
        then: model::ResourceKey,
        then_role: Role,
    ) {
        let first_ops: &[Op] = match first_role {
            Role::Promoted => &[Op::Demote],
            Role::Unpromoted => &[Op::Stop, Op::Promote],
            Role::Unknown | Role::Stopped | Role::Started => &[Op::Stop],
        };
        let then_ops: &[Op] = match then_role {
            Role::Promoted => &[Op::Promote],
            Role::Unpromoted => &[Op::Start, Op::Demote],
            Role::Unknown | Role::Stopped | Role::Started => &[Op::Start],
        };
        for &first_op in first_ops {
            for &then_op in then_ops {
                self.order(first, first_op, then, then_op, Relation::IF_REQUIRED_ON_SAME_NODE);
            }
        }
    }
}
