use std::collections::BTreeMap;

use super::{Book, MessageKey, ProcessKey, Verdict, book::RingKey};

/// All deliver the messages of a ring in one order, and nobody leaves one out before the ring ends.
#[derive(Debug, Default)]
pub(super) struct AgreedOrder {
    /// By ring.
    orders: Vec<Order>,
    /// By message: in which ring it was delivered, and its place there.
    places: Vec<Option<(RingKey, usize)>>,
}

/// The common order of a ring's messages, as far as it is known.
#[derive(Debug, Default)]
struct Order {
    list: Vec<MessageKey>,
    /// A message came in between others whose neighbours do not say where exactly it belongs.
    guessed: bool,
    sequences: BTreeMap<ProcessKey, Sequence>,
}

/// What one daemon delivered in a ring.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    messages: Vec<MessageKey>,
    digest: u64,
    /// The place behind its last message.
    next: usize,
    /// The place behind its last message before it told who goes on with it.
    regular_next: usize,
}

impl Sequence {
    pub(super) fn digest(&self) -> (usize, u64) {
        (self.messages.len(), self.digest)
    }

    pub(super) fn messages(&self) -> &[MessageKey] {
        &self.messages
    }

    fn push(&mut self, message: MessageKey) {
        self.messages.push(message);
        let mixed = self.digest ^ u64::from(message.0);
        self.digest = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
    }
}

impl AgreedOrder {
    /// What a daemon delivered in a ring.
    pub(super) fn sequence(&self, ring: RingKey, process: ProcessKey) -> &Sequence {
        static NONE: Sequence =
            Sequence { messages: Vec::new(), digest: 0, next: 0, regular_next: 0 };
        let order = self.orders.get(ring.0 as usize);
        order.and_then(|order| order.sequences.get(&process)).unwrap_or(&NONE)
    }

    pub(super) fn delivered(
        &mut self,
        book: &Book,
        process: ProcessKey,
        key: MessageKey,
    ) -> Verdict {
        let Some(ring) = book.process(process).ring else { return Ok(()) };
        self.make_room(ring, key);
        let order = &mut self.orders[ring.0 as usize];
        let transitional = book.process(process).transitional.is_some();
        let sequence = order.sequences.entry(process).or_default();
        sequence.push(key);
        let next = sequence.next;
        match self.places[key.0 as usize] {
            Some((elsewhere, _)) if elsewhere != ring => {
                return Err(format!(
                    "{} delivered {} in {}, others in {}",
                    book.who(process),
                    book.name(key),
                    book.ring_name(Some(ring)),
                    book.ring_name(Some(elsewhere)),
                ));
            }
            Some((_, place)) if place < next => return self.reorder(book, ring, process),
            Some((_, place)) => {
                if let Some(missed) = order.list[next..place].first().filter(|_| !transitional) {
                    return Err(left_out(book, process, *missed, key));
                }
                order.went_to(process, place, transitional);
            }
            None if next == order.list.len() => {
                order.list.push(key);
                self.places[key.0 as usize] = Some((ring, next));
                order.went_to(process, next, transitional);
            }
            None => {
                if let Some(other) = order.first_that_left_out(next) {
                    return Err(left_out(book, other, key, order.list[next]));
                }
                self.insert(ring, next, key);
                self.orders[ring.0 as usize].went_to(process, next, transitional);
            }
        }
        Ok(())
    }

    fn make_room(&mut self, ring: RingKey, key: MessageKey) {
        if self.orders.len() <= ring.0 as usize {
            self.orders.resize_with(ring.0 as usize + 1, Order::default);
        }
        if self.places.len() <= key.0 as usize {
            self.places.resize(key.0 as usize + 1, None);
        }
    }

    fn insert(&mut self, ring: RingKey, place: usize, key: MessageKey) {
        let order = &mut self.orders[ring.0 as usize];
        order.list.insert(place, key);
        order.guessed = true;
        for sequence in order.sequences.values_mut() {
            sequence.next += usize::from(sequence.next > place);
            sequence.regular_next += usize::from(sequence.regular_next > place);
        }
        for (place, message) in order.list.iter().enumerate().skip(place) {
            self.places[message.0 as usize] = Some((ring, place));
        }
    }

    /// A message came too late for the order as it was taken to be. If some of that was a guess, another order may fit.
    fn reorder(&mut self, book: &Book, ring: RingKey, process: ProcessKey) -> Verdict {
        let order = &mut self.orders[ring.0 as usize];
        let sorted = if order.guessed { order.sorted() } else { None };
        let Some(list) = sorted else {
            let messages = &order.sequences[&process].messages;
            let names: Vec<_> =
                messages.iter().rev().take(2).rev().map(|message| book.name(*message)).collect();
            return Err(format!(
                "{} delivered {} in {}, others the other way round",
                book.who(process),
                names.join(", then "),
                book.ring_name(Some(ring)),
            ));
        };
        for (place, message) in list.iter().enumerate() {
            self.places[message.0 as usize] = Some((ring, place));
        }
        for sequence in order.sequences.values_mut() {
            let last = sequence.messages.last().and_then(|last| self.places[last.0 as usize]);
            sequence.next = last.map_or(0, |(_, place)| place + 1);
            sequence.regular_next = sequence.regular_next.min(sequence.next);
        }
        order.list = list;
        Ok(())
    }
}

impl Order {
    fn went_to(&mut self, process: ProcessKey, place: usize, transitional: bool) {
        let sequence = self.sequences.entry(process).or_default();
        sequence.next = place + 1;
        if !transitional {
            sequence.regular_next = place + 1;
        }
    }

    /// Somebody who went past a place in its regular ring.
    fn first_that_left_out(&self, place: usize) -> Option<ProcessKey> {
        let past = self.sequences.iter().find(|(_, sequence)| sequence.regular_next > place);
        past.map(|(process, _)| *process)
    }

    /// An order that fits what everybody delivered, if there is one.
    fn sorted(&self) -> Option<Vec<MessageKey>> {
        let mut waits_for: BTreeMap<MessageKey, usize> = BTreeMap::new();
        let mut followers: BTreeMap<MessageKey, Vec<MessageKey>> = BTreeMap::new();
        for sequence in self.sequences.values() {
            for message in &sequence.messages {
                waits_for.entry(*message).or_default();
            }
            for pair in sequence.messages.windows(2) {
                *waits_for.entry(pair[1]).or_default() += 1;
                followers.entry(pair[0]).or_default().push(pair[1]);
            }
        }
        let free = waits_for.iter().filter(|(_, number)| **number == 0);
        let mut ready: Vec<_> = free.map(|(message, _)| *message).collect();
        let mut sorted = Vec::with_capacity(waits_for.len());
        while let Some(message) = ready.pop() {
            sorted.push(message);
            for follower in followers.remove(&message).unwrap_or_default() {
                let number = waits_for.entry(follower).or_default();
                *number -= 1;
                if *number == 0 {
                    ready.push(follower);
                }
            }
        }
        (sorted.len() == waits_for.len()).then_some(sorted)
    }
}

fn left_out(book: &Book, process: ProcessKey, missed: MessageKey, next: MessageKey) -> String {
    let (who, missed, next) = (book.who(process), book.name(missed), book.name(next));
    format!("{who} left out {missed} before {next}, which others delivered")
}
