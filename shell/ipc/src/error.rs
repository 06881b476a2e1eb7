use std::{io, time::Duration};

/// Why a connection to a server could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody listens under that name.
    #[error("{name} is not running")]
    NotRunning {
        /// The server's name.
        name: String,
    },
    /// The server does not want this user.
    #[error("{name} refused the connection: permission denied")]
    Denied {
        /// The server's name.
        name: String,
    },
    /// The server is there but not ready; try again.
    #[error("{name} is not ready for connections")]
    NotReady {
        /// The server's name.
        name: String,
    },
    /// Who listens under that name is neither root nor the cluster's user.
    #[error("{name} is served by an unauthorized process (pid {pid}, uid {uid})")]
    NotAuthentic {
        /// The server's name.
        name: String,
        /// The process that listens.
        pid: u32,
        /// Its user.
        uid: u32,
    },
    /// The server did not finish the handshake in time.
    #[error("{name} did not answer within {after:?}")]
    Timeout {
        /// The server's name.
        name: String,
        /// How long it had.
        after: Duration,
    },
    /// The server's part of the handshake makes no sense.
    #[error("{name} broke the protocol: {problem}")]
    Protocol {
        /// The server's name.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// The operating system refused something.
    #[error("cannot connect to {name}: {source}")]
    System {
        /// The server's name.
        name: String,
        /// What it said.
        source: io::Error,
    },
}

/// Why a message could not be exchanged over a connection that was made.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The server has gone.
    #[error("the connection was lost")]
    Lost,
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The server takes no more just now; try again.
    #[error("the server takes no more messages just now")]
    Busy,
    /// The message does not fit into the connection's buffers, even compressed.
    #[error(
        "a message of {bytes} bytes does not fit into the limit of {limit} (see PCMK_ipc_buffer)"
    )]
    TooBig {
        /// Size of the message.
        bytes: usize,
        /// The most that fits.
        limit: usize,
    },
    /// What came is not what the protocol says.
    #[error("malformed message: {0}")]
    Malformed(String),
    /// The operating system refused something.
    #[error(transparent)]
    System(#[from] io::Error),
}
