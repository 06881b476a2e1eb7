use std::collections::{BTreeMap, BTreeSet};

use machine::{Instant, Outbox, TimerToken, Timers};
use messages::fencing::{
    FenceOutcome, Level, Notice, NoticeKind, PeerMessage, Reply, ReplyBody, Request,
};
use vocab::{NodeName, Timestamp, ToolExit};

use crate::{
    ClientId, Configuration, Input, Note, Output, RunId, Settings, Timer, Traits,
    command::{Addressee, Command, Responder},
    device::Device,
    operation::Operation,
};

mod commands;
mod devices;
mod history;
mod lead;
mod operations;
mod requests;
mod search;

/// The fencer of one node.
///
/// Invariants: a command is in `commands` from its request to its result, and then either in the queue of its device or in
/// `runs`; an operation with a result is only a memory. A success is only ever the word of an agent or of a human.
#[derive(Debug)]
pub struct Fencer {
    settings: Settings,
    configuration: Configuration,
    /// Levels that clients made known, besides those of the CIB.
    client_levels: Vec<Level>,
    wall: Timestamp,
    wall_at: Instant,
    clients: BTreeMap<ClientId, Client>,
    members: BTreeSet<NodeName>,
    devices: BTreeMap<String, Device>,
    agents: BTreeMap<String, Agent>,
    commands: BTreeMap<u64, Command>,
    runs: BTreeMap<RunId, u64>,
    searches: BTreeMap<u64, search::Search>,
    operations: BTreeMap<String, Operation>,
    timers: Timers<Timer>,
    last: u64,
    random: u64,
}

#[derive(Debug)]
struct Client {
    privileged: bool,
    pid: u32,
    token: String,
    name: Option<String>,
    subscriptions: BTreeSet<NoticeKind>,
    /// The request whose answer it waits for.
    waiting: Option<u64>,
}

/// What is known of an agent.
#[derive(Debug)]
enum Agent {
    Asked,
    Known(Traits),
    /// It could not be asked; it is as if it could do nothing special.
    Silent,
}

impl Fencer {
    /// A fencer without clients, devices and peers. `wall` is the time at `now`.
    pub fn new(now: Instant, wall: Timestamp, settings: Settings) -> Self {
        let random = settings.seed | 1;
        Self {
            members: BTreeSet::from([settings.local.clone()]),
            settings,
            configuration: Configuration::default(),
            client_levels: Vec::new(),
            wall,
            wall_at: now,
            clients: BTreeMap::new(),
            devices: BTreeMap::new(),
            agents: BTreeMap::new(),
            commands: BTreeMap::new(),
            runs: BTreeMap::new(),
            searches: BTreeMap::new(),
            operations: BTreeMap::new(),
            timers: Timers::new(),
            last: 0,
            random,
        }
    }

    /// Handles one input; what is to be done about it is added to `out`.
    pub fn handle(&mut self, now: Instant, input: Input, out: &mut Outbox<Output>) {
        match input {
            Input::WallClock(wall) => {
                self.wall = wall;
                self.wall_at = now;
            }
            Input::Connected { client, privileged, pid, token } => {
                let subscriptions = BTreeSet::new();
                let known =
                    Client { privileged, pid, token, name: None, subscriptions, waiting: None };
                self.clients.insert(client, known);
            }
            Input::Disconnected(client) => drop(self.clients.remove(&client)),
            Input::Request { client, ticket, message } => {
                self.on_request(now, client, ticket, message.map(|message| *message), out);
            }
            Input::Peer { from, message } => self.on_peer(now, from, message, out),
            Input::Members(members) => self.on_members(now, members, out),
            Input::Configured(configuration) => self.on_configured(now, *configuration, out),
            Input::Described { agent, traits } => self.on_described(now, &agent, traits, out),
            Input::Finished { run, end } => self.on_run_finished(now, run, end, out),
            Input::Timer(timer, token) => self.on_timer(now, timer, token, out),
        }
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
            Timer::Delay(command) => self.on_delay_over(now, command, out),
            Timer::Expired(run) => self.on_expired(run, out),
            Timer::Query(operation) => self.on_query_over(now, &operation, out),
            Timer::Attempt(operation) => self.on_attempt_over(now, &operation, out),
            Timer::Total(operation) => self.on_total_over(now, &operation, out),
            Timer::Describe(agent) => self.describe(&agent, out),
        }
    }

    fn on_peer(
        &mut self,
        now: Instant,
        from: NodeName,
        message: PeerMessage,
        out: &mut Outbox<Output>,
    ) {
        match message {
            PeerMessage::Finished(finished) => self.on_finished(now, *finished, out),
            PeerMessage::Reply(reply) => match reply.operation.as_str() {
                "st_query" => self.on_offer(now, from, *reply, out),
                _ => self.on_fence_reply(now, from, *reply, out),
            },
            PeerMessage::Request(message) => {
                let header = message.header;
                match message.request {
                    Request::Query(query) => self.on_peer_query(now, from, header, query, out),
                    Request::Fence(fencing) => self.on_peer_fence(now, from, header, fencing, out),
                    Request::Relay(fencing) => self.on_relay(now, header, fencing, out),
                    Request::History { target, sync } => {
                        self.on_peer_history(now, &from, header.options, target, sync, out);
                    }
                    Request::UpdateTimeout => self.tell_timeout(&header, header.timeout, out),
                    // Everything else is for clients to ask.
                    _ => {}
                }
            }
        }
    }

    fn wall(&self, now: Instant) -> Timestamp {
        let passed = i64::try_from((now - self.wall_at).as_secs()).unwrap_or(i64::MAX);
        Timestamp(self.wall.0.saturating_add(passed))
    }

    fn next_number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// A name for an operation, unlike any other: this process's identifier with its first part counted up.
    fn next_operation_id(&mut self) -> String {
        let count = self.next_number();
        let (first, rest) = self.settings.instance.split_once('-').unwrap_or(("0", ""));
        let first = u32::from_str_radix(first, 16).unwrap_or(0);
        let counted = first.wrapping_add(u32::try_from(count & 0xffff_ffff).unwrap_or(0));
        format!("{counted:08x}-{rest}")
    }

    /// A number below `bound`, as good as random: delays only have to differ between nodes.
    fn random_below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        if bound == 0 { 0 } else { self.random % bound }
    }

    fn arm(&mut self, timer: Timer, after: std::time::Duration, out: &mut Outbox<Output>) {
        let token = self.timers.arm(timer.clone());
        out.push(Output::Arm(timer, token, after));
    }

    fn is_local(&self, node: &str) -> bool {
        self.settings.local.as_str().eq_ignore_ascii_case(node)
    }

    /// Tells every client that subscribed to that kind.
    fn announce(&self, kind: NoticeKind, notice: &Notice, out: &mut Outbox<Output>) {
        for (id, client) in &self.clients {
            if client.subscriptions.contains(&kind) {
                out.push(Output::Notify(*id, Box::new(notice.clone())));
            }
        }
    }

    fn announce_history(&self, out: &mut Outbox<Output>) {
        let kind = NoticeKind::History;
        let outcome = FenceOutcome::success();
        self.announce(kind, &Notice::Changed { kind, subject: None, active: None, outcome }, out);
    }

    fn respond(
        &mut self,
        responder: &Responder,
        outcome: FenceOutcome,
        body: ReplyBody,
        device: Option<String>,
        out: &mut Outbox<Output>,
    ) {
        let mut reply = Reply::new(responder.operation, responder.header.clone(), outcome);
        reply.body = body;
        reply.fencing.clone_from(&responder.fencing);
        reply.device = device;
        self.send_reply(&responder.to, reply, out);
    }

    fn send_reply(&mut self, to: &Addressee, reply: Reply, out: &mut Outbox<Output>) {
        match to {
            Addressee::Peer(node) => {
                let message = PeerMessage::Reply(Box::new(reply));
                out.push(Output::Send(Some(node.clone()), Box::new(message)));
            }
            Addressee::Client(client, ticket) => {
                let Some(known) = self.clients.get_mut(client) else { return };
                if reply.header.options.has(messages::fencing::CallOptions::SYNC_CALL) {
                    known.waiting = None;
                    out.push(Output::Answer(*client, *ticket, Box::new(reply)));
                } else {
                    out.push(Output::Notify(*client, Box::new(Notice::Result(Box::new(reply)))));
                }
            }
        }
    }

    fn denied(
        &self,
        client: ClientId,
        request: &'static str,
        out: &mut Outbox<Output>,
    ) -> FenceOutcome {
        out.push(Output::Note(Note::Denied(client, request)));
        FenceOutcome::invalid(
            ToolExit::InsufficientPrivileges,
            "Unprivileged users must change devices and levels via CIB",
        )
    }
}

#[cfg(test)]
mod tests;
