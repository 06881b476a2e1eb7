//! Runs: how they begin, how they end, and what is made of their end.

use machine::{Instant, Outbox};
use messages::executor::Standard;
use vocab::{ExecStatus, ResourceId, Task};

use super::{
    ALERT_MARGIN, Executor, FENCER_MARGIN, KILL_GRACE, RunState, Running, RunningAlert,
    TERMINATION_GRACE,
};
use crate::{
    Ended, FenceEnd, FenceTask, Note, Outcome, Output, Run, RunId, Strength, Timer, interpret,
    operation::{Beginning, Operation},
    outcome::interpret_fence,
    resource::DeviceState,
};

/// Whether ending a run means all its processes. Where a failure is to block the resource, an administrator wants to find
/// what the agent started.
pub(super) fn ends_whole_group(operation: &Operation) -> bool {
    operation
        .execute
        .parameters
        .value("CRM_meta_on_fail")
        .is_none_or(|on_fail| !on_fail.eq_ignore_ascii_case("block"))
}

impl Executor {
    pub(super) fn next_run(&mut self) -> RunId {
        self.last_run += 1;
        RunId(self.last_run)
    }

    /// Begins the next operation of every resource that is free.
    pub(super) fn start_all(&mut self, now: Instant, out: &mut Outbox<Output>) {
        let waiting: Vec<_> = self
            .resources
            .iter()
            .filter(|(_, resource)| !resource.queue.is_empty())
            .map(|(id, _)| id.clone())
            .collect();
        for resource in waiting {
            self.start_next(now, &resource, out);
        }
    }

    /// Begins the next operations of a resource until one takes time.
    fn start_next(&mut self, now: Instant, id: &ResourceId, out: &mut Outbox<Output>) {
        while !self.stopping && !self.busy.contains_key(id) {
            let Some(resource) = self.resources.get_mut(id) else { return };
            let Some(operation) = resource.take_next() else { return };
            out.push(Output::Note(Note::Begins {
                resource: id.clone(),
                task: operation.execute.task.clone(),
                call: operation.call,
            }));
            if resource.agent.standard == Standard::Stonith {
                self.start_fence(now, operation, out);
            } else {
                self.start_agent(now, operation, out);
            }
        }
    }

    fn start_agent(&mut self, now: Instant, operation: Operation, out: &mut Outbox<Output>) {
        let execute = &operation.execute;
        let Some(resource) = self.resources.get(&execute.resource) else { return };
        let agent = resource.agent.clone();
        let run = self.next_run();
        let timeout = execute.timeout;
        out.push(Output::Run(Box::new(Run {
            run,
            resource: execute.resource.clone(),
            agent,
            task: execute.task.clone(),
            interval: execute.interval,
            timeout,
            parameters: execute.parameters.clone(),
        })));
        if !timeout.is_zero() {
            self.arm(Timer::Expired(run), timeout, out);
        }
        self.keep_running(now, run, operation, false);
    }

    fn start_fence(&mut self, now: Instant, operation: Operation, out: &mut Outbox<Output>) {
        let execute = &operation.execute;
        let Some(resource) = self.resources.get(&execute.resource) else { return };
        let task = match (&execute.task, execute.interval.is_recurring()) {
            // A probe asks what we did, which the fencer need not be asked for.
            (Task::Monitor, false) => {
                let end = resource.device.probe();
                return self.finish_at_once(now, operation, end, out);
            }
            (Task::Monitor, true) => FenceTask::Monitor,
            (Task::Start, _) => FenceTask::Start {
                agent: resource.agent.name.clone(),
                parameters: execute.parameters.clone(),
            },
            (Task::Stop, _) => FenceTask::Stop,
            _ => {
                let end = FenceEnd {
                    status: ExecStatus::NotSupported,
                    succeeded: false,
                    reason: Some(format!("Fence devices have no {}", execute.task)),
                };
                return self.finish_at_once(now, operation, end, out);
            }
        };
        let run = self.next_run();
        let (device, timeout) = (execute.resource.clone(), execute.timeout);
        out.push(Output::Fence { run, device, task, timeout });
        if !timeout.is_zero() {
            self.arm(Timer::Expired(run), timeout + FENCER_MARGIN, out);
        }
        self.keep_running(now, run, operation, true);
    }

    fn finish_at_once(
        &mut self,
        now: Instant,
        mut operation: Operation,
        end: FenceEnd,
        out: &mut Outbox<Output>,
    ) {
        let outcome = interpret_fence(&operation.execute.task, end);
        let began = Beginning { at: now, wall: self.wall(now) };
        self.tell(now, &mut operation, outcome, Some(began), false, out);
        self.rest(operation, out);
    }

    fn keep_running(&mut self, now: Instant, run: RunId, operation: Operation, by_fencer: bool) {
        self.busy.insert(operation.execute.resource.clone(), run);
        let began = Beginning { at: now, wall: self.wall(now) };
        let running =
            Running { operation, began, state: RunState::Free, by_fencer, orphaned: false };
        self.running.insert(run, running);
    }

    /// Lets a recurring operation rest until its next run; others are over.
    fn rest(&mut self, operation: Operation, out: &mut Outbox<Output>) {
        if !operation.is_recurring() || self.stopping {
            return;
        }
        let (due, interval) = (Timer::Due(operation.id), operation.execute.interval.duration());
        if let Some(resource) = self.resources.get_mut(&operation.execute.resource) {
            resource.resting.push(operation);
            self.arm(due, interval, out);
        }
    }

    /// The start delay or the interval of an operation is over.
    pub(super) fn on_due(&mut self, now: Instant, id: u64, out: &mut Outbox<Output>) {
        let mut found = None;
        for (name, resource) in &mut self.resources {
            if let Some(operation) = resource.queue.iter_mut().find(|known| known.id == id) {
                operation.delayed = false;
                found = Some(name.clone());
                break;
            }
            if let Some(index) = resource.resting.iter().position(|known| known.id == id) {
                let mut operation = resource.resting.remove(index);
                operation.queued = now;
                resource.queue.push_back(operation);
                found = Some(name.clone());
                break;
            }
        }
        if let Some(name) = found {
            self.start_next(now, &name, out);
        }
    }

    pub(super) fn on_run_finished(
        &mut self,
        now: Instant,
        run: RunId,
        ended: Ended,
        out: &mut Outbox<Output>,
    ) {
        let Some(running) = self.running.get(&run) else { return };
        let execute = &running.operation.execute;
        // A resource that is gone or has changed hands leaves its run's exit status to be read as OCF.
        let standard = self
            .resources
            .get(&execute.resource)
            .filter(|_| !running.orphaned)
            .map_or(Standard::Ocf, |resource| resource.agent.standard.clone());
        let outcome = match running.state {
            RunState::Free => interpret(&standard, &execute.task, ended),
            RunState::Cancelled => Outcome::cancelled(),
            RunState::TimedOut => Outcome::timed_out(execute.timeout),
        };
        self.conclude(now, run, outcome, out);
    }

    pub(super) fn on_fence_finished(
        &mut self,
        now: Instant,
        run: RunId,
        end: FenceEnd,
        out: &mut Outbox<Output>,
    ) {
        let Some(running) = self.running.get(&run) else { return };
        let execute = &running.operation.execute;
        let outcome = match running.state {
            RunState::Cancelled => Outcome::cancelled(),
            RunState::Free | RunState::TimedOut => interpret_fence(&execute.task, end),
        };
        if outcome.is_success()
            && !running.orphaned
            && let Some(resource) = self.resources.get_mut(&execute.resource)
        {
            match execute.task {
                Task::Start => resource.device = DeviceState::Started,
                Task::Stop => resource.device = DeviceState::Stopped,
                _ => {}
            }
        }
        self.conclude(now, run, outcome, out);
    }

    /// Ends a run with an outcome and goes on with the resource's next operation.
    fn conclude(&mut self, now: Instant, run: RunId, outcome: Outcome, out: &mut Outbox<Output>) {
        let Some(running) = self.running.remove(&run) else { return };
        for timer in [Timer::Expired(run), Timer::Overstayed(run), Timer::Undead(run)] {
            self.timers.disarm(&timer);
        }
        let Running { mut operation, began, state, orphaned, .. } = running;
        let resource = operation.execute.resource.clone();
        self.busy.remove(&resource);
        self.tell(now, &mut operation, outcome, Some(began), orphaned, out);
        if !orphaned && state != RunState::Cancelled {
            self.rest(operation, out);
        }
        self.start_next(now, &resource, out);
    }

    pub(super) fn on_expired(&mut self, now: Instant, run: RunId, out: &mut Outbox<Output>) {
        if self.alerts.contains_key(&run) {
            out.push(Output::Kill { run, strength: Strength::Kill, whole_group: true });
            return;
        }
        let Some(running) = self.running.get_mut(&run) else { return };
        let execute = &running.operation.execute;
        out.push(Output::Note(Note::TimedOut {
            resource: execute.resource.clone(),
            task: execute.task.clone(),
            timeout: execute.timeout,
        }));
        if running.by_fencer {
            let outcome = match running.state {
                RunState::Cancelled => Outcome::cancelled(),
                RunState::Free | RunState::TimedOut => {
                    Outcome::new(ExecStatus::TimedOut, vocab::OcfExit::Error)
                        .because("The fencer did not answer in time")
                }
            };
            return self.conclude(now, run, outcome, out);
        }
        if running.state != RunState::Free {
            return;
        }
        running.state = RunState::TimedOut;
        let whole_group = ends_whole_group(&running.operation);
        out.push(Output::Kill { run, strength: Strength::Terminate, whole_group });
        self.arm(Timer::Overstayed(run), TERMINATION_GRACE, out);
    }

    pub(super) fn on_overstayed(&mut self, run: RunId, out: &mut Outbox<Output>) {
        let Some(running) = self.running.get(&run) else { return };
        let whole_group = ends_whole_group(&running.operation);
        out.push(Output::Kill { run, strength: Strength::Kill, whole_group });
        self.arm(Timer::Undead(run), KILL_GRACE, out);
    }

    /// A killed run is still there. The cluster has to know now that the operation failed, or nothing could recover it.
    pub(super) fn on_undead(&mut self, now: Instant, run: RunId, out: &mut Outbox<Output>) {
        let Some(running) = self.running.get(&run) else { return };
        let resource = running.operation.execute.resource.clone();
        let outcome = match running.state {
            RunState::Cancelled => Outcome::cancelled(),
            RunState::Free | RunState::TimedOut => {
                Outcome::timed_out(running.operation.execute.timeout)
            }
        };
        out.push(Output::Note(Note::Undead { resource, run }));
        self.conclude(now, run, outcome, out);
    }

    pub(super) fn on_fencer_lost(&mut self, now: Instant, out: &mut Outbox<Output>) {
        out.push(Output::Note(Note::FencerLost));
        let lost = || FenceEnd {
            status: ExecStatus::NotConnected,
            succeeded: false,
            reason: Some("Lost connection to fencer".to_owned()),
        };
        let mut recurring = Vec::new();
        for resource in self.resources.values_mut() {
            if resource.device == DeviceState::Started {
                resource.device = DeviceState::Unknown;
            }
            if resource.agent.standard == Standard::Stonith {
                recurring.append(&mut resource.resting);
            }
        }
        // Monitors that rest are failures too: a device nobody knows any more cannot be used.
        for mut operation in recurring {
            self.timers.disarm(&Timer::Due(operation.id));
            let outcome = interpret_fence(&operation.execute.task, lost());
            let began = Beginning { at: now, wall: self.wall(now) };
            self.tell(now, &mut operation, outcome, Some(began), false, out);
            self.rest(operation, out);
        }
        let runs: Vec<_> =
            self.running.iter().filter(|(_, run)| run.by_fencer).map(|(id, _)| *id).collect();
        for run in runs {
            self.on_fence_finished(now, run, lost(), out);
        }
    }

    pub(super) fn on_alert_finished(
        &mut self,
        alert: &RunningAlert,
        ended: Ended,
        out: &mut Outbox<Output>,
    ) {
        let what = match ended {
            Ended::Exited { status: 0, .. } => None,
            Ended::Exited { status, .. } => Some(format!("exited with status {status}")),
            Ended::Signalled { signal } => Some(format!("ended by signal {signal}")),
            Ended::NotStarted(failure) => Some(failure.into_reason()),
            Ended::Settled(outcome) => outcome.reason,
        };
        if let Some(what) = what {
            out.push(Output::Note(Note::AlertFailed { id: alert.id.clone(), what }));
        }
        if self.stopping && self.alerts.is_empty() {
            out.push(Output::Exit);
        }
    }

    pub(super) fn on_terminate(&mut self, out: &mut Outbox<Output>) {
        if self.stopping {
            return;
        }
        self.stopping = true;
        // Starts and stops under way are left alone: half of one is worse than one that nobody watches.
        let recurring: Vec<_> = self
            .running
            .iter()
            .filter(|(_, run)| run.operation.is_recurring())
            .map(|(id, _)| *id)
            .collect();
        for run in recurring {
            self.cancel_run(run, out);
        }
        match self.alerts.values().map(|alert| alert.timeout).max() {
            Some(longest) => self.arm(Timer::Shutdown, longest + ALERT_MARGIN, out),
            None => out.push(Output::Exit),
        }
    }
}
