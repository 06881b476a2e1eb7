//! The barrier that keeps services in step after each change of membership.
//!
//! All nodes tell each other which services they have. Then, service by service: each node lets it say what it has to say
//! to the others, and reports that it did; once the reports of all are there, the service puts what it heard into effect.
//! As all messages come in one order, all nodes do that at the same place in it.

mod barrier;

use std::sync::Arc;

use vocab::NodeId;
use wire::{
    WireError,
    corosync::RingId,
    exec::{Outgoing, Service},
};

pub use barrier::Barrier;

/// What a barrier has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The services to keep in step, in any order. The C daemon has [`Service::Cmap`], [`Service::Cpg`],
    /// [`Service::Quorum`] and, with `quorum.provider: corosync_votequorum`, [`Service::Votequorum`].
    pub services: Vec<Service>,
}

/// Everything that can happen to a barrier.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// The ring's transitional configuration.
    Transitional {
        /// Those of the old membership that go on together.
        members: &'a [NodeId],
    },
    /// The ring's regular configuration.
    Regular {
        /// Its number.
        ring: RingId,
        /// Who is in it, ascending.
        members: &'a [NodeId],
    },
    /// The ring delivered a message on the channel [`wire::exec::Channel::Sync`], the local node's own included.
    Deliver {
        /// Who sent it.
        from: NodeId,
        /// The message from its header on.
        message: &'a [u8],
    },
    /// The service whose turn it is has said all it has to say.
    Synced(Service),
}

/// Everything a barrier asks of the world, in the order in which it must be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a message to all members, this node included, in agreed order. It has its envelope already.
    Multicast(Outgoing),
    /// A new membership: tell the service (C: `sync_init`).
    Init {
        /// Which service.
        service: Service,
        /// Those of the last membership that came along together, and are members.
        transitional: Arc<[NodeId]>,
        /// The new members, ascending.
        members: Arc<[NodeId]>,
        /// The new membership's number.
        ring: RingId,
    },
    /// Let the service say what it has to say (C: `sync_process`), then give back [`Input::Synced`], at once or later.
    Process(Service),
    /// All nodes are through with the service: tell it (C: `sync_activate`).
    Activate(Service),
    /// The membership changed again while the service had its turn: tell it (C: `sync_abort`).
    Abort(Service),
    /// All services are through: clients are served again, and the ring may send what it had queued before
    /// the change.
    Completed,
    /// Something that a person should know.
    Notice(Notice),
}

/// What a person should know; `Display` is the line for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Notice {
    /// All services are through.
    #[error("Completed service synchronization, ready to provide service.")]
    Completed,
    /// A message that cannot be read. It was dropped.
    #[error("dropped a synchronization message of node {node} that cannot be read: {error}")]
    Malformed {
        /// The sender.
        node: NodeId,
        /// What is wrong with it.
        error: WireError,
    },
    /// A message of a node that is not in the membership it is about. It was dropped.
    #[error("dropped a synchronization message of node {node}, which is no member")]
    Stranger {
        /// The sender.
        node: NodeId,
    },
    /// A report that comes before or after its time. It was dropped.
    #[error("dropped a synchronization message of node {node} out of turn")]
    OutOfTurn {
        /// The sender.
        node: NodeId,
    },
}
