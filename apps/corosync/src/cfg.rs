//! The service that manages the daemon itself: shutdown by agreement, reload on all nodes, killing a node.

use std::{collections::BTreeMap, time::Duration};

use ipc::ClientId;
use machine::{Outbox, TimerToken, Timers};
use vocab::NodeId;
use wire::{
    corosync::{
        Status,
        cfg::{Answered, Request, encode_test_shutdown},
    },
    exec::cfg::Message,
};

/// How long those who are asked may take, unless `cfg.shutdown_timeout` says otherwise.
pub(crate) const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(5000);

/// Phases of a change of keys, as they go over the wire.
const USE_NEW_KEY: u32 = 1;
const FORGET_OLD_KEY: u32 = 2;

/// Flag of a shutdown that happens whatever those who are asked say.
const REGARDLESS: u32 = 1;
/// Flag of a shutdown that asks nobody.
const IMMEDIATE: u32 = 2;

/// What happens to the service.
#[derive(Debug)]
pub(crate) enum Input {
    /// A client asks for something. Questions about links are answered elsewhere.
    Request {
        /// Who.
        client: ClientId,
        /// What.
        request: Request,
    },
    /// A client is gone.
    Gone(ClientId),
    /// A message of a node's service, this one's included.
    Message {
        /// Which node's.
        from: NodeId,
        /// What it says.
        message: Message,
    },
    /// Those who were asked took too long.
    TimedOut(TimerToken),
    /// The configuration has been read again.
    Reloaded {
        /// Who asked for it, if it was a client here.
        client: Option<ClientId>,
        /// How it went.
        status: Status,
        /// Whether packets are to be sealed in another way.
        crypto_changed: bool,
    },
}

/// What the service wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// Answer a client.
    Answer(ClientId, Vec<u8>),
    /// Tell a client something.
    Event(ClientId, Vec<u8>),
    /// Tell all nodes, this one included.
    Broadcast(Message),
    /// Say so when the time is over.
    Arm(TimerToken, Duration),
    /// Leave the ring and end.
    Shutdown,
    /// End at once, since a node says so.
    Die {
        /// Which.
        by: NodeId,
        /// Why.
        reason: String,
    },
    /// Read the configuration again.
    Reload {
        /// Which node asked for it.
        by: NodeId,
        /// To be given back with [`Input::Reloaded`].
        client: Option<ClientId>,
    },
    /// Seal packets with the new key from now on.
    UseNewKey,
    /// Accept packets sealed with the old key no longer.
    ForgetOldKey,
    /// Open the log files again, and answer.
    ReopenLogs(ClientId),
    /// A node leaves because somebody asked for it.
    NodeShutDown(NodeId),
}

/// What a client says about a shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opinion {
    Unknown,
    Agrees,
    Refuses,
}

/// A shutdown under discussion.
#[derive(Debug)]
struct Proposal {
    by: ClientId,
    flags: u32,
}

/// The service.
#[derive(Debug)]
pub(crate) struct Cfg {
    node: NodeId,
    shutdown_timeout: Duration,
    /// Those who want to be asked before the daemon exits.
    trackers: BTreeMap<ClientId, Opinion>,
    proposal: Option<Proposal>,
    timers: Timers<()>,
}

impl Cfg {
    pub(crate) const fn new(node: NodeId) -> Self {
        Self {
            node,
            shutdown_timeout: SHUTDOWN_TIMEOUT,
            trackers: BTreeMap::new(),
            proposal: None,
            timers: Timers::new(),
        }
    }

    /// Takes over `cfg.shutdown_timeout`.
    pub(crate) const fn set_shutdown_timeout(&mut self, timeout: Duration) {
        self.shutdown_timeout = timeout;
    }

    pub(crate) fn handle(&mut self, input: Input, out: &mut Outbox<Output>) {
        match input {
            Input::Request { client, request } => self.on_request(client, request, out),
            Input::Gone(client) => self.forget(client, out),
            Input::Message { from, message } => self.on_message(from, message, out),
            Input::TimedOut(token) => {
                if self.timers.fired(&(), token) {
                    self.on_timeout(out);
                }
            }
            Input::Reloaded { client, status, crypto_changed } => {
                if crypto_changed {
                    let message = Message::Cryptography { phase: USE_NEW_KEY };
                    out.push(Output::Broadcast(message));
                }
                if let Some(client) = client {
                    out.push(answer(client, Answered::Reload, status));
                }
            }
        }
    }

    fn on_request(&mut self, client: ClientId, request: Request, out: &mut Outbox<Output>) {
        match request {
            Request::TryShutdown { flags } => self.on_try_shutdown(client, flags, out),
            Request::ReplyToShutdown { agree } => self.on_reply(client, agree, out),
            Request::TrackStart => {
                // Somebody who starts to follow while a shutdown is discussed is asked too.
                if self.trackers.insert(client, Opinion::Unknown).is_none()
                    && let Some(proposal) = &self.proposal
                {
                    out.push(Output::Event(
                        client,
                        encode_test_shutdown(Status::OK, proposal.flags),
                    ));
                }
                out.push(answer(client, Answered::TrackStart, Status::OK));
            }
            Request::TrackStop => {
                self.forget(client, out);
                out.push(answer(client, Answered::TrackStop, Status::OK));
            }
            Request::KillNode { node, reason } => {
                out.push(Output::Broadcast(Message::Kill { node, reason }));
                out.push(answer(client, Answered::KillNode, Status::OK));
            }
            Request::Reload => {
                let message = Message::Reload { node: self.node.0, connection: client.0 };
                out.push(Output::Broadcast(message));
            }
            Request::ReopenLogs => out.push(Output::ReopenLogs(client)),
            // The daemon knows links, this service does not.
            Request::RingStatus
            | Request::LocalGet
            | Request::NodeStatus { .. }
            | Request::NodeAddresses { .. }
            | Request::LinkReenable => {}
        }
    }

    fn on_try_shutdown(&mut self, client: ClientId, flags: u32, out: &mut Outbox<Output>) {
        if flags == IMMEDIATE {
            out.push(Output::Broadcast(Message::Shutdown));
            out.push(answer(client, Answered::TryShutdown, Status::OK));
            return;
        }
        if self.proposal.is_some() {
            out.push(answer(client, Answered::TryShutdown, Status::EXIST));
            return;
        }
        let mut asked = 0;
        for (&tracker, opinion) in &mut self.trackers {
            if tracker != client {
                *opinion = Opinion::Unknown;
                out.push(Output::Event(tracker, encode_test_shutdown(Status::OK, flags)));
                asked += 1;
            }
        }
        if asked == 0 {
            out.push(answer(client, Answered::TryShutdown, Status::OK));
            out.push(Output::Broadcast(Message::Shutdown));
            return;
        }
        self.proposal = Some(Proposal { by: client, flags });
        out.push(Output::Arm(self.timers.arm(()), self.shutdown_timeout));
    }

    fn on_reply(&mut self, client: ClientId, agree: bool, out: &mut Outbox<Output>) {
        let opinion = if agree { Opinion::Agrees } else { Opinion::Refuses };
        let status = match self.trackers.get_mut(&client) {
            Some(known) if self.proposal.is_some() => {
                *known = opinion;
                Status::OK
            }
            Some(_) | None => Status::ACCESS,
        };
        self.decide(out);
        out.push(answer(client, Answered::ReplyToShutdown, status));
    }

    /// Whoever goes away has nothing against it; whoever proposed it takes the proposal along.
    fn forget(&mut self, client: ClientId, out: &mut Outbox<Output>) {
        if self.proposal.as_ref().is_some_and(|proposal| proposal.by == client) {
            self.proposal = None;
            self.timers.disarm(&());
        }
        if self.trackers.remove(&client).is_some() {
            self.decide(out);
        }
    }

    fn on_timeout(&mut self, out: &mut Outbox<Output>) {
        for opinion in self.trackers.values_mut().filter(|opinion| **opinion == Opinion::Unknown) {
            *opinion = Opinion::Refuses;
        }
        let flags = self.proposal.as_ref().map_or(0, |proposal| proposal.flags);
        self.decide(out);
        for &tracker in self.trackers.keys() {
            out.push(Output::Event(tracker, encode_test_shutdown(Status::TIMEOUT, flags)));
        }
    }

    /// Ends the discussion when everybody has said something.
    fn decide(&mut self, out: &mut Outbox<Output>) {
        let Some(proposal) = &self.proposal else { return };
        let others = self.trackers.iter().filter(|(tracker, _)| **tracker != proposal.by);
        let opinions: Vec<Opinion> = others.map(|(_, opinion)| *opinion).collect();
        if opinions.contains(&Opinion::Unknown) {
            return;
        }
        let agreed = proposal.flags == REGARDLESS || !opinions.contains(&Opinion::Refuses);
        let status = if agreed { Status::OK } else { Status::BUSY };
        out.push(answer(proposal.by, Answered::TryShutdown, status));
        if agreed {
            out.push(Output::Broadcast(Message::Shutdown));
        }
        self.proposal = None;
        self.timers.disarm(&());
    }

    fn on_message(&mut self, from: NodeId, message: Message, out: &mut Outbox<Output>) {
        let is_own = from == self.node;
        match message {
            Message::Reenable => {}
            Message::Kill { node, reason } => {
                if node == self.node.0 {
                    out.push(Output::Die { by: from, reason });
                }
            }
            Message::Shutdown => {
                out.push(Output::NodeShutDown(from));
                if is_own {
                    out.push(Output::Shutdown);
                }
            }
            Message::Reload { connection, .. } => {
                let client = is_own.then_some(ClientId(connection));
                out.push(Output::Reload { by: from, client });
            }
            // Each node goes through the steps at its own pace: only its own messages move it.
            Message::Cryptography { phase } if is_own => match phase {
                USE_NEW_KEY => {
                    out.push(Output::UseNewKey);
                    let next = Message::Cryptography { phase: FORGET_OLD_KEY };
                    out.push(Output::Broadcast(next));
                }
                FORGET_OLD_KEY => out.push(Output::ForgetOldKey),
                _ => {}
            },
            Message::Cryptography { .. } => {}
        }
    }
}

fn answer(client: ClientId, to: Answered, status: Status) -> Output {
    Output::Answer(client, to.encode(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: NodeId = NodeId(1);
    const TOOL: ClientId = ClientId(9);

    struct Bench {
        cfg: Cfg,
        out: Outbox<Output>,
    }

    impl Bench {
        fn new(trackers: &[u64]) -> Self {
            let mut bench = Self { cfg: Cfg::new(OWN), out: Outbox::new() };
            for &tracker in trackers {
                bench.ask(ClientId(tracker), Request::TrackStart);
            }
            bench
        }

        fn ask(&mut self, client: ClientId, request: Request) -> Vec<Output> {
            self.give(Input::Request { client, request })
        }

        fn give(&mut self, input: Input) -> Vec<Output> {
            self.cfg.handle(input, &mut self.out);
            self.out.drain().collect()
        }
    }

    fn said(outputs: &[Output], to: Answered, status: Status) -> bool {
        outputs
            .iter()
            .any(|output| matches!(output, Output::Answer(_, bytes) if *bytes == to.encode(status)))
    }

    fn shuts_down(outputs: &[Output]) -> bool {
        outputs.contains(&Output::Broadcast(Message::Shutdown))
    }

    #[test]
    fn without_anybody_to_ask_a_shutdown_is_agreed_at_once() {
        let outputs = Bench::new(&[]).ask(TOOL, Request::TryShutdown { flags: 0 });
        assert!(said(&outputs, Answered::TryShutdown, Status::OK) && shuts_down(&outputs));
    }

    #[test]
    fn everybody_who_follows_has_to_agree() {
        let mut bench = Bench::new(&[1, 2]);
        let asked = bench.ask(TOOL, Request::TryShutdown { flags: 0 });
        let events = asked.iter().filter(|output| matches!(output, Output::Event(..))).count();
        assert_eq!(events, 2);
        assert!(!shuts_down(&asked));
        assert!(said(
            &bench.ask(ClientId(3), Request::TryShutdown { flags: 0 }),
            Answered::TryShutdown,
            Status::EXIST
        ));
        let first = bench.ask(ClientId(1), Request::ReplyToShutdown { agree: true });
        assert!(said(&first, Answered::ReplyToShutdown, Status::OK) && !shuts_down(&first));
        // Whoever goes away has nothing against it.
        let second = bench.give(Input::Gone(ClientId(2)));
        assert!(said(&second, Answered::TryShutdown, Status::OK) && shuts_down(&second));
    }

    #[test]
    fn one_refusal_is_enough_unless_nobody_minds() {
        for (flags, status) in [(0, Status::BUSY), (REGARDLESS, Status::OK)] {
            let mut bench = Bench::new(&[1]);
            bench.ask(TOOL, Request::TryShutdown { flags });
            let outputs = bench.ask(ClientId(1), Request::ReplyToShutdown { agree: false });
            assert!(said(&outputs, Answered::TryShutdown, status));
            assert_eq!(shuts_down(&outputs), status == Status::OK);
        }
    }

    #[test]
    fn silence_is_a_refusal() {
        let mut bench = Bench::new(&[1]);
        let asked = bench.ask(TOOL, Request::TryShutdown { flags: 0 });
        let token = asked.iter().find_map(|output| match output {
            Output::Arm(token, _) => Some(*token),
            _ => None,
        });
        let outputs = bench.give(Input::TimedOut(token.unwrap()));
        assert!(said(&outputs, Answered::TryShutdown, Status::BUSY) && !shuts_down(&outputs));
        let event = Output::Event(ClientId(1), encode_test_shutdown(Status::TIMEOUT, 0));
        assert!(outputs.contains(&event));
    }

    #[test]
    fn a_node_ends_only_for_messages_that_mean_it() {
        let mut bench = Bench::new(&[]);
        let kill = |node| Message::Kill { node, reason: "x".to_owned() };
        let from = NodeId(2);
        assert!(bench.give(Input::Message { from, message: kill(2) }).is_empty());
        let died = bench.give(Input::Message { from, message: kill(1) });
        assert_eq!(died, [Output::Die { by: from, reason: "x".to_owned() }]);
        let other = bench.give(Input::Message { from, message: Message::Shutdown });
        assert_eq!(other, [Output::NodeShutDown(from)]);
        let own = bench.give(Input::Message { from: OWN, message: Message::Shutdown });
        assert_eq!(own, [Output::NodeShutDown(OWN), Output::Shutdown]);
    }

    #[test]
    fn only_the_client_that_asked_for_a_reload_is_answered() {
        let mut bench = Bench::new(&[]);
        let message = Message::Reload { node: 1, connection: 9 };
        let reload = |by, client| vec![Output::Reload { by, client }];
        let own = bench.give(Input::Message { from: OWN, message: message.clone() });
        assert_eq!(own, reload(OWN, Some(TOOL)));
        let other = bench.give(Input::Message { from: NodeId(2), message });
        assert_eq!(other, reload(NodeId(2), None));
    }

    #[test]
    fn keys_change_in_steps_that_only_own_messages_take() {
        let mut bench = Bench::new(&[]);
        let reloaded = Input::Reloaded { client: None, status: Status::OK, crypto_changed: true };
        let step = |phase| Message::Cryptography { phase };
        assert_eq!(bench.give(reloaded), [Output::Broadcast(step(USE_NEW_KEY))]);
        let other = Input::Message { from: NodeId(2), message: step(USE_NEW_KEY) };
        assert!(bench.give(other).is_empty());
        let own = Input::Message { from: OWN, message: step(USE_NEW_KEY) };
        assert_eq!(bench.give(own), [Output::UseNewKey, Output::Broadcast(step(FORGET_OLD_KEY))]);
        let last = Input::Message { from: OWN, message: step(FORGET_OLD_KEY) };
        assert_eq!(bench.give(last), [Output::ForgetOldKey]);
    }
}
