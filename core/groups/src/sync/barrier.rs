use machine::{Instant, Outbox};

use super::{Input, Output, Settings};

/// The barrier of one node.
#[derive(Debug)]
pub struct Barrier {
    settings: Settings,
}

impl Barrier {
    /// A barrier that waits for the first membership.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Takes one input.
    pub fn handle(&mut self, _now: Instant, _input: Input<'_>, _out: &mut Outbox<Output>) {
        let _ = &self.settings;
    }

    /// Whether services are being synchronised, or there never was a membership: from the first configuration of a change
    /// until [`Output::Completed`]. Clients' requests that need the ring wait that long.
    pub fn is_running(&self) -> bool {
        true
    }
}
