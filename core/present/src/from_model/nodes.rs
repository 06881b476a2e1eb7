//! Nodes, with their attributes and what health they have.

use std::collections::BTreeMap;

use model::{NodeKey, options::HealthStrategy};
use rules::{Facts, NextChange};

use super::Gatherer;
use crate::{Health, Node, NodeAttribute, NodeKind, NodeRef};

impl Gatherer<'_> {
    pub(super) fn feature_set(&self, key: NodeKey) -> Option<String> {
        let node = &self.model.nodes[key];
        let is_up = node.state.online && node.state.expected_up;
        let is_member = node.kind == model::NodeKind::Cluster && is_up;
        // Nodes say their feature set since 3.15.1.
        let older = || "<3.15.1".to_owned();
        is_member.then(|| node.attributes.get("#feature-set").cloned().unwrap_or_else(older))
    }

    pub(super) fn node(&self, key: NodeKey) -> Node {
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
    pub(super) fn launcher(&self, key: NodeKey) -> Option<&model::Resource> {
        let model = self.model;
        let connection = model.nodes[key].connection.filter(|_| model.is_guest(key))?;
        let launcher = model.resources[connection].state.launcher?;
        Some(&model.resources[launcher])
    }

    /// The node that this resource is on; empty if it is nowhere.
    pub(super) fn host(&self, key: NodeKey) -> Option<String> {
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

    pub(super) fn node_ref(&self, key: NodeKey) -> NodeRef {
        let node = &self.model.nodes[key];
        NodeRef {
            name: node.name.to_string(),
            id: node.id.clone(),
            online: node.state.online,
            unclean: node.state.unclean,
        }
    }
}
