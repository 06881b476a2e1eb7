use std::collections::VecDeque;

use wire::totem::MulticastHeader;

use crate::sequence::Sequence;

/// How many numbers a queue may span. Corosync's has as many, and its flow control relies on it.
pub(crate) const SPAN: u32 = 16_384;

/// A multicast, kept until everybody has it.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) header: MulticastHeader,
    /// As it came, or as it was sent: whoever asks for it again gets the same bytes.
    pub(crate) frame: Vec<u8>,
}

#[derive(Debug, Default)]
struct Slot {
    held: Option<Held>,
    /// How many tokens passed while it was lacking.
    missed: u32,
}

/// Multicasts by number.
#[derive(Debug)]
pub(crate) struct SortQueue {
    first: Sequence,
    slots: VecDeque<Slot>,
}

impl SortQueue {
    /// An empty queue for the numbers from `first`.
    pub(crate) const fn new(first: Sequence) -> Self {
        Self { first, slots: VecDeque::new() }
    }

    /// The lowest number that is not released.
    pub(crate) const fn first(&self) -> Sequence {
        self.first
    }

    pub(crate) const fn spans(&self, number: Sequence) -> bool {
        number.since(self.first) < SPAN
    }

    fn index(&self, number: Sequence) -> Option<usize> {
        self.spans(number).then(|| usize::try_from(number.since(self.first)).unwrap_or(usize::MAX))
    }

    pub(crate) fn get(&self, number: Sequence) -> Option<&Held> {
        self.slots.get(self.index(number)?)?.held.as_ref()
    }

    /// Makes the slot of a number; `None` if the number is out of the span.
    fn slot(&mut self, number: Sequence) -> Option<&mut Slot> {
        let index = self.index(number)?;
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, Slot::default);
        }
        self.slots.get_mut(index)
    }

    /// Keeps a multicast; whether it was lacking until now.
    pub(crate) fn insert(&mut self, number: Sequence, held: impl FnOnce() -> Held) -> bool {
        match self.slot(number) {
            Some(slot) if slot.held.is_none() => {
                slot.held = Some(held());
                true
            }
            Some(_) | None => false,
        }
    }

    /// Counts one more token that passed while the number was lacking.
    pub(crate) fn count_miss(&mut self, number: Sequence) -> u32 {
        self.slot(number).map_or(0, |slot| {
            slot.missed = slot.missed.saturating_add(1);
            slot.missed
        })
    }

    /// Forgets everything up to and including the number.
    pub(crate) fn release_to(&mut self, number: Sequence) {
        if number.is_before(self.first) {
            return;
        }
        let count = usize::try_from(number.since(self.first)).unwrap_or(usize::MAX);
        self.slots.drain(..self.slots.len().min(count.saturating_add(1)));
        self.first = number.next();
    }
}

#[cfg(test)]
mod tests {
    use wire::{
        corosync::RingId,
        totem::{ByteOrder, Encapsulation},
    };

    use super::*;

    fn held(number: u32) -> Held {
        let header = MulticastHeader {
            order: ByteOrder::Native,
            encapsulation: Encapsulation::Plain,
            node: 1,
            sequence: number,
            sent: 0,
            ring: RingId::default(),
            guarantee: 0,
        };
        Held { header, frame: Vec::new() }
    }

    #[test]
    fn numbers_are_kept_once_and_within_the_span() {
        let mut queue = SortQueue::new(Sequence(0xffff_fffe));
        assert!(queue.insert(Sequence(1), || held(1)));
        assert!(!queue.insert(Sequence(1), || held(1)), "twice");
        assert!(!queue.insert(Sequence(0xffff_fffd), || held(0)), "released");
        assert!(!queue.insert(Sequence(0xffff_fffe_u32.wrapping_add(SPAN)), || held(0)));
        assert_eq!(queue.count_miss(Sequence(0)), 1);
        assert_eq!(queue.count_miss(Sequence(0)), 2);
        queue.release_to(Sequence(0));
        assert_eq!(queue.first(), Sequence(1));
        assert!(queue.get(Sequence(1)).is_some());
        queue.release_to(Sequence(9));
        assert!(queue.get(Sequence(1)).is_none() && queue.insert(Sequence(10), || held(10)));
        queue.release_to(Sequence(3));
        assert_eq!(queue.first(), Sequence(10), "never backwards");
    }
}
