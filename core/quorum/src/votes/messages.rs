use vocab::NodeId;
use wire::exec::votequorum::{Message, NodeFlags, NodeInfo};

use super::{VOTES_MAX, Votes};
use crate::{Notice, Timer, census::NodeState, effects::Effects, service::Service};

impl Votes {
    /// Takes a message that the ring delivered.
    pub(crate) fn on_message(
        &mut self,
        from: NodeId,
        message: &[u8],
        service: &mut Service,
        effects: &mut Effects<'_>,
    ) {
        let message = match Message::decode(message) {
            Ok(message) => message,
            Err(error) => return effects.notice(Notice::Malformed { from, error }),
        };
        if let Err(problem) = self.admit(from, &message) {
            return effects.notice(Notice::Refused { from, problem });
        }
        match message {
            Message::NodeInfo(info) if info.node == 0 => {
                self.on_device_info(from, info.votes, service, effects);
            }
            Message::NodeInfo(info) => self.on_node_info(from, info, service, effects),
            Message::SetExpectedVotes { by: _, votes } => {
                self.census.expect(votes);
                self.tell_expected_votes(effects);
                self.set_expected_floor(votes, effects);
                if self.rules.tracking {
                    let own = self.census.own_mut();
                    own.expected_votes = own.expected_votes.max(self.tracked);
                }
                self.recalculate(true, false, service, effects);
            }
            Message::SetNodeVotes { node, votes } => {
                if self.set_votes(node, votes) {
                    self.recalculate(true, false, service, effects);
                }
            }
            Message::CancelWaitForAll { by } => {
                self.wait_for_all(false, effects);
                effects.notice(Notice::WaitForAllCancelled(NodeId(by)));
                self.recalculate(false, false, service, effects);
            }
            Message::DeviceRegister { name } => self.on_device_register(from, name, effects),
            Message::DeviceUnregister { name: _ } => self.on_device_unregister(),
            Message::DeviceRename { old, new } => self.on_device_rename(&old, new),
        }
    }

    /// Whether the sender may say that.
    fn admit(&self, from: NodeId, message: &Message) -> Result<(), &'static str> {
        match message {
            Message::NodeInfo(info) => {
                if info.node != 0 && info.node != from.0 {
                    return Err("it speaks for another node");
                }
                if info.node == 0 && self.census.get(from).is_none() {
                    return Err("it speaks for the quorum device before it spoke for itself");
                }
                sane(info.votes)?;
                sane(info.expected_votes)
            }
            Message::SetExpectedVotes { by, votes } => {
                if *by != from.0 {
                    return Err("it speaks for another node");
                }
                if *votes == 0 {
                    return Err("nobody can expect no votes");
                }
                sane(*votes)
            }
            Message::SetNodeVotes { node: _, votes } => sane(*votes),
            Message::CancelWaitForAll { by } if *by != from.0 => Err("it speaks for another node"),
            Message::CancelWaitForAll { .. }
            | Message::DeviceRegister { .. }
            | Message::DeviceUnregister { .. }
            | Message::DeviceRename { .. } => Ok(()),
        }
    }

    fn on_node_info(
        &mut self,
        from: NodeId,
        info: NodeInfo,
        service: &mut Service,
        effects: &mut Effects<'_>,
    ) {
        let before = self.census.get(from).copied();
        let is_quorate = info.flags.has(NodeFlags::QUORATE);
        let is_leaving = info.flags.has(NodeFlags::LEAVING);
        // Who has quorum knows what to expect.
        let is_taught = !self.quorate && is_quorate;

        let node = self.census.enter(from);
        node.flags = info.flags;
        node.votes = info.votes;
        node.state = if is_leaving { NodeState::Leaving } else { NodeState::Member };
        if is_taught {
            self.census.own_mut().expected_votes = info.expected_votes;
        }
        let expected = if is_quorate || self.rules.tracking {
            info.expected_votes
        } else {
            self.census.own().expected_votes
        };
        let node = self.census.enter(from);
        node.expected_votes = expected;
        let after = *node;

        if self.rules.last_man_standing && info.votes > 1 {
            effects.notice(Notice::LastManStandingDisabled);
            self.rules.last_man_standing = false;
            self.timers.disarm(&Timer::LastManStanding);
        }
        if from == self.census.own_id() || info.flags.has(NodeFlags::FIRST) || before != Some(after)
        {
            self.recalculate(is_leaving || is_taught, is_leaving, service, effects);
        }
        // Counting may have changed how this node stands, if it was its own message.
        let flags = self.census.enter(from).flags;
        let waits_not = flags.has(NodeFlags::QUORATE) && !flags.has(NodeFlags::WAIT_FOR_ALL);
        if self.rules.wait_for_all && waits_not {
            self.wait_for_all(false, effects);
        }
    }

    /// The highest votes for the device count, but who has quorum knows better.
    fn on_device_info(
        &mut self,
        from: NodeId,
        votes: u32,
        service: &mut Service,
        effects: &mut Effects<'_>,
    ) {
        let sender_is_quorate =
            self.census.get(from).is_some_and(|node| node.flags.has(NodeFlags::QUORATE));
        let before = self.census.device_votes;
        let is_taught = !self.quorate && sender_is_quorate;
        self.census.device_votes = if is_taught { votes } else { before.max(votes) };
        if self.census.device_votes != before {
            self.recalculate(false, false, service, effects);
        }
    }

    /// Sets the votes of a node, or of the device with 0. Whether there is such a one.
    pub(super) fn set_votes(&mut self, node: u32, votes: u32) -> bool {
        if node == 0 {
            self.census.device_votes = votes;
            return true;
        }
        let Some(node) = self.census.get_mut(NodeId(node)) else { return false };
        node.votes = votes;
        true
    }
}

fn sane(votes: u32) -> Result<(), &'static str> {
    if votes <= VOTES_MAX { Ok(()) } else { Err("nobody can have that many votes") }
}
