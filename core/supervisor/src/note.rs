use std::fmt;

use crate::{Daemon, Exit};

/// What the supervisor would like to be remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A daemon of an earlier launcher still runs and is looked after from now on.
    Adopted(Daemon, u32),
    /// A daemon was started.
    Started(Daemon, u32),
    /// A daemon could not be started.
    NotStarted(Daemon, String),
    /// A daemon ended.
    Ended(Daemon, u32, Exit),
    /// A daemon ended and says that the node must stay down.
    Fatal(Daemon),
    /// A daemon ended and says that the host must be reset.
    WantsReset(Daemon),
    /// The host is reset because a daemon died and the administrator wants that.
    FailFast(Daemon),
    /// A daemon is started again.
    Respawning(Daemon),
    /// A daemon is started again when the ring is back.
    WaitingForRing(Daemon),
    /// A daemon died too often and is left alone.
    GaveUp(Daemon),
    /// A daemon does not answer; so often until now.
    Silent(Daemon, u32),
    /// A daemon does not answer and is killed.
    KillingSilent(Daemon),
    /// A daemon is told to stop.
    Stopping(Daemon, u32),
    /// A daemon takes its time to stop.
    StillWaiting(Daemon, u32),
    /// A daemon took too long to stop and is killed.
    Forcing(Daemon),
    /// The daemons are stopped.
    ShuttingDown,
    /// All daemons are down.
    ShutdownComplete,
    /// SBD has to learn that all is down before the launcher ends.
    WaitingForSbd,
    /// The connection to the ring was lost.
    RingLost,
    /// The connection to the ring is back.
    RingBack,
    /// The node stays down after a fatal error.
    StayingDown,
}

/// How important a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know when looking closely.
    Info,
    /// Worth a line in the log.
    Notice,
    /// Not as it should be.
    Warning,
    /// Wrong.
    Error,
}

impl Note {
    /// How important it is.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Started(..) | Self::Ended(_, _, Exit::Status(0)) => Severity::Info,
            Self::Adopted(..)
            | Self::Respawning(_)
            | Self::WaitingForRing(_)
            | Self::Silent(..)
            | Self::Stopping(..)
            | Self::StillWaiting(..)
            | Self::ShuttingDown
            | Self::ShutdownComplete
            | Self::WaitingForSbd
            | Self::RingBack
            | Self::StayingDown
            | Self::Ended(_, _, Exit::Unknown) => Severity::Notice,
            Self::Fatal(_) | Self::RingLost => Severity::Warning,
            Self::NotStarted(..)
            | Self::Ended(..)
            | Self::WantsReset(_)
            | Self::FailFast(_)
            | Self::GaveUp(_)
            | Self::KillingSilent(_)
            | Self::Forcing(_) => Severity::Error,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Adopted(daemon, pid) => write!(f, "Tracking existing {daemon} process {pid}"),
            Self::Started(daemon, pid) => write!(f, "Started {daemon} as process {pid}"),
            Self::NotStarted(daemon, reason) => write!(f, "Could not start {daemon}: {reason}"),
            Self::Ended(daemon, pid, Exit::Status(status)) => {
                write!(f, "{daemon}[{pid}] exited with status {status}")
            }
            Self::Ended(daemon, pid, Exit::Signal(signal)) => {
                write!(f, "{daemon}[{pid}] terminated with signal {signal}")
            }
            Self::Ended(daemon, pid, Exit::Unknown) => write!(f, "{daemon}[{pid}] terminated"),
            Self::Fatal(daemon) => {
                write!(f, "Shutting cluster down because {daemon} had fatal failure")
            }
            Self::WantsReset(daemon) => write!(f, "{daemon} instructed the machine to reset"),
            Self::FailFast(daemon) => write!(f, "Rebooting system because of {daemon}"),
            Self::Respawning(daemon) => write!(f, "Respawning {daemon} after unexpected exit"),
            Self::WaitingForRing(daemon) => {
                write!(f, "Not respawning {daemon} until the ring is back")
            }
            Self::GaveUp(daemon) => write!(f, "Respawn count exceeded by {daemon}"),
            Self::Silent(daemon, count) => {
                write!(f, "{daemon} does not answer after {count} tries")
            }
            Self::KillingSilent(daemon) => {
                write!(f, "{daemon} runs but does not answer: killing it, to start it again")
            }
            Self::Stopping(daemon, pid) => write!(f, "Stopping {daemon}, process {pid}"),
            Self::StillWaiting(daemon, pid) => {
                write!(f, "Still waiting for {daemon} to terminate, process {pid}")
            }
            Self::Forcing(daemon) => {
                write!(f, "{daemon} does not terminate in a timely manner, forcing it")
            }
            Self::ShuttingDown => f.write_str("Shutting down Pacemaker"),
            Self::ShutdownComplete => f.write_str("Shutdown complete"),
            Self::WaitingForSbd => f.write_str("Waiting for SBD to learn that all is down"),
            Self::RingLost => f.write_str(
                "Lost connection to the ring (connection will be reattempted once per second)",
            ),
            Self::RingBack => f.write_str("Connection to the ring is back"),
            Self::StayingDown => f.write_str("Shutting down and staying down after fatal error"),
        }
    }
}
