//! The ring: Totem's single-ring protocol, as Corosync speaks it.
//!
//! A token goes round the members. Who has it numbers and sends messages; everybody delivers them in the order of the
//! numbers. When the token is lost or a stranger is heard, the nodes agree on a new membership and hand each other what
//! some have and others lack before they go on, so that members that stay together deliver the same messages.
//!
//! ```text
//!              token lost, stranger or join heard, member suspected
//!   Operational ─────────────────────────────────────────────────────► Gather ◄─┐
//!        ▲                                                   all agree │        │ token lost,
//!        │ all have all        all said what they have                 ▼        │ join heard
//!     Recovery ◄──────────────────────────────────────────────────── Commit ────┤
//!        └──────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! [`Ring`] is the machine; [`Input`] and [`Output`] are everything it hears and asks for. It knows neither sockets nor
//! links, nor what the messages mean.

mod delivery;
mod input;
mod membership;
mod notice;
mod output;
mod refusals;
mod ring;
mod sabotage;
mod sequence;
mod settings;
mod state;
mod statistics;

pub use delivery::packing::MESSAGE_MAX;
pub use input::{Guarantee, Input, Suspicion, Timer};
pub use notice::{Dropped, Notice, Reason, Severity};
pub use output::{Configuration, ConfigurationKind, Output};
pub use ring::Ring;
#[cfg(feature = "sabotage")]
pub use sabotage::Sabotage;
pub use settings::Settings;
pub use state::RingState;
pub use statistics::Statistics;

#[cfg(test)]
mod tests;
