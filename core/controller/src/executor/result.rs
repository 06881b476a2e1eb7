use messages::{
    cib::{CallOptions, Operation as CibOperation, Request},
    executor::OperationResult,
};
use vocab::{CallId, ExecStatus, OcfExit, ResourceId};
use xml::Element;

use super::{
    ActiveOperation, Asker, LocalExecutor, Situation, acknowledge::acknowledge, history::failed,
    is_recordable, request::needs_metadata,
};
use crate::{
    desk::{Desk, Purpose},
    note::{Note, Severity},
};

impl LocalExecutor {
    /// Takes a result from the executor.
    pub(crate) fn on_result(
        &mut self,
        desk: &mut Desk<'_>,
        situation: Situation,
        result: OperationResult,
    ) {
        let wait = self.agent_of(&result.resource).is_some_and(|agent| {
            needs_metadata(&agent, &result.task)
                && self.reading.values().any(|reading| *reading == agent)
        });
        if wait {
            self.held.push(result);
        } else {
            self.process(desk, situation, result);
        }
    }

    /// Records a result, tells whoever waits for it, and remembers it.
    pub(super) fn process(
        &mut self,
        desk: &mut Desk<'_>,
        situation: Situation,
        mut result: OperationResult,
    ) {
        let key = (result.resource.clone(), result.call);
        let active = self.active.get(&key).cloned();
        if let Some(active) = &active {
            complete(&mut result, active);
        }
        let ours_to_judge = matches!(
            result.exit,
            OcfExit::NotRunning | OcfExit::Promoted | OcfExit::Degraded | OcfExit::DegradedPromoted
        );
        if result.status == ExecStatus::Error && ours_to_judge {
            result.status = ExecStatus::Done;
        }
        let cancelled = result.status == ExecStatus::Cancelled;
        let direct = if cancelled {
            self.on_cancelled(desk, &result, active.as_ref())
        } else if is_recordable(&result.task) && self.resources.contains_key(&result.resource) {
            let lock = active.as_ref().and_then(|active| active.shutdown_lock);
            self.write(desk, situation, &result, lock);
            false
        } else {
            true
        };
        if direct {
            acknowledge(desk, &Asker::transition(), &result);
        }
        if !result.interval.is_recurring() || cancelled {
            self.active.remove(&key);
        }
        note_result(desk, &result);
        if result.resource_deleted {
            self.deleted(desk, &result.resource);
        } else if let Some(history) = self.resources.get_mut(&result.resource) {
            history.record(&result);
        }
    }

    /// Whether somebody has to be told directly that an operation is cancelled.
    fn on_cancelled(
        &self,
        desk: &mut Desk<'_>,
        result: &OperationResult,
        active: Option<&ActiveOperation>,
    ) -> bool {
        if !result.interval.is_recurring() {
            return true;
        }
        let Some(active) = active else { return false };
        if active.remove {
            erase_row(desk, result);
            // The row of a failure stays, so that the DC would not see anything go.
            let history = self.resources.get(&result.resource);
            return history.is_some_and(|h| h.failed_at(&result.task, result.interval));
        }
        result.resource_deleted
    }

    /// Ends every unfinished operation as failed: the executor is gone.
    pub(crate) fn on_lost(&mut self, desk: &mut Desk<'_>) {
        let count = self.active.len() + self.asked.len();
        self.active.clear();
        self.asked.clear();
        if count > 0 {
            let text = format!("{count} operations were under way when the executor was lost");
            desk.say(Severity::Warning, text);
        }
    }

    /// The operations under way for a resource, by their numbers.
    pub(super) fn calls_of(&self, resource: &ResourceId) -> Vec<CallId> {
        self.active.keys().filter(|(of, _)| of == resource).map(|(_, call)| *call).collect()
    }
}

/// Fills in what the executor need not send back.
fn complete(result: &mut OperationResult, active: &ActiveOperation) {
    if result.user_data.is_none() {
        result.user_data.clone_from(&active.transition_key);
    }
    if result.timeout.is_zero() {
        result.timeout = active.timeout;
    }
    if result.last_run == vocab::Timestamp(0) {
        result.last_run = active.started;
    }
    for (name, value) in &active.parameters {
        if result.parameters.value(name).is_none() {
            result.parameters.set(name, value);
        }
    }
}

/// Removes the row of a recurring operation, and only that of this very request.
fn erase_row(desk: &mut Desk<'_>, result: &OperationResult) {
    let id = format!("{}_{}_{}", result.resource, result.task, result.interval);
    let data = Element::new("lrm_rsc_op")
        .with("call-id", result.call)
        .with_some("transition-key", result.user_data.as_ref())
        .with("id", &id);
    let request = Request::change(CibOperation::Delete, Some("status"), data)
        .with_options(CallOptions::QUORUM_OVERRIDE);
    desk.cib(Purpose::Update(format!("removal of {id}")), request);
}

fn note_result(desk: &mut Desk<'_>, result: &OperationResult) {
    let mut outcome = match result.status {
        ExecStatus::Done => result.exit.to_string(),
        ExecStatus::TimedOut => format!("Timed Out after {:?}", result.timeout),
        status => status.to_string(),
    };
    let unexpected = result.status != ExecStatus::Done || result.exit != OcfExit::Ok;
    if let Some(reason) = result.exit_reason.as_ref().filter(|_| unexpected) {
        outcome = format!("{outcome} ({reason})");
    }
    let trouble = !matches!(result.status, ExecStatus::Done | ExecStatus::Cancelled);
    desk.note(Note::Result {
        key: format!("{}_{}_{}", result.resource, result.task, result.interval),
        outcome,
        call: result.call.0,
        trouble,
    });
    if let Some(output) = result.output.as_ref().filter(|_| failed(result)) {
        let text = format!("{}_{} output: {}", result.resource, result.task, output.trim_end());
        desk.say(Severity::Notice, text);
    }
}
