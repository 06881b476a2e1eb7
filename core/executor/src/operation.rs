use machine::Instant;
use messages::executor::{Execute, OperationResult};
use vocab::{CallId, ExecStatus, Interval, OcfExit, Task, Timestamp};

use crate::{ClientId, Outcome};

/// An operation that was asked for, with what has become of it so far.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Names the operation's timer.
    pub(crate) id: u64,
    /// Who asked.
    pub(crate) client: ClientId,
    /// The number of the (last) request for it.
    pub(crate) call: CallId,
    pub(crate) execute: Execute,
    /// When it was put into the queue.
    pub(crate) queued: Instant,
    /// Whether it waits in the queue for its start delay.
    pub(crate) delayed: bool,
    /// The result that clients were last told.
    pub(crate) told: Option<(ExecStatus, OcfExit)>,
    last_exit: Option<OcfExit>,
    last_change: Timestamp,
}

/// When a run of an operation began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beginning {
    pub(crate) at: Instant,
    pub(crate) wall: Timestamp,
}

impl Operation {
    pub(crate) fn new(id: u64, client: ClientId, call: CallId, execute: Execute) -> Self {
        Self {
            id,
            client,
            call,
            execute,
            queued: Instant::START,
            delayed: false,
            told: None,
            last_exit: None,
            last_change: Timestamp(0),
        }
    }

    pub(crate) fn is(&self, task: &Task, interval: Interval) -> bool {
        self.execute.task == *task && self.execute.interval == interval
    }

    pub(crate) fn is_recurring(&self) -> bool {
        self.execute.interval.is_recurring()
    }

    /// Whether clients are to be told this outcome.
    pub(crate) fn is_news(&self, outcome: &Outcome) -> bool {
        !(self.execute.options.notify_changes_only
            && self.told == Some((outcome.status, outcome.exit)))
    }

    /// What clients are told: a run that began then (`None` if it never did) has this outcome now.
    pub(crate) fn result(
        &mut self,
        outcome: Outcome,
        began: Option<Beginning>,
        now: Instant,
        resource_deleted: bool,
    ) -> OperationResult {
        let last_run = began.map_or(Timestamp(0), |began| began.wall);
        if self.last_exit != Some(outcome.exit) {
            self.last_change = last_run;
            self.last_exit = Some(outcome.exit);
        }
        let began_at = began.map_or(now, |began| began.at);
        let execute = &self.execute;
        OperationResult {
            resource: execute.resource.clone(),
            task: execute.task.clone(),
            interval: execute.interval,
            call: self.call,
            user_data: execute.user_data.clone(),
            timeout: execute.timeout,
            start_delay: execute.start_delay,
            status: outcome.status,
            exit: outcome.exit,
            exit_reason: outcome.reason,
            output: outcome.output,
            last_run,
            last_change: self.last_change,
            execution_time: now - began_at,
            queue_time: began_at - self.queued,
            resource_deleted,
            parameters: execute.parameters.clone(),
        }
    }
}
