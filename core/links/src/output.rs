use std::{net::SocketAddr, time::Duration};

use machine::TimerToken;
use vocab::NodeId;

use crate::Timer;

/// The number of a link, 0 to 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u8);

/// A way to a node: one of our sockets and the address at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The link.
    pub link: LinkId,
    /// The address.
    pub to: SocketAddr,
}

/// Everything links can ask of the world, in the order in which it must be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send one packet to each of these addresses. No router may cut it up: sockets have to forbid it
    /// (`IP_PMTUDISC_PROBE`), and say with [`Input::TooBig`](crate::Input::TooBig) that a packet was too big.
    Transmit {
        /// The packet.
        packet: Vec<u8>,
        /// Where to.
        to: Vec<Address>,
    },
    /// A frame came in, authenticated if packets are sealed.
    Deliver {
        /// Who sent it.
        from: NodeId,
        /// The frame.
        frame: Vec<u8>,
    },
    /// A link to a node works, or works no longer.
    LinkChanged {
        /// To whom.
        node: NodeId,
        /// Which.
        link: LinkId,
        /// Whether it works.
        is_up: bool,
    },
    /// A node can be reached over some link, or over none any longer.
    NodeChanged {
        /// Who.
        node: NodeId,
        /// Whether.
        is_reachable: bool,
    },
    /// The greatest frame that fits one packet to every node changed.
    MtuChanged {
        /// Bytes of a frame.
        frame_bytes: usize,
    },
    /// Fire a timer.
    Arm {
        /// Which.
        timer: Timer,
        /// Goes with the firing.
        token: TimerToken,
        /// After how long.
        after: Duration,
    },
    /// Something that a person should know.
    Notice(Notice),
}

/// What a person should know; `Display` is the line for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Notice {
    /// A packet could not be trusted.
    #[error("packet from {from} on link {} dropped: {why}", link.0)]
    Refused {
        /// Over which link.
        link: LinkId,
        /// Where from.
        from: SocketAddr,
        /// Why.
        why: String,
    },
    /// The key cannot be used; nothing is sent or accepted with it.
    #[error("the key cannot be used: {0}")]
    Key(wire::knet::KeyError),
    /// Big packets vanish on a path.
    #[error(
        "packets of more than {bytes} bytes to node {node} vanish on link {} without any router saying so: \
         is the MTU of an interface on the way too small, or that of this node too big?", link.0
    )]
    PacketsVanish {
        /// To whom.
        node: NodeId,
        /// Over which link.
        link: LinkId,
        /// The greatest IP packet that gets through.
        bytes: usize,
    },
}
