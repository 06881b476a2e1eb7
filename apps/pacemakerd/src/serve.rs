//! The event loop.

use std::{collections::BTreeMap, env, io, time::Duration};

use ipc::{
    Access, ClientId, Credentials,
    xml::{RequestId, XmlEvent, XmlServer},
};
use machine::Outbox;
use messages::launcher::{LauncherState, Reply, ReplyBody, Request, RequestKind};
use process::User;
use runtime::{Clock, Termination, TimerQueue};
use supervisor::{Input, Note, Output, Settings, Severity, Supervisor, Timer};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
    task::spawn_local,
};
use vocab::{PRODUCT_VERSION, Timestamp, ToolExit};
use xml::Element;

use crate::{
    children::Children,
    prepare, reset,
    ring_watch::{self, RingEvent, RingSettings},
    sbd,
};

/// The launcher with all it holds.
struct Daemon {
    clock: Clock,
    supervisor: Supervisor,
    timers: TimerQueue<(Timer, machine::TimerToken)>,
    children: Children,
    server: XmlServer,
    clients: BTreeMap<ClientId, Client>,
    cluster_user: User,
}

struct Client {
    credentials: Credentials,
    /// It is SBD and knows that all is down; once it hangs up, that is certain.
    knows_the_end: bool,
}

/// Runs the launcher until it is told to end.
pub(crate) async fn serve(standby: bool) -> ToolExit {
    match prepare_all(standby).await {
        Ok((daemon, sources)) => daemon.run(sources).await,
        Err(exit) => exit,
    }
}

/// Where events come from, besides clients and timers.
struct Sources {
    inputs: mpsc::UnboundedReceiver<Input>,
    ring: mpsc::UnboundedReceiver<RingEvent>,
    termination: Termination,
    hangup: Signal,
    quit: Signal,
}

async fn prepare_all(standby: bool) -> Result<(Daemon, Sources), ToolExit> {
    let signals = (|| -> io::Result<_> {
        let hangup = signal(SignalKind::hangup())?;
        Ok((Termination::new()?, hangup, signal(SignalKind::quit())?))
    })();
    let (termination, hangup, quit) = signals.map_err(|error| {
        tracing::error!("signals cannot be handled: {error}");
        ToolExit::OsError
    })?;
    tracing::info!("Starting Cardea {PRODUCT_VERSION}");
    prepare::core_limit();
    let cluster_user = prepare::directories().map_err(|_| {
        tracing::error!("Cluster user hacluster does not exist, aborting Pacemaker startup");
        ToolExit::NoUser
    })?;
    let ring_settings = ring_watch::prepare(cluster_user.gid).await.map_err(|error| {
        tracing::error!("Could not connect to the ring: {error}");
        ToolExit::Unavailable
    })?;
    let server = XmlServer::bind("pacemakerd", Access::Cluster).map_err(|error| {
        tracing::error!("clients cannot be served: {error}");
        ToolExit::Fatal
    })?;
    let with_sbd = sbd::is_running();
    let settings = Settings {
        fail_fast: is_set("PCMK_fail_fast"),
        with_sbd,
        wait_for_sbd: sbd::synchronises_startup(),
    };
    let (sender, inputs) = mpsc::unbounded_channel();
    let (ring_sender, ring) = mpsc::unbounded_channel();
    spawn_local(ring_watch::watch(ring_sender, cluster_user.gid));
    let clock = Clock::start();
    let daemon = Daemon {
        clock,
        supervisor: Supervisor::new(settings),
        timers: TimerQueue::new(clock),
        children: Children::new(environment(standby, with_sbd, ring_settings), sender),
        server,
        clients: BTreeMap::new(),
        cluster_user,
    };
    Ok((daemon, Sources { inputs, ring, termination, hangup, quit }))
}

/// What the daemons shall find in their environment besides what the launcher has.
fn environment(standby: bool, with_sbd: bool, ring: RingSettings) -> Vec<(String, String)> {
    let mut environment = Vec::new();
    let mut set = |name: &str, value: &str| {
        // Each setting goes by its old prefix too, which agents still read.
        for prefix in ["PCMK_", "HA_"] {
            environment.push((format!("{prefix}{name}"), value.to_owned()));
        }
    };
    set("mcp", "true");
    set("cluster_type", "corosync");
    set("quorum_type", "corosync");
    if env::var_os("PCMK_debug").is_none() && env::var_os("HA_debug").is_none() {
        set("debug", if ring.debug { "1" } else { "0" });
    }
    if standby {
        set("node_start_state", "standby");
    }
    environment.push(("PCMK_watchdog".to_owned(), with_sbd.to_string()));
    environment.push(("LC_ALL".to_owned(), "C".to_owned()));
    let facility = env::var("PCMK_logfacility").or_else(|_| env::var("HA_logfacility"));
    if let Ok(facility) = facility
        && !facility.eq_ignore_ascii_case("none")
    {
        environment.push(("HA_LOGFACILITY".to_owned(), facility));
    }
    environment
}

fn is_set(variable: &str) -> bool {
    env::var(variable).is_ok_and(|text| vocab::parse_boolean(&text) == Ok(true))
}

impl Daemon {
    async fn run(mut self, mut sources: Sources) -> ToolExit {
        let found = self.children.find().await;
        let mut exit = self.handle(Input::Begin { found });
        tracing::info!("Pacemaker daemon successfully started and accepting connections");
        while exit.is_none() {
            exit = tokio::select! {
                Some(input) = sources.inputs.recv() => self.handle(input),
                Some(event) = sources.ring.recv() => self.handle(match event {
                    RingEvent::Lost => Input::RingLost,
                    RingEvent::Back => Input::RingBack,
                }),
                (timer, token) = self.timers.next() => self.handle(Input::Timer { timer, token }),
                event = self.server.next() => self.on_client(event),
                () = sources.termination.requested() => self.handle(Input::Stop),
                _ = sources.hangup.recv() => {
                    tracing::debug!("ignoring a hangup signal");
                    None
                }
                _ = sources.quit.recv() => {
                    reset::reset();
                    Some(ToolExit::Fatal)
                }
            };
        }
        delay_end().await;
        exit.unwrap_or(ToolExit::Ok)
    }

    /// Hands an input to the supervisor and does what it asks; an exit status ends the launcher.
    fn handle(&mut self, input: Input) -> Option<ToolExit> {
        let mut out = Outbox::new();
        self.supervisor.handle(self.clock.now(), input, &mut out);
        let mut exit = None;
        for output in out.drain() {
            match output {
                Output::Spawn { daemon, again } => self.children.spawn(daemon, again),
                Output::Kill { daemon, pid, signal } => self.children.kill(daemon, pid, signal),
                Output::Check { daemon, pid } => self.children.check(daemon, pid),
                Output::Arm { timer, token, after } => self.timers.arm(after, (timer, token)),
                Output::Panic => reset::reset(),
                Output::StopRing => {
                    tracing::warn!("asking the ring to stop is not implemented yet");
                }
                Output::Exit(status) => exit = Some(status),
                Output::Note(note) => log(&note),
            }
        }
        exit
    }

    fn on_client(&mut self, event: XmlEvent) -> Option<ToolExit> {
        match event {
            XmlEvent::Connected { client, credentials } => {
                self.clients.insert(client, Client { credentials, knows_the_end: false });
                None
            }
            XmlEvent::Disconnected { client } => {
                let known = self.clients.remove(&client)?;
                known.knows_the_end.then(|| self.handle(Input::SbdInformed)).flatten()
            }
            XmlEvent::Malformed { client, error } => {
                tracing::debug!("a client sent something unreadable: {error}");
                self.server.disconnect(client);
                self.clients.remove(&client);
                None
            }
            XmlEvent::Request { client, request, body, .. } => {
                self.on_request(client, request, &body)
            }
        }
    }

    fn on_request(&mut self, client: ClientId, id: RequestId, body: &Element) -> Option<ToolExit> {
        let request = match Request::from_element(body) {
            Ok(request) => request,
            Err(error) => {
                tracing::debug!("a client sent a bad request: {error}");
                self.server.acknowledge(client, id, ToolExit::Protocol);
                return None;
            }
        };
        match &request.kind {
            RequestKind::Ping => {
                self.server.acknowledge(client, id, ToolExit::Indeterminate);
                self.on_ping(client, &request)
            }
            RequestKind::Quit => {
                self.server.acknowledge(client, id, ToolExit::Indeterminate);
                self.on_quit(client, &request)
            }
            RequestKind::ForgetNode => {
                self.server.acknowledge(client, id, ToolExit::Ok);
                None
            }
            RequestKind::Unknown(task) => {
                tracing::warn!("{} asked for an unknown '{task}'", request.from);
                self.server.acknowledge(client, id, ToolExit::InvalidParameter);
                None
            }
        }
    }

    fn on_ping(&mut self, client: ClientId, request: &Request) -> Option<ToolExit> {
        let state = self.supervisor.state();
        let age = self.clock.now() - self.supervisor.last_good();
        let age = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
        let last_good = Timestamp(self.clock.wall().0.saturating_sub(age));
        let reply = Reply::to_request(request, ReplyBody::State { state, last_good });
        self.server.notify(client, &reply.to_element());
        if !request.is_from_sbd() {
            return None;
        }
        if state == LauncherState::ShutdownComplete
            && let Some(sbd) = self.clients.get_mut(&client)
        {
            sbd.knows_the_end = true;
        }
        self.handle(Input::SbdAsked)
    }

    fn on_quit(&mut self, client: ClientId, request: &Request) -> Option<ToolExit> {
        // Others have to go through the CIB, where access control lists hold.
        let allowed = self.clients.get(&client).is_some_and(|client| {
            client.credentials.uid == 0 || client.credentials.uid == self.cluster_user.uid
        });
        let exit = if allowed { ToolExit::Ok } else { ToolExit::InsufficientPrivileges };
        let reply = Reply::to_request(request, ReplyBody::Quit(exit));
        self.server.notify(client, &reply.to_element());
        if !allowed {
            tracing::warn!("ignoring a request to shut down from unprivileged {}", request.from);
            return None;
        }
        tracing::info!("Shutting down in response to a request of {}", request.from);
        self.handle(Input::Stop)
    }
}

/// Waits as `PCMK_shutdown_delay` asks, so that the last of the log can reach the disk.
async fn delay_end() {
    if let Some(delay) = env::var("PCMK_shutdown_delay")
        .ok()
        .and_then(|text| vocab::parse_duration(&text).ok())
        .filter(|delay| *delay > Duration::ZERO)
    {
        rustix::fs::sync();
        tokio::time::sleep(delay).await;
    }
}

fn log(note: &Note) {
    match note.severity() {
        Severity::Info => tracing::debug!("{note}"),
        Severity::Notice => tracing::info!("{note}"),
        Severity::Warning => tracing::warn!("{note}"),
        Severity::Error => tracing::error!("{note}"),
    }
}
