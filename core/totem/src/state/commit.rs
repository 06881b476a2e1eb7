use machine::{Instant, Outbox};
use wire::totem::CommitToken;

use super::{Commit, State};
use crate::{
    Notice, Output, Ring, Timer,
    membership::{MemberSet, commit_token},
    sabotage::Sabotage,
};

/// How far ahead a number is stored when the disk is slower than the ring: the next attempts need not wait for it.
const AHEAD: u64 = 64;

impl Ring {
    /// Takes part in forming a ring: says what this node has, stores the ring's number, and passes the token on.
    pub(crate) fn enter_commit(
        &mut self,
        _now: Instant,
        mut token: CommitToken,
        members: MemberSet,
        out: &mut Outbox<Output>,
    ) {
        commit_token::fill(&mut token, &self.log);
        self.ring = token.ring;
        self.highest_ring = self.highest_ring.max(token.ring.sequence);
        let next = members.after(self.settings.node);
        self.state = State::Commit(Commit { token, members, next, is_sent: false });
        self.counters.sum.commit_entered += 1;
        self.counters.sum.continuous_gather = 0;
        out.push(Output::Notice(Notice::Committing));
        self.disarm(&[Timer::Join, Timer::JoinDelayed, Timer::Consensus]);
        self.watch_token(out);
        self.store_ring_sequence(out);
        self.send_commit_token(out);
    }

    fn store_ring_sequence(&mut self, out: &mut Outbox<Output>) {
        let sequence = self.ring.sequence;
        if self.storing.asked >= sequence {
            return;
        }
        let is_waiting = self.storing.stored < self.storing.asked;
        self.storing.asked = if is_waiting { sequence + AHEAD } else { sequence };
        if is_waiting {
            out.push(Output::Notice(Notice::StoringRingSequence(self.storing.asked)));
        }
        out.push(Output::StoreRingSequence(self.storing.asked));
        if self.is_broken(Sabotage::UseUnstoredNumber) {
            self.storing.stored = self.storing.asked;
        }
    }
}
