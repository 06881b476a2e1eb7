//! The side of the DC.

use messages::{
    cib::{CallOptions, Failure, Operation as CibOperation, Request},
    crmd::{Body, JoinRound, Subsystem},
};
use transition::walker::Completion;
use vocab::{FEATURE_SET, FeatureSet, NodeId};
use xml::{Element, patchset::Generation};

use super::Phase;
use crate::{
    core::{Core, Event, JoinRequest},
    desk::{Desk, Purpose, quoted},
    fsm::{State, Trigger},
    note::Severity,
    peers::Expected,
};

/// How far the DC's present joining has come.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// Counts joinings.
    pub(crate) id: i32,
    /// The best CIB among those of the nodes that asked, and who has it.
    best: Option<(NodeId, Generation)>,
    /// Somebody else's CIB is on its way to everybody.
    pub(crate) cib_asked: bool,
    /// Everybody has the best CIB.
    pub(crate) have_cib: bool,
    /// Finalizing waits for the end of a transition.
    pub(crate) waits_for_transition: bool,
    /// The question after the own CIB's version.
    pub(crate) generation_query: Option<u64>,
}

impl Core {
    fn join_round(&self) -> JoinRound {
        JoinRound { join: self.round.id, dc_leaving: self.progress.shutdown }
    }

    fn set_phase(&mut self, node: NodeId, phase: Phase) {
        if let Some(peer) = self.peers.get_mut(node)
            && peer.join.may_become(phase)
        {
            peer.join = phase;
        }
    }

    fn count(&self, phase: Phase) -> usize {
        self.peers.iter().filter(|peer| peer.join == phase).count()
    }

    /// Begins a new joining of all nodes.
    pub(crate) fn offer_all(&mut self, desk: &mut Desk<'_>) {
        self.round.id += 1;
        self.round.best = None;
        self.round.have_cib = false;
        self.round.cib_asked = false;
        self.round.waits_for_transition = false;
        for peer in self.peers.values_mut() {
            peer.join = Phase::None;
            // Who died with the old DC and runs nothing need not be fenced.
            if !peer.is_active() && peer.expected.is_none() && peer.member == Some(false) {
                peer.expected = Some(Expected::Down);
            }
        }
        self.set_dc(desk, None);
        let nodes: Vec<_> = self.peers.active().into_keys().collect();
        for node in nodes {
            self.offer(desk, node);
        }
    }

    fn offer(&mut self, desk: &mut Desk<'_>, node: NodeId) {
        let Some(peer) = self.peers.get_mut(node).filter(|peer| peer.is_active()) else { return };
        let Some(address) = peer.address() else { return };
        peer.join = Phase::None;
        let text = format!("Sending join-{} offer to {}", self.round.id, address.1);
        desk.say(Severity::Info, text);
        let body = Body::JoinOffer { round: self.join_round(), feature_set: Some(FEATURE_SET) };
        desk.send(address, Subsystem::Dc, Subsystem::Controller, body);
        self.set_phase(node, Phase::Welcomed);
    }

    /// Offers one node to join, or all that have not joined if it is not known which.
    pub(crate) fn offer_one(&mut self, desk: &mut Desk<'_>, node: Option<NodeId>) {
        let Some(node) = node else {
            let waiting: Vec<_> =
                self.peers.iter().filter(|p| !p.join.is_joining()).map(|p| p.id).collect();
            for node in waiting {
                self.offer(desk, node);
            }
            self.check_join();
            return;
        };
        self.set_phase(node, Phase::None);
        self.offer(desk, node);
        if node != desk.settings.node {
            // The own CIB has to be weighed against the newcomer's.
            self.offer(desk, desk.settings.node);
        }
        self.abort(desk, Completion::Restart, "Node join", None);
    }

    /// Weighs a request to join.
    pub(crate) fn on_join_request(&mut self, desk: &mut Desk<'_>, request: JoinRequest) {
        let JoinRequest { from, join, feature_set, generation } = request;
        if join != self.round.id {
            self.check_join();
            return;
        }
        let refusal = if !self.peers.is_active(from) {
            Some("it is not active")
        } else if generation.is_none() {
            Some("it does not say which CIB it has")
        } else if !feature_set.is_some_and(|theirs| compatible(FEATURE_SET, theirs)) {
            Some("its feature set does not fit")
        } else {
            None
        };
        if let Some(reason) = refusal {
            let text = format!("Rejecting join-{join} request from node {from}: {reason}");
            desk.say(Severity::Error, text);
            if let Some(peer) = self.peers.get_mut(from) {
                peer.join = Phase::Nack;
                peer.expected = Some(Expected::Banned);
                if let Some(address) = peer.address().filter(|_| peer.is_active()) {
                    let body = Body::JoinAck { round: self.join_round(), accepted: false };
                    desk.send(address, Subsystem::Dc, Subsystem::Controller, body);
                }
            }
        } else {
            let theirs = generation.as_ref().map(Generation::of).unwrap_or_default();
            let better = self.round.best.is_none_or(|(_, best)| {
                theirs > best || (theirs == best && from == desk.settings.node)
            });
            if better {
                self.round.best = Some((from, theirs));
            }
            self.set_phase(from, Phase::Integrated);
            if let Some(peer) = self.peers.get_mut(from) {
                peer.expected = Some(Expected::Member);
            }
        }
        self.check_join();
    }

    /// Has the best CIB sent to everybody.
    pub(crate) fn finalize(&mut self, desk: &mut Desk<'_>) {
        if self.count(Phase::Welcomed) > 0 {
            return;
        }
        if self.count(Phase::Integrated) == 0 {
            self.check_join();
            return;
        }
        if self.drive.is_running() {
            self.round.waits_for_transition = true;
            return;
        }
        self.round.waits_for_transition = false;
        let local = desk.settings.node;
        let best = self.round.best.map_or(local, |(node, _)| node);
        self.round.have_cib = best == local;
        self.round.cib_asked = best != local;
        let Some((_, name)) = self.peers.get(best).and_then(|peer| peer.address()) else { return };
        let text = format!("Finalizing join-{} (sync'ing CIB from {name})", self.round.id);
        desk.say(Severity::Info, text);
        let request = Request::new(CibOperation::SyncToAll)
            .with_options(CallOptions::QUORUM_OVERRIDE)
            .on(name);
        desk.cib(Purpose::Sync { join: self.round.id }, request);
    }

    /// Everybody has the best CIB, or will not get it.
    pub(crate) fn on_synced(
        &mut self,
        desk: &mut Desk<'_>,
        join: i32,
        result: Result<(), Failure>,
    ) {
        if join != self.round.id {
            return;
        }
        self.round.cib_asked = false;
        if let Err(error) = result {
            let text = format!("Could not sync the CIB in join-{join}: {error}");
            desk.say(Severity::Error, text);
            return self.trigger(Trigger::ElectionDc, "the CIB could not be synced");
        }
        if !self.is_dc || self.state != State::FinalizeJoin {
            return;
        }
        self.round.have_cib = true;
        if self.check_join() {
            return;
        }
        let integrated: Vec<_> =
            self.peers.iter().filter(|p| p.join == Phase::Integrated).map(|p| p.id).collect();
        for node in integrated {
            self.acknowledge(desk, node);
        }
    }

    fn acknowledge(&mut self, desk: &mut Desk<'_>, node: NodeId) {
        let Some(peer) = self.peers.get_mut(node) else { return };
        let Some(address) = peer.address() else { return };
        let entry = Element::new("node").with("id", node).with("uname", &address.1);
        desk.update(Purpose::Update(format!("node {node}")), "nodes", entry);
        if !peer.is_active() {
            // A refusal would only make it come again; a change of membership will tell.
            peer.expected = Some(Expected::Pending);
            return;
        }
        peer.expected = Some(Expected::Member);
        self.set_phase(node, Phase::Finalized);
        let body = Body::JoinAck { round: self.join_round(), accepted: true };
        desk.send(address, Subsystem::Dc, Subsystem::Controller, body);
    }

    /// Takes over what a node's executor knows.
    pub(crate) fn on_join_confirm(
        &mut self,
        desk: &mut Desk<'_>,
        from: NodeId,
        join: i32,
        state: Option<Element>,
    ) {
        let Some(peer) = self.peers.get(from) else { return };
        if peer.join != Phase::Finalized {
            return;
        }
        let Some((_, name)) = peer.address() else { return };
        if join != self.round.id {
            self.set_phase(from, Phase::Nack);
            return;
        }
        self.set_phase(from, Phase::Confirmed);
        let node = format!("//node_state[@uname={}]", quoted(name.as_str()));
        let expression = if self.options.shutdown_lock {
            format!("{node}//lrm_rsc_op|{node}//lrm_resource[not(@shutdown-lock)]")
        } else {
            format!("{node}/lrm")
        };
        desk.delete_xpath(expression);
        let local = from == desk.settings.node;
        let state = if local { self.own_state(desk).or(state) } else { state };
        let Some(state) = state.filter(|state| state.name() == "node_state") else {
            desk.say(Severity::Warning, format!("{name} confirmed join-{join} without history"));
            self.check_join();
            return;
        };
        desk.update(Purpose::JoinHistory { join }, "status", state);
    }

    /// A node's history is in the CIB.
    pub(crate) fn on_join_history(&mut self, desk: &mut Desk<'_>, result: Result<(), Failure>) {
        if let Err(error) = result {
            let text = format!("A joining node's history could not be written: {error}");
            desk.say(Severity::Error, text);
            return self.trigger(Trigger::Error, "history could not be written");
        }
        self.check_join();
    }

    /// Goes on if everybody has come as far as is needed. `true` if something was decided.
    pub(crate) fn check_join(&mut self) -> bool {
        match self.state {
            State::Integration if self.count(Phase::Welcomed) == 0 => {
                self.events.push_front(Event::plain(Trigger::Integrated, ""));
                true
            }
            State::FinalizeJoin if !self.round.have_cib => true,
            State::FinalizeJoin => {
                let unfinished = self.count(Phase::Welcomed)
                    + self.count(Phase::Integrated)
                    + self.count(Phase::Finalized);
                if unfinished == 0 {
                    self.trigger(Trigger::Finalized, "");
                }
                unfinished == 0
            }
            _ => false,
        }
    }
}

/// Whether a node may join a DC: the same major version, and nothing older than the DC's minor version.
fn compatible(dc: FeatureSet, node: FeatureSet) -> bool {
    dc.major == node.major && dc.minor <= node.minor
}
