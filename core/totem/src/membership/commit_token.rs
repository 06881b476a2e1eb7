use machine::{Instant, Outbox};
use vocab::NodeId;
use wire::{
    corosync::RingId,
    totem::{CommitEntry, CommitToken},
};

use super::{join::RING_SEQUENCE_MAX, member_set::MemberSet};
use crate::{
    Dropped, Output, Ring,
    delivery::RingLog,
    sequence::Sequence,
    state::{Commit, State},
};

/// By how much ring numbers grow. Corosync's do, and what is between is for nodes that start.
const RING_STEP: u64 = 4;

/// Enters what this node has into the next free entry. Who has less than somebody of the same ring before or behind it is
/// marked as incomplete.
pub(crate) fn fill(token: &mut CommitToken, log: &RingLog) {
    let at = token.filled;
    let own = CommitEntry {
        ring: log.ring,
        received_up_to: log.received.0,
        delivered_up_to: log.delivered.0,
        complete: log.is_complete(),
    };
    if let Some((_, entry)) = token.members.get_mut(at) {
        *entry = own;
    }
    token.filled += 1;
    let filled = token.members.iter_mut().take(token.filled).map(|(_, entry)| entry);
    let mut same_ring: Vec<&mut CommitEntry> =
        filled.filter(|entry| entry.ring == own.ring).collect();
    let best = same_ring
        .iter()
        .fold(log.received, |best, entry| best.later(Sequence(entry.received_up_to)));
    for entry in &mut same_ring {
        if Sequence(entry.received_up_to).is_before(best) {
            entry.complete = false;
        }
    }
}

/// The members that the token names, if it can be: each once, ascending.
fn members(token: &CommitToken) -> Option<MemberSet> {
    let numbers: Vec<u32> = token.members.iter().map(|(node, _)| *node).collect();
    let is_sorted = numbers.windows(2).all(|pair| pair.first() < pair.last());
    is_sorted.then(|| MemberSet::from_numbers(&numbers))
}

impl Ring {
    /// All agree and this node is the lowest: the new ring is its.
    pub(crate) fn form_ring(
        &mut self,
        now: Instant,
        candidates: &MemberSet,
        out: &mut Outbox<Output>,
    ) {
        let me = self.settings.node;
        let token = CommitToken {
            node: me.0,
            target: me.0,
            token_sequence: 0,
            ring: RingId { node: me.0, sequence: self.highest_ring + RING_STEP },
            filled: 0,
            members: candidates
                .as_slice()
                .iter()
                .map(|node| (node.0, CommitEntry::default()))
                .collect(),
        };
        self.enter_commit(now, token, candidates.clone(), out);
    }

    pub(crate) fn on_commit_token(
        &mut self,
        now: Instant,
        token: CommitToken,
        out: &mut Outbox<Output>,
    ) {
        let me = self.settings.node;
        let sender = NodeId(token.node);
        if sender == me && token.members.len() > 1 {
            return self.drop_own(now, out);
        }
        let is_complete = token.filled == token.members.len();
        match &mut self.state {
            State::Silent | State::Left | State::Operational(_) => {}
            State::Gather(_) => {
                let Some(members) = members(&token) else {
                    return self.drop_frame(now, Dropped::CommitToken(sender), out);
                };
                let is_newer = token.ring.sequence > self.ring.sequence
                    && token.ring.sequence <= RING_SEQUENCE_MAX;
                if members != self.membership.candidates() || !is_newer {
                    return;
                }
                let is_my_turn = token.members.get(token.filled).is_some_and(|(n, _)| *n == me.0);
                let is_of_lowest = members.first() == Some(NodeId(token.ring.node));
                if !is_my_turn || !is_of_lowest {
                    return self.drop_frame(now, Dropped::CommitToken(sender), out);
                }
                self.enter_commit(now, token, members, out);
            }
            State::Commit(commit) => {
                let is_expected = token.ring == self.ring && is_complete && commit.is_sent;
                if is_expected && members(&token).as_ref() == Some(&commit.members) {
                    self.enter_recovery(now, token, out);
                }
            }
            State::Recovery(recovery) => {
                let is_back = token.ring == self.ring && is_complete;
                if is_back && recovery.circulation.is_representative && !recovery.has_originated {
                    recovery.has_originated = true;
                    self.originate_token(out);
                }
            }
        }
    }

    pub(crate) fn on_stored(&mut self, sequence: u64, out: &mut Outbox<Output>) {
        self.storing.stored = self.storing.stored.max(sequence);
        self.storing.asked = self.storing.asked.max(sequence);
        self.send_commit_token(out);
    }

    /// Passes the commit token on for the first time, once the number of the ring is on disk: a node that forgot the
    /// number could give it away a second time.
    pub(crate) fn send_commit_token(&mut self, out: &mut Outbox<Output>) {
        let State::Commit(Commit { token, next, is_sent, .. }) = &mut self.state else { return };
        if *is_sent || self.storing.stored < self.ring.sequence {
            return;
        }
        *is_sent = true;
        token.node = self.settings.node.0;
        token.target = next.0;
        token.token_sequence = token.token_sequence.wrapping_add(1);
        let (to, frame) = (*next, token.encode());
        self.counters.sum.memb_commit_token_tx += 1;
        out.push(Output::Send { to, frame });
        self.watch_retransmit(out);
    }
}
