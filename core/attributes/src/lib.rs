//! Transient node attributes: values that every node knows and that last until the node leaves.
//!
//! Every node has an attribute manager, and all of them hold all values. A client's change is sent to all, in an order that
//! they agree on, and each applies it when it comes back: so all hold the same. One of them, elected, is the writer: it
//! puts the values into the status section of the CIB, where the scheduler finds them. A change may be held back for a
//! while (dampening), so that several are written at once.
//!
//! ```text
//!   client ──Update──► manager ──message──► ring ──same order──► every manager: value changes
//!                                                                      │ the writer: dampening over
//!                                                                      └────────► Write ──► CIB
//! ```
//!
//! A node's word counts for itself: when what others know of it differs, it corrects them. When a node leaves, its values
//! are forgotten; when the writer leaves, the next one writes everything, since nobody knows what the last one did.
//!
//! It knows no connections and no XML: messages come and go typed. Start from [`AttributeManager`] and [`Event`].

mod attribute;
mod client;
mod election_seat;
mod expand;
mod interface;
mod manager;
mod note;
mod peer;
mod writing;

pub use interface::{Event, Input, Output, Settings, Ticket, Timer, WriteId};
pub use manager::AttributeManager;
pub use note::{Note, Severity};
