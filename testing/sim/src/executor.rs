use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use messages::executor::{Execute, OperationResult};
use vocab::{CallId, ExecStatus, Interval, OcfExit, ResourceId, Task, Timestamp};

/// An executor that only remembers what would run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Executor {
    last_call: i32,
    /// What runs on the host; it outlives the controller and the executor, but not the host.
    pub(crate) running: BTreeSet<ResourceId>,
    /// Watches by resource and interval, with how they last went.
    pub(crate) watches: BTreeMap<(ResourceId, u32), (Execute, CallId, OcfExit)>,
    /// Tasks that fail, with how often yet.
    pub(crate) failing: BTreeMap<String, u32>,
    /// Tasks that never end.
    pub(crate) hanging: BTreeSet<String>,
}

impl Executor {
    pub(crate) fn call(&mut self) -> CallId {
        self.last_call += 1;
        CallId(self.last_call)
    }

    /// Carries an operation out. Nothing if it hangs.
    pub(crate) fn carry_out(
        &mut self,
        operation: &Execute,
        call: CallId,
        now: Timestamp,
    ) -> Option<OperationResult> {
        let task = operation.task.as_str().to_owned();
        if self.hanging.contains(&task) {
            return None;
        }
        let mut exit = match operation.task {
            Task::Start => {
                self.running.insert(operation.resource.clone());
                OcfExit::Ok
            }
            Task::Stop => {
                self.running.remove(&operation.resource);
                OcfExit::Ok
            }
            Task::Monitor => self.look(&operation.resource),
            _ => OcfExit::Ok,
        };
        if let Some(count) = self.failing.get_mut(&task)
            && *count > 0
        {
            *count -= 1;
            exit = OcfExit::Error;
            self.running.remove(&operation.resource);
        }
        if operation.interval.is_recurring() {
            let key = (operation.resource.clone(), operation.interval.millis);
            self.watches.insert(key, (operation.clone(), call, exit));
        }
        Some(result(operation, call, ExecStatus::Done, exit, now))
    }

    fn look(&self, resource: &ResourceId) -> OcfExit {
        if self.running.contains(resource) { OcfExit::Ok } else { OcfExit::NotRunning }
    }

    /// Ends a watch; its last result says so.
    pub(crate) fn cancel(
        &mut self,
        resource: &ResourceId,
        interval: Interval,
        now: Timestamp,
    ) -> Option<OperationResult> {
        let (operation, call, exit) = self.watches.remove(&(resource.clone(), interval.millis))?;
        Some(result(&operation, call, ExecStatus::Cancelled, exit, now))
    }

    /// What the watches see that they did not see before.
    pub(crate) fn news(&mut self, now: Timestamp) -> Vec<OperationResult> {
        let running = self.running.clone();
        let mut news = Vec::new();
        for ((resource, _), (operation, call, last)) in &mut self.watches {
            let exit = if running.contains(resource) { OcfExit::Ok } else { OcfExit::NotRunning };
            if exit != *last {
                *last = exit;
                news.push(result(operation, *call, ExecStatus::Done, exit, now));
            }
        }
        news
    }
}

fn result(
    operation: &Execute,
    call: CallId,
    status: ExecStatus,
    exit: OcfExit,
    now: Timestamp,
) -> OperationResult {
    OperationResult {
        resource: operation.resource.clone(),
        task: operation.task.clone(),
        interval: operation.interval,
        call,
        user_data: operation.user_data.clone(),
        timeout: operation.timeout,
        start_delay: operation.start_delay,
        status,
        exit,
        exit_reason: None,
        output: None,
        last_run: now,
        last_change: now,
        execution_time: Duration::from_millis(5),
        queue_time: Duration::ZERO,
        resource_deleted: false,
        parameters: operation.parameters.clone(),
    }
}
