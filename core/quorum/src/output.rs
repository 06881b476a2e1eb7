use std::time::Duration;

use machine::TimerToken;
use vocab::NodeId;
use wire::{
    corosync::{RingId, Status, quorum, votequorum},
    exec::{Outgoing, Service},
};

use crate::{ClientId, Notice, Timer};

/// Everything that a node's quorum asks of the world, in the order in which it must be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a message to all members, this node included, in agreed order. It has its envelope already.
    Multicast(Outgoing),
    /// The service has said what it had to say: the end of [`crate::Input::SyncProcess`].
    Synced(Service),
    /// Whether there is quorum was found out anew; also when nothing changed.
    View(View),
    /// Answer a client's request.
    Answer {
        /// Whose.
        client: ClientId,
        /// With what.
        answer: Answer,
    },
    /// Tell a client that follows changes.
    Event {
        /// Whom.
        client: ClientId,
        /// What.
        event: Event,
    },
    /// Put the number on disk, where the next start looks for it. Nothing waits for it.
    StoreExpectedVotes(u32),
    /// Fire a timer.
    Arm {
        /// Which.
        timer: Timer,
        /// Goes with the firing.
        token: TimerToken,
        /// After how long.
        after: Duration,
    },
    /// Put a value into the daemon's key-value map.
    Key(Key),
    /// Something that a person should know.
    Notice(Notice),
}

/// What the rest of the daemon has to know of quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Whether this partition may act.
    pub quorate: bool,
    /// The membership's number.
    pub ring: RingId,
    /// The members, ascending.
    pub members: Vec<NodeId>,
}

/// What a client gets for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// How it went.
    Status {
        /// The number of the answer's kind.
        id: i32,
        /// How.
        status: Status,
    },
    /// A number, which the answers of the service "quorum" carry.
    Number {
        /// The number of the answer's kind.
        id: i32,
        /// The number.
        number: u32,
    },
    /// What is known of a node.
    Info(Box<votequorum::Info>),
}

impl Answer {
    /// The message for the client.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Status { id, status } => wire::corosync::encode_status(*id, *status),
            Self::Number { id, number } => quorum::encode_number(*id, *number),
            Self::Info(info) => info.encode(),
        }
    }
}

/// What a client that follows changes is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// By the service "quorum".
    Quorum(quorum::Event),
    /// By the service "votequorum".
    Votes(votequorum::Event),
}

impl Event {
    /// The message for the client.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Quorum(event) => event.encode(),
            Self::Votes(event) => event.encode(),
        }
    }
}

/// A key of the daemon's map, and its new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The whole name, as in `runtime.votequorum.two_node`.
    pub name: &'static str,
    /// The value.
    pub value: KeyValue,
}

/// A value, in the type that Corosync gives the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyValue {
    /// 8 bits.
    U8(u8),
    /// 32 bits.
    U32(u32),
}
