//! The ring: Totem's single-ring protocol, as Corosync speaks it.
//!
//! A token goes round the members. Who has it numbers and sends messages; everybody delivers them in the order of the
//! numbers. When the token is lost or a stranger is heard, the nodes agree on a new membership and hand each other what
//! some have and others lack before they go on, so that members that stay together deliver the same messages.
//!
//! [`Ring`] is the machine; [`Input`] and [`Output`] are everything it hears and asks for. It knows neither sockets nor
//! links, nor what the messages mean.

mod input;
mod notice;
mod output;
mod settings;

pub use input::{Guarantee, Input, Suspicion, Timer};
pub use notice::{Dropped, Notice, Reason, Severity};
pub use output::{Configuration, ConfigurationKind, Output};
pub use settings::Settings;

/// The machine.
#[derive(Debug)]
pub struct Ring {
    settings: Settings,
}

impl Ring {
    /// A ring of this node alone, silent until [`Input::Start`].
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Takes in what happened; what is to be done is put in `out`.
    pub fn handle(
        &mut self,
        _now: machine::Instant,
        _input: Input<'_>,
        _out: &mut machine::Outbox<Output>,
    ) {
        let _ = &self.settings;
    }

    /// Looks whether everything in the machine fits together; what does not is a bug of ours. For tests, after each input.
    pub fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// Whether a message of that many bytes may be given to [`Input::Multicast`] now.
    pub fn has_room_for(&self, _bytes: usize) -> bool {
        false
    }
}
