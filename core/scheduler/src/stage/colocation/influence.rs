use model::{ResourceKey, ScoreReason};
use vocab::Score;

use crate::{
    plan::Plan,
    table::{Colocation, ColocationKey},
};

use super::Propagation;

impl Plan<'_> {
    /// Whether the preferences of what follows count for what is followed.
    pub(crate) fn has_influence(
        &self,
        colocation: &Colocation,
        followed: Option<ResourceKey>,
    ) -> bool {
        let followed = followed.unwrap_or(colocation.primary);
        let state = &self.rows[followed].state;
        // A container does not move for the sake of what is in it.
        if self.resource(colocation.dependent).remote_nesting_allowed
            && !state.failed
            && state.active_on.len() == 1
        {
            return false;
        }
        colocation.influence || state.active_on.is_empty()
    }

    /// Adds to a resource's table what those prefer that follow it in a colocation.
    pub(crate) fn add_dependent_preferences(&mut self, key: ColocationKey, primary: ResourceKey) {
        let colocation = self.colocations[key].clone();
        if !self.has_influence(&colocation, None) {
            return;
        }
        let how = Propagation {
            follow_primaries: false,
            nonnegative: self.resource(primary).is_clone(),
            active_only: true,
        };
        let table = std::mem::take(&mut self.rows[primary].allowed);
        // The table stays readable while others look at it.
        self.rows[primary].allowed = table.clone();
        let combined = self.add_colocated(
            colocation.dependent,
            Some(primary),
            Some(table),
            Some(key),
            colocation.factor(),
            how,
        );
        if let Some(combined) = combined {
            let before = std::mem::replace(&mut self.rows[primary].allowed, combined);
            let with = colocation.dependent;
            let reason = ScoreReason::Colocation { id: colocation.id, with, follows: false };
            self.note_table(primary, &before, &reason);
        }
    }

    /// Records by how much a resource's preferences differ from what they were.
    pub(crate) fn note_table(
        &mut self,
        resource: ResourceKey,
        before: &model::AllowedNodes,
        reason: &ScoreReason,
    ) {
        if !self.reasons {
            return;
        }
        for (node, old) in before.iter() {
            let new = self.rows[resource].allowed.score(node);
            if new != old.score {
                let delta = i64::from(new.value()) - i64::from(old.score.value());
                let score = if new.is_minus_infinite() { new } else { Score::new(delta) };
                self.note_score(resource, node, score, reason);
            }
        }
    }
}
