//! What was done, what failed, and what keeps resources away.

use model::{
    NodeKey, Variant,
    constraint::{Constraint, Preference, RuleScore},
    history::{self, FailCountInput},
};
use rules::{Facts, NextChange};
use vocab::{ExecStatus, OcfExit, Role, Score, Timestamp};

use super::Gatherer;
use crate::{Ban, Failure, HistoryEntry, NodeHistory, ResourceHistory, Ticket};

impl Gatherer<'_> {
    pub(super) fn histories(&self) -> Vec<NodeHistory> {
        self.model
            .history
            .iter()
            .filter_map(|history| {
                let key = history.node?;
                // What a node that is away did is not current.
                self.model.nodes[key].state.online.then_some(())?;
                Some(NodeHistory {
                    host: self.host(key),
                    node: history.node_name.clone(),
                    node_id: self.model.nodes[key].id.clone(),
                    resources: history
                        .resources
                        .iter()
                        .map(|r| self.resource_history(key, r))
                        .collect(),
                })
            })
            .collect()
    }

    fn resource_history(
        &self,
        node: NodeKey,
        history: &history::ResourceHistory,
    ) -> ResourceHistory {
        let model = self.model;
        let mut operations: Vec<_> = history
            .entries
            .iter()
            .filter(|entry| entry.task() != "notify")
            .filter(|entry| !(entry.is_probe() && entry.exit == Some(OcfExit::NotRunning.code())))
            .collect();
        operations.sort_by_key(|entry| entry.call_id);
        let operations = operations
            .into_iter()
            .map(|entry| HistoryEntry {
                call: entry.call_id.to_string(),
                task: if entry.is_probe() { "probe" } else { entry.task() }.to_owned(),
                interval: entry.interval,
                exit: entry.exit.unwrap_or(0),
                last_change: entry.last_change,
                exec_ms: entry.exec_time_ms().map(|ms| ms.to_string()),
                queue_ms: entry.queue_time_ms().map(|ms| ms.to_string()),
            })
            .collect();
        let Some(key) = model.resource_named(history.id()) else {
            return ResourceHistory {
                resource: history.id().to_owned(),
                name: history.id().to_owned(),
                removed: true,
                operations,
                ..ResourceHistory::default()
            };
        };
        let resource = &model.resources[key];
        let input = FailCountInput {
            node: &model.nodes[node],
            resource,
            options: &model.options,
            history: &model.history,
            now: model.now.moment,
            expire: false,
            entry: None,
        };
        let failures = history::fail_count(input, &mut resource.state.clone());
        let top = &model.resources[model.top_of(key, false)];
        ResourceHistory {
            resource: history.id().to_owned(),
            name: resource.display_id().to_string(),
            group: matches!(top.variant, Variant::Group { .. })
                .then(|| top.display_id().to_string()),
            top: top.id.to_string(),
            removed: false,
            migration_threshold: Score::from(resource.migration_threshold),
            fail_count: Score::from(failures.count),
            last_failure: failures.last.filter(|&last| last > Timestamp(0)),
            operations,
        }
    }

    pub(super) fn failures(&self) -> Vec<Failure> {
        self.model
            .failed
            .iter()
            .filter(|failed| !failed.entry.is_masked_probe_failure())
            .map(|failed| Failure {
                key: failed.entry.key().to_owned(),
                resource: failed.resource.clone(),
                task: failed.entry.task().to_owned(),
                interval: failed.entry.interval,
                node: failed.node.clone(),
                exit: failed.entry.exit.unwrap_or(0),
                status: failed
                    .entry
                    .status
                    .and_then(ExecStatus::from_code)
                    .unwrap_or(ExecStatus::Done),
                call: Some(failed.entry.call_id.to_string()),
                reason: failed.entry.exit_reason().map(str::to_owned),
                last_change: failed.entry.last_change,
                exec_ms: failed.entry.exec_time_ms(),
                queue_ms: failed.entry.queue_time_ms(),
            })
            .collect()
    }

    pub(super) fn tickets(&self) -> Vec<Ticket> {
        self.model
            .tickets
            .iter()
            .map(|(id, ticket)| Ticket {
                id: id.clone(),
                granted: ticket.granted,
                standby: ticket.standby,
                last_granted: ticket.last_granted,
                state: ticket
                    .attributes
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect(),
            })
            .collect()
    }

    pub(super) fn bans(&self) -> Vec<Ban> {
        let mut bans = Vec::new();
        for constraint in &self.model.constraints {
            let Constraint::Location(location) = constraint else { continue };
            let mut ban = |node: NodeKey, score: Score| {
                if score < Score::ZERO {
                    let node = &self.model.nodes[node];
                    bans.push(Ban {
                        id: location.id.clone(),
                        resource: self.model.resources[location.resource].id.to_string(),
                        top: self.model.resources[self.model.top_of(location.resource, false)]
                            .id
                            .to_string(),
                        node: node.name.to_string(),
                        node_id: node.id.clone(),
                        score,
                        promoted_only: location.role == Role::Promoted,
                    });
                }
            };
            match &location.preference {
                Preference::Node { node, score } => ban(*node, *score),
                Preference::Rule { rule, score, submatches } => {
                    for &key in &self.model.node_order {
                        let attributes = &self.model.nodes[key].attributes;
                        let facts = Facts {
                            node: Some(attributes),
                            submatches,
                            ..Facts::at(self.model.now)
                        };
                        if !rule.evaluate(&facts, &mut NextChange::default()).holds() {
                            continue;
                        }
                        match score {
                            RuleScore::Fixed(score) => ban(key, *score),
                            RuleScore::Attribute(name) => {
                                let value = attributes.get(name).and_then(|v| Score::parse(v).ok());
                                ban(key, value.unwrap_or(Score::ZERO));
                            }
                        }
                    }
                }
            }
        }
        bans
    }
}
