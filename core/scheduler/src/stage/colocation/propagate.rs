use model::{AllowedNodes, ResourceKey, Variant};
use vocab::Score;

use crate::{
    plan::Plan,
    table::{ColocationKey, score_factor},
};

/// How preferences are passed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Propagation {
    /// On to what is followed, instead of to what follows.
    pub(crate) follow_primaries: bool,
    /// No preference may turn a table's entry negative.
    pub(crate) nonnegative: bool,
    /// Preferences that leave no node are not passed on.
    pub(crate) active_only: bool,
}

impl Plan<'_> {
    /// Combines a table of preferences for `target` with those of `source`, which is tied to it by the colocation, and of
    /// all that is tied to `source` in turn. Without a table, `source` starts with its own. `None` means no change.
    pub(crate) fn add_colocated(
        &mut self,
        source: ResourceKey,
        target: Option<ResourceKey>,
        table: Option<AllowedNodes>,
        colocation: Option<ColocationKey>,
        factor: f32,
        how: Propagation,
    ) -> Option<AllowedNodes> {
        if self.rows[source].updating_nodes {
            return None;
        }
        if let Variant::Group { .. } = self.resource(source).variant {
            let members = &self.rows[source].state.children;
            let member = if table.is_none() { members.last() } else { members.first() };
            let &member = member?;
            self.rows[source].updating_nodes = true;
            let combined = self.add_colocated(member, target, table, colocation, factor, how);
            self.rows[source].updating_nodes = false;
            return combined;
        }
        self.rows[source].updating_nodes = true;
        let combined = self.add_colocated_here(source, target, table, colocation, factor, how);
        self.rows[source].updating_nodes = false;
        combined
    }

    fn add_colocated_here(
        &mut self,
        source: ResourceKey,
        target: Option<ResourceKey>,
        table: Option<AllowedNodes>,
        colocation: Option<ColocationKey>,
        factor: f32,
        how: Propagation,
    ) -> Option<AllowedNodes> {
        let (mut work, target) = match table {
            None => (self.rows[source].allowed.clone(), source),
            Some(mut table) => {
                let target = target.unwrap_or(source);
                if let Some(key) = colocation {
                    self.add_matching(&mut table, source, target, key, factor, how.nonnegative);
                }
                (table, target)
            }
        };
        if self.any_allowed(&work) {
            let colocations =
                if how.follow_primaries { self.this_with(source) } else { self.with_this(source) };
            let how = Propagation { active_only: true, ..how };
            for key in colocations {
                let row = &self.colocations[key];
                let other = if how.follow_primaries {
                    row.primary
                } else if self.has_influence(row, None) {
                    row.dependent
                } else {
                    continue;
                };
                let factor = factor * row.score.value() as f32 / score_infinity();
                let copy = work.clone();
                if let Some(combined) =
                    self.add_colocated(other, Some(target), Some(copy), Some(key), factor, how)
                {
                    work = combined;
                }
            }
        } else if how.active_only {
            return None;
        }
        if how.nonnegative {
            for (_, cell) in work.iter_mut() {
                if cell.suspended {
                    cell.suspended = false;
                    cell.score = Score::from(1);
                }
            }
        }
        Some(work)
    }

    fn add_matching(
        &mut self,
        table: &mut AllowedNodes,
        source: ResourceKey,
        target: ResourceKey,
        key: ColocationKey,
        factor: f32,
        nonnegative: bool,
    ) {
        let with_locations = self.table_with_group_locations(source, key);
        let source_table = with_locations.as_ref().unwrap_or(&self.rows[source].allowed);
        let colocation = &self.colocations[key];
        let attribute = colocation.node_attribute.as_deref();
        let by_name = attribute.is_none_or(|name| name == "#uname");
        for (node, cell) in table.iter_mut() {
            let score = if by_name && !self.is_bundle_kind(source) && !self.is_bundle_kind(target) {
                // The usual attribute is the name, which only the node itself has.
                source_table
                    .get(node)
                    .filter(|_| self.is_available(node))
                    .map_or(Score::MINUS_INFINITY, |cell| cell.score)
            } else {
                let value = self.colocation_attribute(node, attribute, Some(target));
                self.best_matching(source_table, source, attribute, value)
            };
            if factor < 0.0 && score < Score::ZERO {
                let stickiness = self.resource(colocation.primary).stickiness;
                if stickiness >= -score.value()
                    || !self.has_influence(colocation, None)
                    || !self.allowed_on_one(colocation.dependent)
                {
                    continue;
                }
            }
            if cell.suspended {
                continue;
            }
            let new = cell.score + delta(factor, score);
            if nonnegative && new < Score::ZERO {
                if cell.score > Score::ZERO {
                    cell.suspended = true;
                    continue;
                }
                if cell.score == Score::ZERO {
                    continue;
                }
            }
            cell.score = new;
        }
    }

    fn best_matching(
        &self,
        source_table: &AllowedNodes,
        source: ResourceKey,
        attribute: Option<&str>,
        value: Option<&str>,
    ) -> Score {
        source_table
            .iter()
            .filter(|(node, cell)| cell.score > Score::MINUS_INFINITY && self.is_available(*node))
            .filter(|(node, _)| {
                same_value(self.colocation_attribute(*node, attribute, Some(source)), value)
            })
            .map(|(_, cell)| cell.score)
            .max()
            .unwrap_or(Score::MINUS_INFINITY)
    }

    /// A member that is itself named in a constraint has its group's locations in its table, too. `None` if the table is as
    /// it is.
    fn table_with_group_locations(
        &mut self,
        source: ResourceKey,
        key: ColocationKey,
    ) -> Option<AllowedNodes> {
        let parent = self.parent(source)?;
        let colocation = &self.colocations[key];
        if source != colocation.dependent
            || !colocation.explicit
            || !self.resource(parent).is_group()
            || self.rows[parent].state.children.first() == Some(&source)
        {
            return None;
        }
        let own = self.rows[source].allowed.clone();
        let notes = self.score_changes.len();
        for location in self.rows[parent].locations.clone().into_iter().rev() {
            self.apply_location(source, location, false);
        }
        // What was tried is not what is so.
        self.score_changes.truncate(notes);
        Some(std::mem::replace(&mut self.rows[source].allowed, own))
    }

    fn allowed_on_one(&self, resource: ResourceKey) -> bool {
        let allowed = &self.rows[resource].allowed;
        allowed.iter().filter(|(_, cell)| cell.score >= Score::ZERO).count() == 1
    }

    fn is_bundle_kind(&self, resource: ResourceKey) -> bool {
        self.model.have_remote_nodes
            && (self.model.is_bundled(resource)
                || self.resource(resource).is_bundle()
                || self.looks_at_host(resource))
    }
}

/// Whether two attribute values are equal; two that are missing are.
pub(crate) fn same_value(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn score_infinity() -> f32 {
    score_factor(Score::INFINITY) * 1_000_000.0
}

/// A part of a score, rounded away from zero, and at least one if there is any.
fn delta(factor: f32, score: Score) -> Score {
    #[allow(clippy::cast_precision_loss)]
    let product = f64::from(factor * score.value() as f32);
    let rounded = if product < 0.0 { product - 0.5 } else { product + 0.5 };
    #[allow(clippy::cast_possible_truncation)]
    let whole = rounded as i64;
    if whole == 0 && score != Score::ZERO {
        if factor > 0.0 {
            return Score::from(1);
        } else if factor < 0.0 {
            return Score::from(-1);
        }
    }
    Score::new(whole)
}
