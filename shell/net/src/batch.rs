use std::{fmt, net::SocketAddr};

use crate::{SocketId, message::ReceiveSlots};

/// Packets that are taken in one go.
const PACKETS: usize = 32;

/// What [`crate::Sockets::receive`] has found; the memory is used again each time.
pub struct Batch {
    pub(crate) slots: ReceiveSlots,
    pub(crate) received: Vec<Received>,
    pub(crate) failures: Vec<Failure>,
}

/// One packet's place in the slots.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received {
    pub(crate) socket: SocketId,
    pub(crate) from: SocketAddr,
    pub(crate) slot: usize,
    pub(crate) length: usize,
}

/// A packet that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Over which socket.
    pub socket: SocketId,
    /// Where from. Nothing proves it.
    pub from: SocketAddr,
    /// The packet.
    pub bytes: &'a [u8],
}

/// Something that the network says about packets that were sent. Anybody on the way can say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody listens at an address, or there is no way to it.
    Unreachable {
        /// Over which socket.
        socket: SocketId,
        /// The address.
        to: SocketAddr,
    },
    /// A packet was too big.
    TooBig {
        /// Over which socket.
        socket: SocketId,
        /// To whom.
        to: SocketAddr,
        /// Bytes of the greatest IP packet on that way, if known.
        mtu: Option<u32>,
    },
}

impl Batch {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            slots: ReceiveSlots::new(PACKETS),
            received: Vec::with_capacity(PACKETS),
            failures: Vec::new(),
        }
    }

    /// The packets that came, those of one socket in their order.
    pub fn packets(&self) -> impl Iterator<Item = Packet<'_>> {
        self.received.iter().map(|one| Packet {
            socket: one.socket,
            from: one.from,
            bytes: self.slots.bytes(one.slot, one.length),
        })
    }

    /// What the network said about packets sent earlier.
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    pub(crate) fn clear(&mut self) {
        self.received.clear();
        self.failures.clear();
    }

    /// Packets that there is still room for.
    pub(crate) fn room(&self) -> usize {
        PACKETS - self.received.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.received.is_empty() && self.failures.is_empty()
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({} packets, {:?})", self.received.len(), self.failures)
    }
}
