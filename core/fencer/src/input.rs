use machine::TimerToken;
use messages::fencing::{Message, MessageError, PeerMessage};
use vocab::{NodeName, Timestamp};

use crate::{Configuration, Traits};

/// A connection to a client, as the shell numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

/// One run of one fence agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

/// What does not change while the fencer runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The local node.
    pub local: NodeName,
    /// A random identifier in the usual form of 36 characters: what this process's operations are named after.
    pub instance: String,
    /// Where random delays begin.
    pub seed: u64,
}

/// What can happen to the fencer.
#[derive(Debug)]
pub enum Input {
    /// What time it is. The fencer counts on from there.
    WallClock(Timestamp),
    /// A client connected.
    Connected {
        /// The client.
        client: ClientId,
        /// Whether it runs as root or as the cluster's own user.
        privileged: bool,
        /// The process, for its name.
        pid: u32,
        /// The token to give it; unique among clients of all nodes.
        token: String,
    },
    /// A client is gone.
    Disconnected(ClientId),
    /// A client asked for something, or tried to.
    Request {
        /// The client.
        client: ClientId,
        /// What an answer refers to.
        ticket: u64,
        /// What it sent.
        message: Result<Box<Message>, MessageError>,
    },
    /// Another fencer, or this one, sent something to the group.
    Peer {
        /// The node it is on.
        from: NodeName,
        /// What it sent.
        message: PeerMessage,
    },
    /// The nodes whose fencers are there, this one among them.
    Members(Vec<NodeName>),
    /// What the CIB says about fencing, and whenever that changes.
    Configured(Box<Configuration>),
    /// An answer to [`crate::Output::Describe`].
    Described {
        /// The agent.
        agent: String,
        /// What it can do; `None` if it could not be asked.
        traits: Option<Traits>,
    },
    /// An agent that was run ended.
    Finished {
        /// Which run.
        run: RunId,
        /// How it ended.
        end: AgentEnd,
    },
    /// A timer fired.
    Timer(Timer, TimerToken),
}

/// How the run of a fence agent ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentEnd {
    /// By itself.
    Exited {
        /// Its exit status; 0 is success.
        status: i32,
        /// What it wrote to standard output.
        stdout: String,
        /// What it wrote to standard error.
        stderr: String,
    },
    /// By a signal.
    Killed,
    /// It is not installed.
    NotInstalled(String),
    /// A secret that it needs could not be read.
    NoSecrets(String),
    /// It could not be started.
    NotStarted(String),
}

/// The fencer's timers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// A command may begin.
    Delay(u64),
    /// A run has had all its time.
    Expired(RunId),
    /// Peers have had enough time to answer the query of an operation.
    Query(String),
    /// The peer that carries out an operation has had enough time.
    Attempt(String),
    /// An operation has had enough time in all.
    Total(String),
    /// An agent may be asked anew what it can do.
    Describe(String),
}
