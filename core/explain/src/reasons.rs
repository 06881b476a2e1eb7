use model::{
    NodeKey, ProbeMode, ResourceKey, ScoreChange, ScoreReason, Variant,
    constraint::{Constraint, Preference, RuleScore},
    options::HealthStrategy,
};
use rules::{Condition, Rule};

use crate::{Cause, Origin, Pair, Part, Shortage, Whereabouts, asker::Asker};

impl Asker<'_> {
    /// What the scheduler says about one change of a score, with the facts behind it.
    pub(crate) fn reason(&self, change: &ScoreChange) -> Cause {
        let (key, node, score) = (change.resource, change.node, change.score.value());
        let part = |part| Cause::Score { score, part };
        match &change.reason {
            ScoreReason::Symmetric | ScoreReason::Launched => part(Part::Base),
            ScoreReason::Stickiness => part(Part::Stickiness),
            ScoreReason::Unmanaged => part(Part::Unmanaged),
            ScoreReason::Promotion => part(Part::Promotion),
            ScoreReason::Location(id) => self.location(id, node, score),
            ScoreReason::Health => self.health(node, score),
            ScoreReason::FailLimit => self.fail_limit(key, node),
            ScoreReason::StopFailed => Cause::StopFailed {
                resource: self.name(key),
                failure: self.failure_on(key, node, Some("stop")),
            },
            ScoreReason::HardError => {
                Cause::HardError { failure: self.failure_on(key, node, None) }
            }
            ScoreReason::FatalError => {
                let (node, failure) = self.failure_anywhere(key, None).unzip();
                Cause::FatalError { node: node.map(|node| self.node_name(node)), failure }
            }
            ScoreReason::MaskedProbe => {
                Cause::ProbeFailed { failure: self.failure_on(key, node, Some("monitor")) }
            }
            ScoreReason::MigrateOnFailure => {
                Cause::MovedOnFailure { failure: self.failure_on(key, node, None) }
            }
            ScoreReason::StopOnFailure => self.stopped_on_failure(key),
            ScoreReason::MultipleActive => self.multiply_active(key),
            ScoreReason::Removed => Cause::Removed,
            ScoreReason::ShutdownLock => self.shutdown_lock(key),
            ScoreReason::ExclusiveDiscovery => self.exclusive_discovery(key),
            ScoreReason::TargetRole => self.stopped_role(key),
            ScoreReason::InstanceLimit => self.instance_limit(key),
            ScoreReason::NodeLimit => self.node_limit(key),
            ScoreReason::Utilization(shortages) => Cause::Utilization {
                shortages: shortages
                    .iter()
                    .map(|short| Shortage {
                        name: short.name.clone(),
                        needed: short.needed,
                        free: short.free,
                    })
                    .collect(),
            },
            ScoreReason::Ticket(ticket) => self.ticket(key, ticket),
            ScoreReason::Colocation { id, with, follows } => {
                self.colocation(id, *with, *follows, score)
            }
            ScoreReason::NoPartner { with, colocation } => Cause::NoPartner {
                constraint: colocation.clone().or_else(|| self.ordering_between(*with, key)),
                with: self.name(*with),
                whereabouts: self.whereabouts(*with),
            },
            ScoreReason::NodeUnavailable => {
                self.node_state(node).into_iter().next().unwrap_or(Cause::NodeOffline)
            }
            ScoreReason::Collective(holder) => Cause::Collective { resource: self.name(*holder) },
            ScoreReason::InBundle => Cause::InBundle,
            ScoreReason::NoRemoteNodes => Cause::NoRemoteNodes,
            ScoreReason::WithContainer => self.with_container(key),
        }
    }

    fn location(&self, id: &str, node: NodeKey, score: i32) -> Cause {
        let rule = self.model.constraints.iter().find_map(|constraint| match constraint {
            Constraint::Location(location) if location.id == id => match &location.preference {
                Preference::Rule { rule, score, .. } => Some((rule, score)),
                Preference::Node { .. } => None,
            },
            _ => None,
        });
        let attributes = rule.map_or_else(Vec::new, |(rule, score)| {
            let mut names = Vec::new();
            attributes_of(rule, &mut names);
            if let RuleScore::Attribute(name) = score {
                names.push(name.as_str());
            }
            names.dedup();
            let values = &self.model.nodes[node].attributes;
            names
                .into_iter()
                .map(|name| Pair { name: name.to_owned(), value: values.get(name).cloned() })
                .collect()
        });
        let in_rule = rule.is_some();
        let constraint = self.constraint_of_rule(id).filter(|_| in_rule);
        let rule = in_rule.then(|| id.to_owned());
        let constraint = constraint.unwrap_or_else(|| id.to_owned());
        let origin = if constraint.starts_with("cli-ban-") {
            Origin::Ban
        } else if constraint.starts_with("cli-prefer-") || constraint.starts_with("cli-standby-") {
            Origin::Move
        } else {
            Origin::Configured
        };
        Cause::Location { constraint, rule, attributes, score, origin }
    }

    fn health(&self, node: NodeKey, score: i32) -> Cause {
        let strategy = match self.model.options.health_strategy {
            HealthStrategy::None => "none",
            HealthStrategy::MigrateOnRed => "migrate-on-red",
            HealthStrategy::OnlyGreen => "only-green",
            HealthStrategy::Progressive => "progressive",
            HealthStrategy::Custom => "custom",
        };
        let attributes = self.model.nodes[node]
            .attributes
            .iter()
            .filter(|(name, _)| name.starts_with("#health"))
            .map(|(name, value)| Pair { name: name.clone(), value: Some(value.clone()) })
            .collect();
        Cause::Health { strategy: strategy.to_owned(), attributes, score }
    }

    /// The failures behind a ban of a resource or of the clone that it is an instance of.
    fn fail_limit(&self, key: ResourceKey, node: NodeKey) -> Cause {
        let holder = if self.resource(key).unique { key } else { self.model.top_of(key, true) };
        let worst = self
            .leaves(holder)
            .into_iter()
            .flat_map(|leaf| {
                let mut counted = vec![leaf];
                counted.extend(&self.resource(leaf).state.launched);
                counted
            })
            .filter(|&leaf| self.resource(leaf).migration_threshold > 0)
            .map(|leaf| (leaf, self.fail_count(leaf, node)))
            .max_by_key(|(leaf, found)| {
                (found.count >= self.resource(*leaf).migration_threshold, found.count)
            });
        let (leaf, found) = worst.unwrap_or((key, model::history::FailCount::default()));
        let resource = self.resource(leaf);
        let timeout = resource.state.failure_timeout_ms;
        let seconds = i64::try_from(timeout.div_ceil(1000)).unwrap_or(i64::MAX);
        let ends = found.last.filter(|_| timeout > 0).map(|last| last.0.saturating_add(seconds));
        Cause::FailLimit {
            resource: resource.display_id().to_string(),
            count: found.count,
            threshold: resource.migration_threshold,
            failure: self.last_failure(leaf, node, None),
            ends,
            failure_timeout_ms: timeout,
            place: self.meta_place(leaf, "migration-threshold"),
        }
    }

    pub(crate) fn stopped_on_failure(&self, key: ResourceKey) -> Cause {
        let (node, failure) = self.failure_anywhere(key, None).unzip();
        Cause::StoppedOnFailure { node: node.map(|node| self.node_name(node)), failure }
    }

    pub(crate) fn multiply_active(&self, key: ResourceKey) -> Cause {
        let policy = self.resource(key).meta("multiple-active").unwrap_or("stop_start");
        let nodes = self.node_names(&self.resource(key).state.active_on);
        Cause::MultiplyActive { nodes, policy: policy.to_owned() }
    }

    fn shutdown_lock(&self, key: ResourceKey) -> Cause {
        let lock = self.outcome(key).state.lock.or(self.resource(key).state.lock);
        let limit = self.model.options.shutdown_lock_limit_ms;
        let seconds = i64::try_from(limit / 1000).unwrap_or(i64::MAX);
        let since = lock.map_or(0, |lock| lock.since.0);
        Cause::ShutdownLock {
            node: lock.map_or_else(String::new, |lock| self.node_name(lock.node)),
            since,
            ends: (limit > 0).then(|| since.saturating_add(seconds)),
        }
    }

    fn exclusive_discovery(&self, key: ResourceKey) -> Cause {
        let covers = |other: ResourceKey| other == key || self.model.is_above(other, key);
        let mut constraints: Vec<String> = self
            .model
            .constraints
            .iter()
            .filter_map(|constraint| match constraint {
                Constraint::Location(location)
                    if location.discovery == ProbeMode::Exclusive && covers(location.resource) =>
                {
                    Some(self.constraint_of_rule(&location.id).unwrap_or(location.id.clone()))
                }
                _ => None,
            })
            .collect();
        constraints.dedup();
        Cause::ExclusiveDiscovery { constraints }
    }

    pub(crate) fn instance_limit(&self, key: ResourceKey) -> Cause {
        let clone = self.resource(key).parent.unwrap_or(key);
        let limit = match &self.resource(clone).variant {
            Variant::Clone(limits) => limits.instances_max,
            _ => i32::try_from(self.children(clone).len()).unwrap_or(i32::MAX),
        };
        let place = self.meta_place(clone, "clone-max");
        Cause::InstanceLimit { clone: self.name(clone), limit, place }
    }

    fn node_limit(&self, key: ResourceKey) -> Cause {
        let clone = self.resource(key).parent.unwrap_or(key);
        let limit = match &self.resource(clone).variant {
            Variant::Clone(limits) => limits.instances_per_node,
            Variant::Bundle { replicas_per_host, .. } => *replicas_per_host,
            Variant::Primitive | Variant::Group { .. } => 1,
        };
        Cause::NodeLimit { clone: self.name(clone), limit }
    }

    pub(crate) fn ticket(&self, key: ResourceKey, ticket: &str) -> Cause {
        let covers = |other: ResourceKey| {
            other == key || self.model.is_above(other, key) || self.model.is_above(key, other)
        };
        let constraints = self
            .model
            .constraints
            .iter()
            .filter_map(|constraint| match constraint {
                Constraint::Ticket(needs) if needs.ticket == ticket && covers(needs.resource) => {
                    Some(needs.id.clone())
                }
                _ => None,
            })
            .collect();
        let standby = self.model.tickets.get(ticket).is_some_and(|t| t.granted && t.standby);
        Cause::Ticket { ticket: ticket.to_owned(), constraints, standby }
    }

    fn colocation(&self, id: &str, with: ResourceKey, follows: bool, score: i32) -> Cause {
        let whereabouts = self.whereabouts(with);
        let name = self.name(with);
        match id {
            "#group-members" => Cause::GroupMember { with: name, whereabouts, follows },
            _ if id.starts_with('#') => {
                Cause::WithContainer { with: Some(name), whereabouts: Some(whereabouts) }
            }
            _ => Cause::Colocation {
                constraint: id.to_owned(),
                score,
                strength: self.strength(id).unwrap_or(score),
                with: name,
                whereabouts,
                follows,
            },
        }
    }

    /// The score of a colocation constraint.
    fn strength(&self, id: &str) -> Option<i32> {
        self.model.constraints.iter().find_map(|constraint| match constraint {
            Constraint::Colocation(colocation) if colocation.id == id => {
                Some(colocation.score.value())
            }
            _ => None,
        })
    }

    fn with_container(&self, key: ResourceKey) -> Cause {
        let launcher = self.resource(key).state.launcher;
        Cause::WithContainer {
            with: launcher.map(|launcher| self.name(launcher)),
            whereabouts: launcher.map(|launcher| self.whereabouts(launcher)),
        }
    }

    /// Where another resource will run, or why it will not.
    pub(crate) fn whereabouts(&self, key: ResourceKey) -> Whereabouts {
        let nodes = self.nodes_of(key);
        if nodes.is_empty() {
            Whereabouts::Stopped { causes: self.root_causes(key) }
        } else {
            Whereabouts::Runs { nodes: self.node_names(&nodes) }
        }
    }
}

fn attributes_of<'r>(rule: &'r Rule, names: &mut Vec<&'r str>) {
    for condition in &rule.conditions {
        match condition {
            Condition::Rule(inner) => attributes_of(inner, names),
            Condition::Attribute(attribute) => names.push(&attribute.attribute),
            Condition::Date(_)
            | Condition::Resource(_)
            | Condition::Operation(_)
            | Condition::Invalid => {}
        }
    }
}
