use std::cell::OnceCell;

use vocab::{Role, Timestamp, parse_boolean};
use xml::{Element, Node};

use super::Build;
use crate::{
    FenceReason, Finding, NodeKey, NodeKind, Ticket,
    history::{NodeHistory, ResourceHistory},
    options::NoQuorumPolicy,
};

impl Build<'_, '_> {
    /// Reads the status section: tickets, nodes, and what nodes recorded.
    pub(crate) fn status(&mut self) {
        let Some(section) = self.document.root.child("status") else {
            self.finish_status();
            return;
        };
        self.model.history =
            section.children_named("node_state").map(|state| self.node_history(state)).collect();
        self.recorded_at = self.model.history.iter().map(|_| OnceCell::new()).collect();
        for element in section.children() {
            match element.name() {
                "tickets" => {
                    element.children_named("ticket_state").for_each(|state| self.ticket(state));
                }
                "node_state" => self.node_state(element),
                _ => {}
            }
        }
        let states: Vec<&Element> = section.children_named("node_state").collect();
        while self.read_histories(&states, false) {}
        let fencing = self.model.options.fencing_enabled;
        self.read_histories(&states, fencing);
        self.finish_status();
    }

    fn finish_status(&mut self) {
        for container in std::mem::take(&mut self.containers_to_stop) {
            if let Some(node) = self.current_node(container) {
                self.request_stop(container, node);
            }
        }
        for node in self.model.node_order.clone() {
            let entry = &self.model.nodes[node];
            if entry.kind != NodeKind::Remote {
                continue;
            }
            let (state, connection) = (entry.state, entry.connection);
            if let Some(connection) = connection
                && state.shutdown
            {
                self.model.resources[connection].state.next_role = Role::Stopped;
            }
            if !state.history_read {
                self.remote_online(node);
            }
        }
        if let Some(change) = self.next_change.0 {
            self.recheck(change);
        }
    }

    fn ticket(&mut self, element: &Element) {
        let Some(id) = element.id().filter(|id| !id.is_empty()) else { return };
        let is_true =
            |name: &str| element.attr(name).is_some_and(|text| parse_boolean(text) == Ok(true));
        let ticket = Ticket {
            granted: is_true("granted"),
            standby: is_true("standby"),
            last_granted: element
                .attr("last-granted")
                .and_then(|text| text.trim().parse().ok())
                .map(Timestamp),
            attributes: element
                .attrs()
                .filter(|(name, _)| *name != "id")
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        };
        self.model.tickets.insert(id.to_owned(), ticket);
    }

    /// The node that a `node_state` is about: by id, else by name.
    fn node_of_state(&self, element: &Element) -> Option<NodeKey> {
        let id = element.id()?;
        let by_id = self
            .model
            .node_order
            .iter()
            .copied()
            .find(|&node| self.model.nodes[node].id.eq_ignore_ascii_case(id));
        by_id.or_else(|| element.attr("uname").and_then(|name| self.model.node_named(name)))
    }

    fn node_history(&self, state: &Element) -> NodeHistory {
        let resources = state
            .descend(&["lrm", "lrm_resources"])
            .into_iter()
            .flat_map(Element::nodes)
            .filter_map(|node| match node {
                Node::Element(element) if element.name() == "lrm_resource" => {
                    ResourceHistory::read(element)
                }
                Node::Element(_) | Node::Text(_) | Node::Comment(_) => None,
            })
            .collect();
        NodeHistory {
            node: self.node_of_state(state),
            node_name: state.attr("uname").unwrap_or_default().to_owned(),
            resources,
        }
    }

    fn node_state(&mut self, element: &Element) {
        if element.id().is_none() {
            self.document.problems.error("Ignoring invalid node_state entry without id");
            return;
        }
        let Some(node) = self.node_of_state(element) else {
            let text = format!(
                "Ignoring recorded state for removed node with name {} and id {}",
                element.attr("uname").unwrap_or("unknown"),
                element.id().unwrap_or_default()
            );
            self.document.problems.notice(text);
            return;
        };
        if self.model.nodes[node].kind == NodeKind::Remote {
            self.model.nodes[node].state.remote_fenced =
                element.attr("node_fenced").is_some_and(is_nonzero);
            return;
        }
        self.node_attributes(element.child("transient_attributes"), node, true);
        if self.node_attribute_is_true(node, "standby") {
            self.model.nodes[node].state.standby = true;
        }
        if self.node_attribute_is_true(node, "maintenance") {
            self.model.nodes[node].state.maintenance = true;
        }
        let state = &mut self.model.nodes[node].state;
        state.unclean = false;
        state.seen = true;
        self.determine_online(element, node);
        if !self.model.quorate
            && self.model.nodes[node].state.online
            && self.model.options.no_quorum_policy == NoQuorumPolicy::Fence
        {
            self.fence(node, FenceReason::NoQuorum, false);
        }
    }

    /// Takes over what the status says about a remote node once its connection is understood.
    fn remote_state(&mut self, element: &Element, node: NodeKey) {
        self.model.nodes[node].state.remote_in_maintenance =
            element.attr("node_in_maintenance").is_some_and(is_nonzero);
        let state = &mut self.model.nodes[node].state;
        if !state.remote_reset {
            state.unclean = false;
            state.seen = true;
        }
        self.node_attributes(element.child("transient_attributes"), node, true);
        if self.shutdown_requested(node) {
            self.model.nodes[node].state.shutdown = true;
        }
        if self.node_attribute_is_true(node, "standby") {
            self.model.nodes[node].state.standby = true;
        }
        let connection = self.model.nodes[node].connection;
        let unmanaged =
            connection.is_some_and(|connection| !self.model.resources[connection].state.managed);
        if self.node_attribute_is_true(node, "maintenance") || unmanaged {
            self.model.nodes[node].state.maintenance = true;
        }
        let discovery = self.model.nodes[node].attributes.get("resource-discovery-enabled");
        let off = discovery.is_some_and(|text| parse_boolean(text) != Ok(true));
        if off && (self.model.options.fencing_enabled || !self.model.is_remote(node)) {
            self.model.nodes[node].state.probes_allowed = false;
        }
    }

    /// Reads histories that can be read by now; true if there was one, since others may depend on it.
    fn read_histories(&mut self, states: &[&Element], all: bool) -> bool {
        let mut any = false;
        for (index, element) in states.iter().enumerate() {
            if element.id().is_none() || element.attr("uname").is_none() {
                continue;
            }
            let Some(node) = self.node_of_state(element) else { continue };
            if self.model.nodes[node].state.history_read {
                continue;
            }
            if !all && !self.history_is_due(node) {
                continue;
            }
            if self.model.nodes[node].kind == NodeKind::Remote {
                self.remote_online(node);
                self.remote_state(element, node);
            }
            self.model.nodes[node].state.history_read = true;
            self.read_history(index, node);
            any = true;
        }
        any
    }

    fn history_is_due(&self, node: NodeKey) -> bool {
        let entry = &self.model.nodes[node];
        let role = |key: crate::ResourceKey| self.model.resources[key].state.role;
        if entry.kind == NodeKind::Cluster {
            return self.model.options.fencing_enabled
                || self.model.options.shutdown_lock
                || entry.state.online;
        }
        let Some(connection) = entry.connection else { return false };
        match self.model.resources[connection].state.launcher {
            Some(launcher) => role(connection) == Role::Started && role(launcher) == Role::Started,
            None => self.model.options.shutdown_lock || role(connection) == Role::Started,
        }
    }

    /// Asks for a stop of the resource on the node. A node that would have to carry it out and cannot is fenced.
    pub(crate) fn request_stop(&mut self, resource: crate::ResourceKey, node: NodeKey) {
        let managed = self.model.resources[resource].state.managed;
        self.model.findings.push(Finding::Stop { resource, node, managed });
        let state = self.model.nodes[node].state;
        let reachable = self.model.is_guest(node) && !state.remote_reset;
        if managed && !state.online && !reachable && !state.unclean {
            self.fence(node, FenceReason::StopUnrunnable, false);
        }
    }
}

fn is_nonzero(text: &str) -> bool {
    text.trim().parse::<i64>().is_ok_and(|number| number != 0)
}
