use rules::Facts;
use vocab::{NodeName, Score};
use xml::Element;

use super::Build;
use crate::{
    FenceReason, Finding, Node, NodeKey, NodeKind, NodeState, ProbeMode,
    attributes::{AttributeSets, Values},
    node::compare_names,
};

impl Build<'_, '_> {
    /// Reads the configured nodes.
    pub(crate) fn nodes(&mut self) {
        let Some(section) = self.document.section("nodes") else { return };
        for element in section.children_named("node") {
            let Some(id) = element.id() else {
                self.document.problems.error("Ignoring <node> entry in configuration without id");
                continue;
            };
            let Some(name) = element.attr("uname") else {
                self.document.problems.error(format!("Ignoring node {id} because it has no name"));
                continue;
            };
            let kind = match element.attr("type").map(str::to_ascii_lowercase).as_deref() {
                None | Some("member" | "normal" | "ping") => NodeKind::Cluster,
                Some("remote") => NodeKind::Remote,
                Some(other) => {
                    let text = format!("Ignoring node {name} with unrecognized type '{other}'");
                    self.document.problems.error(text);
                    return;
                }
            };
            let score = match element.attr("score") {
                Some(text) => self.model.options.parse_score(text).unwrap_or(Score::ZERO),
                None => Score::ZERO,
            };
            let node = self.add_node(id, name, kind, score);
            self.start_up(node);
            self.node_attributes(Some(element), node, false);
        }
    }

    /// Adds a node of which nothing is known.
    pub(crate) fn add_node(
        &mut self,
        id: &str,
        name: &str,
        kind: NodeKind,
        base_score: Score,
    ) -> NodeKey {
        if self.model.node_named(name).is_some() {
            let text = format!("More than one node entry has name '{name}'");
            self.document.problems.warning(text);
        }
        let kind_text = match kind {
            NodeKind::Cluster => "cluster",
            NodeKind::Remote => "remote",
        };
        if kind == NodeKind::Remote {
            self.model.have_remote_nodes = true;
        }
        let node = self.model.nodes.push(Node {
            name: NodeName::from(name),
            id: id.to_owned(),
            kind,
            connection: None,
            attributes: Values::from([("#kind".to_owned(), kind_text.to_owned())]),
            utilization: Values::new(),
            base_score,
            base_probe: ProbeMode::Always,
            state: NodeState { probes_allowed: true, ..NodeState::default() },
            running: Vec::new(),
            priority: 0,
        });
        let nodes = &self.model.nodes;
        let position = self
            .model
            .node_order
            .partition_point(|&other| compare_names(nodes[other].name.as_str(), name).is_lt());
        self.model.node_order.insert(position, node);
        self.model.node_names.entry(name.to_ascii_lowercase()).or_insert(node);
        node
    }

    /// A node that was never seen counts as unclean if that is the policy.
    pub(crate) fn start_up(&mut self, node: NodeKey) {
        let node = &mut self.model.nodes[node];
        if node.kind == NodeKind::Remote && node.connection.is_none() {
            return;
        }
        node.state.unclean = self.model.options.startup_fencing;
    }

    /// Takes over the attributes that stand below an element; transient ones override what is there.
    pub(crate) fn node_attributes(
        &mut self,
        parent: Option<&Element>,
        node: NodeKey,
        overwrite: bool,
    ) {
        let dc_id = self.document.root.attr("dc-uuid");
        let is_dc = dc_id.is_some_and(|id| self.model.nodes[node].id.eq_ignore_ascii_case(id));
        if is_dc && self.model.dc.is_none() {
            self.model.dc = Some(node);
        }
        let is_dc = self.model.dc == Some(node);
        let cluster_name = self.model.options.configured.get("cluster-name").cloned();
        let now = self.model.now;
        let entry = &mut self.model.nodes[node];
        let name = entry.name.to_string();
        let mut set = |attribute: &str, value: String| {
            entry.attributes.insert(attribute.to_owned(), value);
        };
        set("#uname", name);
        set("#id", entry.id.clone());
        let entry = &mut self.model.nodes[node];
        entry.attributes.insert("#is_dc".to_owned(), is_dc.to_string());
        if let Some(cluster_name) = &cluster_name {
            entry.attributes.insert("#cluster-name".to_owned(), cluster_name.clone());
        }
        if let Some(parent) = parent {
            let sets = AttributeSets::read(parent, "instance_attributes", None, self.document);
            let entry = &mut self.model.nodes[node];
            if overwrite {
                let mut values = Values::new();
                sets.collect(&Facts::at(now), &mut values, &mut self.next_change);
                entry.attributes.extend(values);
            } else {
                sets.collect(&Facts::at(now), &mut entry.attributes, &mut self.next_change);
            }
            let sets = AttributeSets::read(parent, "utilization", None, self.document);
            let entry = &mut self.model.nodes[node];
            sets.collect(&Facts::at(now), &mut entry.utilization, &mut self.next_change);
        }
        let entry = &mut self.model.nodes[node];
        if !entry.attributes.contains_key("#site-name")
            && let Some(site) = entry.attributes.get("site-name").cloned().or(cluster_name)
        {
            entry.attributes.insert("#site-name".to_owned(), site);
        }
    }

    /// Whether a node attribute is a true boolean.
    pub(crate) fn node_attribute_is_true(&self, node: NodeKey, name: &str) -> bool {
        self.model.nodes[node]
            .attributes
            .get(name)
            .is_some_and(|value| vocab::parse_boolean(value) == Ok(true))
    }

    /// Whether the node has asked to be shut down.
    pub(crate) fn shutdown_requested(&self, node: NodeKey) -> bool {
        self.model.nodes[node].attributes.get("shutdown").is_some_and(|value| value != "0")
    }

    /// Marks a node as one that has to be fenced, or what it runs in as failed.
    pub(crate) fn fence(&mut self, node: NodeKey, reason: FenceReason, priority_delay: bool) {
        let connection = self.model.nodes[node].connection;
        if let Some(connection) = connection
            && let Some(launcher) = self.model.resources[connection].state.launcher
        {
            let state = &mut self.model.resources[launcher].state;
            if !state.failed && state.managed {
                state.failed = true;
                state.stop_if_failed = true;
                self.model.nodes[node].state.remote_reset = true;
            }
            return;
        }
        if let Some(connection) = connection
            && self.model.resources[connection].state.removed_launched
        {
            let state = &mut self.model.resources[connection].state;
            state.failed = true;
            state.stop_if_failed = true;
            return;
        }
        let fence = Finding::Fence { node, reason, priority_delay };
        if self.model.nodes[node].kind == NodeKind::Remote {
            let managed =
                connection.is_none_or(|connection| self.model.resources[connection].state.managed);
            let state = &mut self.model.nodes[node].state;
            if managed {
                state.remote_reset = true;
            }
            state.unclean = true;
            let fence = match fence {
                Finding::Fence { node, reason, .. } => {
                    Finding::Fence { node, reason, priority_delay: false }
                }
                other => other,
            };
            self.model.findings.push(fence);
        } else if !self.model.nodes[node].state.unclean {
            self.model.nodes[node].state.unclean = true;
            self.model.findings.push(fence);
        }
    }
}
