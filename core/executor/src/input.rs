use machine::TimerToken;
use messages::executor::{Message, RequestError};
use vocab::Timestamp;

use crate::{Ended, FenceEnd};

/// A connection to a client, as the shell numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

/// One run of one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

/// What can happen to the executor.
#[derive(Debug)]
pub enum Input {
    /// What time it is. The executor counts on from there; the shell says it anew whenever it likes.
    WallClock(Timestamp),
    /// A client connected.
    Connected {
        /// The client.
        client: ClientId,
        /// Whether it runs as root or as the cluster's own user.
        privileged: bool,
        /// The token to give it when it registers; unguessable is not needed, unique is.
        token: String,
    },
    /// A client is gone.
    Disconnected(ClientId),
    /// A client asked for something, or tried to.
    Request {
        /// The client.
        client: ClientId,
        /// What it sent.
        message: Result<Message, RequestError>,
    },
    /// An agent that was run ended, or could not be started.
    Finished {
        /// Which run.
        run: RunId,
        /// How it ended.
        ended: Ended,
    },
    /// The fencer answered for a fence device.
    FenceFinished {
        /// Which run.
        run: RunId,
        /// What it said.
        end: FenceEnd,
    },
    /// The connection to the fencer broke: what it knows of our devices is no longer known.
    FencerLost,
    /// A timer fired.
    Timer(Timer, TimerToken),
    /// The process was asked to end.
    Terminate,
}

/// The executor's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The start delay of an operation is over, or its interval.
    Due(u64),
    /// A run has had all its time.
    Expired(RunId),
    /// A run that was told to end has not.
    Overstayed(RunId),
    /// A run that was killed has not ended.
    Undead(RunId),
    /// Alerts have had all the time they get at the end.
    Shutdown,
}
