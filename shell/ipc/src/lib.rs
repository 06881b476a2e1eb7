//! Local connections in the protocol of libqb, client and server.

mod access;
mod error;
mod id;
pub mod xml;

pub use access::{Access, Credentials};
pub use error::{CallError, ConnectError};
pub use id::ClientId;
