//! The event loop.

use std::{collections::VecDeque, time::Duration};

use attributes::{
    AttributeManager, Event, Input, Note, Output, Settings, Severity, Timer, WriteId,
};
use election::Age;
use machine::{Outbox, TimerToken};
use ring::RingError;
use runtime::{Clock, TimerQueue};
use vocab::{FEATURE_SET, ToolExit};

use crate::{
    cib_side::{CibSide, FromCib},
    endpoint::Endpoint,
    ring_side::{FromRing, RingSide},
};

/// How long the CIB manager may take for a write.
const WRITE_TIMEOUT: Duration = Duration::from_secs(120);

/// The daemon: the machine and everything it acts on.
#[derive(Debug)]
pub(crate) struct Daemon {
    manager: AttributeManager,
    cib: CibSide,
    ring: RingSide,
    endpoint: Endpoint,
    timers: TimerQueue<Due>,
    clock: Clock,
}

/// What a timer of the loop is for.
#[derive(Debug)]
enum Due {
    Machine(Timer, TimerToken),
    Write(WriteId),
}

impl Daemon {
    pub(crate) fn new(cib: CibSide, ring: RingSide, endpoint: Endpoint) -> Self {
        let clock = Clock::start();
        let manager = AttributeManager::new(Settings {
            node: ring.local_node(),
            name: ring.local_name().clone(),
            feature_set: FEATURE_SET,
        });
        Self { manager, cib, ring, endpoint, timers: TimerQueue::new(clock), clock }
    }

    /// Runs until a connection is lost without which nothing can be done.
    pub(crate) async fn run(mut self) -> ToolExit {
        tracing::info!(
            "Pacemaker node attribute manager successfully started and accepting connections"
        );
        loop {
            let event = tokio::select! {
                event = self.ring.next() => match event {
                    Ok(event) => from_ring(event),
                    Err(error) => {
                        tracing::error!("Lost connection to cluster layer, shutting down: {error}");
                        return ToolExit::Disconnect;
                    }
                },
                event = self.cib.next() => match event {
                    FromCib::Written(write, result) => Event::Written { write, result },
                    FromCib::Replaced => Event::StatusReplaced,
                    FromCib::Lost => {
                        tracing::error!("Lost connection to the CIB manager, shutting down");
                        return ToolExit::Disconnect;
                    }
                },
                asked = self.endpoint.next() => Event::Client {
                    ticket: asked.ticket,
                    request: asked.request,
                    user: asked.user,
                },
                due = self.timers.next() => match due {
                    Due::Machine(timer, token) => Event::Timer { timer, token },
                    Due::Write(write) if self.cib.give_up(write) => {
                        Event::Written { write, result: Err("no answer in time".to_owned()) }
                    }
                    Due::Write(_) => continue,
                },
            };
            if let Err(error) = self.handle(event).await {
                tracing::error!("the ring takes no messages any more, shutting down: {error}");
                return ToolExit::Disconnect;
            }
        }
    }

    /// Hands an event to the machine and does what it asks, as well as what follows at once from that.
    async fn handle(&mut self, event: Event) -> Result<(), RingError> {
        let mut events = VecDeque::from([event]);
        let mut out = Outbox::new();
        while let Some(event) = events.pop_front() {
            let used = runtime::processor_time();
            let age = Age { seconds: used.as_secs(), micros: used.subsec_micros() };
            self.manager.handle(self.clock.now(), Input { age, event }, &mut out);
            while let Some(output) = out.pop() {
                events.extend(self.perform(output).await?);
            }
        }
        Ok(())
    }

    async fn perform(&mut self, output: Output) -> Result<Option<Event>, RingError> {
        match output {
            Output::Acknowledge(ticket) => self.endpoint.acknowledge(ticket),
            Output::Answer { ticket, reply } => self.endpoint.answer(ticket, &reply),
            Output::Send { to, envelope } => self.ring.send(to, &envelope)?,
            Output::SendBallot { to, ballot } => self.ring.send_ballot(to, ballot)?,
            Output::Arm { timer, token, after } => {
                self.timers.arm(after, Due::Machine(timer, token));
            }
            Output::Note(note) => log(&note),
            Output::Write { write, update, user } => {
                if let Err(error) = self.cib.write(write, &update, user).await {
                    return Ok(Some(Event::Written { write, result: Err(error.to_string()) }));
                }
                self.timers.arm(WRITE_TIMEOUT, Due::Write(write));
            }
        }
        Ok(None)
    }
}

fn from_ring(event: FromRing) -> Event {
    match event {
        FromRing::Members(members) => Event::Members(members),
        FromRing::Message { from, name, envelope } => Event::Peer { from, name, envelope },
        FromRing::Ballot { from, ballot } => Event::Ballot { from, ballot },
    }
}

fn log(note: &Note) {
    match note.severity() {
        Severity::Info => tracing::debug!("{note}"),
        Severity::Notice => tracing::info!("{note}"),
        Severity::Warning => tracing::warn!("{note}"),
    }
}
