use std::sync::Arc;

use machine::TimerToken;
use messages::cib::{ClientMessage, Notification, PeerMessage, Registered, Reply};
use std::time::Duration;
use vocab::{NodeId, NodeName, ToolExit};
use xml::Element;

use super::Note;
use crate::Version;

/// One client's connection, never used again for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientKey(pub u64);

/// What an answer to a client refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The transport's number of the message.
    pub number: i32,
    /// Whether the client waits for an answer.
    pub waits: bool,
}

/// What a connection may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading.
    ReadOnly,
    /// Everything.
    ReadWrite,
}

/// Everything that can happen to a replica.
#[derive(Clone, Debug)]
pub enum Input {
    /// A client has connected.
    Connected {
        /// The connection.
        client: ClientKey,
        /// A text that no other client of any node has.
        token: String,
        /// The user it runs as.
        user: String,
        /// Its name until it says one.
        name: String,
        /// What the connection is for.
        access: Access,
    },
    /// A client has gone.
    Disconnected {
        /// The connection.
        client: ClientKey,
    },
    /// A client sent something.
    Client {
        /// The connection.
        client: ClientKey,
        /// What the answer refers to.
        call: Call,
        /// What it sent.
        message: ClientMessage,
    },
    /// A daemon of the group, perhaps this one, sent something. All get the same messages in the same order.
    Peer {
        /// The sender.
        from: NodeName,
        /// What it sent.
        message: PeerMessage,
    },
    /// The group's members changed.
    Members(Vec<NodeId>),
    /// A timer that was asked for is due.
    Timer {
        /// Which.
        timer: Timer,
        /// Which arming of it.
        token: TimerToken,
    },
    /// A CIB that was to be stored is on disk, or could not be stored.
    Stored {
        /// The CIB's version.
        version: Version,
        /// What went wrong.
        result: Result<(), String>,
    },
    /// The daemon is asked to end.
    Terminate,
}

/// The timers of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The CIB was quiet for a while: see whether all have the same.
    Compare,
    /// Nobody answers the farewell: leave anyway.
    Leave,
    /// The CIB could not be stored: try again.
    Store,
}

/// The answer to a client that waits.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It is registered.
    Registered(Registered),
    /// Its request was carried out or refused.
    Reply(Reply),
}

/// Everything a replica can ask of the world, in the order in which it must be done.
#[derive(Clone, Debug)]
pub enum Output {
    /// Answer a client that waits.
    Respond {
        /// The connection.
        client: ClientKey,
        /// What the answer refers to.
        call: Call,
        /// The answer.
        answer: Answer,
    },
    /// Tell a client that its message was taken, or why not.
    Acknowledge {
        /// The connection.
        client: ClientKey,
        /// What the answer refers to.
        call: Call,
        /// How it went.
        status: ToolExit,
    },
    /// Send a client that does not wait the reply to a request.
    Event {
        /// The connection.
        client: ClientKey,
        /// The reply.
        reply: Reply,
    },
    /// Send the same notification to several clients.
    Notify {
        /// The connections.
        clients: Vec<ClientKey>,
        /// The notification.
        notification: Notification,
    },
    /// Close a client's connection.
    Disconnect {
        /// The connection.
        client: ClientKey,
    },
    /// Send to all members of the group, this one included.
    Broadcast(PeerMessage),
    /// Send to one node.
    Send {
        /// The node.
        to: NodeName,
        /// The message.
        message: PeerMessage,
    },
    /// Put this CIB on disk; [`Input::Stored`] is to follow. A later one makes an earlier one that waits superfluous.
    Store(Arc<Element>),
    /// Arm a timer.
    Arm {
        /// Which.
        timer: Timer,
        /// To be given back when it is due.
        token: TimerToken,
        /// How long from now.
        after: Duration,
    },
    /// Something worth logging.
    Note(Note),
    /// End the daemon, once what is to be stored is stored.
    Exit(ToolExit),
}
