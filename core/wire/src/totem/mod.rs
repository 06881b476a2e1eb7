//! What the nodes of a ring send each other: Totem's frames and the packets of messages in them, as Corosync 3 has them.
//!
//! Fields stand one behind the other without gaps, in the sender's byte order; the first field of a frame tells which that
//! is. Frames are written in the host's order and read in both.

mod commit;
mod fields;
mod header;
mod join;
mod multicast;
mod packet;
mod probe;
mod token;
mod witness;

pub use commit::{CommitEntry, CommitToken};
pub use fields::ByteOrder;
pub use header::{Encapsulation, HEADER_SIZE, Header, Kind};
pub use join::{Join, LEAVING};
pub use multicast::{MULTICAST_HEADER_SIZE, Multicast, MulticastHeader};
pub use packet::{PACKET_HEADER_SIZE, Packet, PacketHeader, write_packet};
pub use probe::{HoldCancel, MergeDetect};
pub use token::{RETRANSMIT_MAX, Retransmit, Token};
pub use witness::{Condition, Witness};

use crate::WireError;

/// The most nodes that a ring, and so a list in a frame, may have.
pub const NODES_MAX: usize = 384;
/// Bytes of the biggest frame.
pub const FRAME_MAX: usize = 65_536;

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// The right to send, which goes round.
    Token(Token),
    /// A packet of messages with its number.
    Multicast(Multicast<'a>),
    /// A ring makes itself known to others.
    MergeDetect(MergeDetect),
    /// Whom a node wants in the next ring.
    Join(Join),
    /// What the members of the next ring have of their last one.
    CommitToken(CommitToken),
    /// Somebody has something to send: the token may not be kept.
    HoldCancel(HoldCancel),
}

impl<'a> Frame<'a> {
    /// Reads a frame. Bytes behind its end are ignored, as Corosync does; only of a multicast they are the packet.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (header, mut fields) = Header::decode(bytes)?;
        Ok(match header.kind {
            Kind::Token => Self::Token(Token::read(header, &mut fields)?),
            Kind::Multicast => Self::Multicast(Multicast::read(header, bytes, &mut fields)?),
            Kind::MergeDetect => Self::MergeDetect(MergeDetect::read(header, &mut fields)?),
            Kind::Join => Self::Join(Join::read(header, &mut fields)?),
            Kind::CommitToken => Self::CommitToken(CommitToken::read(header, &mut fields)?),
            Kind::HoldCancel => Self::HoldCancel(HoldCancel::read(header, &mut fields)?),
        })
    }
}

#[cfg(all(test, target_endian = "little"))]
mod captured;
#[cfg(test)]
mod testing;
