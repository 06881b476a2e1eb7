//! Which frames of a node have been seen.

/// How far back is remembered, as in libknet.
const SIZE: u16 = 4096;
const WORDS: usize = SIZE as usize / 64;

/// Remembers which of the last 4,096 frames of a node were delivered.
///
/// Numbers have 16 bits and come again after 65,535 frames: a window stops duplicates, and what is replayed soon.
#[derive(Debug)]
pub(crate) struct Window {
    newest: Option<u16>,
    seen: Box<[u64; WORDS]>,
}

impl Window {
    pub(crate) fn new() -> Self {
        Self { newest: None, seen: Box::new([0; WORDS]) }
    }

    /// Whether a frame of this number is new; the window moves on to it if it is the newest.
    pub(crate) fn admits(&mut self, sequence: u16) -> bool {
        let Some(newest) = self.newest else {
            self.newest = Some(sequence);
            return true;
        };
        let behind = newest.wrapping_sub(sequence);
        if behind < SIZE {
            !self.is_seen(sequence)
        } else if behind > u16::MAX / 2 {
            self.advance(newest, sequence);
            true
        } else {
            false
        }
    }

    /// A frame of this number was delivered.
    pub(crate) fn mark(&mut self, sequence: u16) {
        let (word, bit) = place(sequence);
        self.seen[word] |= bit;
    }

    /// The node says that this was its last frame. What it sent long after what we know makes the window jump.
    pub(crate) fn follow(&mut self, sequence: u16) {
        match self.newest {
            None => self.newest = Some(sequence),
            Some(newest) => {
                let behind = newest.wrapping_sub(sequence);
                if behind > u16::MAX / 2 {
                    self.advance(newest, sequence);
                } else if behind >= SIZE {
                    self.clear();
                    self.newest = Some(sequence);
                }
            }
        }
    }

    /// The node starts anew.
    pub(crate) fn clear(&mut self) {
        if self.newest.take().is_some() {
            self.seen.fill(0);
        }
    }

    fn advance(&mut self, newest: u16, sequence: u16) {
        if sequence.wrapping_sub(newest) >= SIZE {
            self.seen.fill(0);
        } else {
            let mut at = newest;
            while at != sequence {
                at = at.wrapping_add(1);
                let (word, bit) = place(at);
                self.seen[word] &= !bit;
            }
        }
        self.newest = Some(sequence);
    }

    fn is_seen(&self, sequence: u16) -> bool {
        let (word, bit) = place(sequence);
        self.seen[word] & bit != 0
    }
}

const fn place(sequence: u16) -> (usize, u64) {
    let at = sequence % SIZE;
    (at as usize / 64, 1 << (at % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(window: &mut Window, sequence: u16) -> bool {
        let is_new = window.admits(sequence);
        if is_new {
            window.mark(sequence);
        }
        is_new
    }

    #[test]
    fn each_number_is_taken_once_in_any_order() {
        let mut window = Window::new();
        for sequence in [10, 12, 11, 9, 500] {
            assert!(take(&mut window, sequence), "{sequence}");
            assert!(!take(&mut window, sequence), "{sequence} again");
        }
        assert!(take(&mut window, 13) && !take(&mut window, 12));
    }

    #[test]
    fn it_goes_round() {
        let mut window = Window::new();
        for round in 0..3 {
            for sequence in 1..=u16::MAX {
                assert!(take(&mut window, sequence), "{sequence} in round {round}");
            }
            assert!(!take(&mut window, u16::MAX - 100));
        }
    }

    #[test]
    fn what_is_older_than_the_window_is_old() {
        let mut window = Window::new();
        assert!(take(&mut window, 20_000));
        assert!(take(&mut window, 20_000 - (SIZE - 1)));
        assert!(!take(&mut window, 20_000 - SIZE));
        assert!(!take(&mut window, 1));
        window.follow(19_000);
        assert!(!take(&mut window, 1), "its last frame is one of those we know");
        window.follow(5);
        assert!(take(&mut window, 1), "it really is that far back");
        window.clear();
        assert!(take(&mut window, 1) && take(&mut window, 2));
    }
}
