//! Messages of the attribute manager (`attrd`): what its clients ask, what it answers, and what the attribute managers of
//! the nodes tell each other on the process group `attrd`.
//!
//! A client sends a [`ClientMessage`]; a query is answered with a [`QueryReply`], everything else with an acknowledgement.
//! Peers exchange [`PeerMessage`]s in an [`Envelope`]. What the writer puts into the CIB is a [`StatusUpdate`].

mod failure;
mod field;
mod peer;
mod reply;
mod request;
mod status;
mod update;

pub use failure::FailureFilter;
pub use field::MessageError;
pub use peer::{Envelope, PeerMessage, WriterState};
pub use reply::{FoundAttribute, NodeValues, QueryReply};
pub use request::{ClientMessage, Request};
pub use status::{StatusUpdate, StatusValue};
pub use update::{Dampening, Selector, Update, UpdateKind};

/// The protocol version spoken here, as in Pacemaker 2.1.5. Peers announce theirs in the attribute [`PROTOCOL_ATTRIBUTE`].
pub const PROTOCOL_VERSION: u32 = 4;

/// The private attribute in which each attribute manager says which protocol it speaks.
pub const PROTOCOL_ATTRIBUTE: &str = "#attrd-protocol";
