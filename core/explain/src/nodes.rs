use model::{NodeKey, ResourceKey, ScoreReason};
use scheduler::ScoreLine;
use vocab::{Role, Score};

use crate::{
    Cause, Failure, NodeAnswer, Part, PromotedThere, Tie, asker::Asker, fate::Fate, trace::is_late,
};

impl Asker<'_> {
    /// Why a node cannot run anything.
    pub(crate) fn node_state(&self, node: NodeKey) -> Vec<Cause> {
        let seen = &self.model.nodes[node].state;
        let planned = &self.plan.nodes[node];
        let mut causes = Vec::new();
        let launcher = self.model.nodes[node]
            .connection
            .and_then(|connection| self.resource(connection).state.launcher)
            .filter(|&launcher| !self.runs(launcher));
        if let Some(launcher) = launcher {
            causes.push(Cause::GuestDown { launcher: self.name(launcher) });
        }
        if planned.unclean {
            causes.push(Cause::NodeUnclean);
        } else if seen.pending && !planned.online {
            causes.push(Cause::NodePending);
        } else if !planned.online && causes.is_empty() {
            causes.push(Cause::NodeOffline);
        }
        if planned.standby {
            let failed = self.standby_failure(node).filter(|_| planned.standby_by_failure);
            let (resource, failure) = failed.unzip();
            let place = self.node_place(node, "standby");
            causes.push(Cause::NodeStandby { place, resource, failure });
        }
        if planned.maintenance {
            causes.push(Cause::NodeMaintenance { place: self.node_place(node, "maintenance") });
        }
        if planned.shutdown && planned.online {
            causes.push(Cause::NodeShutdown);
        }
        causes
    }

    /// What failed on a node so that the node went to standby.
    fn standby_failure(&self, node: NodeKey) -> Option<(String, Failure)> {
        self.model
            .resources
            .iter()
            .filter(|(_, resource)| resource.is_primitive())
            .filter_map(|(key, resource)| {
                let failure = self.last_failure(key, node, None)?;
                let standby = resource.operations.iter().any(|operation| {
                    operation.name == failure.operation
                        && operation.on_fail.as_deref() == Some("standby")
                });
                standby.then(|| (resource.display_id().to_string(), failure))
            })
            .next()
    }

    /// Everything that forbids a resource a node.
    pub(crate) fn bans(&self, key: ResourceKey, node: NodeKey) -> Vec<Cause> {
        let mut causes = self.node_state(node);
        for change in self.changes_of(key, node) {
            // A ticket that only promotion needs is looked at when it is known where instances run.
            let late = matches!(change.reason, ScoreReason::Ticket(_))
                && self.decided.get(&(key, node)).is_some_and(|score| !score.is_minus_infinite());
            if Self::forbids(change) && !late {
                let cause = self.reason(change);
                if !causes.contains(&cause) {
                    causes.push(cause);
                }
            }
        }
        // What the instance is part of has its own reasons; they say more than that it has some.
        if let Some(parent) = self.resource(key).parent
            && causes.iter().any(|cause| matches!(cause, Cause::Collective { .. }))
        {
            causes.retain(|cause| !matches!(cause, Cause::Collective { .. }));
            for cause in self.bans(parent, node) {
                if !causes.contains(&cause) {
                    causes.push(cause);
                }
            }
        }
        let not_named = !self.model.options.symmetric_cluster
            && self.resource(key).allowed.get(node).is_none()
            && self.changes_of(key, node).is_empty();
        if not_named {
            causes.push(Cause::NotOptedIn { place: self.option_place("symmetric-cluster") });
        }
        let finite = self.score(key, node);
        if causes.is_empty() && finite < Score::ZERO {
            // No single thing forbids it, but all together do.
            causes.extend(
                self.changes_of(key, node)
                    .iter()
                    .filter(|change| change.score < Score::ZERO)
                    .map(|change| self.reason(change)),
            );
            if causes.is_empty() && self.is_bundle_node(node) {
                causes.push(Cause::InBundle);
            }
        }
        causes
    }

    /// Why a primitive is on a node, or is not.
    pub(crate) fn node_answer(&self, key: ResourceKey, node: NodeKey) -> NodeAnswer {
        let (table, adds_up) = self.table(key, node);
        let chosen = self.will_run_on(key).contains(&node);
        let mut causes = Vec::new();
        if !chosen {
            causes = self.bans(key, node);
            if causes.is_empty() {
                causes.extend(self.why_not_better(key, node));
            }
        }
        let considered = self.resource(key).allowed.get(node).is_some()
            || !self.changes_of(key, node).is_empty();
        NodeAnswer {
            node: self.node_name(node),
            chosen,
            score: considered.then(|| {
                // What is found out later does not take it away from where it is.
                let score = if chosen { self.score(key, node) } else { self.last_score(key, node) };
                score.value()
            }),
            decided: self.decided.get(&(key, node)).map(|score| score.value()),
            causes,
            table,
            adds_up,
        }
    }

    /// Why a node that is allowed was not chosen.
    fn why_not_better(&self, key: ResourceKey, node: NodeKey) -> Option<Cause> {
        let chosen = match self.fate(key) {
            Fate::Stays(chosen)
            | Fate::Starts(chosen)
            | Fate::Restarts(chosen)
            | Fate::Waits(chosen) => chosen,
            Fate::Stopped | Fate::LeftAlone => return None,
        };
        if chosen == node {
            return None;
        }
        let (score, chosen_score) = (self.score(key, node), self.score(key, chosen));
        let stickiness = self.stickiness(key, chosen);
        let without = self.score_without_stickiness(key, chosen);
        if stickiness > Score::ZERO && without < score {
            return Some(Cause::Stickiness {
                score: score.value(),
                chosen_score: chosen_score.value(),
                stickiness: stickiness.value(),
                place: self.meta_place(key, "resource-stickiness"),
            });
        }
        let already = self.resource(key).state.active_on.contains(&chosen);
        Some(Cause::LowerScore {
            score: score.value(),
            chosen: self.node_name(chosen),
            chosen_score: chosen_score.value(),
            tie: (score == chosen_score).then_some(if already {
                Tie::AlreadyThere
            } else {
                Tie::LoadThenName
            }),
        })
    }

    fn stickiness(&self, key: ResourceKey, node: NodeKey) -> Score {
        self.changes_of(key, node)
            .iter()
            .filter(|change| matches!(change.reason, ScoreReason::Stickiness))
            .fold(Score::ZERO, |sum, change| sum + change.score)
    }

    fn score_without_stickiness(&self, key: ResourceKey, node: NodeKey) -> Score {
        let (table, _) = self.table(key, node);
        table
            .iter()
            .filter(|row| !matches!(row.because, Cause::Score { part: Part::Stickiness, .. }))
            .filter(|row| !is_late(&row.because))
            .fold(Score::ZERO, |sum, row| sum + Score::from(row.score))
    }

    /// Why an instance that will run is not promoted; none if it is, or cannot be at all.
    pub(crate) fn why_not_promoted(&self, instance: ResourceKey) -> Option<Cause> {
        let clone = self.resource(instance).parent?;
        let model::Variant::Clone(limits) = &self.resource(clone).variant else { return None };
        if !self.resource(clone).promotable {
            return None;
        }
        let mut own = None;
        let mut promoted = Vec::new();
        for line in &self.plan.scores {
            let ScoreLine::Promotion { resource, node: Some(node), score } = *line else {
                continue;
            };
            if resource == instance {
                own = Some(score);
            } else if self.resource(resource).parent == Some(clone)
                && self.role_after(resource) == Role::Promoted
            {
                promoted.push(PromotedThere { node: self.node_name(node), score: score.value() });
            }
        }
        if self.role_after(instance) == Role::Promoted {
            return None;
        }
        if let Some(ticket) = self.missing_tickets(clone).into_iter().next() {
            return Some(ticket);
        }
        let score = own?.value();
        if score < 0 {
            return Some(Cause::NoPromotionScore { score });
        }
        let full = promoted.len() >= usize::try_from(limits.promoted_max).unwrap_or(0);
        full.then_some(Cause::PromotedElsewhere { limit: limits.promoted_max, score, promoted })
    }

    /// The highest role of anything in a resource by the plan.
    pub(crate) fn role_after(&self, key: ResourceKey) -> Role {
        self.leaves(key)
            .into_iter()
            .map(|leaf| self.outcome(leaf).state.next_role)
            .max()
            .unwrap_or(Role::Unknown)
    }
}
