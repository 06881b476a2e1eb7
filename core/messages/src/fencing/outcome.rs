use vocab::{ExecStatus, ToolExit};
use xml::Element;

use super::{MessageError, number, text};

/// How something that the fencer was asked for went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FenceOutcome {
    /// Whether it was carried out.
    pub status: ExecStatus,
    /// With which exit status, of an agent or of the fencer itself; 0 is success.
    pub exit: i32,
    /// Why it failed.
    pub reason: Option<String>,
    /// What the agent wrote to standard output.
    pub output: Option<String>,
}

impl FenceOutcome {
    /// It worked.
    pub const fn success() -> Self {
        Self { status: ExecStatus::Done, exit: 0, reason: None, output: None }
    }

    /// It is under way; the result follows.
    pub const fn pending() -> Self {
        Self { status: ExecStatus::Pending, exit: 0, reason: None, output: None }
    }

    /// It failed.
    pub fn failure(status: ExecStatus, reason: impl Into<String>) -> Self {
        Self { status, exit: ToolExit::Error.code(), reason: Some(reason.into()), output: None }
    }

    /// The request was wrong.
    pub fn invalid(exit: ToolExit, reason: impl Into<String>) -> Self {
        let reason = Some(reason.into());
        Self { status: ExecStatus::Invalid, exit: exit.code(), reason, output: None }
    }

    /// Whether it was carried out with success.
    pub fn is_success(&self) -> bool {
        self.status == ExecStatus::Done && self.exit == 0
    }

    /// The older form of the result: zero or a negative error number of the system.
    fn legacy_code(&self) -> i32 {
        if self.is_success() {
            return 0;
        }
        -match self.status {
            ExecStatus::Pending => 115,
            ExecStatus::Cancelled => 125,
            ExecStatus::TimedOut => 62,
            ExecStatus::NotInstalled => 2,
            ExecStatus::NotSupported => 95,
            ExecStatus::NotConnected => 107,
            ExecStatus::NoFenceDevice => 19,
            ExecStatus::NoSecrets => 13,
            ExecStatus::Invalid => match ToolExit::from_code(self.exit) {
                Some(ToolExit::InvalidParameter) => 22,
                Some(ToolExit::InsufficientPrivileges) => 13,
                Some(ToolExit::Protocol) => 71,
                Some(ToolExit::Expired) => 113,
                _ => 61,
            },
            ExecStatus::Done
            | ExecStatus::Error
            | ExecStatus::ErrorHard
            | ExecStatus::ErrorFatal => 61,
        }
    }

    /// The element with the result set.
    pub(super) fn put(&self, element: Element) -> Element {
        element
            .with("op-status", self.status.code())
            .with("rc-code", self.exit)
            .with_some("exit-reason", self.reason.as_ref())
            .with_some("st_output", self.output.as_ref())
            .with("st_rc", self.legacy_code())
    }

    /// The result that an element carries.
    pub(super) fn take(element: &Element) -> Result<Self, MessageError> {
        let reason = text(element, "exit-reason");
        let output = text(element, "st_output");
        let status: Option<i32> = number(element, "op-status")?;
        let exit = number(element, "rc-code")?;
        if let (Some(status), Some(exit)) = (status, exit) {
            let status =
                ExecStatus::from_code(status).ok_or(MessageError::Unreadable("op-status"))?;
            return Ok(Self { status, exit, reason, output });
        }
        let legacy: i32 = number(element, "st_rc")?
            .ok_or(MessageError::Missing { operation: "a result", missing: "rc-code" })?;
        let exit = if matches!(legacy, 0 | -115) { 0 } else { ToolExit::Error.code() };
        Ok(Self { status: status_of_legacy(legacy), exit, reason, output })
    }
}

fn status_of_legacy(code: i32) -> ExecStatus {
    match -code {
        ..=0 => ExecStatus::Done,
        13 => ExecStatus::NoSecrets,
        125 => ExecStatus::Cancelled,
        113 | 71 => ExecStatus::Invalid,
        115 => ExecStatus::Pending,
        19 => ExecStatus::NoFenceDevice,
        2 => ExecStatus::NotInstalled,
        107 => ExecStatus::NotConnected,
        95 | 93 => ExecStatus::NotSupported,
        62 | 110 => ExecStatus::TimedOut,
        _ => ExecStatus::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_old_peers_are_understood() {
        let read = |code: i32| {
            let outcome = FenceOutcome::take(&Element::new("x").with("st_rc", code)).unwrap();
            (outcome.status, outcome.is_success())
        };
        assert_eq!(read(0), (ExecStatus::Done, true));
        assert_eq!(read(-19), (ExecStatus::NoFenceDevice, false));
        assert_eq!(read(-62), (ExecStatus::TimedOut, false));
        assert_eq!(read(-1), (ExecStatus::Error, false));
        assert!(FenceOutcome::take(&Element::new("x")).is_err());
        for &status in ExecStatus::ALL {
            let outcome = FenceOutcome { exit: 1, ..FenceOutcome::failure(status, "why") };
            assert!(outcome.legacy_code() < 0, "{status:?} is no success in the old form either");
            assert_eq!(FenceOutcome::take(&outcome.put(Element::new("x"))), Ok(outcome));
        }
    }
}
