//! What kronosnet's library (libknet) puts on the wire: packets of version 1, how they are sealed and compressed.
//!
//! A UDP datagram is either a packet as it is or a packet in a [`Seal`].

#[cfg(test)]
mod captured;
mod compression;
mod packet;
mod salt;
mod seal;

pub use compression::CompressionModel;
pub use packet::{Body, Data, Heartbeat, Packet, Part, Probe, Stamp};
pub use salt::{SALT_SIZE, Salts};
pub use seal::{Cipher, Hash, KEY_MAX, KEY_MIN, KeyError, OpenError, Seal};

/// The most bytes of one frame, before it is cut into parts and compressed.
pub const FRAME_MAX: usize = 65_536;
/// The most parts that a frame is cut into.
pub const PARTS_MAX: usize = 255;
/// What libknet reserves for its header when it computes how much fits a packet; the header of data is shorter.
pub const HEADER_RESERVE: usize = 26;
/// The size of the header of a packet with data.
pub const DATA_HEADER_SIZE: usize = 14;
