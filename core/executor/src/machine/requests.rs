//! What clients ask for.

use std::collections::VecDeque;

use machine::{Instant, Outbox};
use messages::executor::{
    Agent, Alert, Event, Execute, Message, OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION,
    RecurringOperation, Refusal, Reply, ReplyBody, Request, RequestError,
};
use vocab::{CallId, Interval, ResourceId, Task};

use super::{Executor, RunState, RunningAlert};
use crate::{
    ClientId, Note, Outcome, Output, RunId, Strength, Timer,
    operation::Operation,
    resource::{MAX_WAITING, Resource},
};

type Answer = Result<ReplyBody, Refusal>;

impl Executor {
    pub(super) fn on_request(
        &mut self,
        now: Instant,
        client: ClientId,
        message: Result<Message, RequestError>,
        out: &mut Outbox<Output>,
    ) {
        self.last_call = CallId(self.last_call.0.checked_add(1).unwrap_or(1));
        let call = self.last_call;
        let Some(known) = self.clients.get_mut(&client) else { return };
        known.introduced = true;
        let privileged = known.privileged;
        let answer = match message {
            Err(error) => {
                let refusal = match error {
                    RequestError::UnknownOperation(_) => Refusal::NotSupported,
                    RequestError::Missing { .. } | RequestError::Unreadable(_) => Refusal::Invalid,
                };
                out.push(Output::Note(Note::BadRequest { client, error }));
                Err(refusal)
            }
            Ok(Message { request, .. }) => {
                let open = matches!(request, Request::Hello { .. } | Request::Poke);
                if privileged || open {
                    self.answer(now, client, call, request, out)
                } else {
                    out.push(Output::Note(Note::Denied { client, request: request.name() }));
                    Err(Refusal::AccessDenied)
                }
            }
        };
        let (outcome, body) = match answer {
            Ok(body) => (Ok(()), body),
            Err(refusal) => (Err(refusal), ReplyBody::Empty),
        };
        out.push(Output::Reply(client, Reply { call, outcome, body }));
        // Everything above was only queued: an operation's result never overtakes the answer to its request.
        self.start_all(now, out);
    }

    fn answer(
        &mut self,
        now: Instant,
        client: ClientId,
        call: CallId,
        request: Request,
        out: &mut Outbox<Output>,
    ) -> Answer {
        match request {
            Request::Hello { protocol, carries_connections } => {
                self.on_hello(client, &protocol, carries_connections)
            }
            Request::Register { resource, agent, drop_recurring } => {
                self.on_register(now, &resource, agent, drop_recurring, out);
                self.broadcast(&Event::Registered { resource, call, outcome: Ok(()) }, out);
                Ok(ReplyBody::Empty)
            }
            Request::Info(resource) => match self.resources.get(&resource) {
                Some(known) => Ok(ReplyBody::Info { resource, agent: known.agent.clone() }),
                None => Err(Refusal::NoSuchResource),
            },
            Request::Unregister(resource) => {
                let outcome = self.on_unregister(now, &resource, out);
                self.broadcast(&Event::Unregistered { resource, call, outcome }, out);
                outcome.map(|()| ReplyBody::Empty)
            }
            Request::Execute(execute) => self.on_execute(now, client, call, *execute, out),
            Request::Cancel { resource, task, interval } => {
                self.on_cancel(now, &resource, &task, interval, out)
            }
            Request::Poke => {
                self.broadcast(&Event::Poked { call }, out);
                Ok(ReplyBody::Empty)
            }
            // Without a watchdog on this node any timeout fits.
            Request::Check { .. } => Ok(ReplyBody::Empty),
            Request::Alert(alert) => {
                self.on_alert(alert, out);
                Ok(ReplyBody::Empty)
            }
            Request::Recurring(resource) => self.on_recurring(resource.as_ref()),
        }
    }

    fn on_hello(&self, client: ClientId, protocol: &str, carries_connections: bool) -> Answer {
        if !is_at_least(protocol, OLDEST_PROTOCOL_VERSION) {
            return Err(Refusal::ProtocolMismatch);
        }
        if carries_connections {
            return Err(Refusal::ProtocolNotSupported);
        }
        let token = self.clients.get(&client).map(|client| client.token.clone());
        Ok(ReplyBody::Welcome {
            token: token.unwrap_or_default(),
            protocol: PROTOCOL_VERSION.to_owned(),
        })
    }

    fn on_register(
        &mut self,
        now: Instant,
        resource: &ResourceId,
        agent: Agent,
        drop_recurring: bool,
        out: &mut Outbox<Output>,
    ) {
        if self.resources.get(resource).is_some_and(|known| known.agent == agent) {
            return;
        }
        // Another agent under the same name: what was meant for the old one is void.
        self.forget(now, resource, out);
        out.push(Output::Note(Note::Registered {
            resource: resource.clone(),
            agent: agent.clone(),
        }));
        self.resources.insert(resource.clone(), Resource::new(agent, drop_recurring));
    }

    fn on_unregister(
        &mut self,
        now: Instant,
        resource: &ResourceId,
        out: &mut Outbox<Output>,
    ) -> Result<(), Refusal> {
        if !self.resources.contains_key(resource) {
            return Ok(());
        }
        self.forget(now, resource, out);
        if self.busy.contains_key(resource) { Err(Refusal::InProgress) } else { Ok(()) }
    }

    /// Removes a resource and cancels what is not under way. A run under way goes on, unless it recurs.
    fn forget(&mut self, now: Instant, resource: &ResourceId, out: &mut Outbox<Output>) {
        let Some(known) = self.resources.remove(resource) else { return };
        for mut operation in known.queue.into_iter().chain(known.resting) {
            self.timers.disarm(&Timer::Due(operation.id));
            self.tell(now, &mut operation, Outcome::cancelled(), None, true, out);
        }
        if let Some(run) = self.busy.get(resource).copied()
            && let Some(running) = self.running.get_mut(&run)
        {
            running.orphaned = true;
            if running.operation.is_recurring() {
                self.cancel_run(run, out);
            }
        }
    }

    fn on_execute(
        &mut self,
        now: Instant,
        client: ClientId,
        call: CallId,
        execute: Execute,
        out: &mut Outbox<Output>,
    ) -> Answer {
        if !self.resources.contains_key(&execute.resource) {
            return Err(Refusal::NoSuchResource);
        }
        if self.merge(now, client, call, &execute, out) {
            return Ok(ReplyBody::Queued);
        }
        if execute.task == Task::Stop {
            self.cancel_recurring(now, &execute.resource.clone(), None, out);
        }
        let Some(resource) = self.resources.get_mut(&execute.resource) else {
            return Err(Refusal::NoSuchResource);
        };
        if resource.queue.len() >= MAX_WAITING {
            return Err(Refusal::Busy);
        }
        self.last_operation += 1;
        let delay = execute.start_delay;
        let mut operation = Operation::new(self.last_operation, client, call, execute);
        operation.queued = now;
        operation.delayed = !delay.is_zero();
        let due = Timer::Due(operation.id);
        resource.queue.push_back(operation);
        if !delay.is_zero() {
            self.arm(due, delay, out);
        }
        Ok(ReplyBody::Queued)
    }

    /// Makes a request for a recurring operation that exists into that operation: its next result, which comes as soon as
    /// it can, answers the new request.
    fn merge(
        &mut self,
        now: Instant,
        client: ClientId,
        call: CallId,
        execute: &Execute,
        out: &mut Outbox<Output>,
    ) -> bool {
        if !execute.interval.is_recurring() {
            return false;
        }
        let (task, interval) = (&execute.task, execute.interval);
        let renew = |operation: &mut Operation| {
            operation.client = client;
            operation.call = call;
            operation.execute.user_data.clone_from(&execute.user_data);
            operation.execute.options = execute.options;
            operation.told = None;
        };
        let Some(resource) = self.resources.get_mut(&execute.resource) else { return false };
        let mut found = false;
        if let Some(queued) = resource.queue.iter_mut().find(|known| known.is(task, interval)) {
            renew(queued);
            found = true;
        } else if let Some(mut resting) = resource.take_resting(task, interval) {
            renew(&mut resting);
            self.timers.disarm(&Timer::Due(resting.id));
            resting.queued = now;
            resource.queue.push_back(resting);
            found = true;
        } else if let Some(running) = self
            .busy
            .get(&execute.resource)
            .and_then(|run| self.running.get_mut(run))
            .filter(|running| running.operation.is(task, interval))
            && running.state != RunState::Cancelled
            && !running.orphaned
        {
            renew(&mut running.operation);
            found = true;
        }
        if found {
            let (resource, task) = (execute.resource.clone(), task.clone());
            out.push(Output::Note(Note::Merged { resource, task, interval }));
        }
        found
    }

    fn on_cancel(
        &mut self,
        now: Instant,
        resource: &ResourceId,
        task: &Task,
        interval: Interval,
        out: &mut Outbox<Output>,
    ) -> Answer {
        let Some(known) = self.resources.get_mut(resource) else {
            return Err(Refusal::NoSuchResource);
        };
        let waiting =
            known.take_queued(task, interval).or_else(|| known.take_resting(task, interval));
        if let Some(mut operation) = waiting {
            self.timers.disarm(&Timer::Due(operation.id));
            self.tell(now, &mut operation, Outcome::cancelled(), None, false, out);
            return Ok(ReplyBody::Empty);
        }
        let Some(run) = self.busy.get(resource).copied() else {
            return Err(Refusal::NotSupported);
        };
        let matches = self.running.get(&run).is_some_and(|running| {
            running.operation.is(task, interval) && running.operation.is_recurring()
        });
        if !matches {
            return Err(Refusal::NotSupported);
        }
        self.cancel_run(run, out);
        Ok(ReplyBody::Empty)
    }

    /// Cancels the recurring operations of a resource, all or those of one client.
    pub(super) fn cancel_recurring(
        &mut self,
        now: Instant,
        resource: &ResourceId,
        of: Option<ClientId>,
        out: &mut Outbox<Output>,
    ) {
        let meant = |operation: &Operation| {
            operation.is_recurring() && of.is_none_or(|client| operation.client == client)
        };
        let mut cancelled = Vec::new();
        if let Some(known) = self.resources.get_mut(resource) {
            cancelled.extend(known.resting.extract_if(.., |operation| meant(operation)));
            let (ended, kept): (VecDeque<_>, _) =
                std::mem::take(&mut known.queue).into_iter().partition(meant);
            known.queue = kept;
            cancelled.extend(ended);
        }
        for mut operation in cancelled {
            self.timers.disarm(&Timer::Due(operation.id));
            self.tell(now, &mut operation, Outcome::cancelled(), None, false, out);
        }
        if let Some(run) = self.busy.get(resource).copied()
            && self.running.get(&run).is_some_and(|running| meant(&running.operation))
        {
            self.cancel_run(run, out);
        }
    }

    /// Has a run of a recurring operation end, to be reported as cancelled.
    pub(super) fn cancel_run(&mut self, run: RunId, out: &mut Outbox<Output>) {
        let Some(running) = self.running.get_mut(&run) else { return };
        if running.state == RunState::Cancelled {
            return;
        }
        let was_ending = running.state == RunState::TimedOut;
        running.state = RunState::Cancelled;
        // What the fencer does cannot be interrupted; its answer will come.
        if running.by_fencer || was_ending {
            return;
        }
        let whole_group = super::runs::ends_whole_group(&running.operation);
        out.push(Output::Kill { run, strength: Strength::Kill, whole_group });
        self.arm(Timer::Undead(run), super::KILL_GRACE, out);
    }

    fn on_recurring(&self, resource: Option<&ResourceId>) -> Answer {
        if resource.is_some_and(|resource| !self.resources.contains_key(resource)) {
            return Err(Refusal::NoSuchResource);
        }
        let mut operations = Vec::new();
        for (id, known) in &self.resources {
            if resource.is_some_and(|resource| resource != id) {
                continue;
            }
            let running = self.busy.get(id).and_then(|run| self.running.get(run));
            let running = running
                .filter(|running| running.state != RunState::Cancelled)
                .map(|running| &running.operation);
            for operation in known.resting.iter().chain(&known.queue).chain(running) {
                if operation.is_recurring() {
                    operations.push(RecurringOperation {
                        resource: id.clone(),
                        task: operation.execute.task.clone(),
                        interval: operation.execute.interval,
                        timeout: operation.execute.timeout,
                    });
                }
            }
        }
        Ok(ReplyBody::Recurring(operations))
    }

    fn on_alert(&mut self, mut alert: Alert, out: &mut Outbox<Output>) {
        if self.stopping {
            return;
        }
        self.alert_sequence = self.alert_sequence.wrapping_add(1);
        alert.environment.set("CRM_alert_node_sequence", self.alert_sequence.to_string());
        let run = self.next_run();
        self.alerts.insert(run, RunningAlert { id: alert.id.clone(), timeout: alert.timeout });
        if !alert.timeout.is_zero() {
            self.arm(Timer::Expired(run), alert.timeout, out);
        }
        out.push(Output::RunAlert(run, alert));
    }

    pub(super) fn on_disconnected(
        &mut self,
        now: Instant,
        client: ClientId,
        out: &mut Outbox<Output>,
    ) {
        if self.clients.remove(&client).is_none() {
            return;
        }
        let dropping: Vec<_> = self
            .resources
            .iter()
            .filter(|(_, resource)| resource.drop_recurring)
            .map(|(id, _)| id.clone())
            .collect();
        for resource in dropping {
            self.cancel_recurring(now, &resource, Some(client), out);
        }
        self.start_all(now, out);
    }
}

/// Whether a dotted version is another one or later; what is not a number counts as zero.
fn is_at_least(version: &str, oldest: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> {
        text.split('.').map(|part| part.parse().unwrap_or(0)).collect()
    };
    numbers(version) >= numbers(oldest)
}
