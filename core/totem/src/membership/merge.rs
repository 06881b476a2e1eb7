use machine::{Instant, Outbox};
use vocab::NodeId;
use wire::{corosync::RingId, totem::MergeDetect};

use crate::{Output, Reason, Ring, state::State};

impl Ring {
    /// The representative of an idle ring makes itself known, so that rings that see each other again become one.
    pub(crate) fn on_merge_timer(&mut self, out: &mut Outbox<Output>) {
        let State::Operational(operational) = &self.state else { return };
        if operational.circulation.is_representative {
            let merge = MergeDetect { node: self.settings.node.0, ring: self.ring };
            self.counters.sum.memb_merge_detect_tx += 1;
            out.push(Output::Broadcast(merge.encode()));
        }
    }

    pub(crate) fn on_merge_detect(
        &mut self,
        now: Instant,
        merge: MergeDetect,
        out: &mut Outbox<Output>,
    ) {
        let sender = NodeId(merge.node);
        if sender == self.settings.node {
            return self.drop_own(now, out);
        }
        let reasons = (Reason::MergeInOperational, Reason::MergeInGather);
        self.on_stranger(now, sender, merge.ring, reasons, out);
    }

    /// Another ring was heard: the two shall become one. Whether the frame was of use.
    pub(crate) fn on_stranger(
        &mut self,
        now: Instant,
        sender: NodeId,
        ring: RingId,
        (in_operational, in_gather): (Reason, Reason),
        out: &mut Outbox<Output>,
    ) {
        if ring == self.ring || ring == self.log.ring {
            return;
        }
        let why = match &self.state {
            State::Silent | State::Left => return,
            State::Operational(operational) => {
                // Not all members of a new ring may know yet that it works, and those who do not still hold the strangers
                // for failed: to begin anew with them ends in the same two rings, which hear each other again at once. Who
                // is there makes itself heard once more. Corosync would not wait.
                if now.since(operational.since) < self.settings.merge {
                    self.counters.dropped += 1;
                    return;
                }
                // A member sends nothing of an older ring any more: the frame was long under way. Corosync would form the
                // ring anew.
                if ring.sequence < self.ring.sequence && self.members.contains(sender) {
                    self.counters.dropped += 1;
                    return;
                }
                in_operational
            }
            State::Gather(_) if !self.membership.nodes.contains(sender) => in_gather,
            State::Gather(_) => return,
            State::Commit(_) | State::Recovery(_) => {
                self.counters.dropped += 1;
                return;
            }
        };
        if self.membership.nodes.insert(sender) {
            self.enter_gather(now, why, out);
        }
    }
}
