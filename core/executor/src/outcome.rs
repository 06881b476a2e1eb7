use std::time::Duration;

use messages::executor::Standard;
use vocab::{ExecStatus, OcfExit, Task, readable_duration};

/// How the run of an agent ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The agent ended by itself.
    Exited {
        /// Its exit status.
        status: i32,
        /// The last exit reason it gave.
        reason: Option<String>,
        /// What it wrote, for people.
        output: Option<String>,
    },
    /// A signal ended it.
    Signalled {
        /// The signal's name for people: `Killed`.
        signal: String,
    },
    /// It never ran.
    NotStarted(Failure),
    /// The service manager, not a program, gave a result that needs no interpretation.
    Settled(Outcome),
}

/// Why an agent could not be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no such agent on this node, or it is not a program.
    NotInstalled(String),
    /// It may not be run.
    NotAllowed(String),
    /// A secret parameter value could not be read.
    NoSecrets(String),
    /// Something else.
    Other(String),
}

impl Failure {
    /// The words alone.
    pub fn into_reason(self) -> String {
        match self {
            Self::NotInstalled(reason)
            | Self::NotAllowed(reason)
            | Self::NoSecrets(reason)
            | Self::Other(reason) => reason,
        }
    }
}

/// What the fencer said of an operation on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FenceEnd {
    /// Whether it was carried out and how.
    pub status: ExecStatus,
    /// Whether it worked.
    pub succeeded: bool,
    /// Why not.
    pub reason: Option<String>,
}

/// The result of an operation as the cluster knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it was carried out.
    pub status: ExecStatus,
    /// What the agent said, or what stands for it.
    pub exit: OcfExit,
    /// Why, for people.
    pub reason: Option<String>,
    /// What the agent wrote.
    pub output: Option<String>,
}

impl Outcome {
    /// An outcome without words.
    pub const fn new(status: ExecStatus, exit: OcfExit) -> Self {
        Self { status, exit, reason: None, output: None }
    }

    /// The same outcome with a reason.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// An operation that was cancelled.
    pub const fn cancelled() -> Self {
        Self::new(ExecStatus::Cancelled, OcfExit::Ok)
    }

    /// A run of an agent that took too long.
    pub fn timed_out(timeout: Duration) -> Self {
        Self::new(ExecStatus::TimedOut, OcfExit::Error).because(format!(
            "Resource agent did not complete within {}",
            readable_duration(timeout)
        ))
    }

    /// Whether the operation did what it was meant to do.
    pub fn is_success(&self) -> bool {
        self.status == ExecStatus::Done && self.exit == OcfExit::Ok
    }
}

/// What the end of a run means under the agent's standard.
pub fn interpret(standard: &Standard, task: &Task, ended: Ended) -> Outcome {
    match ended {
        Ended::Exited { status, reason, output } => {
            let exit = match standard {
                // A service that is no unit, and only that one has an exit status, is an init script.
                Standard::Lsb | Standard::Service if *task == Task::Monitor => lsb_status(status),
                Standard::Lsb | Standard::Service => lsb_action(status),
                Standard::Ocf | Standard::Systemd | Standard::Stonith | Standard::Other(_) => {
                    ocf(status)
                }
            };
            Outcome { status: ExecStatus::Done, exit, reason, output }
        }
        Ended::Signalled { signal } => Outcome::new(ExecStatus::Error, OcfExit::Error)
            .because(format!("Resource agent interrupted by {signal} signal")),
        Ended::NotStarted(failure) => {
            let (status, exit, reason) = match failure {
                Failure::NotInstalled(reason) => {
                    (ExecStatus::NotInstalled, OcfExit::NotInstalled, reason)
                }
                Failure::NotAllowed(reason) => {
                    (ExecStatus::Error, OcfExit::InsufficientPrivileges, reason)
                }
                Failure::NoSecrets(reason) => {
                    (ExecStatus::NoSecrets, OcfExit::InvalidParameter, reason)
                }
                Failure::Other(reason) => (ExecStatus::Error, OcfExit::Error, reason),
            };
            Outcome::new(status, exit).because(reason)
        }
        Ended::Settled(outcome) => outcome,
    }
}

/// What the fencer's answer means for an operation of a stonith-class resource.
pub(crate) fn interpret_fence(task: &Task, end: FenceEnd) -> Outcome {
    let exit = if end.succeeded { OcfExit::Ok } else { OcfExit::Error };
    let (status, exit) = match end.status {
        ExecStatus::NotConnected | ExecStatus::Invalid => (ExecStatus::Error, exit),
        ExecStatus::NoFenceDevice => {
            let exit = match task {
                Task::Monitor => OcfExit::NotRunning,
                Task::Stop => OcfExit::Ok,
                _ => OcfExit::NotInstalled,
            };
            (ExecStatus::Error, exit)
        }
        ExecStatus::NotSupported => (ExecStatus::NotSupported, OcfExit::UnimplementedFeature),
        status => (status, exit),
    };
    Outcome { status, exit, reason: end.reason, output: None }
}

/// Codes that OCF does not define for agents, among them the cluster's own, mean no more than "failed".
fn ocf(status: i32) -> OcfExit {
    match OcfExit::from_code(status) {
        None | Some(OcfExit::Unknown) => OcfExit::Error,
        Some(exit) => exit,
    }
}

fn lsb_action(status: i32) -> OcfExit {
    if (0..=7).contains(&status) { ocf(status) } else { OcfExit::Error }
}

fn lsb_status(status: i32) -> OcfExit {
    match status {
        0 => OcfExit::Ok,
        1..=3 => OcfExit::NotRunning,
        150 => OcfExit::NotInstalled,
        151 => OcfExit::InsufficientPrivileges,
        _ => OcfExit::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(standard: Standard, task: Task, status: i32) -> OcfExit {
        let ended = Ended::Exited { status, reason: None, output: None };
        interpret(&standard, &task, ended).exit
    }

    #[test]
    fn ocf_codes_are_taken_as_they_are_if_defined() {
        for (status, expected) in [
            (0, OcfExit::Ok),
            (7, OcfExit::NotRunning),
            (9, OcfExit::FailedPromoted),
            (10, OcfExit::Error),
            (190, OcfExit::Degraded),
            (193, OcfExit::Error),
            (-1, OcfExit::Error),
        ] {
            assert_eq!(exit(Standard::Ocf, Task::Monitor, status), expected, "{status}");
        }
    }

    #[test]
    fn lsb_status_has_codes_of_its_own() {
        for (status, expected) in [
            (0, OcfExit::Ok),
            (1, OcfExit::NotRunning),
            (2, OcfExit::NotRunning),
            (3, OcfExit::NotRunning),
            (4, OcfExit::Error),
            (150, OcfExit::NotInstalled),
            (151, OcfExit::InsufficientPrivileges),
        ] {
            assert_eq!(exit(Standard::Lsb, Task::Monitor, status), expected, "{status}");
        }
        for (status, expected) in [
            (0, OcfExit::Ok),
            (5, OcfExit::NotInstalled),
            (8, OcfExit::Error),
            (150, OcfExit::Error),
        ] {
            assert_eq!(exit(Standard::Lsb, Task::Start, status), expected, "{status}");
        }
    }

    #[test]
    fn a_missing_fence_device_is_stopped() {
        let end = || FenceEnd { status: ExecStatus::NoFenceDevice, succeeded: false, reason: None };
        assert_eq!(interpret_fence(&Task::Monitor, end()).exit, OcfExit::NotRunning);
        assert_eq!(interpret_fence(&Task::Stop, end()).exit, OcfExit::Ok);
        assert_eq!(interpret_fence(&Task::Start, end()).exit, OcfExit::NotInstalled);
    }
}
