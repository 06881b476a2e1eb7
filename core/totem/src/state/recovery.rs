use std::collections::VecDeque;

use machine::{Instant, Outbox};
use vocab::NodeId;
use wire::totem::{CommitToken, Token};

use super::{Passed, Progress, Recovery, State};
use crate::{
    Notice, Output, Ring,
    delivery::{Circulation, RingLog, sort_queue::SPAN},
    membership::MemberSet,
    sequence::Sequence,
};

/// The number of the first token of each ring.
const FIRST_TOKEN: Sequence = Sequence(0);

/// The frames of the old ring that somebody who comes from there may lack.
fn frames_to_hand_on(
    log: &RingLog,
    transitional: &MemberSet,
    token: &CommitToken,
) -> VecDeque<Vec<u8>> {
    let entries = || {
        token
            .members
            .iter()
            .filter(|(node, _)| transitional.contains(NodeId(*node)))
            .map(|(_, entry)| entry)
    };
    if entries().all(|entry| entry.complete) {
        return VecDeque::new();
    }
    let lowest =
        entries().fold(log.highest, |lowest, entry| lowest.earlier(Sequence(entry.received_up_to)));
    // What was released everybody has.
    let from = lowest.later(log.queue.first().previous());
    if log.highest.since(from) > SPAN {
        return VecDeque::new();
    }
    from.up_to(log.highest)
        .filter_map(|number| log.queue.get(number).map(|held| held.frame.clone()))
        .collect()
}

impl Ring {
    /// All members have said what they have: now they even that out.
    pub(crate) fn enter_recovery(
        &mut self,
        _now: Instant,
        mut token: CommitToken,
        out: &mut Outbox<Output>,
    ) {
        let State::Commit(commit) = &self.state else { return };
        let (members, next) = (commit.members.clone(), commit.next);
        let me = self.settings.node;
        let transitional: MemberSet = token
            .members
            .iter()
            .filter(|(_, entry)| entry.ring == self.log.ring)
            .map(|(node, _)| NodeId(*node))
            .filter(|node| self.members.contains(*node))
            .collect();
        let hand_on = frames_to_hand_on(&self.log, &transitional, &token);
        token.node = me.0;
        token.target = next.0;
        token.token_sequence = token.token_sequence.wrapping_add(1);
        let frame = token.encode();
        self.counters.sum.memb_commit_token_tx += 1;
        self.counters.sum.recovery_entered += 1;
        self.counters.sum.continuous_gather = 0;
        let is_representative = self.ring.node == me.0;
        self.state = State::Recovery(Box::new(Recovery {
            circulation: Circulation::new(next, is_representative, self.start, FIRST_TOKEN),
            passed: Passed { to: next, frame: frame.clone() },
            members,
            transitional,
            log: RingLog::new(self.ring, self.start),
            hand_on,
            has_originated: false,
            progress: Progress { has_marked: false, unmarked: 0, install: self.start, settled: 0 },
        }));
        out.push(Output::Notice(Notice::Recovering));
        out.push(Output::Send { to: next, frame });
        self.watch_token(out);
        self.watch_retransmit(out);
    }

    /// The commit token came back a second time: everybody is in recovery, and the ring gets its token.
    pub(crate) fn originate_token(&mut self, out: &mut Outbox<Output>) {
        let me = self.settings.node;
        let (start, ring) = (self.start, self.ring);
        let State::Recovery(recovery) = &mut self.state else { return };
        let recovering = !recovery.hand_on.is_empty();
        recovery.progress.has_marked = recovering;
        let token = Token {
            node: me.0,
            target: recovery.circulation.next.0,
            sequence: start.0,
            token_sequence: FIRST_TOKEN.0,
            // Lower than anything, until this node enters what it has.
            all_received_up_to: start.previous().0,
            lowered_by: me.0,
            ring,
            backlog: 0,
            sent_last_rotation: 0,
            recovering,
            retransmit: Vec::new(),
        };
        let passed = Passed { to: recovery.circulation.next, frame: token.encode() };
        out.push(Output::Send { to: passed.to, frame: passed.frame.clone() });
        recovery.passed = passed;
        self.counters.sum.orf_token_tx += 1;
        self.watch_token(out);
        self.watch_retransmit(out);
    }
}

impl Recovery {
    /// Looks how far recovery is, and marks the token while this node has something to hand on. Whether it is over.
    ///
    /// Everybody counts the same tokens, so that all come to the end within one rotation, before anybody sends again.
    pub(crate) fn advance(&mut self, token: &mut Token) -> bool {
        let progress = &mut self.progress;
        if !self.hand_on.is_empty() {
            if !token.recovering {
                token.recovering = true;
                progress.has_marked = true;
            }
        } else if token.recovering && progress.has_marked {
            token.recovering = false;
            progress.has_marked = false;
        }
        progress.unmarked = if token.recovering { 0 } else { progress.unmarked.saturating_add(1) };
        if progress.unmarked == 2 {
            progress.install = Sequence(token.sequence);
        }
        let everybody_has_all = !Sequence(token.all_received_up_to).is_before(progress.install);
        if progress.unmarked >= 3 && everybody_has_all {
            progress.settled += 1;
        } else {
            progress.settled = 0;
        }
        progress.settled == 2
    }
}
