use machine::{Instant, Outbox};
use vocab::NodeId;
use wire::totem::{Encapsulation, Frame, MULTICAST_HEADER_SIZE};

use super::{Operational, Recovery, State};
use crate::{
    Configuration, ConfigurationKind, Notice, Output, Ring,
    delivery::{Accepted, Assemblies, Held, RingLog},
    membership::MemberSet,
};

/// Takes the multicasts of the old ring out of those of the new one that carried them.
fn unwrap_recovered(new: &RingLog, old: &mut RingLog) {
    for number in new.queue.first().previous().up_to(new.received) {
        let Some(held) = new.queue.get(number) else { continue };
        if held.header.encapsulation != Encapsulation::Encapsulated {
            continue;
        }
        let Ok(Frame::Multicast(carrier)) = Frame::decode(&held.frame) else { continue };
        let Ok(Frame::Multicast(carried)) = Frame::decode(carrier.payload) else { continue };
        if carried.header.ring == old.ring {
            let (Accepted::New | Accepted::Known | Accepted::OutOfWindow) = old.accept(&carried);
        }
    }
}

/// Delivers the messages of one multicast.
pub(crate) fn deliver(
    held: &Held,
    assemblies: &mut Assemblies,
    out: &mut Outbox<Output>,
) -> Result<(), crate::Dropped> {
    let from = NodeId(held.header.node);
    let payload = held.frame.get(MULTICAST_HEADER_SIZE..).unwrap_or_default();
    assemblies.take(from, payload, held.header.order, out)
}

impl Ring {
    /// Recovery is over: delivers what is left of the old ring, and tells about the new one.
    ///
    /// First everything up to the first number that nobody has any more. Then the transitional configuration, and behind
    /// the gap only what its members sent: of those who are gone something is lacking. Then the new ring.
    pub(crate) fn enter_operational(
        &mut self,
        now: Instant,
        recovery: Box<Recovery>,
        out: &mut Outbox<Output>,
    ) {
        let Recovery { circulation, passed, members, transitional, log, .. } = *recovery;
        unwrap_recovered(&log, &mut self.log);
        while let Some(held) = self.log.next_to_deliver() {
            if deliver(held, &mut self.assemblies, out).is_err() {
                self.counters.dropped += 1;
            }
        }
        let left = self.members.without(&transitional);
        let joined = members.without(&transitional);
        self.assemblies.keep_only(&transitional);
        out.push(Output::Configuration(Configuration {
            kind: ConfigurationKind::Transitional,
            ring: self.ring,
            members: transitional.as_slice().to_vec(),
            joined: Vec::new(),
            left: left.as_slice().to_vec(),
        }));
        while let Some(held) = self.log.next_behind_gaps() {
            if transitional.contains(NodeId(held.header.node))
                && deliver(held, &mut self.assemblies, out).is_err()
            {
                self.counters.dropped += 1;
            }
        }
        out.push(Output::Configuration(Configuration {
            kind: ConfigurationKind::Regular,
            ring: self.ring,
            members: members.as_slice().to_vec(),
            joined: joined.as_slice().to_vec(),
            left: Vec::new(),
        }));
        self.tell_membership(&joined, &left, out);
        self.log = log;
        self.ordinary.rewind();
        self.synchronization.rewind();
        self.membership.nodes.clone_from(&members);
        self.membership.failed.clear();
        self.membership.leaving.clear();
        self.members = members;
        self.counters.sum.operational_entered += 1;
        self.counters.sum.continuous_gather = 0;
        self.state = State::Operational(Operational { circulation, passed, since: now });
    }

    fn tell_membership(&self, joined: &MemberSet, left: &MemberSet, out: &mut Outbox<Output>) {
        out.push(Output::Notice(Notice::NewMembership {
            ring: self.ring,
            joined: joined.as_slice().to_vec(),
            left: left.as_slice().to_vec(),
        }));
        let silent = left.without(&self.membership.leaving);
        if silent.len() > 0 {
            out.push(Output::Notice(Notice::LeftSilently(silent.as_slice().to_vec())));
        }
    }
}
