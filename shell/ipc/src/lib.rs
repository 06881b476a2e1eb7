//! Local connections in the protocol of libqb, client and server, and Pacemaker's XML messages over them.
//!
//! Debian's C programs and ours can be at either end. A connection has three channels: requests, answers, events. They
//! are ring buffers in shared memory or datagram sockets, as the server decides; the client need not know.
//!
//! Daemons use [`xml::XmlServer`] and [`xml::AsyncXmlClient`], tools [`xml::XmlClient`]. [`Server`], [`Client`] and
//! [`AsyncClient`] carry bytes. The services of the ring hold requests back ([`RequestFlow`]), send one event to many
//! ([`Server::post_all`]) and count ([`ConnectionStats`]).
//!
//! It knows no daemon's messages.

mod access;
mod address;
mod buffer;
mod client;
mod error;
mod id;
mod server;
mod shm;
mod watched;
pub mod xml;

pub use access::{Access, Allowed, Credentials};
pub use buffer::message_limit;
pub use client::{AsyncClient, Client, Priority};
pub use error::{CallError, ConnectError};
pub use id::ClientId;
pub use server::{
    Backlog, ConnectionStats, RequestFlow, Server, ServerEvent, ServerSettings, ServerStats,
};
pub use wire::qb::Transport;
