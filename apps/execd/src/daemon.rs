use std::rc::Rc;

use executor::{ClientId, Executor, Input, Output, RunId, Strength, Timer};
use ipc::xml::{RequestId, XmlEvent, XmlServer};
use machine::{Outbox, TimerToken};
use messages::executor::{Message, Standard};
use process::{Runner, User};
use runtime::{Clock, Termination, TimerQueue};
use vocab::ToolExit;

use crate::{fencing::FencerLink, units::Units};

/// The executor with everything that carries out what it wants.
pub(crate) struct Daemon {
    executor: Executor,
    clock: Clock,
    timers: TimerQueue<(Timer, TimerToken)>,
    server: XmlServer,
    runner: Runner,
    units: Units,
    fencer: FencerLink,
    /// The user whose processes may do everything, besides root.
    cluster_user: Option<User>,
    exit: bool,
}

impl Daemon {
    pub(crate) fn new(server: XmlServer, runner: Runner, clock: Clock) -> Self {
        Self {
            executor: Executor::new(clock.now(), clock.wall()),
            clock,
            timers: TimerQueue::new(clock),
            server,
            units: Units::new(Rc::new(runner.directories().clone())),
            runner,
            fencer: FencerLink::new(),
            cluster_user: User::named("hacluster"),
            exit: false,
        }
    }

    pub(crate) async fn run(mut self, mut termination: Termination) -> ToolExit {
        tracing::info!("ready for operations");
        while !self.exit {
            tokio::select! {
                event = self.server.next() => self.on_event(event),
                (run, ended) = self.runner.next() => self.input(Input::Finished { run, ended }),
                (run, ended) = self.units.next() => match ended {
                    Some(ended) => self.input(Input::Finished { run, ended }),
                    // The service turned out to be an init script.
                    None => self.run_as_script(run),
                },
                input = self.fencer.next() => self.input(input),
                (timer, token) = self.timers.next() => self.input(Input::Timer(timer, token)),
                () = termination.requested() => self.input(Input::Terminate),
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
                let token = format!("{}-{}", std::process::id(), client.0);
                self.input(Input::Connected { client: ClientId(client.0), privileged, token });
            }
            XmlEvent::Request { client, request, body, .. } => {
                let message = Message::from_element(&body);
                let input = Input::Request { client: ClientId(client.0), message };
                self.input_from(input, Some((client, request)));
            }
            XmlEvent::Malformed { client, error } => {
                tracing::warn!("client {client} sent a message that cannot be read: {error}");
            }
            XmlEvent::Disconnected { client } => {
                self.input(Input::Disconnected(ClientId(client.0)));
            }
        }
    }

    fn input(&mut self, input: Input) {
        self.input_from(input, None);
    }

    /// Hands an input to the machine; an answer belongs to that client's request.
    fn input_from(&mut self, input: Input, request: Option<(ipc::ClientId, RequestId)>) {
        let now = self.clock.now();
        let mut out = Outbox::new();
        self.executor.handle(now, Input::WallClock(self.clock.wall()), &mut out);
        self.executor.handle(now, input, &mut out);
        while let Some(output) = out.pop() {
            self.carry_out(output, request);
        }
    }

    fn carry_out(&mut self, output: Output, request: Option<(ipc::ClientId, RequestId)>) {
        match output {
            Output::Reply(_, reply) => {
                if let Some((client, request)) = request {
                    self.server.respond(client, request, &reply.to_element());
                }
            }
            Output::Notify(client, event) => {
                self.server.notify(ipc::ClientId(client.0), &event.to_element());
            }
            Output::Run(run) => match run.agent.standard {
                Standard::Systemd | Standard::Service => self.units.run(*run),
                Standard::Ocf | Standard::Lsb | Standard::Stonith | Standard::Other(_) => {
                    self.runner.run(&run);
                }
            },
            Output::Fence { run, device, task, timeout } => {
                self.fencer.carry_out(run, device, task, timeout);
            }
            Output::RunAlert(run, alert) => self.runner.run_alert(run, alert),
            Output::Kill { run, strength, whole_group } => self.kill(run, strength, whole_group),
            Output::Arm(timer, token, after) => self.timers.arm(after, (timer, token)),
            Output::Note(note) if note.is_notable() => tracing::info!("{note}"),
            Output::Note(note) => tracing::debug!("{note}"),
            Output::Exit => self.exit = true,
        }
    }

    fn kill(&mut self, run: RunId, strength: Strength, whole_group: bool) {
        self.units.give_up(run);
        self.runner.kill(run, strength, whole_group);
    }

    fn run_as_script(&mut self, run: RunId) {
        if let Some(run) = self.units.take_script(run) {
            self.runner.run(&run);
        }
    }
}
