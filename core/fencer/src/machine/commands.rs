//! What fence agents on this node have to do, device by device.

use std::time::Duration;

use machine::{Instant, Outbox};
use messages::fencing::{FenceOutcome, Finished, OperationState, PeerMessage, ReplyBody};
use vocab::{ExecStatus, NodeName};

use super::Fencer;
use crate::{
    AgentEnd, Note, Output, Run, RunId, Timer,
    command::{Addressee, Command, Purpose, Responder},
    device::is_fencing,
};

/// How long a command may take if neither who asks nor the device says so.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

impl Fencer {
    /// Puts a command for somebody who asked into the queue of a device.
    #[expect(clippy::too_many_arguments, reason = "each is a part of the command")]
    pub(super) fn command(
        &mut self,
        now: Instant,
        device: String,
        alternatives: Vec<String>,
        action: String,
        target: Option<String>,
        responder: Responder,
        out: &mut Outbox<Output>,
    ) {
        let timeout = responder.header.timeout;
        let delay = responder.header.delay.unwrap_or(0);
        let purpose = Purpose::Respond(responder);
        self.schedule(now, device, alternatives, action, target, (timeout, delay), purpose, out);
    }

    #[expect(clippy::too_many_arguments, reason = "each is a part of the command")]
    pub(super) fn schedule(
        &mut self,
        now: Instant,
        device: String,
        alternatives: Vec<String>,
        action: String,
        target: Option<String>,
        (timeout, delay): (Duration, i32),
        purpose: Purpose,
        out: &mut Outbox<Output>,
    ) {
        let id = self.next_number();
        let timeout = if timeout.is_zero() { DEFAULT_TIMEOUT } else { timeout };
        let command = Command {
            action,
            target,
            device,
            alternatives,
            timeout,
            delay,
            delayed: false,
            purpose,
            tries: 0,
            began: now,
            run: None,
            timed_out: false,
        };
        self.commands.insert(id, command);
        self.enqueue(now, id, out);
    }

    /// Puts a command into the queue of its device, to begin after the delays.
    fn enqueue(&mut self, now: Instant, id: u64, out: &mut Outbox<Output>) {
        let Some(command) = self.commands.get(&id) else { return };
        let Some(device) = self.devices.get(&command.device) else {
            let reason = format!("Requested device '{}' not found", command.device);
            let outcome = FenceOutcome::failure(ExecStatus::NoFenceDevice, reason);
            return self.deliver(now, id, outcome, out);
        };
        let (base, max) = device.delays(&command.action, command.target.as_deref());
        let seconds = match u64::try_from(command.delay) {
            Err(_) => 0,
            Ok(asked) => asked + base.as_secs() + self.random_below(max.as_secs() - base.as_secs()),
        };
        let Some(command) = self.commands.get_mut(&id) else { return };
        let name = command.device.clone();
        if seconds > 0 {
            command.delayed = true;
            out.push(Output::Note(Note::Delayed {
                target: command.target.clone().unwrap_or_default(),
                device: name.clone(),
                seconds,
            }));
            self.arm(Timer::Delay(id), Duration::from_secs(seconds), out);
        }
        if let Some(device) = self.devices.get_mut(&name) {
            device.queue.push_back(id);
        }
        self.pump(now, &name, out);
    }

    pub(super) fn on_delay_over(&mut self, now: Instant, id: u64, out: &mut Outbox<Output>) {
        if let Some(command) = self.commands.get_mut(&id) {
            command.delayed = false;
            let device = command.device.clone();
            self.pump(now, &device, out);
        }
    }

    /// Begins commands of a device as far as it may have some under way.
    pub(super) fn pump(&mut self, now: Instant, id: &str, out: &mut Outbox<Output>) {
        loop {
            let Some(device) = self.devices.get_mut(id) else { return };
            let is_full = device.action_limit().is_some_and(|limit| device.active >= limit);
            // Until the agent has said what it can do, it is not known what to tell it.
            if device.traits.is_none() || is_full {
                return;
            }
            let commands = &self.commands;
            let next = device
                .queue
                .iter()
                .position(|command| commands.get(command).is_some_and(|known| !known.delayed));
            let Some(command) = next.and_then(|index| device.queue.remove(index)) else { return };
            device.active += 1;
            self.begin(now, command, out);
        }
    }

    fn begin(&mut self, now: Instant, id: u64, out: &mut Outbox<Output>) {
        let run = RunId(self.next_number());
        let Some(command) = self.commands.get_mut(&id) else { return };
        let Some(device) = self.devices.get(&command.device) else { return };
        if command.tries == 0 {
            command.began = now;
        }
        command.tries += 1;
        command.run = Some(run);
        let mut arguments = device.arguments(&command.action, command.target.as_deref());
        let wants_id = device.traits.as_ref().is_some_and(|traits| traits.wants_node_id);
        let number = command.target.as_ref().and_then(|node| self.configuration.node_ids.get(node));
        if let Some(number) = number.filter(|_| wants_id)
            && !arguments.iter().any(|(name, _)| name == "nodeid")
        {
            arguments.push(("nodeid".to_owned(), number.to_string()));
        }
        let whole = device.timeout(&command.action).unwrap_or(command.timeout);
        let left = whole.saturating_sub(now - command.began).max(Duration::from_secs(1));
        out.push(Output::Run(Run {
            run,
            agent: device.registration.agent.clone(),
            device: command.device.clone(),
            arguments,
        }));
        self.runs.insert(run, id);
        self.arm(Timer::Expired(run), left, out);
    }

    pub(super) fn on_expired(&mut self, run: RunId, out: &mut Outbox<Output>) {
        if let Some(command) = self.runs.get(&run).and_then(|id| self.commands.get_mut(id)) {
            command.timed_out = true;
            out.push(Output::Kill(run));
        }
    }

    pub(super) fn on_run_finished(
        &mut self,
        now: Instant,
        run: RunId,
        end: AgentEnd,
        out: &mut Outbox<Output>,
    ) {
        self.timers.disarm(&Timer::Expired(run));
        let Some(id) = self.runs.remove(&run) else { return };
        let Some(command) = self.commands.get_mut(&id) else { return };
        command.run = None;
        let outcome = if command.timed_out {
            FenceOutcome::failure(ExecStatus::TimedOut, "Fence agent did not complete in time")
        } else {
            outcome_of(end)
        };
        let name = command.device.clone();
        let mut tries = 1;
        let mut whole = command.timeout;
        if let Some(device) = self.devices.get_mut(&name) {
            device.active = device.active.saturating_sub(1);
            let proves = matches!(command.action.as_str(), "list" | "monitor" | "status");
            device.verified |= proves && outcome.is_success();
            tries = device.tries(&command.action);
            whole = device.timeout(&command.action).unwrap_or(whole);
        }
        // Once more, if enough of the time is left for it to make sense.
        let is_early = now - command.began < whole.mul_f64(0.7);
        let failed = outcome.status == ExecStatus::Done && outcome.exit != 0;
        let is_question = matches!(command.purpose, Purpose::Search(_));
        if failed
            && !is_question
            && command.tries < tries
            && is_early
            && self.devices.contains_key(&name)
        {
            if let Some(device) = self.devices.get_mut(&name) {
                device.queue.push_front(id);
            }
        } else {
            self.conclude(now, id, outcome, out);
        }
        self.pump(now, &name, out);
    }

    /// Takes the result of a device: another device is tried if this one failed, else the command is over.
    fn conclude(&mut self, now: Instant, id: u64, outcome: FenceOutcome, out: &mut Outbox<Output>) {
        let Some(command) = self.commands.get_mut(&id) else { return };
        out.push(Output::Note(Note::Ran {
            device: command.device.clone(),
            action: command.action.clone(),
            target: command.target.clone(),
            outcome: outcome.clone(),
        }));
        if !outcome.is_success() && !command.alternatives.is_empty() {
            command.device = command.alternatives.remove(0);
            command.tries = 0;
            command.timed_out = false;
            // The delays are for the first device; the target has had them.
            command.delay = -1;
            return self.enqueue(now, id, out);
        }
        self.deliver(now, id, outcome, out);
    }

    /// Gives a command's result to who waits for it.
    pub(super) fn deliver(
        &mut self,
        now: Instant,
        id: u64,
        outcome: FenceOutcome,
        out: &mut Outbox<Output>,
    ) {
        let Some(command) = self.commands.remove(&id) else { return };
        self.timers.disarm(&Timer::Delay(id));
        match command.purpose {
            Purpose::Search(search) => self.on_answered(now, search, &command, outcome, out),
            Purpose::Respond(ref responder) => {
                if let Some(finished) = self.on_behalf_of_target(&command, responder, &outcome) {
                    let message = PeerMessage::Finished(Box::new(finished));
                    out.push(Output::Send(None, Box::new(message)));
                } else {
                    let device = Some(command.device.clone());
                    self.respond(responder, outcome, ReplyBody::Empty, device, out);
                }
            }
        }
    }

    /// A target that leads its own fencing will not be there to tell its end.
    fn on_behalf_of_target(
        &self,
        command: &Command,
        responder: &Responder,
        outcome: &FenceOutcome,
    ) -> Option<Finished> {
        let Addressee::Peer(leader) = &responder.to else { return None };
        let target = command.target.as_ref()?;
        if !is_fencing(&command.action) || !leader.as_str().eq_ignore_ascii_case(target) {
            return None;
        }
        let known = self.operations.get(responder.fencing.as_ref()?)?;
        let state =
            if outcome.is_success() { OperationState::Done } else { OperationState::Failed };
        Some(Finished {
            state,
            delegate: Some(self.settings.local.to_string()),
            outcome: outcome.clone(),
            ..known.finished(false)
        })
    }

    /// Where an answer to another fencer goes.
    pub(super) fn peer_responder(
        from: NodeName,
        header: messages::fencing::CallHeader,
        operation: &'static str,
        fencing: Option<String>,
    ) -> Responder {
        Responder { to: Addressee::Peer(from), header, operation, fencing }
    }
}

fn outcome_of(end: AgentEnd) -> FenceOutcome {
    match end {
        AgentEnd::Exited { status, stdout, stderr } => FenceOutcome {
            status: ExecStatus::Done,
            exit: status,
            reason: (status != 0)
                .then(|| stderr.lines().rev().find(|line| !line.trim().is_empty()))
                .flatten()
                .map(|line| line.trim().chars().take(256).collect()),
            output: Some(stdout).filter(|text| !text.is_empty()),
        },
        AgentEnd::Killed => FenceOutcome::failure(ExecStatus::Error, "Fence agent was killed"),
        AgentEnd::NotInstalled(reason) => FenceOutcome::failure(ExecStatus::NotInstalled, reason),
        AgentEnd::NoSecrets(reason) => FenceOutcome::failure(ExecStatus::NoSecrets, reason),
        AgentEnd::NotStarted(reason) => FenceOutcome::failure(ExecStatus::Error, reason),
    }
}
