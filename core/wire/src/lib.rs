//! The byte layouts of the protocols that are not XML: libqb's local connections, the ring daemon's services, and the
//! headers that Pacemaker puts in front of XML, between processes and between nodes.
//!
//! Whatever is decoded may come from anybody: every length is checked before it is used, every decoder ends with a value
//! or a [`WireError`]. It knows neither sockets nor shared memory, nor what is done about a message.

mod compression;
pub mod corosync;
mod error;
pub mod exec;
mod flags;
mod frame;
pub mod knet;
mod peer;
pub mod qb;
mod reader;
mod remote;
pub mod totem;
mod writer;

pub use error::WireError;
pub use flags::IpcFlags;
pub use frame::{FRAME_BODY_MAX, FRAME_HEADER_SIZE, Frame};
pub use peer::{PEER_BODY_MAX, PEER_HEADER_SIZE, PeerHost, PeerMessage};
pub use reader::Reader;
pub use remote::{REMOTE_BODY_MAX, REMOTE_HEADER_SIZE, RemoteFrame};
pub use writer::Writer;
