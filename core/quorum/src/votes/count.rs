use wire::{corosync::votequorum, exec::votequorum::NodeFlags};

use super::Votes;
use crate::{Event, Notice, View, effects::Effects, service::Service, tie::Split};

impl Votes {
    /// Counts anew, and tells if quorum was gained or lost.
    ///
    /// Quorum never sinks unless `may_sink`. With `to_members` everybody expects as many votes as there are members.
    pub(super) fn recalculate(
        &mut self,
        may_sink: bool,
        to_members: bool,
        service: &mut Service,
        effects: &mut Effects<'_>,
    ) {
        let all = self.census.tally_with_device();
        let members = if to_members { all.nodes } else { 0 };
        if all.votes > self.census.own().expected_votes {
            self.census.own_mut().expected_votes = all.votes;
            self.tell_expected_votes(effects);
        }
        let expected = self.census.own().expected_votes;
        if self.rules.tracking && expected > self.tracked {
            self.track(expected, effects);
        }
        let floor = if self.rules.allow_downscale && may_sink && members > 0 {
            self.expected_floor.max(members)
        } else {
            members
        };
        self.quorum = self.quorum_for(may_sink, floor);
        if members > 0 {
            self.census.expect(members);
        }
        self.decide(service, effects);
    }

    /// The votes that it takes for quorum, if all expect `expected` votes, or what they do expect with 0.
    pub(super) fn quorum_for(&self, may_sink: bool, expected: u32) -> u32 {
        let tally = self.census.tally_with_cast_vote();
        if self.rules.two_node && tally.nodes <= 2 {
            return 1;
        }
        let expected = if expected > 0 { expected } else { tally.highest_expected };
        let quorum = (expected / 2 + 1).max(tally.votes / 2 + 1);
        if may_sink { quorum } else { quorum.max(self.quorum) }
    }

    fn decide(&mut self, service: &mut Service, effects: &mut Effects<'_>) {
        let votes = self.census.tally_with_cast_vote().votes;
        let expected = self.census.own().expected_votes;
        if self.rules.wait_for_all && self.waiting_for_all {
            if votes != expected {
                effects.notice(Notice::WaitingForAll { votes, expected });
                return;
            }
            self.wait_for_all(false, effects);
        }
        let by_votes = votes >= self.quorum;
        if by_votes {
            self.note_extremes(effects);
        }
        let quorate = by_votes || self.tie_is_ours(votes) || self.device_rules();
        let changed = quorate != self.quorate;
        self.quorate = quorate;
        self.census.own_mut().flags.set(NodeFlags::QUORATE, quorate);
        if self.rules.wait_for_all {
            self.wait_for_all(!quorate, effects);
        }
        if changed && !self.stage.is_in_progress() {
            self.tell_quorum(service, effects);
        }
    }

    /// Whether this is half of the cluster (or as near as an odd number comes), the other half cannot have quorum by its
    /// votes, and the tie breaker is here.
    fn tie_is_ours(&self, votes: u32) -> bool {
        let gone = self.previous.len().saturating_sub(self.members.len());
        !self.rules.tie.is_unbroken()
            && votes == self.census.own().expected_votes / 2
            && u32::try_from(gone).is_ok_and(|gone| gone < self.quorum)
            && self.split().is_ours(&self.rules.tie)
    }

    /// Whether the quorum device gives quorum alone, by its vote for any member.
    fn device_rules(&self) -> bool {
        let wins = NodeFlags::DEVICE_MASTER_WINS.with(NodeFlags::DEVICE_CAST_VOTE);
        self.device.master_wins && self.census.members().any(|(_, node)| node.flags.has(wins))
    }

    pub(super) fn split(&self) -> Split<'_> {
        Split {
            census: &self.census,
            members: &self.members,
            previous: &self.previous,
            lowest: self.lowest,
            highest: self.highest,
        }
    }

    fn note_extremes(&mut self, effects: &mut Effects<'_>) {
        // The own node counts in any case, as it does for Corosync while it leaves.
        let own = self.census.own_id();
        let ids = || self.census.members().map(|(id, _)| id).chain([own]);
        let (lowest, highest) = (ids().min().unwrap_or(own), ids().max().unwrap_or(own));
        effects.publish_number("runtime.votequorum.lowest_node_id", lowest.0);
        effects.publish_number("runtime.votequorum.highest_node_id", highest.0);
        (self.lowest, self.highest) = (Some(lowest), Some(highest));
    }

    /// Tells the service "quorum", and those who follow votes.
    pub(super) fn tell_quorum(&self, service: &mut Service, effects: &mut Effects<'_>) {
        let members = self.members.clone();
        service.set(View { quorate: self.quorate, ring: self.ring, members }, effects);
        for (&client, &context) in &self.followers {
            effects.tell(client, Event::Votes(self.quorum_event(context)));
        }
    }

    pub(super) fn tell_expected_votes(&self, effects: &mut Effects<'_>) {
        let votes = self.census.own().expected_votes;
        for (&client, &context) in &self.followers {
            let event = votequorum::Event::ExpectedVotes { context, votes };
            effects.tell(client, Event::Votes(event));
        }
    }
}
