use std::time::Duration;

use ipc::{CallError, ConnectError};

/// Why the ring could not be asked or does not answer.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The connection was lost: the ring's daemon has stopped or was killed.
    #[error("the connection to the ring was lost")]
    Lost,
    /// The local process is no longer in the group although it did not leave.
    #[error("evicted from group {group}")]
    Evicted {
        /// The group.
        group: String,
    },
    /// The ring's daemon refused a request.
    #[error("{request}: {status}")]
    Refused {
        /// What was asked.
        request: &'static str,
        /// The answer.
        status: wire::corosync::Status,
    },
    /// What came is not what the protocol says.
    #[error("{request}: malformed answer: {problem}")]
    Malformed {
        /// What was asked.
        request: &'static str,
        /// What is wrong with the answer.
        problem: String,
    },
    /// The ring takes no more messages and too many wait already.
    #[error("{waiting} messages wait for the ring, no more are taken")]
    QueueFull {
        /// How many wait.
        waiting: usize,
    },
    /// The message is bigger than a group's members take.
    #[error("a message of {bytes} bytes is over the limit of {limit}")]
    TooBig {
        /// Size of the message.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// No answer.
    #[error("{request}: no answer within {after:?}")]
    Timeout {
        /// What was asked.
        request: &'static str,
        /// How long the ring's daemon had.
        after: Duration,
    },
    /// The ring counts no votes, so that nobody may act.
    #[error("the ring has no quorum provider configured")]
    NoQuorumProvider,
    /// A name that is longer than the protocol allows.
    #[error("the name '{0}' is too long")]
    NameTooLong(String),
    /// Anything else that failed on the connection.
    #[error("{request}: {source}")]
    Call {
        /// What was asked.
        request: &'static str,
        /// What failed.
        source: CallError,
    },
}
