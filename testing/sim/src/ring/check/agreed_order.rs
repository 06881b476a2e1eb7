use std::collections::{BTreeMap, VecDeque};

use super::{Book, MessageKey, ProcessKey, Verdict, book::RingKey};

/// All deliver the messages of a ring in one order, and nobody leaves one out before the ring ends.
#[derive(Debug, Default)]
pub(super) struct AgreedOrder {
    /// By ring.
    orders: Vec<Order>,
    /// By message: in which ring it was delivered.
    rings: Vec<Option<RingKey>>,
    /// By message: its place in its ring's order, once that is known.
    places: Vec<Option<usize>>,
}

/// The common order of a ring's messages, as far as it is known.
#[derive(Debug, Default)]
struct Order {
    /// What those delivered who may not leave anything out: the begin of the order, without gaps.
    begin: Vec<MessageKey>,
    sequences: BTreeMap<ProcessKey, Sequence>,
}

/// What one daemon delivered in a ring.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    messages: Vec<MessageKey>,
    digest: u64,
    /// The place behind the last of them whose place is known.
    next: usize,
    /// Those whose place is not known yet: it told who goes on with it before it delivered them. They come after all others.
    rest: VecDeque<MessageKey>,
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
            Sequence { messages: Vec::new(), digest: 0, next: 0, rest: VecDeque::new() };
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
        let message = key.0 as usize;
        let known = self.rings[message].replace(ring);
        if let Some(elsewhere) = known.filter(|elsewhere| *elsewhere != ring) {
            let (here, there) = (book.ring_name(Some(ring)), book.ring_name(Some(elsewhere)));
            let (who, what) = (book.who(process), book.name(key));
            return Err(format!("{who} delivered {what} in {here}, others in {there}"));
        }
        let order = &mut self.orders[ring.0 as usize];
        order.sequences.entry(process).or_default().push(key);
        if book.process(process).transitional.is_some() {
            return order.add_with_gaps(book, process, key, self.places[message], known.is_some());
        }
        let place = order.add_without_gaps(book, process, key, known.is_some())?;
        self.places[message] = Some(place);
        Ok(())
    }

    fn make_room(&mut self, ring: RingKey, key: MessageKey) {
        if self.orders.len() <= ring.0 as usize {
            self.orders.resize_with(ring.0 as usize + 1, Order::default);
        }
        if self.rings.len() <= key.0 as usize {
            self.rings.resize(key.0 as usize + 1, None);
            self.places.resize(key.0 as usize + 1, None);
        }
    }
}

impl Order {
    /// A message of a daemon that may not leave out anything; gives its place.
    fn add_without_gaps(
        &mut self,
        book: &Book,
        process: ProcessKey,
        key: MessageKey,
        is_known: bool,
    ) -> Result<usize, String> {
        let sequence = self.sequences.entry(process).or_default();
        let place = sequence.next;
        sequence.next += 1;
        match self.begin.get(place) {
            Some(expected) if *expected == key => return Ok(place),
            Some(expected) => return Err(instead(book, process, key, *expected)),
            None => self.begin.push(key),
        }
        if !is_known {
            return Ok(place);
        }
        // Others had it behind something that they left out: now its place is known.
        for (other, sequence) in &mut self.sequences {
            if sequence.rest.front() == Some(&key) {
                sequence.rest.pop_front();
                sequence.next = place + 1;
            } else if sequence.rest.contains(&key) {
                let before = sequence.rest.front().copied().unwrap_or(key);
                return Err(format!(
                    "{} delivered {} before {}, {} without it",
                    book.who(*other),
                    book.name(before),
                    book.name(key),
                    book.who(process),
                ));
            }
        }
        Ok(place)
    }

    /// A message of a daemon that has told who goes on with it: it may leave out what nobody of them has.
    fn add_with_gaps(
        &mut self,
        book: &Book,
        process: ProcessKey,
        key: MessageKey,
        place: Option<usize>,
        is_known: bool,
    ) -> Verdict {
        let sequence = self.sequences.entry(process).or_default();
        let Some(place) = place else {
            sequence.rest.push_back(key);
            let is_sorted = !is_known || self.can_be_sorted();
            return if is_sorted { Ok(()) } else { Err(other_way_round(book, process, key)) };
        };
        // What has no place yet comes behind all that have one.
        if place < sequence.next || !sequence.rest.is_empty() {
            return Err(other_way_round(book, process, key));
        }
        sequence.next = place + 1;
        Ok(())
    }

    /// Whether some order fits all that have no place yet.
    fn can_be_sorted(&self) -> bool {
        let mut waits_for: BTreeMap<MessageKey, usize> = BTreeMap::new();
        let mut followers: BTreeMap<MessageKey, Vec<MessageKey>> = BTreeMap::new();
        for sequence in self.sequences.values() {
            for message in &sequence.rest {
                waits_for.entry(*message).or_default();
            }
            for (one, next) in sequence.rest.iter().zip(sequence.rest.iter().skip(1)) {
                *waits_for.entry(*next).or_default() += 1;
                followers.entry(*one).or_default().push(*next);
            }
        }
        let free = waits_for.iter().filter(|(_, number)| **number == 0);
        let mut ready: Vec<_> = free.map(|(message, _)| *message).collect();
        let mut sorted = 0;
        while let Some(message) = ready.pop() {
            sorted += 1;
            for follower in followers.remove(&message).unwrap_or_default() {
                let number = waits_for.entry(follower).or_default();
                *number -= 1;
                if *number == 0 {
                    ready.push(follower);
                }
            }
        }
        sorted == waits_for.len()
    }
}

fn instead(book: &Book, process: ProcessKey, key: MessageKey, expected: MessageKey) -> String {
    let (who, key, expected) = (book.who(process), book.name(key), book.name(expected));
    format!("{who} delivered {key} where others delivered {expected}")
}

fn other_way_round(book: &Book, process: ProcessKey, key: MessageKey) -> String {
    let (who, key) = (book.who(process), book.name(key));
    format!("{who} delivered {key} behind something that others delivered after it, or not at all")
}
