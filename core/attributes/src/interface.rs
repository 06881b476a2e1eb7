use std::{collections::BTreeMap, time::Duration};

use election::{Age, Ballot};
use machine::TimerToken;
use messages::attributes::{Envelope, QueryReply, Request, StatusUpdate};
use vocab::{FeatureSet, NodeId, NodeName};

use crate::Note;

/// What an attribute manager knows about itself.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The local node.
    pub node: NodeId,
    /// Its name.
    pub name: NodeName,
    /// What it understands; it counts in the election of the writer.
    pub feature_set: FeatureSet,
}

/// Stands for one request of one client; the shell makes it up and knows what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// The number of one write to the CIB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WriteId(pub u64);

/// The manager's timers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Peers had their time to vote.
    Election,
    /// The attribute of this name was held back long enough.
    Write(String),
}

/// Something that happened, and how old the local process was then, as elections count it.
#[derive(Clone, Debug)]
pub struct Input {
    /// The processor time that the process has used.
    pub age: Age,
    /// What happened.
    pub event: Event,
}

/// Everything that can happen to an attribute manager.
#[derive(Clone, Debug)]
pub enum Event {
    /// The attribute managers that are there now, as far as their names are known; the local one among them once it is.
    Members(BTreeMap<NodeId, NodeName>),
    /// A client asks something.
    Client {
        /// Goes back with the answer.
        ticket: Ticket,
        /// What it asks.
        request: Request,
        /// The user in whose name the CIB is to be changed; none for the cluster itself.
        user: Option<String>,
    },
    /// A message came over the ring, perhaps the local node's own.
    Peer {
        /// The node that sent it.
        from: NodeId,
        /// Its name.
        name: NodeName,
        /// What it says.
        envelope: Envelope,
    },
    /// A ballot in the election of the writer came, perhaps the local node's own.
    Ballot {
        /// The node that sent it.
        from: NodeId,
        /// What it says.
        ballot: Ballot,
    },
    /// A write has ended.
    Written {
        /// Which.
        write: WriteId,
        /// How; the error is for people.
        result: Result<(), String>,
    },
    /// The status section or the list of nodes in the CIB was replaced, and what was written may be gone.
    StatusReplaced,
    /// The local node leaves: nothing more is changed or won.
    Stop,
    /// A timer fired.
    Timer {
        /// Which.
        timer: Timer,
        /// Which arming.
        token: TimerToken,
    },
}

/// Everything that an attribute manager asks of the world.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Tell a client that its request was taken.
    Acknowledge(Ticket),
    /// Answer a client's query.
    Answer {
        /// Which request.
        ticket: Ticket,
        /// The answer.
        reply: QueryReply,
    },
    /// Send a message to one node, or to all including the local one, in agreed order.
    Send {
        /// The receiver; all if there is none.
        to: Option<(NodeId, NodeName)>,
        /// The message.
        envelope: Envelope,
    },
    /// Send a ballot likewise.
    SendBallot {
        /// The receiver; all if there is none.
        to: Option<(NodeId, NodeName)>,
        /// The ballot.
        ballot: Ballot,
    },
    /// Change the status section of the CIB. [`Event::Written`] must follow, whatever happens.
    Write {
        /// Goes back with the result.
        write: WriteId,
        /// The change.
        update: StatusUpdate,
        /// The user in whose name it is made.
        user: Option<String>,
    },
    /// Fire [`Event::Timer`] later.
    Arm {
        /// Which timer.
        timer: Timer,
        /// To be given back.
        token: TimerToken,
        /// When, from now.
        after: Duration,
    },
    /// For the log.
    Note(Note),
}
