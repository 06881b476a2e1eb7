//! Requests, replies and notifications of the CIB daemon, and what CIB daemons tell each other.
//!
//! Client side: [`ClientMessage`] in, [`Reply`] and [`Notification`] out. Between daemons, on the process group `cib`:
//! [`PeerMessage`]. A [`Failure`] is what went wrong, with the number that stands for it on the wire.

mod failure;
mod field;
mod notification;
mod operation;
mod options;
mod peer;
mod reply;
mod request;

pub use failure::Failure;
pub use field::MessageError;
pub use notification::{ChangedSections, DiffNotification, Notification, NotificationKind};
pub use operation::{Operation, OperationKind};
pub use options::CallOptions;
pub use peer::{PeerMessage, Ping, Pong, Replacement, UpgradeOrder};
pub use reply::{Registered, Reply};
pub use request::{ClientMessage, Request};
