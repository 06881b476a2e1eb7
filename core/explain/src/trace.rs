use model::{NodeKey, ResourceKey, ScoreReason};
use vocab::Score;

use crate::{Cause, Contribution, Part, asker::Asker};

impl Asker<'_> {
    /// What the score of a resource on a node is made of, and whether that is the scheduler's score.
    pub(crate) fn table(&self, key: ResourceKey, node: NodeKey) -> (Vec<Contribution>, bool) {
        let mut table = Vec::new();
        let known = self.resource(key).allowed.get(node).map(|cell| cell.score);
        let first = self.model.score_changes.iter().find(|c| c.resource == key && c.node == node);
        // What a node adds for all resources may have changed since the first score was written down.
        let mut total = match (known, first) {
            (None, _) => Score::MINUS_INFINITY,
            (Some(score), None) => score,
            (Some(_), Some(change)) => [Score::ZERO, self.model.nodes[node].base_score]
                .into_iter()
                .find(|start| *start + change.score == change.after)
                .unwrap_or_default(),
        };
        let start = total;
        let base = self.first_row(node, start, known.is_some());
        table.push(Contribution { score: start.value(), after: start.value(), because: base });
        let before = self
            .model
            .score_changes
            .iter()
            .filter(|change| change.resource == key && change.node == node)
            .count();
        let mut adds_up = true;
        for (index, change) in self.changes_of(key, node).iter().enumerate() {
            if index == before {
                adds_up &= self.settle(key, node, &mut total, &mut table);
            }
            if matches!(change.reason, ScoreReason::NoPartner { .. }) {
                continue;
            }
            let is_set = matches!(change.reason, ScoreReason::InBundle);
            // The first to name a node of a cluster where nothing runs by itself does not add to anything.
            let opts_in = known.is_none() && index == before;
            let base = self.model.nodes[node].base_score;
            let fits = total + change.score == change.after
                || (is_set && change.score == change.after)
                || (opts_in && [change.score, base + change.score].contains(&change.after));
            adds_up &= fits;
            total = change.after;
            table.push(Contribution {
                score: change.score.value(),
                after: change.after.value(),
                because: self.reason(change),
            });
        }
        if self.changes_of(key, node).len() <= before {
            adds_up &= self.settle(key, node, &mut total, &mut table);
        }
        if let Some(decided) = self.decided.get(&(key, node)) {
            // What there is too little of is found out after the score has been shown.
            let shown = table
                .iter()
                .rev()
                .find(|row| !is_late(&row.because))
                .map_or(start.value(), |row| row.after);
            // What is put into a container, and a promotable clone, have theirs shown before all is said.
            let early = self.resource(key).is_clone() || self.model.is_bundled(key);
            adds_up &= shown == decided.value()
                || total == *decided
                || (early && table.iter().any(|row| row.after == decided.value()));
        }
        (table, adds_up)
    }

    /// What a score starts from.
    fn first_row(&self, node: NodeKey, start: Score, named: bool) -> Cause {
        if start.is_minus_infinite() && self.is_bundle_node(node) {
            Cause::InBundle
        } else if named {
            Cause::Score { score: start.value(), part: Part::Base }
        } else {
            Cause::NotOptedIn { place: self.option_place("symmetric-cluster") }
        }
    }

    /// What the model put into its tables without adding anything up, as for what is inside a bundle.
    fn settle(
        &self,
        key: ResourceKey,
        node: NodeKey,
        total: &mut Score,
        table: &mut Vec<Contribution>,
    ) -> bool {
        let Some(cell) = self.resource(key).allowed.get(node) else { return true };
        if cell.score == *total {
            return true;
        }
        let inside = self.have_bundles();
        let because = if inside {
            Cause::InBundle
        } else {
            Cause::Score { score: cell.score.value(), part: Part::Unknown }
        };
        *total = cell.score;
        let score = cell.score.value();
        table.push(Contribution { score, after: score, because });
        inside
    }

    fn have_bundles(&self) -> bool {
        self.model.resources.values().any(model::Resource::is_bundle)
    }

    pub(crate) fn is_bundle_node(&self, node: NodeKey) -> bool {
        self.model.nodes[node]
            .connection
            .and_then(|connection| self.resource(connection).state.launcher)
            .is_some_and(|launcher| self.model.is_bundled(launcher))
    }

    /// The score after all that was done to it.
    pub(crate) fn last_score(&self, key: ResourceKey, node: NodeKey) -> Score {
        let last = self.changes_of(key, node).last();
        match last.map(|change| (&change.reason, change.after)) {
            Some((ScoreReason::Ticket(_), _)) | None => self.score(key, node),
            Some((_, after)) => after,
        }
    }

    /// The score that decided, or what the table leads to where no decision was made.
    pub(crate) fn score(&self, key: ResourceKey, node: NodeKey) -> Score {
        let changed = self.changes_of(key, node).last().map(|change| change.after);
        let model = || self.resource(key).allowed.score(node);
        self.decided.get(&(key, node)).copied().or(changed).unwrap_or_else(model)
    }
}

/// Whether that is found out when the score has been shown already.
pub(crate) fn is_late(cause: &Cause) -> bool {
    matches!(cause, Cause::Utilization { .. } | Cause::InstanceLimit { .. } | Cause::Ticket { .. })
}
