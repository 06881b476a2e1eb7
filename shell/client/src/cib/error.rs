use std::{io, path::PathBuf, sync::Arc};

use messages::cib::{Failure, MessageError};
use vocab::ToolExit;
use xml::Element;

/// Why a call to the CIB failed.
#[derive(Debug, thiserror::Error)]
pub enum CibError {
    /// The operation was refused.
    #[error("{failure}")]
    Failed {
        /// Why.
        failure: Failure,
        /// What came along: after a refusal by the schema the CIB as it would have become, after a refused creation
        /// what was refused.
        output: Option<Arc<Element>>,
    },
    /// No connection to the CIB daemon.
    #[error("cannot connect to the CIB: {0}")]
    Connect(#[from] ipc::ConnectError),
    /// The connection broke; whether a change was made is not known.
    #[error("the connection to the CIB was lost: {0}")]
    Lost(ipc::CallError),
    /// The request is too large to be sent. Nothing happened, and the connection can be used for others.
    #[error("the request was not sent: {0}")]
    NotSent(ipc::CallError),
    /// What came back is no answer.
    #[error("the CIB's answer cannot be read: {0}")]
    Reply(#[from] MessageError),
    /// The answer is one to another call.
    #[error("the CIB answered call {answered} instead of {asked}")]
    Unexpected {
        /// The call that waits.
        asked: i32,
        /// The call that was answered.
        answered: i32,
    },
    /// The daemon of another host cannot be reached.
    #[error("cannot connect to the CIB of another host: {0}")]
    Unreachable(io::Error),
    /// The daemon of another host did not accept user or password.
    #[error("the other host does not let this user in")]
    NotLetIn,
    /// The connection to another host broke, or what came over it makes no sense; whether a change was made is not known.
    #[error("the connection to the CIB of another host was lost: {0}")]
    Remote(#[from] io::Error),
    /// A port that cannot be one, or another setting of the environment that makes no sense.
    #[error("{name}={value:?} makes no sense")]
    Setting {
        /// The environment variable.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// There can be no encryption.
    #[error(transparent)]
    Tls(#[from] crate::tls::TlsError),
    /// Not there yet.
    #[error("not implemented yet: {0}")]
    NotYet(&'static str),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not a CIB.
    #[error("{}: {problem}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A name of a shadow copy that cannot be one.
    #[error("'{0}' cannot be the name of a shadow copy")]
    ShadowName(String),
    /// A file or shadow copy takes part in no cluster.
    #[error("{0} needs a running cluster")]
    NeedsCluster(&'static str),
}

impl From<ipc::CallError> for CibError {
    fn from(error: ipc::CallError) -> Self {
        match error {
            ipc::CallError::TooBig { .. } => Self::NotSent(error),
            other => Self::Lost(other),
        }
    }
}

impl CibError {
    /// The failure that the daemon, or the file in its place, reported, or the one that comes closest.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Failed { failure, .. } => *failure,
            Self::Connect(_) => Failure::NotConnected,
            Self::Lost(ipc::CallError::Timeout(_)) => Failure::TimedOut,
            // Debian's library says so, too.
            Self::NotSent(_) | Self::Lost(_) => Failure::Communication,
            Self::Reply(_) => Failure::Protocol,
            Self::Unexpected { .. } => Failure::NoMessage,
            Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Failure::NotFound
            }
            Self::File { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Failure::AccessDenied
            }
            Self::File { .. } => Failure::FileSave,
            Self::Corrupt { .. } => Failure::FileCorrupt,
            Self::ShadowName(_) => Failure::Invalid,
            Self::NeedsCluster(_) | Self::NotYet(_) => Failure::NotSupported,
            Self::Unreachable(_) | Self::Tls(_) => Failure::NotConnected,
            Self::NotLetIn => Failure::AccessDenied,
            Self::Remote(error) if error.kind() == io::ErrorKind::TimedOut => Failure::TimedOut,
            Self::Remote(_) => Failure::Communication,
            Self::Setting { .. } => Failure::Invalid,
        }
    }

    /// The exit status with which a tool reports it.
    pub fn exit(&self) -> ToolExit {
        match self {
            Self::Lost(ipc::CallError::Lost) => ToolExit::Disconnect,
            Self::Corrupt { .. } => ToolExit::DataError,
            Self::NotYet(_) => ToolExit::UnimplementedFeature,
            Self::Remote(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                ToolExit::Disconnect
            }
            other => other.failure().exit(),
        }
    }
}
