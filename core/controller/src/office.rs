//! The office of DC: taking it over, giving it up, and what only its holder writes into the CIB.

use election::{Input as ElectionInput, Output as ElectionOutput};
use machine::Outbox;
use messages::{
    cib::{CallOptions, Operation as CibOperation, Request},
    crmd::{Body, Subsystem},
};
use vocab::FEATURE_SET;
use xml::Element;

use crate::{
    core::Core,
    desk::{Desk, Purpose},
    fsm::{State, Trigger},
    output::Output,
    peers::{Expected, Parts},
    timer::Timer,
};

impl Core {
    /// Hands an input to the election and carries out what it asks.
    pub(crate) fn elect(&mut self, desk: &mut Desk<'_>, input: ElectionInput) {
        let mut out = Outbox::new();
        self.election.handle(desk.now.instant, input, &mut out);
        for output in out.drain() {
            match output {
                ElectionOutput::Send { to, ballot } => {
                    let body = Body::Election(ballot);
                    let (from, to_system) = (Subsystem::Controller, Subsystem::Controller);
                    match to {
                        None => desk.broadcast(from, to_system, body),
                        Some(node) => {
                            let Some(address) = self.peers.get(node).and_then(|p| p.address())
                            else {
                                continue;
                            };
                            desk.send(address, from, to_system, body);
                        }
                    }
                }
                ElectionOutput::Arm { token, after } => {
                    desk.out.push(Output::Arm { timer: Timer::Election, token, after });
                }
                ElectionOutput::Started { .. } => {
                    // The office is not taken over while an election is called in it.
                    let already = self.state == State::Election
                        || (self.state == State::Integration && !self.is_dc);
                    if !already {
                        let reason = "a worse candidate voted".to_owned();
                        self.change_state(desk, State::Election, Trigger::Election, reason);
                    }
                }
                ElectionOutput::Won => self.trigger(Trigger::ElectionDc, "won"),
                ElectionOutput::Lost { .. } => self.on_election_lost(desk),
            }
        }
    }

    fn on_election_lost(&mut self, desk: &mut Desk<'_>) {
        self.progress.election_lost = true;
        self.set_dc(desk, None);
        if self.is_dc {
            self.trigger(Trigger::ReleaseDc, "lost");
        } else if self.state != State::Starting {
            self.trigger(Trigger::Pending, "lost");
        }
    }

    /// Takes office and begins to take nodes in.
    pub(crate) fn take_over(&mut self, desk: &mut Desk<'_>) {
        self.is_dc = true;
        desk.cib(Purpose::Update("primary role".into()), Request::new(CibOperation::BecomePrimary));
        self.clean_up_after_fencing(desk);
        let root = Element::new("cib").with("crm_feature_set", FEATURE_SET);
        desk.update(Purpose::Vital("feature set".into()), "cib", root);
        let watchdog = desk.settings.have_watchdog.to_string();
        desk.set_property("have-watchdog", &watchdog);
        let version = desk.settings.product_version.clone();
        desk.set_property("dc-version", &version);
        desk.set_property("cluster-infrastructure", "corosync");
        if self.options.cluster_name.is_none()
            && let Some(name) = desk.settings.cluster_name.clone()
        {
            desk.set_property("cluster-name", &name);
        }
        self.drive.begin_office();
        self.offer_all(desk);
    }

    /// Gives up office in favour of a better DC.
    pub(crate) fn release(&mut self, desk: &mut Desk<'_>) {
        if self.is_dc {
            self.give_up_office();
            if self.progress.shutdown {
                self.write_own_leave(desk);
            }
        }
        self.trigger(Trigger::ReleaseSuccess, "");
    }

    pub(crate) fn give_up_office(&mut self) {
        self.is_dc = false;
        self.policy.forget();
        self.drive.end_office();
    }

    /// Notes that this node leaves on purpose, so that the next DC does not fence it.
    pub(crate) fn write_own_leave(&mut self, desk: &mut Desk<'_>) {
        let name = desk.settings.name.clone();
        self.expect(&name, Expected::Down);
        let parts = Parts { expected: true, ..Parts::NONE };
        let Some(state) = self.peers.node_state(desk.settings.node, parts, "do_dc_release") else {
            return;
        };
        let request = Request::change(CibOperation::Modify, Some("status"), state).with_options(
            CallOptions::QUORUM_OVERRIDE | CallOptions::CAN_CREATE | CallOptions::DISCARD_REPLY,
        );
        desk.out.push(Output::Cib { call: 0, request: Box::new(request) });
    }

    /// Writes the nodes and their states.
    pub(crate) fn write_nodes(&mut self, desk: &mut Desk<'_>, parts: Parts, origin: &str) {
        let named = self.peers.iter().filter_map(|peer| Some((peer.uuid(), peer.name.clone()?)));
        let nodes: Vec<_> = named
            .map(|(id, name)| Element::new("node").with("id", id).with("uname", name))
            .collect();
        for node in &nodes {
            self.look_for_name_clash(desk, node);
        }
        let nodes = Element::new("nodes").with_children(nodes);
        desk.update(Purpose::Vital("node list".into()), "nodes", nodes);
        if !self.is_dc {
            return;
        }
        let ids: Vec<_> = self.peers.iter().map(|peer| peer.id).collect();
        let states = ids.into_iter().filter_map(|id| self.peers.node_state(id, parts, origin));
        let status = Element::new("status").with_children(states);
        if status.children().next().is_some() {
            desk.update(Purpose::Vital("node states".into()), "status", status);
        }
    }

    /// A node that was given another number has left its old entry behind.
    fn look_for_name_clash(&self, desk: &mut Desk<'_>, node: &Element) {
        let (Some(id), Some(name)) = (node.id(), node.attr("uname")) else { return };
        let expression = format!(
            "/cib/configuration/nodes/node[@uname={}][@id!={}]",
            crate::desk::quoted(name),
            crate::desk::quoted(id)
        );
        let request = Request::query_xpath(&expression).with_options(CallOptions::SCOPE_LOCAL);
        desk.cib(Purpose::NameClash, request);
    }

    /// Takes the answer to a search for nodes with the name of others, and removes those that nobody knows.
    pub(crate) fn on_name_clash(&mut self, desk: &mut Desk<'_>, found: &Element) {
        let nodes: Vec<&Element> = if found.name() == "node" {
            vec![found]
        } else {
            found.children_named("node").collect()
        };
        for node in nodes {
            let (Some(id), Some(name)) = (node.id(), node.attr("uname")) else { continue };
            let known = self.peers.iter().any(|peer| {
                peer.uuid() == id && peer.name.as_ref().is_some_and(|n| n.as_str() == name)
            });
            if known {
                continue;
            }
            desk.say(
                crate::note::Severity::Notice,
                format!("Deleting unknown node {id}/{name}, whose name another node has"),
            );
            let entry = Element::new("node").with("id", id).with("uname", name);
            let mut state = entry.clone();
            state.rename("node_state");
            for (section, data) in [("nodes", entry), ("status", state)] {
                let request = Request::change(CibOperation::Delete, Some(section), data)
                    .with_options(CallOptions::QUORUM_OVERRIDE);
                desk.cib(Purpose::Update(format!("removal of node {id}")), request);
            }
        }
    }

    /// Writes one node's state.
    pub(crate) fn write_node_state(
        &mut self,
        desk: &mut Desk<'_>,
        node: vocab::NodeId,
        parts: Parts,
        origin: &str,
    ) {
        if let Some(state) = self.peers.node_state(node, parts, origin) {
            let what = Purpose::Update(format!("state of node {node}"));
            desk.update(what, "status", state);
        }
    }

    /// Writes who is DC and whether there is quorum.
    pub(crate) fn write_quorum(&mut self, desk: &mut Desk<'_>, quorate: bool) {
        let root = Element::new("cib")
            .with("have-quorum", u8::from(quorate))
            .with("dc-uuid", desk.settings.node);
        desk.update(Purpose::Vital("quorum".into()), "cib", root);
    }
}
