use messages::crmd::Operation;
use vocab::{CallId, ExecStatus, Interval, OcfExit, ResourceId, Task};

use super::{Asker, Cancellation, LocalExecutor, acknowledge::acknowledge};
use crate::{
    desk::{Desk, quoted},
    note::Severity,
    output::Output,
};

impl LocalExecutor {
    /// Ends a recurring operation because the DC says so.
    pub(super) fn cancel(
        &mut self,
        desk: &mut Desk<'_>,
        operation: Operation,
        resource: &ResourceId,
        asker: Asker,
    ) {
        let Some(task) = operation.meta("operation").map(Task::from_name) else {
            desk.say(
                Severity::Warning,
                format!("Ignoring a cancellation for {resource} of nothing"),
            );
            return;
        };
        let interval = operation.interval();
        let call = operation.meta("call_id").and_then(|text| text.parse().ok()).unwrap_or(0);
        let in_progress = if call == 0 {
            self.cancel_like(desk, resource, &task, interval, true)
        } else {
            self.cancel_call(desk, resource, CallId(call), true)
        };
        if !in_progress {
            let cancellation = Cancellation {
                operation: Some(operation),
                resource: resource.clone(),
                task,
                interval,
                call: (call != 0).then_some(CallId(call)),
                asker,
            };
            self.nothing_to_cancel(desk, &cancellation);
        }
    }

    /// Cancels every operation of that kind. `true` if a result will tell when one has ended.
    pub(super) fn cancel_like(
        &mut self,
        desk: &mut Desk<'_>,
        resource: &ResourceId,
        task: &Task,
        interval: Interval,
        remove: bool,
    ) -> bool {
        let calls: Vec<_> = self
            .active
            .iter()
            .filter(|((of, _), active)| {
                of == resource && active.task == *task && active.interval == interval
            })
            .map(|((_, call), _)| *call)
            .collect();
        let mut in_progress = false;
        for call in calls {
            in_progress |= self.cancel_call(desk, resource, call, remove);
        }
        for asked in self.asked.values_mut() {
            if asked.resource == *resource && asked.task == *task && asked.interval == interval {
                asked.cancelled = true;
                asked.remove |= remove;
                in_progress = true;
            }
        }
        in_progress
    }

    fn cancel_call(
        &mut self,
        desk: &mut Desk<'_>,
        resource: &ResourceId,
        call: CallId,
        remove: bool,
    ) -> bool {
        let Some(active) = self.active.get_mut(&(resource.clone(), call)) else { return false };
        active.remove |= remove;
        if std::mem::replace(&mut active.cancelled, true) {
            return false;
        }
        let (task, interval) = (active.task.clone(), active.interval);
        self.ask_to_cancel(desk, None, resource, &task, interval, Some(call));
        true
    }

    pub(super) fn ask_to_cancel(
        &mut self,
        desk: &mut Desk<'_>,
        operation: Option<Operation>,
        resource: &ResourceId,
        task: &Task,
        interval: Interval,
        call: Option<CallId>,
    ) {
        let ticket = desk.ticket();
        self.cancelling.insert(
            ticket,
            Cancellation {
                operation,
                resource: resource.clone(),
                task: task.clone(),
                interval,
                call,
                asker: Asker::transition(),
            },
        );
        desk.out.push(Output::CancelOperation {
            ticket,
            resource: resource.clone(),
            task: task.clone(),
            interval,
        });
    }

    /// Takes the executor's answer to a cancellation.
    pub(crate) fn on_cancelling(&mut self, desk: &mut Desk<'_>, ticket: u64, found: bool) {
        let Some(cancellation) = self.cancelling.remove(&ticket) else { return };
        if found {
            return;
        }
        // The executor knows nothing of it any more, so no result will come.
        if let Some(call) = cancellation.call
            && let Some(active) = self.active.remove(&(cancellation.resource.clone(), call))
            && active.remove
        {
            self.nothing_to_cancel(desk, &cancellation);
        }
    }

    /// What is to be cancelled is not there: its row goes, and who asked hears that it is done.
    fn nothing_to_cancel(&mut self, desk: &mut Desk<'_>, cancellation: &Cancellation) {
        let Cancellation { operation, resource, task, interval, call, asker } = cancellation;
        let mut row = format!("@id='{resource}_{task}_{interval}'");
        if let Some(call) = call {
            row = format!("{row} and @call-id='{call}'");
        }
        let expression = format!(
            "/cib/status/node_state[@uname={}]/lrm/lrm_resources/lrm_resource[@id={}]/lrm_rsc_op[{row}]",
            quoted(desk.settings.name.as_str()),
            quoted(resource.as_str()),
        );
        desk.delete_xpath(expression);
        let Some(operation) = operation else { return };
        let mut result = self.blank_result(operation, resource, task.clone());
        (result.status, result.exit) = (ExecStatus::Done, OcfExit::Ok);
        acknowledge(desk, asker, &result);
    }

    /// Ends what watches a resource whose state is about to change; the history goes by itself.
    pub(super) fn stop_watching(&mut self, desk: &mut Desk<'_>, resource: &ResourceId) {
        let recurring: Vec<_> = self
            .active
            .iter()
            .filter(|((of, _), active)| of == resource && active.interval.is_recurring())
            .map(|((_, call), _)| *call)
            .collect();
        for call in recurring {
            self.cancel_call(desk, resource, call, false);
        }
    }

    /// Ends everything that recurs, because the controller leaves.
    pub(crate) fn stop_all_watching(&mut self, desk: &mut Desk<'_>) {
        let resources: Vec<_> = self.resources.keys().cloned().collect();
        for resource in resources {
            self.stop_watching(desk, &resource);
        }
    }
}
