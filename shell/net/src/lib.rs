//! The network as the ring needs it: sockets for its packets, the addresses of this host, names as addresses.
//!
//! [`Sockets`] holds one socket, or three for multicast, under each [`SocketId`]. [`Sockets::receive`] waits and fills a
//! [`Batch`] that the caller owns, so that packets can be answered with [`Sockets::send`] while they are being looked at:
//!
//! ```no_run
//! # async fn example(mut sockets: net::Sockets) {
//! let mut batch = net::Batch::new();
//! loop {
//!     sockets.receive(&mut batch).await;
//!     for packet in batch.packets() {
//!         sockets.send(packet.bytes, [(packet.socket, packet.from)]);
//!     }
//!     for failure in batch.failures() {
//!         println!("{failure:?}");
//!     }
//! }
//! # }
//! ```
//!
//! Nothing blocks: what the kernel has no room for waits in a queue that has a limit, names are looked up on a thread of
//! their own ([`Resolver`]). Which addresses the host has comes from [`local_addresses`]; [`AddressWatch`] says when that
//! changed.
//!
//! It knows neither links nor frames.

mod address;
mod batch;
mod error;
mod last_words;
mod message;
mod options;
mod outgoing;
mod resolve;
mod settings;
mod socket;
mod sockets;
mod watch;

pub use address::{LocalAddress, host_name, interface_for, local_addresses};
pub use batch::{Batch, Failure, Packet};
pub use error::NetError;
pub use last_words::{LastWords, Saying, Words, say_last_words};
pub use resolve::{Answer, IpVersion, ResolveError, Resolver, resolve_now};
pub use settings::{Purpose, SocketId, SocketSettings};
pub use socket::Counters;
pub use sockets::Sockets;
pub use watch::AddressWatch;
