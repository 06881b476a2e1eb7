//! One node's instance of the CIB, as a state machine.
//!
//! ```text
//!  client ─request─▶ replica ─Broadcast─▶ group, in agreed order ─▶ every replica carries it out
//!                       ▲                                              │ the one that broadcast it answers its client
//!                       └──────────────── reply ◀──────────────────────┘
//! ```
//!
//! One instance, the DC's, is primary. It changes nothing about writes; it only compares: some seconds after the last
//! change it asks all for version and digest and sends its CIB to those that differ.

mod change;
mod clients;
mod input;
mod note;
mod peer;
mod restricted;
mod sync;
#[cfg(test)]
mod tests;

use std::time::Duration;

use machine::{Instant, Outbox, Timers};
use messages::cib::{
    ClientMessage, Failure, Operation, OperationKind, PeerMessage, Registered, Reply, Request,
};
use rules::LocalTime;
use schema::Schema;
use vocab::{NodeId, NodeName, ToolExit};

pub use input::{Access, Answer, Call, ClientKey, Input, Output, Timer};
pub use note::{Note, Severity};

use crate::{Document, Source};
use clients::{Client, Clients};
use restricted::Restricted;
use sync::Sync;

/// How long the peers have to answer a farewell.
const FAREWELL: Duration = Duration::from_secs(10);
/// How long to wait before a CIB that could not be stored is stored again.
const STORE_AGAIN: Duration = Duration::from_secs(30);

/// What a replica is told once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// This node's name.
    pub local: NodeName,
    /// This node's number in the ring.
    pub local_id: NodeId,
    /// Whether there is no cluster: every change is made here alone, and this instance is primary.
    pub stand_alone: bool,
}

/// One node's instance of the CIB.
#[derive(Debug)]
pub struct Replica {
    document: Document,
    local: NodeName,
    local_id: NodeId,
    stand_alone: bool,
    primary: bool,
    leaving: bool,
    others: usize,
    /// Whether the members were told at least once.
    met: bool,
    /// The time in words that a change is stamped with.
    written: String,
    /// The time for rules.
    time: LocalTime,
    restricted: Restricted,
    last_change: Instant,
    clients: Clients,
    sync: Sync,
    timers: Timers<Timer>,
}

impl Replica {
    /// An instance that starts from the CIB that was on disk, or from an empty one.
    pub fn new(settings: Settings, document: Document) -> Self {
        Self {
            // Members that run Pacemaker 2.1.5 know no newer one.
            document: document.with_newest(Schema::COMMON),
            local: settings.local,
            local_id: settings.local_id,
            stand_alone: settings.stand_alone,
            primary: settings.stand_alone,
            leaving: false,
            others: 0,
            met: false,
            written: String::new(),
            time: LocalTime { moment: vocab::Timestamp(0), utc_offset_seconds: 0 },
            restricted: Restricted::default(),
            last_change: Instant::START,
            clients: Clients::default(),
            sync: Sync::default(),
            timers: Timers::new(),
        }
    }

    /// The document as it is now.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Whether this is the primary instance.
    pub fn is_primary(&self) -> bool {
        self.primary
    }

    /// Sets the time, also in words as C's `ctime` has it, with which changes are stamped from now on. To be called when the
    /// second changes and something is about to be handled.
    pub fn set_time(&mut self, time: LocalTime, words: &str) {
        self.time = time;
        words.clone_into(&mut self.written);
    }

    /// Takes in what happened and asks for what has to be done about it.
    pub fn handle(&mut self, now: Instant, input: Input, out: &mut Outbox<Output>) {
        match input {
            Input::Connected { client, token, user, name, access } => {
                if self.leaving {
                    out.push(Output::Disconnect { client });
                } else {
                    self.clients.add(client, Client::new(token, user, name, access));
                }
            }
            Input::Disconnected { client } => {
                let user = self.clients.user(client).map(str::to_owned);
                self.clients.remove(client);
                if let Some(user) = user {
                    self.forget_watcher(&user);
                }
            }
            Input::Client { client, call, message } => self.client(now, client, call, message, out),
            Input::Peer { from, message } => self.peer(now, from, message, out),
            Input::Members(members) => self.members(&members, out),
            Input::Timer { timer, token } => {
                if self.timers.fired(&timer, token) {
                    self.timer(now, timer, out);
                }
            }
            Input::Stored { version, result } => {
                if let Err(problem) = result {
                    out.push(Output::Note(Note::NotStored { version, problem }));
                    self.arm(Timer::Store, STORE_AGAIN, out);
                }
            }
            Input::Terminate => self.terminate(out),
        }
    }

    fn timer(&mut self, now: Instant, timer: Timer, out: &mut Outbox<Output>) {
        match timer {
            Timer::Compare => self.compare(now, out),
            Timer::Store => out.push(Output::Store(self.document.root().clone())),
            Timer::Leave => {
                out.push(Output::Note(Note::LeavesUnanswered));
                out.push(Output::Exit(ToolExit::Error));
            }
        }
    }

    fn arm(&mut self, timer: Timer, after: Duration, out: &mut Outbox<Output>) {
        let token = self.timers.arm(timer);
        out.push(Output::Arm { timer, token, after });
    }

    fn members(&mut self, members: &[NodeId], out: &mut Outbox<Output>) {
        self.others = members.iter().filter(|&&member| member != self.local_id).count();
        if !self.met && self.others > 0 {
            self.ask_for_cib("this node has just started", out);
        }
        self.met = true;
        if self.leaving && self.others == 0 {
            out.push(Output::Exit(ToolExit::Ok));
        }
    }

    fn terminate(&mut self, out: &mut Outbox<Output>) {
        if self.leaving {
            return;
        }
        self.leaving = true;
        for client in self.clients.keys() {
            self.clients.remove(client);
            out.push(Output::Disconnect { client });
        }
        if self.stand_alone || self.others == 0 {
            out.push(Output::Exit(ToolExit::Ok));
        } else {
            out.push(Output::Broadcast(PeerMessage::Leaving));
            self.arm(Timer::Leave, FAREWELL, out);
        }
    }

    fn client(
        &mut self,
        now: Instant,
        key: ClientKey,
        call: Call,
        message: ClientMessage,
        out: &mut Outbox<Output>,
    ) {
        let Some(client) = self.clients.get_mut(key) else { return };
        match message {
            ClientMessage::Register { client_name } => {
                if let Some(name) = client_name.filter(|_| !client.named) {
                    client.name = name;
                    client.named = true;
                }
                let registered = Registered { client_id: client.token.clone() };
                let answer = Answer::Registered(registered);
                out.push(Output::Respond { client: key, call, answer });
            }
            ClientMessage::Subscribe { kind, active } => {
                let status = match kind {
                    Some(kind) => {
                        self.clients.subscribe(key, kind, active);
                        ToolExit::Ok
                    }
                    None => ToolExit::InvalidParameter,
                };
                out.push(Output::Acknowledge { client: key, call, status });
            }
            ClientMessage::Request(mut request) => {
                client.complete(&mut request);
                let read_only = client.access == Access::ReadOnly;
                request.origin = Some(self.local.clone());
                request.delegated_from = None;
                if !self.clients.wait(key, &request, call) {
                    self.clients.remove(key);
                    out.push(Output::Disconnect { client: key });
                    return;
                }
                self.client_request(now, request, read_only, out);
            }
        }
    }

    fn client_request(
        &mut self,
        now: Instant,
        mut request: Request,
        read_only: bool,
        out: &mut Outbox<Output>,
    ) {
        let kind = request.operation.kind();
        if read_only && kind != OperationKind::Read {
            self.refuse(&request, Failure::AccessDenied, "the connection is for reading", out);
            return;
        }
        let meddles = match kind {
            OperationKind::Control => true,
            OperationKind::Role => request.operation != Operation::IsPrimary,
            OperationKind::Read | OperationKind::Write => false,
        };
        if meddles && self.is_restricted(request.user.as_deref()) {
            let reason = "the user is subject to access control";
            self.refuse(&request, Failure::AccessDenied, reason, out);
            return;
        }
        let elsewhere = request.host.clone().filter(|host| *host != self.local);
        match (kind, elsewhere) {
            (OperationKind::Role, _) => {
                let reply = self.role(&request, out);
                self.clients.answer(reply, out);
            }
            (OperationKind::Write, _) if request.host.is_some() => {
                let reason = "a change is made on all nodes, not on one";
                self.refuse(&request, Failure::NotSupported, reason, out);
            }
            (OperationKind::Write, _) if self.stand_alone => {
                request.delegated_from = Some(self.local.clone());
                self.write(now, &request, out);
            }
            (OperationKind::Write, _) => {
                request.delegated_from = Some(self.local.clone());
                out.push(Output::Broadcast(PeerMessage::Request(request)));
            }
            (OperationKind::Read | OperationKind::Control, Some(host)) if !self.stand_alone => {
                request.delegated_from = Some(self.local.clone());
                out.push(Output::Send { to: host, message: PeerMessage::Request(request) });
            }
            (OperationKind::Read, _) => {
                let reply = self.read(now, &request, out);
                self.clients.answer(reply, out);
            }
            (OperationKind::Control, _) => {
                if !self.stand_alone {
                    let local = self.local.clone();
                    self.hand_over(&local, &request, out);
                }
                self.clients.answer(Reply::to(&request), out);
            }
        }
    }

    /// Answers a request that changes nothing.
    fn read(&mut self, now: Instant, request: &Request, out: &mut Outbox<Output>) -> Reply {
        match request.operation {
            Operation::Ping => self.ping_reply(request),
            Operation::Noop => Reply::to(request),
            _ => self.carry_out(now, request, Source::Client, out),
        }
    }

    fn role(&mut self, request: &Request, out: &mut Outbox<Output>) -> Reply {
        let mut reply = Reply::to(request);
        let primary = match request.operation {
            Operation::BecomePrimary => true,
            Operation::BecomeSecondary | Operation::AllSecondary => false,
            _ => {
                reply.result = if self.primary { Ok(()) } else { Err(Failure::NotPermitted) };
                return reply;
            }
        };
        if self.primary != primary {
            self.primary = primary;
            out.push(Output::Note(Note::Role { primary }));
            if primary && !self.timers.is_armed(&Timer::Compare) {
                self.arm(Timer::Compare, change::QUIET, out);
            }
        }
        reply
    }

    fn refuse(
        &mut self,
        request: &Request,
        failure: Failure,
        reason: &'static str,
        out: &mut Outbox<Output>,
    ) {
        out.push(Output::Note(Note::Refused {
            operation: request.operation,
            client: request.client_name.clone().unwrap_or_default(),
            reason,
        }));
        self.clients.refuse(request, failure, out);
    }
}
