//! Closed process groups, and the barrier that keeps services in step after each change of membership.
//!
//! Processes join groups by name and send messages to all members, in one order everywhere; members hear who comes and
//! goes in that same order. [`Groups`] is the machine of one node; [`Input`] and [`Output`] are everything it hears and
//! asks for. What it tells other nodes and local clients is, byte for byte, what Corosync 3.1 tells.
//!
//! After each change of membership the services of all nodes tell each other what they know, one service after the other:
//! [`sync::Barrier`] lets all nodes begin and end each service's turn at the same place in the order of messages.
//!
//! ```text
//!   ring: configuration ─► sync::Barrier ─ Init, Process, Activate, Abort ─► Groups, quorum, ...
//!                               ▲                                              │
//!                               └───────────────── Synced ─────────────────────┘
//! ```
//!
//! Nothing here knows sockets, shared memory or how a message gets to the other nodes.

mod event;
mod groups;
mod input;
mod notice;
mod output;
mod settings;
pub mod sync;

pub use event::Event;
pub use groups::{Admission, Groups};
pub use input::{ClientId, Input};
pub use notice::{Notice, Statistics};
pub use output::Output;
pub use settings::Settings;

#[cfg(test)]
mod tests;
