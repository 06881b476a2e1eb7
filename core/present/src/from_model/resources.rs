//! Resources of all kinds.

use std::collections::{BTreeMap, BTreeSet};

use model::{NodeKey, ResourceKey, Variant, resource::AgentName};
use rules::{Facts, NextChange};
use vocab::OcfExit;
use xml::Element;

use super::Gatherer;
use crate::{Bundle, CloneSet, Group, Primitive, Replica, Resource, StoppedOn};

impl Gatherer<'_> {
    pub(super) fn resource(&self, key: ResourceKey) -> Resource {
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

    pub(super) fn primitive(&self, key: ResourceKey) -> Primitive {
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
}

fn agent_name(agent: &AgentName) -> String {
    match &agent.provider {
        Some(provider) => format!("{}:{provider}:{}", agent.class, agent.agent),
        None => format!("{}:{}", agent.class, agent.agent),
    }
}
