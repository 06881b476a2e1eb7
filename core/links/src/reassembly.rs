//! Parts become frames again.

use std::{collections::BTreeMap, time::Duration};

use machine::Instant;
use wire::knet::{Data, FRAME_MAX};

/// How many frames of one node may be incomplete at a time, as in libknet.
const FRAMES_MAX: usize = 32;
/// How long the missing parts of a frame are waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// The incomplete frames of one node.
#[derive(Debug, Default)]
pub(crate) struct Reassembly {
    frames: BTreeMap<u16, Partial>,
}

#[derive(Debug)]
struct Partial {
    count: u8,
    received: u8,
    have: [u64; 4],
    /// The size of all parts but the last, once known.
    size: Option<usize>,
    /// The last part, if it came before its place was known.
    last: Option<Vec<u8>>,
    bytes: Vec<u8>,
    updated: Instant,
}

/// What a part made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// Parts are missing.
    Waiting,
    /// A whole frame.
    Complete(Vec<u8>),
    /// It does not go together with the other parts.
    Nonsense,
}

impl Reassembly {
    /// Takes a part of several.
    pub(crate) fn add(&mut self, now: Instant, data: &Data<'_>) -> Added {
        if !self.frames.contains_key(&data.sequence) && self.frames.len() >= FRAMES_MAX {
            let oldest = self.frames.iter().min_by_key(|(_, frame)| frame.updated);
            if let Some((&oldest, _)) = oldest {
                self.frames.remove(&oldest);
            }
        }
        let frame = self.frames.entry(data.sequence).or_insert_with(|| Partial::new(now, data));
        match frame.add(now, data) {
            Some(true) => match self.frames.remove(&data.sequence) {
                Some(frame) => Added::Complete(frame.bytes),
                None => Added::Waiting,
            },
            Some(false) => Added::Waiting,
            None => Added::Nonsense,
        }
    }

    /// Throws away what waited too long; whether something is still waiting.
    pub(crate) fn expire(&mut self, now: Instant) -> bool {
        self.frames.retain(|_, frame| now.since(frame.updated) < PATIENCE);
        !self.frames.is_empty()
    }

    /// Throws all away.
    pub(crate) fn clear(&mut self) {
        self.frames.clear();
    }
}

impl Partial {
    fn new(now: Instant, data: &Data<'_>) -> Self {
        Self {
            count: data.part.count,
            received: 0,
            have: [0; 4],
            size: None,
            last: None,
            bytes: Vec::new(),
            updated: now,
        }
    }

    /// `true` if that was the last missing part, `None` if it does not fit the others.
    fn add(&mut self, now: Instant, data: &Data<'_>) -> Option<bool> {
        let index = usize::from(data.part.index);
        if data.part.count != self.count || data.payload.is_empty() {
            return None;
        }
        let word = self.have.get_mut(index / 64)?;
        let bit = 1 << (index % 64);
        if *word & bit != 0 {
            return Some(false);
        }
        if data.part.is_last() {
            if self.size.is_some_and(|size| data.payload.len() > size) {
                return None;
            }
            self.last = Some(data.payload.to_vec());
        } else {
            let size = *self.size.get_or_insert(data.payload.len());
            let end = (index + 1) * size;
            if data.payload.len() != size || size * usize::from(self.count - 1) > FRAME_MAX {
                return None;
            }
            if self.bytes.len() < end {
                self.bytes.resize(end, 0);
            }
            self.bytes.get_mut(end - size..end)?.copy_from_slice(data.payload);
        }
        *word |= bit;
        self.received += 1;
        self.updated = now;
        if self.received < self.count {
            return Some(false);
        }
        self.bytes.extend_from_slice(&self.last.take()?);
        if self.bytes.len() > FRAME_MAX { None } else { Some(true) }
    }
}

#[cfg(test)]
mod tests {
    use wire::knet::Part;

    use super::*;

    fn part(sequence: u16, index: u8, count: u8, payload: &[u8]) -> Data<'_> {
        let part = Part { index, count };
        Data { sequence, compression: 0, broadcast: true, channel: 0, part, payload }
    }

    #[test]
    fn parts_come_in_any_order_and_twice() {
        let parts = [(0, &b"abc"[..]), (1, b"def"), (2, b"g")];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            let mut reassembly = Reassembly::default();
            for (n, at) in order.into_iter().enumerate() {
                let (index, payload) = parts[at];
                let added = reassembly.add(Instant::START, &part(7, index, 3, payload));
                if n < 2 {
                    assert_eq!(added, Added::Waiting);
                    let again = reassembly.add(Instant::START, &part(7, index, 3, payload));
                    assert_eq!(again, Added::Waiting);
                } else {
                    assert_eq!(added, Added::Complete(b"abcdefg".to_vec()), "{order:?}");
                }
            }
        }
    }

    #[test]
    fn parts_that_do_not_fit_are_nonsense() {
        let mut reassembly = Reassembly::default();
        let now = Instant::START;
        assert_eq!(reassembly.add(now, &part(1, 0, 3, b"abc")), Added::Waiting);
        assert_eq!(reassembly.add(now, &part(1, 1, 3, b"abcd")), Added::Nonsense, "other size");
        assert_eq!(reassembly.add(now, &part(1, 1, 4, b"abc")), Added::Nonsense, "other count");
        assert_eq!(reassembly.add(now, &part(1, 2, 3, b"abcd")), Added::Nonsense, "long last part");
        assert_eq!(reassembly.add(now, &part(2, 0, 3, b"")), Added::Nonsense, "nothing in it");
        let big = vec![0; 60_000];
        assert_eq!(reassembly.add(now, &part(3, 0, 200, &big)), Added::Nonsense, "more than fits");
    }

    #[test]
    fn memory_is_bounded_and_given_back() {
        let mut reassembly = Reassembly::default();
        let later = Instant::START + Duration::from_millis(10);
        for sequence in 0..FRAMES_MAX as u16 {
            let now = if sequence == 5 { Instant::START } else { later };
            assert_eq!(reassembly.add(now, &part(sequence, 0, 2, b"ab")), Added::Waiting);
        }
        assert_eq!(reassembly.add(later, &part(99, 0, 2, b"ab")), Added::Waiting);
        let complete = |reassembly: &mut Reassembly, sequence| {
            matches!(reassembly.add(later, &part(sequence, 1, 2, b"c")), Added::Complete(_))
        };
        assert!(!complete(&mut reassembly, 5), "the oldest had to go");
        assert!(complete(&mut reassembly, 6));
        assert!(reassembly.expire(later));
        assert!(!reassembly.expire(later + PATIENCE));
    }
}
