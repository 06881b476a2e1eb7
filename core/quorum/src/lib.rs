//! Whether this partition may act: votes, expected votes, quorum devices, and the two services that tell about it.
//!
//! Every node counts the votes of the members it sees. Nodes tell each other their votes, what they expect and how they
//! stand with messages over the ring (`wire::exec::votequorum`), which all members get in the same order, so that all of
//! one partition come to the same result.
//!
//! ```text
//!   ring ── SyncInit, Deliver ──►┌────────┐──► Multicast, Synced
//!   clients ── Request ─────────►│ Quorum │──► Answer, Event
//!   configuration ── Reload ────►└────────┘──► View (quorate or not, members), Key, StoreExpectedVotes
//! ```
//!
//! [`Quorum`] is the machine; [`Input`] and [`Output`] are everything it hears and asks for. It serves the clients of both
//! services, "quorum" and "votequorum". It knows neither the configuration file nor the connections of its clients, nor
//! who may do what in a partition without quorum.

mod census;
mod effects;
mod input;
mod machine;
mod notice;
mod output;
mod rules;
mod service;
mod settings;
mod tie;
mod votes;

pub use input::{ClientId, Input, Request, Timer};
pub use machine::Quorum;
pub use notice::{Notice, Severity};
pub use output::{Answer, Event, Key, KeyValue, Output, View};
pub use settings::{ConfigurationError, Device, Settings, TieBreaker};
