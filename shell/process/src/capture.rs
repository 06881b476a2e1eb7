/// Which end of a long output is worth keeping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The beginning: a document that has to be complete.
    First,
    /// The end: messages, the last of which say why something failed.
    Last,
}

/// A program's output as it comes, kept up to a limit.
#[derive(Clone, Debug)]
pub struct Capture {
    keep: Keep,
    max_bytes: usize,
    bytes: Vec<u8>,
    total: u64,
}

impl Capture {
    /// Nothing yet.
    pub const fn new(keep: Keep, max_bytes: usize) -> Self {
        Self { keep, max_bytes, bytes: Vec::new(), total: 0 }
    }

    /// Takes in what was read. Never holds more than twice the limit.
    pub fn add(&mut self, read: &[u8]) {
        self.total = self.total.saturating_add(u64::try_from(read.len()).unwrap_or(u64::MAX));
        match self.keep {
            Keep::First => {
                let room = self.max_bytes - self.bytes.len();
                self.bytes.extend_from_slice(&read[..read.len().min(room)]);
            }
            Keep::Last => {
                let read = &read[read.len().saturating_sub(self.max_bytes)..];
                if self.bytes.len() + read.len() > 2 * self.max_bytes {
                    let surplus = self.bytes.len() + read.len() - self.max_bytes;
                    self.bytes.drain(..surplus.min(self.bytes.len()));
                }
                self.bytes.extend_from_slice(read);
            }
        }
    }

    /// What was kept.
    pub fn bytes(&self) -> &[u8] {
        match self.keep {
            Keep::First => &self.bytes,
            Keep::Last => &self.bytes[self.bytes.len().saturating_sub(self.max_bytes)..],
        }
    }

    /// Whether something was not kept.
    pub fn is_cut(&self) -> bool {
        self.total > u64::try_from(self.max_bytes).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_end_is_kept_and_memory_stays_small() {
        let mut first = Capture::new(Keep::First, 10);
        let mut last = Capture::new(Keep::Last, 10);
        for chunk in ["01234567", "89ab", "cdefghijklmnopqrstuvwxyz", "!", "?"] {
            first.add(chunk.as_bytes());
            last.add(chunk.as_bytes());
            assert!(last.bytes.len() <= 20 && first.bytes.len() <= 10);
        }
        assert_eq!(first.bytes(), b"0123456789");
        assert_eq!(last.bytes(), b"stuvwxyz!?");
        assert!(first.is_cut() && last.is_cut());
    }
}
