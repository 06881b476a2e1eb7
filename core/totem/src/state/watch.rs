use machine::{Instant, Outbox};
use wire::totem::HoldCancel;

use super::{Passed, State};
use crate::{Notice, Output, Reason, Ring, Timer};

impl Ring {
    /// Watches for the token from now on.
    pub(crate) fn watch_token(&mut self, out: &mut Outbox<Output>) {
        self.arm(Timer::TokenLost, self.settings.token, out);
        self.watch_late_token(out);
    }

    fn watch_late_token(&mut self, out: &mut Outbox<Output>) {
        let percent = u32::from(self.settings.token_warning_percent);
        if percent == 0 {
            self.disarm(&[Timer::TokenLate]);
        } else {
            self.arm(Timer::TokenLate, self.settings.token * percent / 100, out);
        }
    }

    pub(crate) fn watch_retransmit(&mut self, out: &mut Outbox<Output>) {
        self.arm(Timer::TokenRetransmit, self.settings.token_retransmit, out);
    }

    /// Where it is asked for, a token that does not come back is missed sooner than by its timeout.
    pub(crate) fn watch_heartbeat(&mut self, out: &mut Outbox<Output>) {
        let allowed = self.settings.heartbeat_failures_allowed;
        let after = self.settings.token_retransmit.saturating_mul(allowed)
            + self.settings.network_delay_max;
        if allowed > 0 && after < self.settings.token {
            self.arm(Timer::Heartbeat, after, out);
        }
    }

    pub(crate) fn on_token_late(&mut self, now: Instant, out: &mut Outbox<Output>) {
        if let Some(last) = self.counters.last_token() {
            out.push(Output::Notice(Notice::TokenLate(now.since(last))));
        }
        self.watch_late_token(out);
    }

    pub(crate) fn on_token_lost(&mut self, now: Instant, out: &mut Outbox<Output>) {
        let sum = &mut self.counters.sum;
        let why = match self.state {
            State::Silent | State::Left => return,
            State::Operational(_) => {
                sum.operational_token_lost += 1;
                out.push(Output::Notice(Notice::ProcessorFailed {
                    token: self.settings.token,
                    consensus: self.settings.consensus,
                }));
                Reason::TokenLostInOperational
            }
            State::Gather(_) => {
                sum.gather_token_lost += 1;
                sum.continuous_gather = sum.continuous_gather.saturating_add(1);
                self.is_patience_over(out);
                Reason::ConsensusExpired
            }
            State::Commit(_) => {
                sum.commit_token_lost += 1;
                Reason::TokenLostInCommit
            }
            State::Recovery(_) => {
                sum.recovery_token_lost += 1;
                Reason::TokenLostInRecovery
            }
        };
        self.enter_gather(now, why, out);
    }

    fn passed(&self) -> Option<&Passed> {
        match &self.state {
            State::Operational(operational) => Some(&operational.passed),
            State::Recovery(recovery) => Some(&recovery.passed),
            State::Silent | State::Gather(_) | State::Commit(_) | State::Left => None,
        }
    }

    fn repeat_token(&mut self, out: &mut Outbox<Output>) {
        if let Some(passed) = self.passed() {
            out.push(Output::Send { to: passed.to, frame: passed.frame.clone() });
        }
    }

    pub(crate) fn on_token_retransmit(&mut self, out: &mut Outbox<Output>) {
        match &self.state {
            State::Silent | State::Left | State::Gather(_) => return,
            State::Commit(commit) => {
                if commit.is_sent {
                    out.push(Output::Send { to: commit.next, frame: commit.token.encode() });
                }
            }
            State::Operational(_) | State::Recovery(_) => self.repeat_token(out),
        }
        self.watch_retransmit(out);
    }

    /// The representative kept the token long enough.
    pub(crate) fn on_token_hold(&mut self, out: &mut Outbox<Output>) {
        if let State::Operational(operational) = &mut self.state {
            operational.circulation.held = false;
        }
        self.repeat_token(out);
    }

    /// There is something to send: a token that is kept goes on at once.
    pub(crate) fn cancel_hold(&mut self, out: &mut Outbox<Output>) {
        let circulation = match &mut self.state {
            State::Operational(operational) => &mut operational.circulation,
            State::Recovery(recovery) => &mut recovery.circulation,
            State::Silent | State::Gather(_) | State::Commit(_) | State::Left => return,
        };
        if !circulation.held {
            return;
        }
        circulation.held = false;
        circulation.unchanged = 0;
        let is_representative = circulation.is_representative;
        if circulation.next != self.settings.node {
            let cancel = HoldCancel { node: self.settings.node.0, ring: self.ring };
            self.counters.sum.token_hold_cancel_tx += 1;
            out.push(Output::Broadcast(cancel.encode()));
        }
        if is_representative {
            self.let_token_go(out);
        }
    }

    pub(crate) fn on_hold_cancel(&mut self, cancel: HoldCancel, out: &mut Outbox<Output>) {
        if cancel.ring != self.ring {
            return;
        }
        let circulation = match &mut self.state {
            State::Operational(operational) => &mut operational.circulation,
            State::Recovery(recovery) => &mut recovery.circulation,
            State::Silent | State::Gather(_) | State::Commit(_) | State::Left => return,
        };
        circulation.unchanged = 0;
        let keeps_token = circulation.is_representative && circulation.held;
        if keeps_token {
            circulation.held = false;
            self.let_token_go(out);
        }
    }

    fn let_token_go(&mut self, out: &mut Outbox<Output>) {
        self.disarm(&[Timer::TokenHold]);
        self.repeat_token(out);
        self.watch_retransmit(out);
    }
}
