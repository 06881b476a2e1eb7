use machine::{Instant, Outbox};
use vocab::NodeId;
use wire::totem::{ByteOrder, Encapsulation, Multicast, MulticastHeader, Token};

use super::{Passed, State, operational::deliver};
use crate::{
    Dropped, Notice, Output, Reason, Ring, Timer,
    delivery::{Accepted, Circulation, Held, RingLog, flow, packet_bytes, retransmit},
    sabotage::Sabotage,
    sequence::Sequence,
};

impl Ring {
    /// The circulating token and the log it counts in; `None` while there is no ring.
    fn circulation(&mut self) -> Option<(&mut Circulation, &mut RingLog)> {
        match &mut self.state {
            State::Operational(operational) => Some((&mut operational.circulation, &mut self.log)),
            State::Recovery(recovery) => Some((&mut recovery.circulation, &mut recovery.log)),
            State::Silent | State::Gather(_) | State::Commit(_) | State::Left => None,
        }
    }

    pub(crate) fn on_token(&mut self, now: Instant, mut token: Token, out: &mut Outbox<Output>) {
        let (me, ring) = (self.settings.node, self.ring);
        let Some((circulation, log)) = self.circulation() else { return };
        if token.ring != ring {
            self.counters.dropped += 1;
            return;
        }
        if token.node == me.0 && circulation.next != me {
            return self.drop_own(now, out);
        }
        if !circulation.is_new(&token) {
            return;
        }
        if !Circulation::is_sane(&token, log) {
            let why = Dropped::OutOfWindow(token.sequence, NodeId(token.node));
            return self.drop_frame(now, why, out);
        }
        self.take_token(now, &token, out);
        let sent = self.use_token(&mut token, out);
        if self.acknowledge(now, &mut token, out) {
            return;
        }
        token.token_sequence = token.token_sequence.wrapping_add(1);
        let was_recovering = matches!(self.state, State::Recovery(_));
        self.advance_recovery(now, &mut token, out);
        self.pass_token(token, sent, out);
        if !was_recovering {
            self.deliver_ready(now, out);
        }
    }

    /// Takes note of the token: whether the ring is idle, and what everybody has.
    fn take_token(&mut self, now: Instant, token: &Token, out: &mut Outbox<Output>) {
        let packet = packet_bytes(self.settings.frame_bytes_max);
        let (ordinary, synchronization) =
            (self.ordinary.packets(packet), self.synchronization.packets(packet));
        let backlog = match &self.state {
            State::Recovery(recovery) => u32::try_from(recovery.hand_on.len()).unwrap_or(u32::MAX),
            State::Operational(_) if self.is_synchronizing => synchronization,
            State::Operational(_) => ordinary.saturating_add(synchronization),
            State::Silent | State::Gather(_) | State::Commit(_) | State::Left => 0,
        };
        self.counters.note_token(now, backlog);
        let is_idle = match &mut self.state {
            State::Operational(operational) => {
                let all = Sequence(token.all_received_up_to);
                // Two rotations agree on what everybody has before it is forgotten.
                self.log.release_to(all.earlier(operational.circulation.last_all_received));
                operational.circulation.take(token, &self.settings)
            }
            State::Recovery(recovery) => recovery.circulation.take(token, &self.settings),
            State::Silent | State::Gather(_) | State::Commit(_) | State::Left => return,
        };
        self.disarm(&[Timer::TokenHold]);
        if !is_idle {
            self.disarm(&[Timer::Merge]);
        } else if !self.timers.is_armed(&Timer::Merge) {
            self.arm(Timer::Merge, self.settings.merge, out);
        }
    }

    /// Sends again what others lack, asks for what this node lacks, and sends what waits: how many packets of that.
    fn use_token(&mut self, token: &mut Token, out: &mut Outbox<Output>) -> u32 {
        let backlog = self.counters.last_backlog();
        let settings = self.settings.clone();
        if self.is_broken(Sabotage::LeaveOutRetransmissions) {
            token.retransmit.clear();
        }
        let Some((circulation, log)) = self.circulation() else { return 0 };
        let mut allowed = circulation.flow.allowance(&settings, token, backlog);
        if !token.retransmit.is_empty() {
            let numbers = token.retransmit.iter().map(|entry| entry.sequence).collect();
            out.push(Output::Notice(Notice::RetransmitList(numbers)));
        }
        let again = retransmit::answer(log, token, allowed, out);
        retransmit::ask(log, token, &settings);
        allowed -= again;
        if settings.cancel_hold_on_retransmit && (again > 0 || !token.retransmit.is_empty()) {
            circulation.held = false;
        }
        if !flow::has_room(log, &settings, Sequence(token.sequence), allowed) {
            allowed = 0;
        }
        self.counters.sum.mcast_retx += u64::from(again);
        let mut new = 0;
        while new < allowed && self.send_next(token, out) {
            new += 1;
        }
        if let Some((circulation, _)) = self.circulation() {
            circulation.flow.update(token, again + new, backlog);
        }
        new
    }

    /// Sends the next packet under the next number. Whether there was one.
    fn send_next(&mut self, token: &mut Token, out: &mut Outbox<Output>) -> bool {
        let number = Sequence(token.sequence).next();
        let mut header = MulticastHeader {
            order: ByteOrder::Native,
            encapsulation: Encapsulation::Plain,
            node: self.settings.node.0,
            sequence: number.0,
            sent: self.sent_packets,
            ring: self.ring,
            guarantee: 0,
        };
        let next = match &mut self.state {
            State::Recovery(recovery) => recovery.hand_on.pop_front().map(|frame| {
                header.encapsulation = Encapsulation::Encapsulated;
                (header, header.encode(&frame))
            }),
            State::Operational(_) => {
                let packet = packet_bytes(self.settings.frame_bytes_max);
                let first = self.synchronization.next_frame(header, packet);
                match first {
                    None if !self.is_synchronizing => self.ordinary.next_frame(header, packet),
                    first => first,
                }
            }
            State::Silent | State::Gather(_) | State::Commit(_) | State::Left => None,
        };
        let Some((header, frame)) = next else { return false };
        token.sequence = number.0;
        self.sent_packets = self.sent_packets.wrapping_add(1);
        self.counters.sum.mcast_tx += 1;
        out.push(Output::Broadcast(frame.clone()));
        if let Some((_, log)) = self.circulation() {
            log.append(number, Held { header, frame });
        }
        true
    }

    /// Enters what this node has. Whether it turned out to be deaf, and gave the ring up.
    fn acknowledge(&mut self, now: Instant, token: &mut Token, out: &mut Outbox<Output>) -> bool {
        let me = self.settings.node;
        let limit = self.settings.fail_to_receive_rotations;
        let Some((circulation, log)) = self.circulation() else { return true };
        circulation.acknowledge(me, token, log);
        if circulation.stalled <= limit || token.lowered_by != me.0 {
            return false;
        }
        out.push(Output::Notice(Notice::FailedToReceive));
        self.membership.is_deaf = true;
        self.membership.failed.insert(me);
        self.enter_gather(now, Reason::FailedToReceive, out);
        true
    }

    fn advance_recovery(&mut self, now: Instant, token: &mut Token, out: &mut Outbox<Output>) {
        let is_cut_short = self.is_broken(Sabotage::EndRecoveryEarly);
        let State::Recovery(recovery) = &mut self.state else { return };
        if !recovery.advance(token) && !is_cut_short {
            return;
        }
        // The state is put back by entering the next one.
        if let State::Recovery(recovery) = std::mem::replace(&mut self.state, State::Silent) {
            self.enter_operational(now, recovery, out);
        }
    }

    fn pass_token(&mut self, mut token: Token, sent: u32, out: &mut Outbox<Output>) {
        let me = self.settings.node;
        let (circulation, passed) = match &mut self.state {
            State::Operational(operational) => {
                (&mut operational.circulation, &mut operational.passed)
            }
            State::Recovery(recovery) => (&mut recovery.circulation, &mut recovery.passed),
            State::Silent | State::Gather(_) | State::Commit(_) | State::Left => return,
        };
        let keeps = circulation.is_representative && circulation.held && sent == 0;
        token.node = me.0;
        token.target = circulation.next.0;
        *passed = Passed { to: circulation.next, frame: token.encode() };
        if !keeps {
            circulation.held &= !circulation.is_representative;
            self.counters.sum.orf_token_tx += 1;
            out.push(Output::Send { to: passed.to, frame: passed.frame.clone() });
        }
        self.watch_token(out);
        self.watch_retransmit(out);
        if keeps {
            self.arm(Timer::TokenHold, self.settings.token_hold, out);
            self.disarm(&[Timer::Heartbeat]);
        } else {
            self.watch_heartbeat(out);
        }
    }

    pub(crate) fn on_multicast(
        &mut self,
        now: Instant,
        multicast: &Multicast<'_>,
        out: &mut Outbox<Output>,
    ) {
        let header = multicast.header;
        let sender = NodeId(header.node);
        let log = match &mut self.state {
            State::Silent | State::Left => return,
            State::Recovery(recovery) if header.ring == recovery.log.ring => &mut recovery.log,
            State::Operational(_) | State::Gather(_) if header.ring == self.log.ring => {
                &mut self.log
            }
            State::Operational(_) | State::Gather(_) | State::Commit(_) | State::Recovery(_) => {
                if sender == self.settings.node {
                    // Sent before this node was started anew, and sent again by somebody else.
                    self.counters.dropped += 1;
                    return;
                }
                let reasons = (Reason::ForeignMessageInOperational, Reason::ForeignMessageInGather);
                return self.on_stranger(now, sender, header.ring, reasons, out);
            }
        };
        let number = Sequence(header.sequence);
        if sender == self.settings.node && log.queue.get(number).is_none() {
            // What this node sent it has, until nobody needs it any more.
            if log.queue.spans(number) {
                self.drop_own(now, out);
            }
            return;
        }
        match log.accept(multicast) {
            Accepted::New => self.deliver_ready(now, out),
            Accepted::Known => {}
            Accepted::OutOfWindow => {
                self.drop_frame(now, Dropped::OutOfWindow(header.sequence, sender), out);
            }
        }
    }

    /// Delivers what can be delivered in a working ring.
    fn deliver_ready(&mut self, now: Instant, out: &mut Outbox<Output>) {
        let State::Operational(_) = self.state else { return };
        while let Some(held) = self.log.next_to_deliver() {
            if let Err(why) = deliver(held, &mut self.assemblies, out) {
                self.drop_frame(now, why, out);
            }
        }
    }
}
