use std::collections::BTreeMap;

use messages::executor::{Agent, OperationResult};
use vocab::{CallId, ExecStatus, Interval, OcfExit, Task};

/// What happened to one resource on this node, as far as it still matters.
#[derive(Clone, Debug)]
pub(crate) struct ResourceHistory {
    pub(crate) agent: Agent,
    /// The last operation that did not recur and did not fail.
    pub(crate) last: Option<OperationResult>,
    /// The last failure.
    pub(crate) failed: Option<OperationResult>,
    /// The last result of each operation that recurs.
    pub(crate) recurring: Vec<OperationResult>,
    /// The parameters that the resource was started with, for the stop.
    pub(crate) stop_parameters: Option<BTreeMap<String, String>>,
    pub(crate) last_call: CallId,
}

impl ResourceHistory {
    pub(crate) fn new(agent: Agent) -> Self {
        Self {
            agent,
            last: None,
            failed: None,
            recurring: Vec::new(),
            stop_parameters: None,
            last_call: CallId(0),
        }
    }

    /// Whether the resource may be active.
    pub(crate) fn is_active(&self) -> bool {
        let Some(last) = &self.last else { return false };
        let ended = matches!(last.task, Task::Stop | Task::MigrateTo) && last.exit == OcfExit::Ok;
        let hopeless = !last.interval.is_recurring() && last.exit == OcfExit::NotConfigured;
        !(ended || last.exit == OcfExit::NotRunning || hopeless)
    }

    /// Takes note of a result.
    pub(crate) fn record(&mut self, result: &OperationResult) {
        if result.task == Task::Notify {
            return;
        }
        self.last_call = result.call;
        if result.status == ExecStatus::Cancelled {
            if result.interval.is_recurring() {
                self.forget_recurring(&result.task, result.interval);
            }
            return;
        }
        if failed(result) {
            self.failed = Some(result.clone());
        } else if !result.interval.is_recurring() {
            self.last = Some(result.clone());
            let starts = matches!(
                result.task,
                Task::Start | Task::Reload | Task::ReloadAgent | Task::Monitor
            );
            if starts {
                self.stop_parameters = Some(instance_parameters(result));
            }
        }
        if result.interval.is_recurring() {
            self.forget_recurring(&result.task, result.interval);
            self.recurring.insert(0, result.clone());
        } else if result.task != Task::Monitor {
            // Whatever changes the resource's state ends what watched the old one.
            self.recurring.clear();
        }
    }

    /// Forgets the last failure if it was of that operation, or in any case if none is given.
    pub(crate) fn clear_failure(&mut self, operation: Option<(&str, Interval)>) {
        let matches = self.failed.as_ref().is_some_and(|failure| {
            operation.is_none_or(|(task, interval)| {
                failure.task.as_str() == task && failure.interval == interval
            })
        });
        if matches {
            self.failed = None;
        }
    }

    /// Whether the last failure was of that operation.
    pub(crate) fn failed_at(&self, task: &Task, interval: Interval) -> bool {
        self.failed.as_ref().is_some_and(|f| f.task == *task && f.interval == interval)
    }

    fn forget_recurring(&mut self, task: &Task, interval: Interval) {
        self.recurring.retain(|known| known.task != *task || known.interval != interval);
    }
}

/// Whether a result is not what was expected.
pub(crate) fn failed(result: &OperationResult) -> bool {
    match result.status {
        ExecStatus::Cancelled | ExecStatus::Pending => false,
        ExecStatus::NotSupported
        | ExecStatus::TimedOut
        | ExecStatus::Error
        | ExecStatus::NotConnected
        | ExecStatus::NoFenceDevice
        | ExecStatus::NoSecrets
        | ExecStatus::Invalid => true,
        ExecStatus::Done
        | ExecStatus::ErrorHard
        | ExecStatus::ErrorFatal
        | ExecStatus::NotInstalled => result.exit.code() != expected_exit(result),
    }
}

/// The exit status that the operation's transition key calls a success.
pub(crate) fn expected_exit(result: &OperationResult) -> i32 {
    let key = result.user_data.as_deref().unwrap_or_default();
    key.parse::<messages::crmd::TransitionKey>().map_or(0, |key| key.expected)
}

/// The parameters of the resource among those of an operation.
pub(crate) fn instance_parameters(result: &OperationResult) -> BTreeMap<String, String> {
    let instance = result.parameters.iter().filter(|(name, _)| !name.contains("CRM_meta_"));
    instance.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
