use machine::{Instant, Outbox};

use crate::{Input, Output, Settings, Statistics};

/// What to do with a client's request now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Give it to the machine.
    Take,
    /// Leave it where it is and come back to it, before any later request of that client: it would not be answered, so the
    /// client cannot be told.
    Hold,
    /// Answer it with [`wire::corosync::Status::TRY_AGAIN`], as the C daemon does, or hold it.
    TryAgain,
}

/// The groups of one node.
#[derive(Debug)]
pub struct Groups {
    settings: Settings,
    statistics: Statistics,
}

impl Groups {
    /// No groups, no clients, and no membership yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, statistics: Statistics::default() }
    }

    /// Whether a request can be served now.
    ///
    /// `syncing` says whether the barrier is running; `has_room` is asked whether the ring has room for one message of
    /// that many bytes.
    pub fn admission(
        &self,
        _message: &[u8],
        _syncing: bool,
        _has_room: impl FnOnce(usize) -> bool,
    ) -> Admission {
        Admission::Take
    }

    /// Takes one input.
    pub fn handle(&mut self, _now: Instant, _input: Input<'_>, _out: &mut Outbox<Output>) {
        let _ = &self.settings;
    }

    /// How often things happened that should not happen.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }
}
