//! What it means for the user that the fencer did not do something.

use client::fencer::FencerError;
use messages::fencing::FenceOutcome;
use vocab::{ExecStatus, ToolExit};

/// A failure in the words and with the exit status of the original.
pub(super) struct Failure {
    /// What kind of failure it is.
    pub(super) text: &'static str,
    /// Its number, which is that of the system's error of the same words, or Pacemaker's own.
    number: i32,
    /// Why it failed, if more is known.
    pub(super) reason: Option<String>,
    /// How the tool ends.
    pub(super) exit: ToolExit,
}

impl Failure {
    const fn new(text: &'static str, number: i32, exit: ToolExit) -> Self {
        Self { text, number, reason: None, exit }
    }

    /// There is no fencer to ask.
    pub(super) const fn not_connected() -> Self {
        Self::new("Transport endpoint is not connected", 107, ToolExit::Disconnect)
    }

    /// The failure with its reason in brackets.
    pub(super) fn with_reason(&self) -> String {
        match &self.reason {
            Some(reason) if reason != self.text => format!("{} ({reason})", self.text),
            _ => self.text.to_owned(),
        }
    }
}

impl From<FencerError> for Failure {
    fn from(error: FencerError) -> Self {
        let said = error.to_string();
        let failure = match error {
            FencerError::Failed(outcome) => return of(*outcome),
            FencerError::Connect(_) | FencerError::Lost(_) => Self::not_connected(),
            FencerError::Reply(_) | FencerError::NotRegistered | FencerError::Unexpected => {
                Self::new("Protocol error", 71, ToolExit::Protocol)
            }
        };
        Self { reason: Some(said), ..failure }
    }
}

/// What an outcome that is no success comes to.
pub(super) fn of(outcome: FenceOutcome) -> Failure {
    let invalid = |exit: i32| match ToolExit::from_code(exit) {
        Some(ToolExit::InvalidParameter) => {
            Some(Failure::new("Invalid argument", 22, ToolExit::Software))
        }
        Some(ToolExit::InsufficientPrivileges) => {
            Some(Failure::new("Permission denied", 13, ToolExit::InsufficientPrivileges))
        }
        Some(ToolExit::Protocol) => Some(Failure::new("Protocol error", 71, ToolExit::Protocol)),
        // A fencing of before the fencer was started anew.
        Some(ToolExit::Expired) => Some(Failure::new("No route to host", 113, ToolExit::Error)),
        _ => None,
    };
    let known = match outcome.status {
        ExecStatus::Cancelled => Some(Failure::new("Operation canceled", 125, ToolExit::Error)),
        ExecStatus::TimedOut => Some(Failure::new("Timer expired", 62, ToolExit::Timeout)),
        ExecStatus::NotInstalled => {
            Some(Failure::new("No such file or directory", 2, ToolExit::NoSuch))
        }
        ExecStatus::NotSupported => {
            Some(Failure::new("Operation not supported", 95, ToolExit::UnimplementedFeature))
        }
        ExecStatus::NotConnected => Some(Failure::not_connected()),
        ExecStatus::NoFenceDevice => Some(Failure::new("No such device", 19, ToolExit::NoSuch)),
        ExecStatus::NoSecrets => {
            Some(Failure::new("Permission denied", 13, ToolExit::InsufficientPrivileges))
        }
        ExecStatus::Invalid => invalid(outcome.exit),
        _ => None,
    };
    let failure = known.unwrap_or_else(|| match &outcome.output {
        None => Failure::new("No data available", 61, ToolExit::Error),
        Some(_) => Failure::new("Error", 201, ToolExit::Error),
    });
    Failure { reason: outcome.reason.filter(|reason| !reason.is_empty()), ..failure }
}

/// What the original's programs call the result of a fencing: 0, or a negative error number.
pub(crate) fn number(outcome: &FenceOutcome) -> i32 {
    let succeeded = outcome.status == ExecStatus::Done && outcome.exit == 0;
    if succeeded { 0 } else { -of(outcome.clone()).number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_the_numbers_that_agents_know() {
        assert_eq!(number(&FenceOutcome::success()), 0);
        let outcome = |status, exit| FenceOutcome { status, exit, ..FenceOutcome::success() };
        // Pacemaker's crm_mon 2.1.5 tells its agent so of a device that failed.
        assert_eq!(number(&outcome(ExecStatus::Error, 1)), -61);
        assert_eq!(number(&outcome(ExecStatus::NoFenceDevice, 1)), -19);
    }
}
