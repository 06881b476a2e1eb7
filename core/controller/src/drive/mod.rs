//! Carrying a plan out: what starts when, what its results mean, and what makes it out of date.

mod abort;
mod diff;
mod event;
mod launch;
mod throttle;

use transition::walker::Walker;

use event::LastStray;

/// The DC's transition.
#[derive(Debug)]
pub(crate) struct Drive {
    pub(crate) walker: Walker,
    /// Where the scheduler's input was saved.
    pub(crate) source: String,
    /// The transition has to be looked at again.
    wake: bool,
    /// Its end was not acted on yet.
    running: bool,
    last_stray: LastStray,
}

impl Default for Drive {
    fn default() -> Self {
        Self {
            walker: Walker::finished(-1),
            source: String::new(),
            wake: false,
            running: false,
            last_stray: LastStray::default(),
        }
    }
}

impl Drive {
    /// Whether a transition is under way.
    pub(crate) fn is_running(&self) -> bool {
        self.running
    }

    /// Begins a term of office without a plan.
    pub(crate) fn begin_office(&mut self) {
        *self = Self::default();
    }

    /// What was under way is the next DC's concern.
    pub(crate) fn end_office(&mut self) {
        *self = Self::default();
    }

    /// Has the transition looked at again.
    pub(crate) fn wake(&mut self) {
        self.wake = true;
    }
}
