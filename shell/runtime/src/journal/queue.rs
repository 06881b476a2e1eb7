use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use super::{JournalSettings, Severity};

/// Lines that may wait.
const LINES_MAX: usize = 8192;

/// One message and how it is to be written.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) time: SystemTime,
    pub(super) severity: Severity,
    pub(super) subsystem: String,
    pub(super) text: String,
    pub(super) settings: Arc<JournalSettings>,
}

/// What the writer has to do next.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) lines: VecDeque<Line>,
    /// Lines dropped behind these.
    pub(super) dropped: u64,
    /// All files are to be opened anew first.
    pub(super) reopen: bool,
}

/// Lines on their way to the writer. The lock is only ever held for a few instructions: never while something is written.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    has_work: Condvar,
    is_written: Condvar,
}

#[derive(Debug, Default)]
struct State {
    work: Work,
    dropped_ever: u64,
    is_writing: bool,
    is_closed: bool,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, line: Line) {
        let mut state = self.state();
        if state.work.lines.len() < LINES_MAX {
            state.work.lines.push_back(line);
        } else {
            state.work.dropped += 1;
            state.dropped_ever += 1;
        }
        drop(state);
        self.has_work.notify_one();
    }

    pub(super) fn ask_to_reopen(&self) {
        self.state().work.reopen = true;
        self.has_work.notify_one();
    }

    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.has_work.notify_one();
    }

    pub(super) fn dropped(&self) -> u64 {
        self.state().dropped_ever
    }

    /// For the writer: waits for something to do; `None` once there will be nothing any more.
    pub(super) fn take(&self) -> Option<Work> {
        let mut state = self.state();
        state.is_writing = false;
        loop {
            if !state.work.lines.is_empty() || state.work.reopen {
                state.is_writing = true;
                return Some(std::mem::take(&mut state.work));
            }
            self.is_written.notify_all();
            if state.is_closed {
                return None;
            }
            state = self.has_work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn wait_until_written(&self, limit: Duration) {
        let deadline = Instant::now() + limit;
        let mut state = self.state();
        while state.is_writing || !state.work.lines.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.is_written.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize) -> Line {
        Line {
            time: SystemTime::UNIX_EPOCH,
            severity: Severity::Info,
            subsystem: "MAIN".to_owned(),
            text: number.to_string(),
            settings: Arc::default(),
        }
    }

    #[test]
    fn a_full_queue_drops_and_counts() {
        let queue = Queue::default();
        for number in 0..LINES_MAX + 5 {
            queue.push(line(number));
        }
        assert_eq!(queue.dropped(), 5);
        let work = queue.take().unwrap();
        assert_eq!((work.lines.len(), work.dropped), (LINES_MAX, 5));
        queue.push(line(1));
        let work = queue.take().unwrap();
        assert_eq!((work.lines.len(), work.dropped), (1, 0), "there is room again");
        assert_eq!(queue.dropped(), 5);
    }

    #[test]
    fn what_was_logged_before_the_end_is_still_written() {
        let queue = Queue::default();
        queue.push(line(1));
        queue.close();
        assert_eq!(queue.take().unwrap().lines.len(), 1);
        assert!(queue.take().is_none());
    }
}
