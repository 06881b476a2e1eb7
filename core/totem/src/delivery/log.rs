use wire::{
    corosync::RingId,
    totem::{Encapsulation, Multicast},
};

use super::sort_queue::{Held, SortQueue};
use crate::sequence::Sequence;

/// What became of a multicast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// It was lacking.
    New,
    /// It was there, or is no longer needed.
    Known,
    /// Its number lies far from all numbers in use.
    OutOfWindow,
}

/// The multicasts of one ring, and how far this node got with them.
///
/// Invariant: `released < first` of the queue, `delivered` is not before what is released, `received` not after `highest`.
#[derive(Debug)]
pub(crate) struct RingLog {
    pub(crate) ring: RingId,
    pub(crate) queue: SortQueue,
    /// Everything up to this number is here.
    pub(crate) received: Sequence,
    /// The highest number that was seen.
    pub(crate) highest: Sequence,
    /// Everything up to this number was delivered, or passed over.
    pub(crate) delivered: Sequence,
}

impl RingLog {
    /// Nothing sent yet; the first number is the one behind `start`.
    pub(crate) const fn new(ring: RingId, start: Sequence) -> Self {
        Self {
            ring,
            queue: SortQueue::new(start.next()),
            received: start,
            highest: start,
            delivered: start,
        }
    }

    /// Keeps what came in.
    pub(crate) fn accept(&mut self, multicast: &Multicast<'_>) -> Accepted {
        let number = Sequence(multicast.header.sequence);
        if !self.queue.spans(number) {
            let old = number.is_before(self.queue.first());
            return if old { Accepted::Known } else { Accepted::OutOfWindow };
        }
        let held = || Held { header: multicast.header, frame: multicast.frame.to_vec() };
        if !self.queue.insert(number, held) {
            return Accepted::Known;
        }
        self.note(number);
        Accepted::New
    }

    /// Keeps what this node sends, under the next number.
    pub(crate) fn append(&mut self, number: Sequence, held: Held) {
        self.queue.insert(number, || held);
        self.note(number);
    }

    fn note(&mut self, number: Sequence) {
        self.highest = self.highest.later(number);
        while self.received != self.highest && self.queue.get(self.received.next()).is_some() {
            self.received = self.received.next();
        }
    }

    /// Whether this node has all that it knows to exist.
    pub(crate) fn is_complete(&self) -> bool {
        self.received == self.highest
    }

    /// The next message to deliver, unless it is lacking. Multicasts that only carry those of an earlier ring are
    /// passed over.
    pub(crate) fn next_to_deliver(&mut self) -> Option<&Held> {
        while self.delivered.is_before(self.received) {
            self.delivered = self.delivered.next();
            if self.is_plain(self.delivered) {
                return self.queue.get(self.delivered);
            }
        }
        None
    }

    /// The next message to deliver where it does not matter any more what is lacking, because nobody has it.
    pub(crate) fn next_behind_gaps(&mut self) -> Option<&Held> {
        while self.delivered.is_before(self.highest) {
            self.delivered = self.delivered.next();
            if self.is_plain(self.delivered) {
                return self.queue.get(self.delivered);
            }
        }
        None
    }

    fn is_plain(&self, number: Sequence) -> bool {
        self.queue
            .get(number)
            .is_some_and(|held| held.header.encapsulation != Encapsulation::Encapsulated)
    }

    /// Forgets what everybody has. What this node did not deliver is never forgotten.
    pub(crate) fn release_to(&mut self, number: Sequence) {
        self.queue.release_to(number.earlier(self.delivered));
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let before_first = self.queue.first().previous();
        let in_order = !self.delivered.is_before(before_first)
            && !self.received.is_before(before_first)
            && !self.highest.is_before(self.received)
            && !self.highest.is_before(self.delivered);
        if in_order { Ok(()) } else { Err(format!("numbers out of order: {self:?}")) }
    }
}
