use std::time::Duration;

use ipc::{CallError, ConnectError};
use wire::corosync::Status;

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
        status: Status,
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

/// What is too big for a message.
const TOO_BIG: Status = Status(26);

impl RingError {
    /// What the original's library would say: its tools show these.
    pub const fn status(&self) -> Status {
        match self {
            Self::Refused { status, .. } => *status,
            Self::Connect(ConnectError::Denied { .. } | ConnectError::NotAuthentic { .. }) => {
                Status::ACCESS
            }
            Self::Connect(ConnectError::NotReady { .. })
            | Self::QueueFull { .. }
            | Self::Call { source: CallError::Busy, .. } => Status::TRY_AGAIN,
            Self::Connect(ConnectError::Timeout { .. })
            | Self::Timeout { .. }
            | Self::Call { source: CallError::Timeout(_), .. } => Status::TIMEOUT,
            Self::TooBig { .. } | Self::Call { source: CallError::TooBig { .. }, .. } => TOO_BIG,
            Self::NameTooLong(_) => Status::NAME_TOO_LONG,
            Self::NoQuorumProvider => Status::NOT_EXIST,
            Self::Connect(_)
            | Self::Lost
            | Self::Evicted { .. }
            | Self::Malformed { .. }
            | Self::Call { .. } => Status::LIBRARY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_have_the_numbers_of_the_originals_library() {
        let not_running = ConnectError::NotRunning { name: "cmap".to_owned() };
        assert_eq!(RingError::from(not_running).status(), Status::LIBRARY);
        let refused = RingError::Refused { request: "get", status: Status::NOT_EXIST };
        assert_eq!(refused.status(), Status::NOT_EXIST);
        assert_eq!(RingError::NameTooLong(String::new()).status(), Status(13));
        assert_eq!(RingError::TooBig { bytes: 2, limit: 1 }.status().to_string(), "CS_ERR_TOO_BIG");
    }
}
