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
            self.note_colocation(primary, &combined, &colocation.id);
            self.rows[primary].allowed = combined;
        }
    }

    /// Records by how much a colocation changed preferences.
    pub(crate) fn note_colocation(
        &mut self,
        resource: ResourceKey,
        new: &model::AllowedNodes,
        id: &str,
    ) {
        let changes: Vec<_> = new
            .iter()
            .filter_map(|(node, cell)| {
                let old = self.rows[resource].allowed.score(node);
                let delta = i64::from(cell.score.value()) - i64::from(old.value());
                (delta != 0).then(|| model::ScoreChange {
                    resource,
                    node,
                    score: Score::new(delta),
                    reason: ScoreReason::Colocation(id.to_owned()),
                })
            })
            .collect();
        self.score_changes.extend(changes);
    }
}
