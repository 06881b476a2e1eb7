//! Messages of the controller: between controllers on the process group `crmd`, and with the tools on its local endpoint.
//!
//! Each is an envelope that says who speaks to whom about which request, and a [`Body`]. A request to do something to a
//! resource carries an [`Operation`], whose result is identified by its [`TransitionKey`].

mod body;
mod message;
mod operation;
mod subsystem;
mod transition_key;

pub use body::{Body, JoinRound, NodeInfo, NodeQuery, Throttle};
pub use message::{Message, MessageError};
pub use operation::{Operation, ResourceReference};
pub use subsystem::Subsystem;
pub use transition_key::{TransitionKey, TransitionKeyError, TransitionMagic};
