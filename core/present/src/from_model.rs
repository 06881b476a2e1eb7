use std::collections::{BTreeMap, BTreeSet};

use model::{
    Model, NodeKey, ResourceKey, Variant,
    constraint::{Constraint, Preference, RuleScore},
    history::{self, FailCountInput},
    options::{HealthStrategy, NoQuorumPolicy},
    resource::{AgentName, base_name},
};
use rules::{Facts, NextChange};
use vocab::{ExecStatus, OcfExit, Role, Score, Timestamp, ToolExit, parse_duration};
use xml::Element;

use crate::{
    Ban, Bundle, CloneSet, Counts, Dc, Failure, Group, Health, HistoryEntry, LastChange, Node,
    NodeAttribute, NodeHistory, NodeKind, NodeRef, OptionsSummary, Primitive, Replica, Resource,
    ResourceHistory, Status, StoppedOn, Ticket,
};

impl Status {
    /// What a model says, and the CIB that it was built of: who changed that last, and which images its bundles use.
    pub fn of(model: &Model, cib: &Element) -> Self {
        Gatherer { model, cib, masked: masked_probes(model) }.status()
    }

    /// The same with one resource alone, which may be a part of another.
    pub fn of_resource(model: &Model, cib: &Element, resource: ResourceKey) -> Self {
        let gatherer = Gatherer { model, cib, masked: masked_probes(model) };
        let mut found = gatherer.resource(resource);
        if let Resource::Primitive(primitive) = &mut found {
            // Who names it wants to see it.
            primitive.internal = false;
        }
        Self { resources: vec![found], ..gatherer.status() }
    }
}

struct Gatherer<'a> {
    model: &'a Model,
    cib: &'a Element,
    /// Probes that failed for a reason that only matters where they ran: by resource, with and without the number of an
    /// instance, each node with what the probe returned.
    masked: BTreeMap<&'a str, Vec<(&'a str, OcfExit)>>,
}

impl Gatherer<'_> {
    fn status(&self) -> Status {
        let model = self.model;
        let option = |name: &str| model.options.configured.get(name).cloned();
        let text = |name: &str| self.cib.attr(name).map(str::to_owned);
        Status {
            launcher: None,
            stack: option("cluster-infrastructure").unwrap_or_else(|| "unknown".to_owned()),
            dc: model.dc.map(|dc| Dc {
                name: model.nodes[dc].name.to_string(),
                id: model.nodes[dc].id.clone(),
                version: option("dc-version"),
                with_quorum: model.quorate,
                mixed_version: self.is_mixed_version(),
            }),
            updated: model.now.moment,
            local_node: None,
            last_change: LastChange {
                written: text("cib-last-written"),
                user: text("update-user"),
                client: text("update-client"),
                origin: text("update-origin"),
            },
            counts: self.counts(),
            options: self.options(),
            nodes: model.node_order.iter().map(|&node| self.node(node)).collect(),
            resources: model.top.iter().map(|&top| self.resource(top)).collect(),
            histories: self.histories(),
            failures: self.failures(),
            fencing: None,
            fencing_unknown: false,
            tickets: self.tickets(),
            bans: self.bans(),
        }
    }

    fn options(&self) -> OptionsSummary {
        let options = &self.model.options;
        let millis = |text: &str| {
            parse_duration(text).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(0))
        };
        OptionsSummary {
            fencing_enabled: options.fencing_enabled,
            symmetric: options.symmetric_cluster,
            no_quorum_policy: match options.no_quorum_policy {
                NoQuorumPolicy::Stop => "stop",
                NoQuorumPolicy::Freeze => "freeze",
                NoQuorumPolicy::Ignore => "ignore",
                NoQuorumPolicy::Demote => "demote",
                // The name that every version of the API knows.
                NoQuorumPolicy::Fence => "suicide",
            }
            .to_owned(),
            maintenance: options.maintenance_mode,
            stop_all: options.stop_all_resources,
            fencing_timeout_ms: millis(&options.fencing_timeout),
            priority_fencing_delay_ms: options.priority_fencing_delay_ms,
        }
    }

    fn counts(&self) -> Counts {
        let model = self.model;
        let mut counts = Counts { nodes: model.node_order.len(), ..Counts::default() };
        let mut pending: Vec<ResourceKey> = model.top.clone();
        while let Some(key) = pending.pop() {
            let resource = &model.resources[key];
            pending.extend(&resource.state.children);
            let counts_at_all = !resource.state.removed || resource.state.role > Role::Stopped;
            if resource.is_primitive() && counts_at_all {
                counts.resources += 1;
                counts.disabled += usize::from(self.is_disabled(key));
                counts.blocked += usize::from(resource.state.blocked);
            }
        }
        counts
    }

    /// Whether the configuration keeps the resource below what it could be.
    fn is_disabled(&self, key: ResourceKey) -> bool {
        match self.model.resources[key].meta("target-role").map(str::parse) {
            Some(Ok(Role::Stopped)) => true,
            Some(Ok(Role::Unpromoted)) => self.is_in_promotable(key),
            _ => false,
        }
    }

    fn is_in_promotable(&self, key: ResourceKey) -> bool {
        self.model.resources[self.model.top_of(key, true)].promotable
    }

    fn feature_set(&self, key: NodeKey) -> Option<String> {
        let node = &self.model.nodes[key];
        let is_up = node.state.online && node.state.expected_up;
        let is_member = node.kind == model::NodeKind::Cluster && is_up;
        // Nodes say their feature set since 3.15.1.
        let older = || "<3.15.1".to_owned();
        is_member.then(|| node.attributes.get("#feature-set").cloned().unwrap_or_else(older))
    }

    fn is_mixed_version(&self) -> bool {
        let mut sets = self.model.node_order.iter().filter_map(|&node| self.feature_set(node));
        let first = sets.next();
        sets.any(|set| Some(set) != first)
    }

    fn node(&self, key: NodeKey) -> Node {
        let model = self.model;
        let node = &model.nodes[key];
        let state = &node.state;
        let guest = model.is_guest(key);
        Node {
            name: node.name.to_string(),
            id: node.id.clone(),
            kind: match node.kind {
                model::NodeKind::Cluster => NodeKind::Member,
                model::NodeKind::Remote if guest => NodeKind::Guest,
                model::NodeKind::Remote => NodeKind::Remote,
            },
            online: state.online,
            standby: state.standby,
            standby_on_fail: state.standby_by_failure,
            maintenance: state.maintenance,
            pending: state.pending,
            unclean: state.unclean,
            health: self.health(key),
            feature_set: self.feature_set(key),
            shutdown: state.shutdown,
            expected_up: state.expected_up,
            is_dc: model.dc == Some(key),
            container: self.launcher(key).map(|launcher| launcher.id.to_string()),
            host: self.host(key),
            attributes: self.attributes(key),
            running: node.running.iter().map(|&resource| self.primitive(resource)).collect(),
        }
    }

    /// The resource that a guest node lives in.
    fn launcher(&self, key: NodeKey) -> Option<&model::Resource> {
        let model = self.model;
        let connection = model.nodes[key].connection.filter(|_| model.is_guest(key))?;
        let launcher = model.resources[connection].state.launcher?;
        Some(&model.resources[launcher])
    }

    /// The node that this resource is on; empty if it is nowhere.
    fn host(&self, key: NodeKey) -> Option<String> {
        let at = self.launcher(key)?.state.active_on.first();
        Some(at.map(|&at| self.model.nodes[at].name.to_string()).unwrap_or_default())
    }

    /// The worst of what the node's health attributes say: words or the sign of a number.
    fn health(&self, key: NodeKey) -> Health {
        // What nobody acts on is nothing to show.
        if self.model.options.health_strategy == HealthStrategy::None {
            return Health::Green;
        }
        let attributes = &self.model.nodes[key].attributes;
        let values = attributes.iter().filter(|(name, _)| name.starts_with("#health"));
        let mut health = Health::Green;
        for (_, value) in values {
            match value.as_str() {
                "red" => return Health::Red,
                "yellow" => health = Health::Yellow,
                _ => {}
            }
        }
        health
    }

    fn attributes(&self, key: NodeKey) -> Vec<NodeAttribute> {
        const KEPT_BY_THE_CLUSTER: [&str; 6] =
            ["fail-count", "last-failure", "shutdown", "terminate", "standby", "#"];
        self.model.nodes[key]
            .attributes
            .iter()
            .filter(|(name, _)| !KEPT_BY_THE_CLUSTER.iter().any(|prefix| name.starts_with(prefix)))
            .map(|(name, value)| NodeAttribute {
                name: name.clone(),
                value: value.clone(),
                expected: self.expected_connectivity(key, name),
            })
            .collect()
    }

    /// What a ping resource on the node would set the attribute to if it reached every host.
    fn expected_connectivity(&self, key: NodeKey, attribute: &str) -> Option<i64> {
        let model = self.model;
        let node = &model.nodes[key];
        node.running.iter().find_map(|&resource| {
            let resource = &model.resources[resource];
            let agent = resource.agent.as_ref()?;
            if !["ping", "pingd"].iter().any(|name| agent.agent.eq_ignore_ascii_case(name)) {
                return None;
            }
            let mut parameters = BTreeMap::new();
            let facts = Facts { node: Some(&node.attributes), ..Facts::at(model.now) };
            resource.parameters.collect(&facts, &mut parameters, &mut NextChange::default());
            if parameters.get("name").map_or("pingd", String::as_str) != attribute {
                return None;
            }
            let hosts =
                parameters.get("host_list").map_or(0, |list| list.split_whitespace().count());
            let multiplier = parameters.get("multiplier").and_then(|m| m.parse().ok()).unwrap_or(1);
            Some(i64::try_from(hosts).ok()?.saturating_mul(multiplier))
        })
    }

    fn node_ref(&self, key: NodeKey) -> NodeRef {
        let node = &self.model.nodes[key];
        NodeRef {
            name: node.name.to_string(),
            id: node.id.clone(),
            online: node.state.online,
            unclean: node.state.unclean,
        }
    }

    fn resource(&self, key: ResourceKey) -> Resource {
        match &self.model.resources[key].variant {
            Variant::Primitive => Resource::Primitive(Box::new(self.primitive(key))),
            Variant::Group { .. } => Resource::Group(self.group(key)),
            Variant::Clone(limits) => {
                let most = usize::try_from(limits.instances_max).unwrap_or(0);
                Resource::Clone(self.clone_set(key, most))
            }
            Variant::Bundle { replicas, .. } => Resource::Bundle(self.bundle(key, replicas)),
        }
    }

    fn primitive(&self, key: ResourceKey) -> Primitive {
        let model = self.model;
        let resource = &model.resources[key];
        let state = &resource.state;
        let name_of = |node: NodeKey| model.nodes[node].name.to_string();
        let counts = |&node: &NodeKey| {
            let node = &model.nodes[node].state;
            node.unclean || node.online || !state.managed
        };
        let id = resource.display_id().to_string();
        Primitive {
            failed_probe: self.failed_probe(&id, None),
            id,
            instance: resource.id.to_string(),
            parent: resource.parent.map(|parent| model.resources[parent].display_id().to_string()),
            top: model.resources[model.top_of(key, false)].id.to_string(),
            agent: resource.agent.as_ref().map(agent_name).unwrap_or_default(),
            role: state.role,
            pending: state.pending.as_ref().map(|pending| pending.task.clone()),
            target_role: resource.meta("target-role").map(str::to_owned),
            active: state.active_on.iter().any(counts),
            removed: state.removed,
            blocked: state.blocked,
            internal: resource.internal && resource.remote_connection,
            managed: state.managed,
            maintenance: state.maintenance,
            failed: state.failed,
            failure_ignored: state.failure_ignored,
            promotable: self.is_in_promotable(key),
            nodes: state.active_on.iter().map(|&node| self.node_ref(node)).collect(),
            pending_node: state.pending.as_ref().map(|pending| name_of(pending.node)),
            locked_to: state.lock.map(|lock| name_of(lock.node)),
            description: resource.description.clone(),
        }
    }

    /// What a probe of the resource returned that failed for a reason that only matters where it ran.
    fn failed_probe(&self, id: &str, node: Option<&str>) -> Option<OcfExit> {
        let probes = self.masked.get(id)?;
        probes.iter().find(|(at, _)| node.is_none_or(|node| node == *at)).map(|(_, exit)| *exit)
    }

    fn group(&self, key: ResourceKey) -> Group {
        let resource = &self.model.resources[key];
        Group {
            id: resource.id.to_string(),
            name: resource.display_id().to_string(),
            description: resource.description.clone(),
            managed: resource.state.managed,
            maintenance: resource.state.maintenance,
            disabled: self.is_disabled(key),
            members: resource.state.children.iter().map(|&member| self.primitive(member)).collect(),
        }
    }

    fn clone_set(&self, key: ResourceKey, instances_max: usize) -> CloneSet {
        let model = self.model;
        let resource = &model.resources[key];
        let state = &resource.state;
        let instances: Vec<Resource> =
            state.children.iter().map(|&child| self.resource(child)).collect();
        let first = state.children.first().map(|&child| &model.resources[child]);
        let template = first.map(|child| child.config_id.to_string()).unwrap_or_default();
        let taken: BTreeSet<&str> = instances
            .iter()
            .flat_map(Resource::primitives)
            .flat_map(|primitive| primitive.nodes.iter().map(|node| node.name.as_str()))
            .collect();
        // Where nothing may run unless it is said, known nodes have to do.
        let allowed: Vec<NodeKey> = resource.allowed.iter().map(|(node, _)| node).collect();
        let candidates = if allowed.is_empty() { &state.known_on } else { &allowed };
        let stopped_on = candidates
            .iter()
            .map(|&node| model.nodes[node].name.to_string())
            .filter(|name| !taken.contains(name.as_str()))
            .map(|node| StoppedOn { failed_probe: self.failed_probe(&template, Some(&node)), node })
            .collect();
        let target_role = resource.meta("target-role").or_else(|| first?.meta("target-role"));
        CloneSet {
            id: resource.id.to_string(),
            description: resource.description.clone(),
            promotable: resource.promotable,
            unique: resource.unique,
            removed: state.removed,
            managed: state.managed,
            maintenance: state.maintenance,
            disabled: self.is_disabled(key),
            failed: state.failed,
            failure_ignored: state.failure_ignored,
            target_role: target_role.map(str::to_owned),
            instances_max,
            stopped_on,
            template,
            instances,
        }
    }

    fn bundle(&self, key: ResourceKey, replicas: &[model::resource::Replica]) -> Bundle {
        let resource = &self.model.resources[key];
        let configured = self
            .cib
            .descend(&["configuration", "resources"])
            .into_iter()
            .flat_map(|resources| resources.children_named("bundle"))
            .find(|bundle| bundle.id() == Some(resource.config_id.as_str()));
        let container = configured.and_then(|bundle| {
            bundle.children().find(|child| ["docker", "podman", "rkt"].contains(&child.name()))
        });
        Bundle {
            id: resource.id.to_string(),
            technology: container.map_or("unknown", Element::name).to_owned(),
            image: container.and_then(|c| c.attr("image")).unwrap_or_default().to_owned(),
            description: resource.description.clone(),
            unique: resource.unique,
            managed: resource.state.managed,
            maintenance: resource.state.maintenance,
            failed: resource.state.failed,
            replicas: replicas
                .iter()
                .map(|replica| Replica {
                    number: replica.offset as usize,
                    address: replica.ip.and_then(|ip| self.address(ip)),
                    ip: replica.ip.map(|ip| self.primitive(ip)),
                    child: replica.child.map(|child| self.primitive(child)),
                    container: self.primitive(replica.container),
                    remote: replica.remote.map(|remote| self.primitive(remote)),
                })
                .collect(),
        }
    }

    fn address(&self, ip: ResourceKey) -> Option<String> {
        let mut parameters = BTreeMap::new();
        let facts = Facts::at(self.model.now);
        self.model.resources[ip].parameters.collect(
            &facts,
            &mut parameters,
            &mut NextChange::default(),
        );
        parameters.remove("ip")
    }

    fn histories(&self) -> Vec<NodeHistory> {
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

    fn failures(&self) -> Vec<Failure> {
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

    fn tickets(&self) -> Vec<Ticket> {
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

    fn bans(&self) -> Vec<Ban> {
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

/// What failed in a way that keeps a resource from a node, as the scheduler would log it.
pub fn hard_failures(model: &Model) -> Vec<String> {
    let mut remarks = Vec::new();
    for failed in &model.failed {
        let entry = &failed.entry;
        let exit = entry.exit.and_then(OcfExit::from_code);
        let anywhere = match exit {
            Some(
                OcfExit::InvalidParameter
                | OcfExit::UnimplementedFeature
                | OcfExit::InsufficientPrivileges,
            ) => false,
            Some(OcfExit::NotConfigured) => true,
            _ => continue,
        };
        let Some(key) = model.resource_named(&failed.resource) else { continue };
        let resource = &model.resources[key];
        if resource.state.failure_ignored {
            continue;
        }
        let barred = if resource.unique { key } else { model.top_of(key, true) };
        let barred = &model.resources[barred].id;
        let where_to = if anywhere { "anywhere".to_owned() } else { format!("on {}", failed.node) };
        let kind = if anywhere { "fatal" } else { "hard" };
        let words = entry.exit.and_then(ToolExit::from_code).map_or("unknown", ToolExit::as_str);
        let reason = entry.exit_reason().filter(|reason| !reason.is_empty());
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        remarks.push(format!(
            "Preventing {barred} from restarting {where_to} because of {kind} failure ({words}{reason})"
        ));
    }
    remarks
}

fn masked_probes(model: &Model) -> BTreeMap<&str, Vec<(&str, OcfExit)>> {
    let mut masked: BTreeMap<&str, Vec<(&str, OcfExit)>> = BTreeMap::new();
    for failed in model.failed.iter().filter(|failed| failed.entry.is_masked_probe_failure()) {
        let Some(exit) = failed.entry.exit.and_then(OcfExit::from_code) else { continue };
        let id = failed.resource.as_str();
        masked.entry(id).or_default().push((&failed.node, exit));
        if base_name(id) != id {
            masked.entry(base_name(id)).or_default().push((&failed.node, exit));
        }
    }
    masked
}

fn agent_name(agent: &AgentName) -> String {
    match &agent.provider {
        Some(provider) => format!("{}:{provider}:{}", agent.class, agent.agent),
        None => format!("{}:{}", agent.class, agent.agent),
    }
}
