use machine::{Instant, Outbox};

use crate::{ConfigurationError, Input, Output, Settings};

/// The machine: one node's view of quorum, and both services that tell about it.
#[derive(Debug)]
pub struct Quorum {
    settings: Settings,
}

impl Quorum {
    /// A node that has not seen anybody, silent until [`Input::Start`].
    ///
    /// # Errors
    ///
    /// The settings contradict each other in a way that Corosync does not start with.
    pub fn new(settings: Settings) -> Result<Self, ConfigurationError> {
        Ok(Self { settings })
    }

    /// Whether this partition may act, as far as the rest of the daemon was told.
    pub fn is_quorate(&self) -> bool {
        !self.settings.provider
    }

    /// Takes in what happened; what is to be done is put in `out`.
    pub fn handle(&mut self, _now: Instant, _input: Input<'_>, _out: &mut Outbox<Output>) {}
}
