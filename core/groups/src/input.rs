use vocab::NodeId;
use wire::{corosync::RingId, exec::Incoming};

/// Everything that can happen to a node's groups.
#[derive(Debug)]
pub enum Input<'a> {
    /// A client connected to the service "cpg" (number 2).
    Connected(ClientId),
    /// A client asks for something. Ask [`crate::Groups::admission`] before: this one takes everything.
    Request {
        /// Who.
        client: ClientId,
        /// The request with its header, as it came over the connection.
        message: &'a [u8],
    },
    /// A client's connection is gone, whoever ended it.
    Disconnected(ClientId),
    /// The ring delivered a message of this service, the local node's own included.
    Deliver {
        /// Who sent it.
        from: NodeId,
        /// The message with its envelope. It is taken over so that its bytes become the event for clients.
        message: Incoming,
    },
    /// A new membership: the service barrier begins (C: `sync_init`).
    SyncInit {
        /// Those of the old membership that came along together.
        transitional: &'a [NodeId],
        /// The new members, ascending.
        members: &'a [NodeId],
        /// The new membership's number.
        ring: RingId,
    },
    /// The turn of this service to synchronise (C: `sync_process`). [`crate::Output::Synced`] ends it.
    SyncProcess,
    /// This service is synchronised everywhere (C: `sync_activate`).
    SyncActivate,
    /// The membership changed again before synchronisation was through (C: `sync_abort`).
    SyncAbort,
    /// All services are synchronised everywhere: what was held back goes out.
    SyncCompleted,
}

/// One connection of one client. The daemon numbers them and never uses a number again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);
