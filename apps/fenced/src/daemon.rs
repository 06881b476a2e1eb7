use std::collections::HashMap;

use fencer::{ClientId, Configuration, Fencer, Input, Output, Settings, Timer};
use ipc::xml::{RequestId, XmlEvent, XmlServer};
use machine::{Outbox, TimerToken};
use messages::fencing::Message;
use process::{AgentDirectories, User};
use runtime::{Clock, Termination, TimerQueue};
use tokio::sync::mpsc;
use vocab::ToolExit;
use xml::Element;

use crate::{agents::Agents, cib_watch, peers::Peers};

/// The fencer with everything that carries out what it wants.
pub(crate) struct Daemon {
    fencer: Fencer,
    clock: Clock,
    timers: TimerQueue<(Timer, TimerToken)>,
    server: XmlServer,
    peers: Peers,
    agents: Agents,
    configuration: mpsc::UnboundedReceiver<Configuration>,
    /// Requests that clients wait for.
    open: HashMap<u64, (ClientId, RequestId)>,
    last_ticket: u64,
    instance: String,
    /// The user whose processes may do everything, besides root.
    cluster_user: Option<User>,
}

impl Daemon {
    pub(crate) fn new(server: XmlServer, peers: Peers, settings: Settings) -> Self {
        let clock = Clock::start();
        Self {
            configuration: cib_watch::watch(settings.local.clone()),
            instance: settings.instance.clone(),
            fencer: Fencer::new(clock.now(), clock.wall(), settings),
            timers: TimerQueue::new(clock),
            clock,
            server,
            peers,
            agents: Agents::new(AgentDirectories::default()),
            open: HashMap::new(),
            last_ticket: 0,
            cluster_user: User::named("hacluster"),
        }
    }

    pub(crate) async fn run(mut self, mut termination: Termination) -> ToolExit {
        tracing::info!("ready to fence");
        loop {
            tokio::select! {
                event = self.server.next() => self.on_event(event),
                input = self.peers.next() => match input {
                    Ok(input) => self.input(input),
                    Err(error) => {
                        tracing::error!("lost the ring: {error}");
                        return ToolExit::Disconnect;
                    }
                },
                input = self.agents.next() => self.input(input),
                Some(configuration) = self.configuration.recv() => {
                    self.input(Input::Configured(Box::new(configuration)));
                }
                (timer, token) = self.timers.next() => self.input(Input::Timer(timer, token)),
                () = termination.requested() => break,
            }
        }
        tracing::info!("ending");
        ToolExit::Ok
    }

    fn on_event(&mut self, event: XmlEvent) {
        match event {
            XmlEvent::Connected { client, credentials } => {
                let privileged = credentials.uid == 0
                    || self.cluster_user.is_some_and(|user| user.uid == credentials.uid);
                let token = format!("{}-{}", self.instance, client.0);
                let pid = credentials.pid;
                let client = ClientId(client.0);
                self.input(Input::Connected { client, privileged, pid, token });
            }
            XmlEvent::Request { client, request, body, .. } => {
                let client = ClientId(client.0);
                self.last_ticket += 1;
                let ticket = self.last_ticket;
                if request.wants_response {
                    self.open.insert(ticket, (client, request));
                }
                let message = Message::from_element(&body).map(Box::new);
                self.input(Input::Request { client, ticket, message });
            }
            XmlEvent::Malformed { client, error } => {
                tracing::warn!("client {client} sent a message that cannot be read: {error}");
            }
            XmlEvent::Disconnected { client } => {
                let client = ClientId(client.0);
                self.open.retain(|_, (waiting, _)| *waiting != client);
                self.input(Input::Disconnected(client));
            }
        }
    }

    fn input(&mut self, input: Input) {
        let now = self.clock.now();
        let mut out = Outbox::new();
        self.fencer.handle(now, Input::WallClock(self.clock.wall()), &mut out);
        self.fencer.handle(now, input, &mut out);
        while let Some(output) = out.pop() {
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Welcome(_, ticket, token) => {
                let reply =
                    Element::new("reply").with("st_op", "register").with("st_clientid", token);
                self.respond(ticket, &reply);
            }
            Output::Acknowledge(_, ticket) => {
                if let Some((client, request)) = self.open.remove(&ticket) {
                    self.server.acknowledge(ipc::ClientId(client.0), request, ToolExit::Ok);
                }
            }
            Output::Answer(_, ticket, reply) => self.respond(ticket, &reply.to_element()),
            Output::Notify(client, notice) => {
                self.server.notify(ipc::ClientId(client.0), &notice.to_element());
            }
            Output::Send(to, message) => self.peers.send(to.as_ref(), &message),
            Output::Describe(agent) => self.agents.describe(agent),
            Output::Run(run) => self.agents.run(run),
            Output::Kill(run) => self.agents.kill(run),
            Output::Arm(timer, token, after) => self.timers.arm(after, (timer, token)),
            Output::Note(note) if note.is_notable() => tracing::info!("{note}"),
            Output::Note(note) => tracing::debug!("{note}"),
        }
    }

    fn respond(&mut self, ticket: u64, body: &Element) {
        if let Some((client, request)) = self.open.remove(&ticket) {
            self.server.respond(ipc::ClientId(client.0), request, body);
        }
    }
}
