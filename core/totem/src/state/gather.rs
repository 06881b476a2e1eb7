use machine::{Instant, Outbox};

use super::{Gather, State};
use crate::{Notice, Output, Reason, Ring, Timer, membership::MemberSet};

impl Ring {
    /// Agrees anew on who is in the next ring. What came of the last working ring is kept; what was begun of another is
    /// forgotten.
    pub(crate) fn enter_gather(&mut self, now: Instant, why: Reason, out: &mut Outbox<Output>) {
        let me = self.settings.node;
        self.membership.nodes.insert(me);
        self.state = State::Gather(Gather { agreed: MemberSet::of(me) });
        self.counters.sum.gather_entered += 1;
        out.push(Output::Notice(Notice::Gathering { why }));
        self.disarm(&[
            Timer::TokenLost,
            Timer::TokenLate,
            Timer::TokenRetransmit,
            Timer::TokenHold,
            Timer::Heartbeat,
            Timer::Merge,
        ]);
        self.send_or_delay_join(out);
        self.arm(Timer::Join, self.settings.join, out);
        self.arm(Timer::Consensus, self.settings.consensus, out);
        self.seek_consensus(now, out);
    }
}
