//! Messages of the executor (`lrmd`): requests of its clients, its replies, and the events it sends.
//!
//! A client sends a [`Message`], gets one [`Reply`] for it, and later an [`Event`] for each finished operation. Start from
//! [`Request`] and [`Event`].

mod agent;
mod event;
mod fields;
mod parameters;
mod reply;
mod request;

pub use agent::{Agent, AgentError, Standard};
pub use event::{Event, EventError, OperationResult};
pub use parameters::Parameters;
pub use reply::{RecurringOperation, Refusal, Reply, ReplyBody, ReplyError};
pub use request::{Alert, CallOptions, Execute, Message, Request, RequestError};

/// The protocol version that both sides name when a client registers.
pub const PROTOCOL_VERSION: &str = "1.1";

/// The oldest protocol version that a client may name.
pub const OLDEST_PROTOCOL_VERSION: &str = "1.0";
