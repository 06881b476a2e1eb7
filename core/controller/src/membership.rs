//! Nodes that come and go.

use std::collections::BTreeSet;

use election::Input as ElectionInput;
use messages::crmd::{Body, Subsystem};
use transition::walker::Completion;
use vocab::{NodeId, NodeName};

use crate::{
    core::{Core, Event},
    desk::{Desk, quoted},
    fsm::{State, Trigger},
    join::Phase,
    note::{Note, Severity},
    peers::{Change, Expected, Parts},
    policy::SETTLING_TIME,
    timer::Timer,
};

/// Quorum often comes with several nodes at nearly the same time; a plan made for the first would fence the others.
const QUORUM_GAINED_DELAY: std::time::Duration = std::time::Duration::from_secs(5);

impl Core {
    /// Takes the ring's membership and quorum.
    pub(crate) fn on_ring(
        &mut self,
        desk: &mut Desk<'_>,
        quorate: bool,
        members: &BTreeSet<NodeId>,
    ) {
        self.progress.ring_known = true;
        let changes = self.peers.set_ring(members);
        for change in &changes {
            if let Some(node) = self.peers.get(change.node).and_then(|peer| peer.name.clone()) {
                self.fencing.cleanup.retain(|fenced| !(change.came && *fenced == node));
                desk.note(Note::NodeState { node, member: change.came });
            }
        }
        self.tell_election(desk);
        self.on_quorum(desk, quorate);
        if self.is_dc && !changes.is_empty() {
            let parts = Parts { join: false, ..Parts::ALL };
            self.write_nodes(desk, parts, "post_cache_update");
        }
        for change in changes {
            self.on_change_of_ring(desk, change);
        }
        self.after_change(desk);
    }

    /// Takes the list of nodes with a controller.
    pub(crate) fn on_group(&mut self, desk: &mut Desk<'_>, members: &BTreeSet<NodeId>) {
        self.progress.group_known = true;
        let changes = self.peers.set_group(desk.now.instant, members);
        self.tell_election(desk);
        for change in changes {
            self.on_change_of_group(desk, change);
        }
        self.after_change(desk);
    }

    fn tell_election(&mut self, desk: &mut Desk<'_>) {
        let members = self.peers.active();
        self.elect(desk, ElectionInput::Members(members));
    }

    fn after_change(&mut self, desk: &mut Desk<'_>) {
        if self.state == State::Pending && self.all_nodes_active(desk) {
            self.wait_for_dc(desk);
        }
        self.start_if_ready();
    }

    /// Leaves the first state once everything that is needed is known.
    pub(crate) fn start_if_ready(&mut self) {
        let progress = &self.progress;
        let ready = progress.connected
            && progress.ring_known
            && progress.group_known
            && progress.options_known
            && self.peers.local_is_active();
        if self.state == State::Starting && ready {
            self.trigger(Trigger::Pending, "started");
        }
    }

    fn on_quorum(&mut self, desk: &mut Desk<'_>, quorate: bool) {
        let changed = self.progress.quorate != quorate;
        self.progress.quorate = quorate;
        let lost_for_good = self.progress.ever_quorate && !quorate;
        self.progress.ever_quorate |= quorate;
        if changed {
            desk.note(Note::Quorum { quorate });
        }
        if lost_for_good && changed && self.options.leave_without_quorum {
            desk.say(Severity::Error, "Leaving because quorum was lost (no-quorum-policy=suicide)");
            return self.leave(desk, vocab::ToolExit::Panic);
        }
        if !changed || !self.is_dc {
            return;
        }
        self.write_quorum(desk, quorate);
        if !quorate {
            self.abort(desk, Completion::Restart, "Quorum lost", None);
        } else if self.all_nodes_active(desk) {
            self.abort(desk, Completion::Restart, "Quorum gained", None);
        } else {
            desk.arm(Timer::QuorumGained, QUORUM_GAINED_DELAY);
        }
    }

    fn on_change_of_ring(&mut self, desk: &mut Desk<'_>, change: Change) {
        if change.came {
            self.welcome(desk, change.node);
        } else {
            self.on_node_lost(desk, change.node);
        }
    }

    fn on_change_of_group(&mut self, desk: &mut Desk<'_>, change: Change) {
        let local = change.node == desk.settings.node;
        if local && !change.came && self.progress.connected {
            desk.say(Severity::Error, "Our peer connection failed");
            return self.trigger(Trigger::Error, "evicted");
        }
        if change.came && !local && !self.is_dc {
            // Who came may know neither our name nor, for older versions, that we are there.
            desk.broadcast(
                Subsystem::Controller,
                Subsystem::Controller,
                Body::Hello { client_name: None },
            );
        }
        if !self.progress.connected || matches!(self.state, State::Stopping | State::Terminate) {
            return;
        }
        if change.came {
            self.welcome(desk, change.node);
        } else {
            self.on_controller_lost(desk, change.node);
        }
        if self.is_dc {
            let parts = Parts { controller: true, ..Parts::NONE };
            self.write_node_state(desk, change.node, parts, "peer_update_callback");
        }
    }

    /// A node that is fully there may join.
    fn welcome(&mut self, _desk: &mut Desk<'_>, node: NodeId) {
        if self.is_dc && self.peers.is_active(node) {
            self.raise(Event::NodeJoin(None));
        }
    }

    /// The controller of a node is gone, perhaps with the node, perhaps alone.
    fn on_controller_lost(&mut self, desk: &mut Desk<'_>, node: NodeId) {
        let Some(peer) = self.peers.get(node) else { return };
        let Some(name) = peer.name.clone() else { return };
        // A controller that died alone leaves an attribute manager behind, whose values still hold.
        let with_node = peer.member != Some(true) || peer.expected == Some(Expected::Down);
        let was_dc = self.dc.as_ref().is_some_and(|(dc, _)| *dc == name);
        if with_node && (self.is_dc || was_dc || self.dc.is_none()) {
            erase_attributes(desk, &name);
        }
        if was_dc && !self.is_dc {
            desk.say(Severity::Notice, format!("Our peer on the DC ({name}) is dead"));
            self.progress.election_lost = false;
            self.trigger(Trigger::Election, "DC lost");
        }
        if self.is_dc {
            self.on_peer_down(desk, node);
            if self.peers.get(node).is_some_and(|peer| peer.offline_since.is_some()) {
                desk.arm(Timer::Settling, SETTLING_TIME);
            }
        }
    }

    fn on_node_lost(&mut self, desk: &mut Desk<'_>, node: NodeId) {
        let dc_lost = self.dc.as_ref().is_some_and(|(dc, _)| {
            self.peers.by_name(dc.as_str()).is_some_and(|peer| peer.id == node)
        });
        if (self.is_dc || dc_lost || self.dc.is_none())
            && let Some(name) = self.peers.get(node).and_then(|peer| peer.name.clone())
        {
            erase_attributes(desk, &name);
        }
        if dc_lost && !self.is_dc {
            self.progress.election_lost = false;
            self.trigger(Trigger::Election, "DC lost");
        }
        if self.is_dc {
            self.on_peer_down(desk, node);
        }
    }

    /// For the DC: a node went down, as this transition wanted or not.
    fn on_peer_down(&mut self, desk: &mut Desk<'_>, node: NodeId) {
        let Some(peer) = self.peers.get(node) else { return };
        let (uuid, name) = (peer.uuid(), peer.name.clone());
        let down = self.drive.walker.takes_down(&uuid).map(|action| action.task.clone());
        match down.as_deref() {
            Some("stonith") => {}
            Some("do_shutdown") => {
                if let Some(peer) = self.peers.get_mut(node) {
                    peer.join = Phase::None;
                    peer.expected = Some(Expected::Down);
                    // An orderly shutdown is nothing to wait for.
                    peer.offline_since = None;
                }
                let parts = Parts { join: true, expected: true, controller: true, ring: false };
                self.write_node_state(desk, node, parts, "peer_update_callback");
                self.check_join();
                self.drive.wake();
            }
            Some(_) | None => {
                if let Some(peer) = self.peers.get_mut(node) {
                    peer.join = Phase::None;
                    if peer.expected == Some(Expected::Down) {
                        peer.offline_since = None;
                    }
                }
                self.check_join();
                self.abort(desk, Completion::Restart, "Node failure", name.map(|n| n.to_string()));
                self.give_up_actions(desk, node);
            }
        }
    }

    /// What a lost node was to do will not be done.
    fn give_up_actions(&mut self, desk: &mut Desk<'_>, node: NodeId) {
        let Some(peer) = self.peers.get(node) else { return };
        let name = peer.name.as_ref().map_or_else(String::new, |name| name.to_string());
        let uuid = peer.uuid();
        if self.drive.walker.is_complete() {
            return;
        }
        let lost = self.drive.walker.lose_node(&uuid, &name);
        for (id, started) in &lost {
            let transition = self.drive.walker.id();
            desk.disarm(Timer::Action { transition, action: *id });
            if *started {
                desk.say(Severity::Notice, format!("Action {id} was pending on {name} (offline)"));
            }
        }
        if !lost.is_empty() {
            self.abort(desk, Completion::Restart, "Node failure", Some(name));
        }
        self.drive.wake();
    }

    /// Controllers that have not come back by now are not expected to, nor are the other daemons of their nodes.
    pub(crate) fn on_settled(&mut self, desk: &mut Desk<'_>) {
        if !self.is_dc {
            return;
        }
        let now = desk.now.instant;
        let gone = self.peers.iter().filter(|peer| {
            peer.offline_since.is_some_and(|since| now.since(since) >= SETTLING_TIME)
        });
        let names: Vec<_> = gone.filter_map(|peer| peer.name.clone()).collect();
        for name in names {
            erase_attributes(desk, &name);
        }
    }

    /// A node that nobody shall know any more.
    pub(crate) fn forget_node(
        &mut self,
        desk: &mut Desk<'_>,
        id: Option<NodeId>,
        name: Option<&NodeName>,
    ) {
        if self.peers.forget(id, name) {
            let what = name.map_or_else(
                || id.map_or_else(String::new, |id| id.to_string()),
                |name| name.to_string(),
            );
            desk.say(Severity::Notice, format!("Removed references to node {what}"));
        }
        if let Some(name) = name {
            self.fencing.reset(name);
            self.throttles.remove(name);
        }
    }
}

/// Removes what held for a node only while it was up.
fn erase_attributes(desk: &mut Desk<'_>, name: &NodeName) {
    let node = quoted(name.as_str());
    desk.delete_xpath(format!("//node_state[@uname={node}]/transient_attributes"));
}
