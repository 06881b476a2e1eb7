use std::{fmt, time::Duration};

use messages::executor::{Agent, RequestError};
use vocab::{CallId, ExecStatus, Interval, OcfExit, ResourceId, Task, readable_duration};

use crate::{ClientId, RunId};

/// Something worth a line in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// An operation begins.
    Begins {
        /// The resource.
        resource: ResourceId,
        /// What is done.
        task: Task,
        /// The request's number.
        call: CallId,
    },
    /// An operation has a result.
    Result {
        /// The resource.
        resource: ResourceId,
        /// What was done.
        task: Task,
        /// The request's number.
        call: CallId,
        /// Whether it was carried out.
        status: ExecStatus,
        /// What the agent said.
        exit: OcfExit,
        /// Why.
        reason: Option<String>,
        /// How long it took.
        execution_time: Duration,
        /// How long it had waited.
        queue_time: Duration,
    },
    /// A run takes longer than it may and is ended.
    TimedOut {
        /// The resource.
        resource: ResourceId,
        /// What is done.
        task: Task,
        /// How long it may take.
        timeout: Duration,
    },
    /// Processes of a run do not go away, not even killed.
    Undead {
        /// The resource.
        resource: ResourceId,
        /// The run.
        run: RunId,
    },
    /// A recurring operation was asked for that is already there.
    Merged {
        /// The resource.
        resource: ResourceId,
        /// What is done.
        task: Task,
        /// How often.
        interval: Interval,
    },
    /// A resource became known.
    Registered {
        /// The resource.
        resource: ResourceId,
        /// What manages it.
        agent: Agent,
    },
    /// A client asked for something it may not ask for.
    Denied {
        /// The client.
        client: ClientId,
        /// What it asked for.
        request: &'static str,
    },
    /// A client sent something that makes no sense.
    BadRequest {
        /// The client.
        client: ClientId,
        /// What is wrong with it.
        error: RequestError,
    },
    /// An alert agent did not do its work.
    AlertFailed {
        /// The alert's id.
        id: String,
        /// What happened.
        what: String,
    },
    /// The fencer is gone.
    FencerLost,
}

impl Note {
    /// Whether an administrator should see it without asking for details.
    pub fn is_notable(&self) -> bool {
        match self {
            Self::Begins { .. } | Self::Registered { .. } => false,
            Self::Result { task, status, exit, .. } => {
                *task != Task::Monitor && (*status != ExecStatus::Done || *exit != OcfExit::Ok)
            }
            Self::TimedOut { .. }
            | Self::Undead { .. }
            | Self::Merged { .. }
            | Self::Denied { .. }
            | Self::BadRequest { .. }
            | Self::AlertFailed { .. }
            | Self::FencerLost => true,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begins { resource, task, call } => {
                write!(f, "executing {task} of {resource} (call {call})")
            }
            Self::Result {
                resource,
                task,
                call,
                status,
                exit,
                reason,
                execution_time,
                queue_time,
            } => {
                write!(f, "{resource} {task} (call {call}) ")?;
                match status {
                    ExecStatus::Done => write!(f, "exited with status {} ({exit})", exit.code())?,
                    status => write!(f, "could not be executed: {status}")?,
                }
                if let Some(reason) = reason {
                    write!(f, " ({reason})")?;
                }
                write!(f, " (execution time {}", readable_duration(*execution_time))?;
                if !queue_time.is_zero() {
                    write!(f, " after being queued {}", readable_duration(*queue_time))?;
                }
                f.write_str(")")
            }
            Self::TimedOut { resource, task, timeout } => {
                write!(f, "{task} of {resource} timed out after {}", readable_duration(*timeout))
            }
            Self::Undead { resource, run } => {
                write!(f, "processes of {resource} (run {}) do not die; going on without them", run.0)
            }
            Self::Merged { resource, task, interval } => {
                write!(f, "{task} of {resource} every {interval}ms is already there: merged")
            }
            Self::Registered { resource, agent } => write!(f, "{resource} is managed by {agent}"),
            Self::Denied { client, request } => {
                write!(f, "client {} may not ask for {request}", client.0)
            }
            Self::BadRequest { client, error } => {
                write!(f, "refusing a request of client {}: {error}", client.0)
            }
            Self::AlertFailed { id, what } => write!(f, "alert {id}: {what}"),
            Self::FencerLost => f.write_str(
                "lost the connection to the fencer: operations on fence devices are considered failed",
            ),
        }
    }
}
