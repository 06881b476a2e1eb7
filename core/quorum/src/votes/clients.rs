use vocab::NodeId;
use wire::{
    corosync::{Status, quorum, votequorum},
    exec::votequorum::{Message, NodeFlags},
};

use super::{VOTES_MAX, Votes, device::Registration};
use crate::{Answer, ClientId, Event, effects::Effects};

impl Votes {
    pub(crate) fn on_request(
        &mut self,
        client: ClientId,
        request: votequorum::Request,
        effects: &mut Effects<'_>,
    ) {
        let status = match request {
            votequorum::Request::GetInfo { node } => {
                let answer = match self.info(node) {
                    Some(info) => Answer::Info(Box::new(info)),
                    None => {
                        let id = votequorum::INFO_ANSWER;
                        Answer::Status { id, status: Status::NOT_EXIST }
                    }
                };
                return effects.answer(client, answer);
            }
            votequorum::Request::SetExpected { votes } => self.set_expected(votes, effects),
            votequorum::Request::SetVotes { node, votes } => {
                self.change_votes(node, votes, effects)
            }
            votequorum::Request::TrackStart { context, flags } => {
                self.follow(client, context, flags, effects)
            }
            votequorum::Request::TrackStop => {
                self.followers.remove(&client).map(drop).ok_or(Status::NOT_EXIST)
            }
            votequorum::Request::DeviceRegister { name } => {
                match self.register(client, name, effects) {
                    Registration::UnderWay => return,
                    Registration::Answered(status) => status.ok(),
                }
            }
            votequorum::Request::DeviceUnregister { name } => self.unregister(name, effects),
            votequorum::Request::DeviceUpdate { old, new } => self.rename(old, new, effects),
            votequorum::Request::DevicePoll { name, cast_vote, ring } => {
                self.poll(&name, cast_vote, ring, effects)
            }
            votequorum::Request::DeviceMasterWins { name, allow } => {
                self.master_wins(&name, allow, effects)
            }
        };
        self.answer_status(client, status.err().unwrap_or(Status::OK), effects);
    }

    pub(crate) fn on_disconnected(&mut self, client: ClientId) {
        self.followers.remove(&client);
        self.device.forget(client);
    }

    pub(super) fn answer_status(
        &self,
        client: ClientId,
        status: Status,
        effects: &mut Effects<'_>,
    ) {
        effects.answer(client, Answer::Status { id: votequorum::STATUS_ANSWER, status });
    }

    pub(super) fn quorum_event(&self, context: u64) -> votequorum::Event {
        let state = |node: u32, state| votequorum::NodeState { node, state };
        let mut nodes: Vec<_> =
            self.census.all().map(|(id, node)| state(id.0, node.state.code())).collect();
        if self.census.own().flags.has(NodeFlags::DEVICE_REGISTERED) {
            // The device has no state of its own in Corosync either.
            nodes.push(state(0, 0));
        }
        votequorum::Event::Quorum { context, quorate: self.quorate, nodes }
    }

    fn info(&self, node: u32) -> Option<votequorum::Info> {
        let id = if node == 0 { self.census.own_id() } else { NodeId(node) };
        let node = self.census.get(id)?;
        let tally = self.census.tally();
        let has_device_vote = node.flags.has(NodeFlags::DEVICE_CAST_VOTE);
        let device_votes = if has_device_vote { self.census.device_votes } else { 0 };
        Some(votequorum::Info {
            node: id.0,
            state: node.state.code(),
            votes: node.votes,
            expected_votes: node.expected_votes,
            highest_expected: tally.highest_expected,
            total_votes: tally.votes.saturating_add(device_votes),
            quorum: self.quorum,
            flags: self.info_flags(node.flags),
            device_votes: self.census.device_votes,
            device_name: self.device.name.clone(),
        })
    }

    fn info_flags(&self, node: NodeFlags) -> u32 {
        [
            (self.rules.two_node, votequorum::INFO_TWO_NODE),
            (self.quorate, votequorum::INFO_QUORATE),
            (self.rules.wait_for_all, votequorum::INFO_WAIT_FOR_ALL),
            (self.rules.last_man_standing, votequorum::INFO_LAST_MAN_STANDING),
            (!self.rules.tie.is_unbroken(), votequorum::INFO_AUTO_TIE_BREAKER),
            (self.rules.allow_downscale, votequorum::INFO_ALLOW_DOWNSCALE),
            (node.has(NodeFlags::DEVICE_REGISTERED), votequorum::INFO_DEVICE_REGISTERED),
            (node.has(NodeFlags::DEVICE_ALIVE), votequorum::INFO_DEVICE_ALIVE),
            (node.has(NodeFlags::DEVICE_CAST_VOTE), votequorum::INFO_DEVICE_CAST_VOTE),
            (node.has(NodeFlags::DEVICE_MASTER_WINS), votequorum::INFO_DEVICE_MASTER_WINS),
        ]
        .into_iter()
        .filter_map(|(is_set, bit)| is_set.then_some(bit))
        .fold(0, |flags, bit| flags | bit)
    }

    /// Less than there is makes no sense; more than keeps the present quorum is refused while there is quorum.
    fn set_expected(&mut self, votes: u32, effects: &mut Effects<'_>) -> Result<(), Status> {
        let there = self.census.tally_with_cast_vote().votes;
        let loses_quorum = self.quorate && self.quorum_for(true, votes) > there;
        if votes == 0 || votes > VOTES_MAX || votes < there || loses_quorum {
            return Err(Status::INVALID_PARAMETER);
        }
        self.census.expect(votes);
        let by = self.census.own_id().0;
        effects.multicast(&Message::SetExpectedVotes { by, votes });
        Ok(())
    }

    fn change_votes(
        &mut self,
        node: u32,
        votes: u32,
        effects: &mut Effects<'_>,
    ) -> Result<(), Status> {
        let before = match node {
            0 => self.census.device_votes,
            _ => self.census.get(NodeId(node)).ok_or(Status::NAME_NOT_FOUND)?.votes,
        };
        if votes > VOTES_MAX {
            return Err(Status::INVALID_PARAMETER);
        }
        self.set_votes(node, votes);
        let quorum = self.quorum_for(true, 0);
        let there = self.census.tally_with_cast_vote().votes;
        if quorum < there / 2 || quorum > there {
            self.set_votes(node, before);
            return Err(Status::INVALID_PARAMETER);
        }
        effects.multicast(&Message::SetNodeVotes { node, votes });
        Ok(())
    }

    /// The first events come before the answer.
    fn follow(
        &mut self,
        client: ClientId,
        context: u64,
        flags: u32,
        effects: &mut Effects<'_>,
    ) -> Result<(), Status> {
        if flags & (quorum::TRACK_CURRENT | quorum::TRACK_CHANGES) != 0 {
            effects.tell(client, Event::Votes(self.node_list_event(context)));
            effects.tell(client, Event::Votes(self.quorum_event(context)));
        }
        if self.followers.contains_key(&client) {
            return Err(Status::EXIST);
        }
        if flags & (quorum::TRACK_CHANGES | quorum::TRACK_CHANGES_ONLY) != 0 {
            self.followers.insert(client, context);
        }
        Ok(())
    }
}
