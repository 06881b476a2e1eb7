//! The side of the node that joins.

use messages::{
    cib::{CallOptions, Failure, Request},
    crmd::{Body, JoinRound, Subsystem},
};
use vocab::{FEATURE_SET, NodeId, NodeName};
use xml::Element;

use crate::{
    core::Core,
    desk::{Desk, Purpose},
    fsm::Trigger,
    input::StartState,
    note::Severity,
    output::Output,
    peers::{Expected, Parts},
};

impl Core {
    /// Accepts a DC's word that it is DC. `false` if another one holds the office.
    fn accept_dc(&mut self, desk: &mut Desk<'_>, from: &NodeName, version: String) -> bool {
        let own = *from == desk.settings.name;
        let other = self.dc.as_ref().is_some_and(|(dc, _)| dc != from);
        if (self.is_dc && !own) || other {
            desk.say(Severity::Warning, format!("New DC {from} is not the one that is known"));
            self.announce(desk);
            self.wait_for_dc(desk);
            return false;
        }
        self.set_dc(desk, Some((from.clone(), version)));
        true
    }

    /// A DC that leaves while this node joins has not told it so otherwise.
    fn note_leaving(&mut self, dc: &NodeName, round: JoinRound) {
        if round.dc_leaving {
            self.expect(dc, Expected::Down);
        }
    }

    /// Answers an offer to join: reads which CIB this node has.
    pub(crate) fn on_join_offer(
        &mut self,
        desk: &mut Desk<'_>,
        from: &NodeName,
        round: JoinRound,
        version: String,
    ) {
        if !self.accept_dc(desk, from, version) {
            return;
        }
        desk.disarm(crate::timer::Timer::DcDeadtime);
        self.note_leaving(from, round);
        let request =
            Request::query(None).with_options(CallOptions::SCOPE_LOCAL | CallOptions::NO_CHILDREN);
        let call = desk.cib(Purpose::Generation { join: round.join }, request);
        self.round.generation_query = Some(call);
    }

    /// Asks to join with the CIB that this node has.
    pub(crate) fn on_generation(
        &mut self,
        desk: &mut Desk<'_>,
        call: u64,
        join: i32,
        result: Result<Option<&Element>, Failure>,
    ) {
        if self.round.generation_query != Some(call) {
            return;
        }
        self.round.generation_query = None;
        let cib = match result {
            Ok(Some(cib)) => cib,
            Ok(None) => return self.trigger(Trigger::Error, "the CIB could not be read"),
            Err(error) => {
                desk.say(Severity::Error, format!("The CIB could not be read: {error}"));
                return self.trigger(Trigger::Error, "the CIB could not be read");
            }
        };
        let Some(dc) = self.dc_address() else { return };
        let mut generation = Element::new("generation_tuple");
        for (name, value) in cib.attrs() {
            generation.set(name, value);
        }
        let body = Body::JoinRequest {
            join,
            feature_set: Some(FEATURE_SET),
            generation: Some(generation),
        };
        desk.send(dc, Subsystem::Controller, Subsystem::Dc, body);
    }

    /// The DC's number and name.
    pub(crate) fn dc_address(&self) -> Option<(NodeId, NodeName)> {
        let (name, _) = self.dc.as_ref()?;
        self.peers.by_name(name.as_str())?.address()
    }

    /// Confirms that this node has joined, with all that its executor knows, or leaves if it was refused.
    pub(crate) fn on_join_ack(
        &mut self,
        desk: &mut Desk<'_>,
        from: &NodeName,
        round: JoinRound,
        accepted: bool,
        version: String,
    ) {
        if !accepted {
            let text = format!("Shutting down because cluster join with leader {from} failed");
            desk.say(Severity::Error, text);
            return self.trigger(Trigger::Error, "join refused");
        }
        if !self.is_dc && *from == desk.settings.name {
            return;
        }
        if !self.accept_dc(desk, from, version) {
            return;
        }
        self.note_leaving(from, round);
        let feature_set = Some(FEATURE_SET.to_string());
        desk.out.push(Output::SetAttributes {
            node: desk.settings.name.clone(),
            attributes: vec![("#feature-set".to_owned(), feature_set)],
        });
        let state = self.own_state(desk);
        if !self.progress.joined && !self.progress.shutdown {
            self.progress.joined = true;
            set_start_state(desk);
        }
        let Some(dc) = self.dc_address() else { return };
        let body = Body::JoinConfirm { join: round.join, state };
        desk.send(dc, Subsystem::Controller, Subsystem::Dc, body);
        if !self.is_dc {
            self.progress.election_lost = false;
            self.trigger(Trigger::NotDc, "");
        }
    }

    /// This node's `node_state` with all history.
    pub(crate) fn own_state(&self, desk: &Desk<'_>) -> Option<Element> {
        let parts = Parts { ring: true, controller: true, ..Parts::NONE };
        let origin = "controld_query_executor_state";
        let state = self.peers.node_state(desk.settings.node, parts, origin)?;
        Some(state.with_child(self.executor.whole_history(desk.settings)))
    }
}

/// Puts the node into the state in which the environment wants it to start.
fn set_start_state(desk: &mut Desk<'_>) {
    let Some(start_state) = desk.settings.start_state else { return };
    let value = match start_state {
        StartState::Standby => "on",
        StartState::Online => "off",
    };
    let node = desk.settings.node;
    let pair = Element::new("nvpair")
        .with("id", format_args!("nodes-{node}-standby"))
        .with("name", "standby")
        .with("value", value);
    let set = Element::new("instance_attributes")
        .with("id", format_args!("nodes-{node}"))
        .with_child(pair);
    let entry = Element::new("node").with("id", node).with_child(set);
    desk.update(Purpose::Update("start state".into()), "nodes", entry);
}
