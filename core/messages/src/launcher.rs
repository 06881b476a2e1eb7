//! Messages of the launcher (`pacemakerd`): how far it is, and the order to stop.
//!
//! A client sends a [`Request`] and gets a bare acknowledgement at once and a [`Reply`] as an event.

mod reply;
mod request;
mod state;

pub use reply::{Reply, ReplyBody};
pub use request::{MessageError, Request, RequestKind};
pub use state::LauncherState;
