use std::time::Duration;

use machine::TimerToken;
use messages::fencing::{Notice, PeerMessage, Reply};
use vocab::NodeName;

use crate::{ClientId, Note, RunId, Timer};

/// What the fencer asks of the world, in order.
#[derive(Debug)]
pub enum Output {
    /// Tell a client that it is registered, and its token.
    Welcome(ClientId, u64, String),
    /// Tell a client that its subscription was taken.
    Acknowledge(ClientId, u64),
    /// Answer a client's request.
    Answer(ClientId, u64, Box<Reply>),
    /// Tell a client something.
    Notify(ClientId, Box<Notice>),
    /// Send to the fencer of one node, or to all with `None`, this one included.
    Send(Option<NodeName>, Box<PeerMessage>),
    /// Find out what an agent can do; the answer is [`Input::Described`](crate::Input::Described).
    Describe(String),
    /// Run a fence agent; the answer is [`Input::Finished`](crate::Input::Finished).
    Run(Run),
    /// End a run and all its processes; [`Input::Finished`](crate::Input::Finished) still follows.
    Kill(RunId),
    /// Fire a timer after a while.
    Arm(Timer, TimerToken, Duration),
    /// Say something in the log.
    Note(Note),
}

/// A fence agent to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The number to answer with.
    pub run: RunId,
    /// The agent's name.
    pub agent: String,
    /// The device, for secrets.
    pub device: String,
    /// What the agent reads: name and value, by name.
    pub arguments: Vec<(String, String)>,
}
