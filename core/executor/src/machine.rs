use std::{collections::BTreeMap, time::Duration};

use machine::{Instant, Outbox, TimerToken, Timers};
use messages::executor::Event;
use vocab::{CallId, ResourceId, Timestamp};

use crate::{
    ClientId, Input, Outcome, Output, RunId, Timer,
    operation::{Beginning, Operation},
    resource::Resource,
};

mod requests;
mod runs;

/// How long a run that was told to end may take to do so before it is killed.
const TERMINATION_GRACE: Duration = Duration::from_secs(1);

/// How long a killed run may take to be gone. Only processes that the kernel cannot end take this long.
const KILL_GRACE: Duration = Duration::from_secs(10);

/// How much longer than the operation itself the fencer may take to say how a device's operation went.
const FENCER_MARGIN: Duration = Duration::from_secs(10);

/// How much longer than their own time alerts may take when the process ends.
const ALERT_MARGIN: Duration = Duration::from_secs(5);

/// The executor of one node.
///
/// Invariants: at most one run for each resource; a run is in `running` from [`Output::Run`] to its end; a resource's name is
/// in `busy` exactly while a run for it is in `running`.
#[derive(Debug)]
pub struct Executor {
    wall: Timestamp,
    wall_at: Instant,
    clients: BTreeMap<ClientId, Client>,
    resources: BTreeMap<ResourceId, Resource>,
    running: BTreeMap<RunId, Running>,
    busy: BTreeMap<ResourceId, RunId>,
    alerts: BTreeMap<RunId, RunningAlert>,
    alert_sequence: u32,
    timers: Timers<Timer>,
    last_call: CallId,
    last_run: u64,
    last_operation: u64,
    stopping: bool,
}

#[derive(Debug)]
struct Client {
    privileged: bool,
    token: String,
    /// Whether it has said anything yet; one that has not is not told anything.
    introduced: bool,
}

/// A run under way.
#[derive(Debug)]
struct Running {
    operation: Operation,
    began: Beginning,
    state: RunState,
    /// Whether the fencer does it, so that there is no process.
    by_fencer: bool,
    /// Whether the resource was unregistered after the run began.
    orphaned: bool,
}

/// What will be said of a run when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RunState {
    /// What the agent says.
    Free,
    /// That it was cancelled.
    Cancelled,
    /// That it took too long.
    TimedOut,
}

#[derive(Debug)]
struct RunningAlert {
    id: String,
    timeout: Duration,
}

impl Executor {
    /// An executor without clients and resources. `wall` is the time at `now`.
    pub fn new(now: Instant, wall: Timestamp) -> Self {
        Self {
            wall,
            wall_at: now,
            clients: BTreeMap::new(),
            resources: BTreeMap::new(),
            running: BTreeMap::new(),
            busy: BTreeMap::new(),
            alerts: BTreeMap::new(),
            alert_sequence: 0,
            timers: Timers::new(),
            last_call: CallId(0),
            last_run: 0,
            last_operation: 0,
            stopping: false,
        }
    }

    /// Handles one input; what is to be done about it is added to `out`.
    pub fn handle(&mut self, now: Instant, input: Input, out: &mut Outbox<Output>) {
        match input {
            Input::WallClock(wall) => {
                self.wall = wall;
                self.wall_at = now;
            }
            Input::Connected { client, privileged, token } => {
                self.broadcast(&Event::NewClient, out);
                self.clients.insert(client, Client { privileged, token, introduced: false });
            }
            Input::Disconnected(client) => self.on_disconnected(now, client, out),
            Input::Request { client, message } => self.on_request(now, client, message, out),
            Input::Finished { run, ended } => match self.alerts.remove(&run) {
                Some(alert) => self.on_alert_finished(&alert, ended, out),
                None => self.on_run_finished(now, run, ended, out),
            },
            Input::FenceFinished { run, end } => self.on_fence_finished(now, run, end, out),
            Input::FencerLost => self.on_fencer_lost(now, out),
            Input::Timer(timer, token) => self.on_timer(now, timer, token, out),
            Input::Terminate => self.on_terminate(out),
        }
        debug_assert!(self.check());
    }

    /// Whether the invariants hold.
    fn check(&self) -> bool {
        self.busy.len() == self.running.len()
            && self.busy.iter().all(|(resource, run)| {
                self.running
                    .get(run)
                    .is_some_and(|running| running.operation.execute.resource == *resource)
            })
    }

    fn wall(&self, now: Instant) -> Timestamp {
        let passed = i64::try_from((now - self.wall_at).as_secs()).unwrap_or(i64::MAX);
        Timestamp(self.wall.0.saturating_add(passed))
    }

    fn arm(&mut self, timer: Timer, after: Duration, out: &mut Outbox<Output>) {
        out.push(Output::Arm(timer, self.timers.arm(timer), after));
    }

    fn on_timer(
        &mut self,
        now: Instant,
        timer: Timer,
        token: TimerToken,
        out: &mut Outbox<Output>,
    ) {
        if !self.timers.fired(&timer, token) {
            return;
        }
        match timer {
            Timer::Due(operation) => self.on_due(now, operation, out),
            Timer::Expired(run) => self.on_expired(now, run, out),
            Timer::Overstayed(run) => self.on_overstayed(run, out),
            Timer::Undead(run) => self.on_undead(now, run, out),
            Timer::Shutdown => out.push(Output::Exit),
        }
    }

    /// Tells every client that has introduced itself.
    fn broadcast(&self, event: &Event, out: &mut Outbox<Output>) {
        for (id, client) in &self.clients {
            if client.introduced {
                out.push(Output::Notify(*id, event.clone()));
            }
        }
    }

    /// Tells whoever is to hear of it that a run (`began`, or none) of an operation ended.
    fn tell(
        &self,
        now: Instant,
        operation: &mut Operation,
        outcome: Outcome,
        began: Option<Beginning>,
        resource_deleted: bool,
        out: &mut Outbox<Output>,
    ) {
        let news = operation.is_news(&outcome);
        operation.told = Some((outcome.status, outcome.exit));
        let result = operation.result(outcome, began, now, resource_deleted);
        out.push(Output::Note(crate::Note::Result {
            resource: result.resource.clone(),
            task: result.task.clone(),
            call: result.call,
            status: result.status,
            exit: result.exit,
            reason: result.exit_reason.clone(),
            execution_time: result.execution_time,
            queue_time: result.queue_time,
        }));
        if !news {
            return;
        }
        let event = Event::Executed(Box::new(result));
        if !operation.execute.options.notify_origin_only {
            self.broadcast(&event, out);
        } else if self.clients.get(&operation.client).is_some_and(|client| client.introduced) {
            out.push(Output::Notify(operation.client, event));
        }
    }
}

#[cfg(test)]
mod tests;
