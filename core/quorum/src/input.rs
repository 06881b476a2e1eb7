use machine::TimerToken;
use vocab::NodeId;
use wire::{
    corosync::{RingId, quorum, votequorum},
    exec::Service,
};

use crate::Settings;

/// Everything that can happen to a node's quorum.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// The node takes part from now on. Must be the first, before anything is delivered.
    Start {
        /// What the last [`crate::Output::StoreExpectedVotes`] of an earlier run put on disk; 0 if there is nothing.
        tracked_expected_votes: u32,
    },
    /// A new membership: the barrier between services begins (C: `sync_init`). What is said of another service than
    /// `Quorum` and `Votequorum`, here and in the other three, is answered with [`crate::Output::Synced`] at most.
    SyncInit {
        /// Which of the two services.
        service: Service,
        /// Those of the last membership that came along together.
        transitional: &'a [NodeId],
        /// The new members, ascending.
        members: &'a [NodeId],
        /// The new membership's number.
        ring: RingId,
    },
    /// The turn of the service to say what it has to say (C: `sync_process`). [`crate::Output::Synced`] ends it, at once
    /// or, while a quorum device is waited for, later.
    SyncProcess(Service),
    /// All nodes are through with the service (C: `sync_activate`).
    SyncActivate(Service),
    /// The membership changed again during the service's turn; another [`Input::SyncInit`] follows (C: `sync_abort`).
    SyncAbort(Service),
    /// The ring delivered a message of the service `Votequorum`, the local node's own included. One in the other byte
    /// order has no business here.
    Deliver {
        /// Who sent it.
        from: NodeId,
        /// The message, from its header on.
        message: &'a [u8],
    },
    /// A client asks for something. Devices poll while services synchronise: neither service's clients may be made to wait
    /// for the end of that.
    Request {
        /// Which connection.
        client: ClientId,
        /// What.
        request: Request,
    },
    /// A client's connection is gone.
    Disconnected(ClientId),
    /// A timer ran out.
    Fired {
        /// Which.
        timer: Timer,
        /// Which arming of it.
        token: TimerToken,
    },
    /// The sections `quorum` and `nodelist` changed at run time. What may change at run time is taken over.
    Reload(Settings),
    /// Somebody set the key `quorum.cancel_wait_for_all`: go on without nodes that never came.
    CancelWaitForAll,
    /// The daemon stops in good order: the last chance to say so to the others.
    Shutdown,
}

/// One connection of one client to one of the two services. The daemon numbers them, over both services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

/// What a client asks for, by the service that it is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Of the service "quorum" (number 3).
    Quorum(quorum::Request),
    /// Of the service "votequorum" (number 5).
    Votes(votequorum::Request),
}

/// What quorum waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The quorum device did not poll in time.
    Device,
    /// A smaller membership has lasted long enough to count as the whole (`quorum.last_man_standing_window`).
    LastManStanding,
}
