use std::net::{IpAddr, SocketAddr};

/// The number that the caller gives to a socket: that of the link it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u8);

/// What a socket is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketSettings {
    /// This node's address on the link and the port that the other nodes send to.
    pub local: SocketAddr,
    /// What it is for.
    pub purpose: Purpose,
    /// The class of traffic in the IP header (`totem.ip_dscp`), 0 to 63; 0 leaves it as Corosync has it by default.
    pub dscp: u8,
}

/// Kinds of sockets, after the transports that Corosync has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// One of knet's links. Packets are never fragmented; what the network reports comes as [`crate::Failure`]. The address
    /// need not exist: it may come and go.
    Link,
    /// `transport: udpu`: every packet goes to one address, from the port that the others send to. Receivers look at the
    /// address only, not at the port, so that one socket can do what Corosync has several for.
    Unicast,
    /// `transport: udp`: packets for all go to a multicast group, from the port below the one in the settings, as do those
    /// for one node. What this node sends to the group does not come back to it.
    Multicast {
        /// The group; its port is that of the settings.
        group: IpAddr,
        /// How many routers a packet may pass.
        ttl: u8,
    },
    /// As [`Self::Multicast`], but to 255.255.255.255.
    Broadcast,
}
