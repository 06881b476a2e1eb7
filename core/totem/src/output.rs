use std::time::Duration;

use machine::TimerToken;
use vocab::NodeId;
use wire::corosync::RingId;

use crate::{Notice, Timer};

/// Everything a ring can ask of the world, in the order in which it must be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a frame to one node. To this node itself: give it back as [`crate::Input::Frame`], after the other outputs.
    Send {
        /// To whom.
        to: NodeId,
        /// The frame.
        frame: Vec<u8>,
    },
    /// Send a frame to every other node, members or not.
    Broadcast(Vec<u8>),
    /// Fire a timer.
    Arm {
        /// Which.
        timer: Timer,
        /// Goes with the firing.
        token: TimerToken,
        /// After how long.
        after: Duration,
    },
    /// Put the number on disk, then say [`crate::Input::RingSequenceStored`]. Nothing that depends on it goes out before.
    StoreRingSequence(u64),
    /// The next message in the order.
    Deliver {
        /// Who sent it.
        from: NodeId,
        /// What was sent.
        message: Vec<u8>,
        /// Whether its sender has the other byte order, so that numbers in the message have to be turned.
        swapped: bool,
    },
    /// The membership changed. What is delivered afterwards belongs to the new one.
    Configuration(Configuration),
    /// Something that a person should know.
    Notice(Notice),
}

/// A membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// Which of the two that every change brings.
    pub kind: ConfigurationKind,
    /// The ring's number.
    pub ring: RingId,
    /// Who is in it, ascending.
    pub members: Vec<NodeId>,
    /// Who is new, ascending. Told with the regular configuration; a node that starts is new itself.
    pub joined: Vec<NodeId>,
    /// Who is gone, ascending. Told with the transitional configuration.
    pub left: Vec<NodeId>,
}

/// Every change of membership is told twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigurationKind {
    /// Those of the old membership that go on together: what comes before the next regular one was sent in the old.
    Transitional,
    /// The new membership.
    Regular,
}
