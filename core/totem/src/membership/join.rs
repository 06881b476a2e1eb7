use std::time::Duration;

use machine::{Instant, Outbox};
use vocab::NodeId;
use wire::totem::Join;

use crate::{
    Dropped, Notice, Output, Reason, Ring, Timer,
    membership::MemberSet,
    state::{Gather, State},
};

/// Ring numbers beyond this are nonsense: nobody could go on counting from them.
pub(super) const RING_SEQUENCE_MAX: u64 = u64::MAX >> 1;

impl Ring {
    pub(crate) fn on_join(&mut self, now: Instant, join: &Join, out: &mut Outbox<Output>) {
        let me = self.settings.node;
        let sender = NodeId(join.node);
        if sender == me {
            return self.drop_own(now, out);
        }
        if join.ring_sequence > RING_SEQUENCE_MAX {
            return self.drop_frame(now, Dropped::OutOfWindow(u32::MAX, sender), out);
        }
        self.highest_ring = self.highest_ring.max(join.ring_sequence);
        let is_late = join.ring_sequence < self.ring.sequence;
        let why = match &self.state {
            State::Silent | State::Left => return,
            State::Operational(_) => {
                // It was sent before this ring was formed, or by somebody who wants one without this node.
                let excludes_me = join.failed.contains(&me.0);
                if excludes_me || (is_late && self.members.contains(sender)) {
                    return;
                }
                Reason::JoinInOperational
            }
            State::Gather(_) => Reason::MergeInJoin,
            State::Commit(commit) if !is_late && commit.members.contains(sender) => {
                Reason::JoinInCommit
            }
            State::Recovery(recovery) if !is_late && recovery.members.contains(sender) => {
                self.counters.sum.recovery_token_lost += 1;
                Reason::JoinInRecovery
            }
            State::Commit(_) | State::Recovery(_) => return,
        };
        self.take_join(now, join, why, out);
    }

    fn take_join(&mut self, now: Instant, join: &Join, why: Reason, out: &mut Outbox<Output>) {
        let sender = NodeId(join.node);
        if join.leaving {
            out.push(Output::Notice(Notice::Leaving(sender)));
            self.membership.leaving.insert(sender);
        }
        let before = (self.membership.nodes.clone(), self.membership.failed.clone());
        let Ok(told) = self.membership.take_in(self.settings.node, &self.members, join) else {
            (self.membership.nodes, self.membership.failed) = before;
            return self.drop_frame(now, Dropped::TooManyNodes(sender), out);
        };
        let is_gathering = matches!(self.state, State::Gather(_));
        if told.is_news || !is_gathering {
            let why = if told.is_news { Reason::MergeInJoin } else { why };
            self.enter_gather(now, why, out);
        }
        if told.agrees && !join.leaving {
            // Its word counts although it came before this node said the same: waiting for it to be repeated would only
            // cost time.
            if let State::Gather(gather) = &mut self.state {
                gather.agreed.insert(sender);
            }
            self.seek_consensus(now, out);
        }
    }

    pub(crate) fn on_join_timer(&mut self, out: &mut Outbox<Output>) {
        self.send_or_delay_join(out);
        self.arm(Timer::Join, self.settings.join, out);
    }

    /// Join messages may be spread over a short time, so that many nodes that gather at once do not drown each other.
    pub(crate) fn send_or_delay_join(&mut self, out: &mut Outbox<Output>) {
        let max = u64::try_from(self.settings.send_join_max.as_micros()).unwrap_or(u64::MAX);
        if max == 0 {
            return self.send_join(out);
        }
        let after = Duration::from_micros(self.random_below(max));
        self.arm(Timer::JoinDelayed, after, out);
    }

    pub(crate) fn send_join(&mut self, out: &mut Outbox<Output>) {
        let join = Join {
            node: self.settings.node.0,
            leaving: false,
            ring_sequence: self.ring.sequence,
            nodes: self.membership.nodes.numbers(),
            failed: self.membership.failed.numbers(),
        };
        self.counters.sum.memb_join_tx += 1;
        out.push(Output::Broadcast(join.encode()));
    }

    /// Looks whether all agree. Then the lowest of them forms the ring.
    pub(crate) fn seek_consensus(&mut self, now: Instant, out: &mut Outbox<Output>) {
        let State::Gather(Gather { agreed }) = &self.state else { return };
        let me = self.settings.node;
        if !self.membership.is_agreed(agreed) {
            return;
        }
        if self.membership.is_deaf {
            // The others let this node go: it goes on alone.
            self.membership.is_deaf = false;
            self.membership.nodes = MemberSet::of(me);
            self.membership.failed.clear();
        }
        let candidates = self.membership.candidates();
        if candidates.first() == Some(me) {
            self.form_ring(now, &candidates, out);
        }
    }

    pub(crate) fn on_consensus_timer(&mut self, now: Instant, out: &mut Outbox<Output>) {
        if self.is_patience_over(out) {
            self.enter_gather(now, Reason::NoConsensus, out);
        }
    }

    /// Who did not agree in time has failed. Whether there are such; else the commit token is waited for.
    pub(crate) fn is_patience_over(&mut self, out: &mut Outbox<Output>) -> bool {
        let State::Gather(Gather { agreed }) = &mut self.state else { return false };
        self.counters.sum.consensus_timeouts += 1;
        if self.membership.is_agreed(agreed) {
            *agreed = MemberSet::of(self.settings.node);
            self.watch_token(out);
            return false;
        }
        let silent = self.membership.nodes.without(agreed);
        self.membership.failed.merge(&silent);
        true
    }

    /// The frame by which this node leaves its present ring. Somebody else may keep it and send it when the node cannot any
    /// more; it has to be kept anew after each change of membership.
    pub fn farewell(&self) -> Vec<u8> {
        let me = MemberSet::of(self.settings.node);
        // The leaving node comes last: that is where receivers look for it.
        let mut failed = self.membership.failed.without(&me).numbers();
        failed.push(self.settings.node.0);
        let join = Join {
            node: self.settings.node.0,
            leaving: true,
            ring_sequence: self.ring.sequence,
            nodes: self.membership.nodes.without(&me).numbers(),
            failed,
        };
        join.encode()
    }

    pub(crate) fn leave(&mut self, out: &mut Outbox<Output>) {
        match self.state {
            State::Left => return,
            State::Silent => {}
            State::Operational(_) | State::Gather(_) | State::Commit(_) | State::Recovery(_) => {
                self.counters.sum.memb_join_tx += 1;
                out.push(Output::Broadcast(self.farewell()));
            }
        }
        self.timers = machine::Timers::new();
        self.state = State::Left;
    }
}
