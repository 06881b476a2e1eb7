use machine::TimerToken;
use vocab::NodeId;

use crate::Settings;

/// Everything that can happen to a ring.
#[derive(Debug)]
pub enum Input<'a> {
    /// The node takes part from now on.
    Start {
        /// The highest ring sequence number that this node ever stored; 0 if none.
        stored_ring_sequence: u64,
    },
    /// A frame came in, authenticated if the transport does so. Frames to this node itself come here too.
    Frame(&'a [u8]),
    /// A timer ran out.
    Fired {
        /// Which.
        timer: Timer,
        /// Which arming of it.
        token: TimerToken,
    },
    /// The number asked for with [`crate::Output::StoreRingSequence`] is on disk.
    RingSequenceStored(u64),
    /// A message for all members, this node included. There has to be room: see [`crate::Ring::has_room_for`].
    Multicast {
        /// The message.
        message: Vec<u8>,
        /// Its order. `Safe` messages are delivered like `Agreed` ones, as Corosync does.
        guarantee: Guarantee,
    },
    /// The transport has reason to think that a member is gone: form the ring anew now instead of waiting for the token.
    /// Ignored about who is no member.
    Suspect {
        /// Who.
        node: NodeId,
        /// What was seen.
        why: Suspicion,
    },
    /// The daemon begins to synchronise its services. To be said at once when a regular configuration is told, before any
    /// other input: from then on what was given earlier waits, and what is given goes first. Who never says so loses
    /// nothing but that order.
    SynchronizationBegan,
    /// The services are synchronised: what waited goes on.
    SynchronizationEnded,
    /// Form the ring anew, because an operator says so.
    GatherNow,
    /// The node leaves: says so to the others and takes part no longer.
    Leave,
    /// Settings changed at run time.
    Reconfigure(Settings),
}

/// Why a member may be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Suspicion {
    /// No link to it answers.
    #[error("no link to it answers")]
    Unreachable,
    /// Its host says that its daemon is gone.
    #[error("its daemon is gone")]
    Gone,
}

/// In which order a message comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Guarantee {
    /// In one order everywhere.
    #[default]
    Agreed,
    /// In one order everywhere, once everybody has it.
    Safe,
}

/// What a ring waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The token counts as lost.
    TokenLost,
    /// The token is late.
    TokenLate,
    /// The token that was passed on is sent again.
    TokenRetransmit,
    /// The token that was held goes on.
    TokenHold,
    /// No heartbeat came.
    Heartbeat,
    /// The join message is sent again.
    Join,
    /// The join message that was held back goes out.
    JoinDelayed,
    /// No agreement was reached.
    Consensus,
    /// It is time to look for other rings.
    Merge,
}
