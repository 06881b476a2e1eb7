use std::net::SocketAddr;

use machine::TimerToken;
use vocab::NodeId;

use crate::{LinkId, Settings};

/// Everything that can happen to links.
#[derive(Debug)]
pub enum Input<'a> {
    /// From now on packets may be sent.
    Start,
    /// A packet came in.
    Packet {
        /// Over which link's socket.
        link: LinkId,
        /// Where from.
        from: SocketAddr,
        /// The packet.
        bytes: &'a [u8],
    },
    /// A frame is to be sent.
    Send {
        /// To whom.
        to: Destination,
        /// The frame.
        frame: &'a [u8],
    },
    /// The network says that nobody listens at an address. Anybody can say so: it only makes the link be tried at once.
    Unreachable {
        /// Over which link.
        link: LinkId,
        /// Who is not there.
        to: SocketAddr,
    },
    /// The network says that a packet was too big.
    TooBig {
        /// Over which link.
        link: LinkId,
        /// To whom.
        to: SocketAddr,
        /// The greatest size of an IP packet on that way, if known.
        mtu: Option<u32>,
    },
    /// A timer ran out.
    Fired {
        /// Which.
        timer: Timer,
        /// Which arming of it.
        token: TimerToken,
    },
    /// Settings changed at run time; links that stay the same are not interrupted. Changed keys are only accepted from now
    /// on, besides those in use: [`Input::Rekey`] follows when all nodes know them. The seed stays the old one.
    Reconfigure(Box<Settings>),
    /// A change of keys goes on.
    Rekey(Rekey),
}

/// The steps of a change of keys after all nodes have read the new ones. All nodes take a step before any takes the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rekey {
    /// Send with the new keys; the old ones are still accepted.
    Activate,
    /// Accept the old ones no longer.
    Retire,
}

/// Whom a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Every other node.
    All,
    /// One other node.
    Node(NodeId),
}

/// What links wait for. One timer each, however many links there are: idle nodes should sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Some link has to be asked or has not answered.
    Heartbeat,
    /// Packet sizes have to be tried.
    Mtu,
    /// Parts of frames whose other parts never came are thrown away.
    Reassembly,
}
