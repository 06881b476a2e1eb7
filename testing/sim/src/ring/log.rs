use std::collections::VecDeque;

use machine::Instant;

/// Lines that are kept at most.
const LINES_MAX: usize = 4_000;

/// What happened, as one number that tells runs apart and, if wanted, in words.
#[derive(Debug)]
pub(super) struct Log {
    hash: u64,
    steps: u64,
    lines: Option<VecDeque<String>>,
}

impl Log {
    pub(super) fn new(in_words: bool) -> Self {
        Self { hash: 0, steps: 0, lines: in_words.then(VecDeque::new) }
    }

    /// Takes note that something happened. The words are asked for only if somebody wants to read them.
    pub(super) fn note(&mut self, now: Instant, numbers: [u64; 3], words: impl FnOnce() -> String) {
        self.steps += 1;
        self.mix(now.as_nanos());
        numbers.into_iter().for_each(|number| self.mix(number));
        if let Some(lines) = &mut self.lines {
            if lines.len() == LINES_MAX {
                lines.pop_front();
            }
            lines.push_back(format!("{now:?} {}", words()));
        }
    }

    fn mix(&mut self, number: u64) {
        self.hash = (self.hash ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines.map(Vec::from).unwrap_or_default()
    }
}

/// A number that depends on every byte.
pub(super) fn digest(bytes: &[u8]) -> u64 {
    let mut hash = bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().unwrap_or_default());
        hash = (hash ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(31);
    }
    for byte in chunks.remainder() {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}
