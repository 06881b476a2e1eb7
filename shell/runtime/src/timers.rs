use std::{cmp::Ordering, collections::BinaryHeap, time::Duration};

use machine::Instant;

use crate::Clock;

/// The armed timers of one machine. Firings come out in the order in which they are due.
///
/// There is no way to cancel one: the machine tells stale firings by their token.
#[derive(Debug)]
pub struct TimerQueue<T> {
    clock: Clock,
    heap: BinaryHeap<Entry<T>>,
    sequence: u64,
}

#[derive(Debug)]
struct Entry<T> {
    at: Instant,
    sequence: u64,
    timer: T,
}

impl<T> TimerQueue<T> {
    /// No timer armed.
    pub const fn new(clock: Clock) -> Self {
        Self { clock, heap: BinaryHeap::new(), sequence: 0 }
    }

    /// Arms a timer to fire `delay` from now.
    pub fn arm(&mut self, delay: Duration, timer: T) {
        self.arm_at(self.clock.now() + delay, timer);
    }

    /// Arms a timer to fire at `at`.
    pub fn arm_at(&mut self, at: Instant, timer: T) {
        self.sequence += 1;
        self.heap.push(Entry { at, sequence: self.sequence, timer });
    }

    /// Waits for the next timer that is due; for ever if none is armed. Dropping the future loses nothing.
    pub async fn next(&mut self) -> T {
        match self.heap.peek() {
            Some(entry) => tokio::time::sleep_until(self.clock.tokio(entry.at)).await,
            None => std::future::pending().await,
        }
        self.heap.pop().expect("the entry peeked at is still there").timer
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    /// Reversed, since the heap gives its greatest first; equal times keep the order of arming.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn timers_fire_in_the_order_they_are_due() {
        let mut timers = TimerQueue::new(Clock::start());
        timers.arm(Duration::from_secs(3), "c");
        timers.arm(Duration::from_secs(1), "a");
        timers.arm(Duration::from_secs(1), "b");
        assert_eq!(
            [timers.next().await, timers.next().await, timers.next().await],
            ["a", "b", "c"]
        );
    }
}
