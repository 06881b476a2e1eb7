use std::fmt;

use messages::fencing::{FenceOutcome, MessageError};
use vocab::NodeName;

use crate::ClientId;

/// Something worth a line in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A client asked for something it may not ask for.
    Denied(ClientId, &'static str),
    /// A client sent something that makes no sense.
    BadRequest(ClientId, MessageError),
    /// A device became known; with the number of devices.
    DeviceAdded(String, usize),
    /// A device was forgotten; with the number of devices.
    DeviceRemoved(String, usize),
    /// A fencing begins.
    Requested {
        /// The target.
        target: String,
        /// What to do to it.
        action: String,
        /// Who wants it.
        client: String,
    },
    /// The same fencing is under way.
    Merged {
        /// The target.
        target: String,
        /// What to do to it.
        action: String,
    },
    /// Somebody is asked to carry it out.
    Asked {
        /// Who.
        peer: NodeName,
        /// The target.
        target: String,
        /// What to do to it.
        action: String,
        /// With which device.
        device: Option<String>,
    },
    /// A fencing waits for its delay.
    Delayed {
        /// The target.
        target: String,
        /// The device.
        device: String,
        /// Seconds.
        seconds: u64,
    },
    /// An agent was run.
    Ran {
        /// The device.
        device: String,
        /// What was done.
        action: String,
        /// To whom.
        target: Option<String>,
        /// How it went.
        outcome: FenceOutcome,
    },
    /// A fencing has ended.
    Finished {
        /// The target.
        target: String,
        /// What was done to it.
        action: String,
        /// Who did it.
        delegate: Option<String>,
        /// Who wanted it.
        client: String,
        /// How it went.
        outcome: FenceOutcome,
    },
    /// An agent does not say what it can do.
    NotDescribed(String),
}

impl Note {
    /// Whether an administrator should see it without asking for details.
    pub fn is_notable(&self) -> bool {
        !matches!(self, Self::Ran { target: None, outcome, .. } if outcome.is_success())
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = |outcome: &FenceOutcome| match &outcome.reason {
            Some(reason) => format!("{} (exit status {}: {reason})", outcome.status, outcome.exit),
            None => format!("{} (exit status {})", outcome.status, outcome.exit),
        };
        match self {
            Self::Denied(client, request) => {
                write!(f, "client {} may not ask for {request}", client.0)
            }
            Self::BadRequest(client, error) => {
                write!(f, "refusing a request of client {}: {error}", client.0)
            }
            Self::DeviceAdded(id, count) => write!(f, "added device {id} ({count} known)"),
            Self::DeviceRemoved(id, count) => write!(f, "removed device {id} ({count} known)"),
            Self::Requested { target, action, client } => {
                write!(f, "fencing ({action}) of {target} requested by {client}")
            }
            Self::Merged { target, action } => {
                write!(f, "fencing ({action}) of {target} is under way: merged")
            }
            Self::Asked { peer, target, action, device } => {
                let device = device.as_deref().unwrap_or("any device");
                write!(f, "asking {peer} to fence ({action}) {target} with {device}")
            }
            Self::Delayed { target, device, seconds } => {
                write!(f, "fencing of {target} with {device} waits {seconds}s")
            }
            Self::Ran { device, action, target, outcome } => {
                let target = target.as_deref().unwrap_or("no node");
                write!(f, "{action} of {target} with {device}: {}", result(outcome))
            }
            Self::Finished { target, action, delegate, client, outcome } => {
                let delegate = delegate.as_deref().unwrap_or("nobody");
                write!(
                    f,
                    "fencing ({action}) of {target} by {delegate} for {client}: {}",
                    result(outcome)
                )
            }
            Self::NotDescribed(agent) => write!(f, "{agent} does not say what it can do"),
        }
    }
}
