//! The event loop: what comes in is given to the machine it is for, and what the machines want is done in order.

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    path::PathBuf,
    pin::pin,
    task::{Context, Poll},
};

use cmap::{Maps, Value};
use conf::Keys;
use groups::{Groups, sync::Barrier};
use links::LinkId;
use machine::{Instant, Outbox, TimerToken, Timers};
use net::{AddressWatch, Batch, Failure, LastWords, SocketId, Sockets};
use quorum::Quorum;
use runtime::{Clock, Journal, ScheduleWatch, Severity, StateDirectory};
use totem::Ring;
use vocab::NodeId;
use wire::exec::Service;

use crate::{
    cfg::{self, Cfg},
    clients::Held,
    configure::Configuration,
    deadlines::Deadlines,
    endpoints::Endpoints,
    exit::Exit,
    followed::Followed,
    kin::Kin,
    manage::Reloads,
    members::Members,
    misses::Misses,
    statistics::OwnTraffic,
    traffic::Traffic,
    transport::Transport,
    versions::Versions,
};

/// Batches of packets, and requests of clients, that are dealt with before the others have their turn.
const TURNS: usize = 32;

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    Ring(totem::Timer),
    Links(links::Timer),
    Quorum(quorum::Timer),
    Shutdown,
    Leave,
    Schedule,
    Statistics,
    Tick,
}

/// How far this node's own messages have come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OwnMessages {
    pub(crate) sent: u64,
    pub(crate) came_back: u64,
}

/// What the machines want done.
#[derive(Debug, Default)]
pub(crate) struct Outboxes {
    pub(crate) links: Outbox<links::Output>,
    pub(crate) ring: Outbox<totem::Output>,
    pub(crate) barrier: Outbox<groups::sync::Output>,
    pub(crate) groups: Outbox<groups::Output>,
    pub(crate) quorum: Outbox<quorum::Output>,
    pub(crate) cfg: Outbox<cfg::Output>,
    pub(crate) maps: Outbox<cmap::Output>,
}

/// What the start has put together.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) clock: Clock,
    pub(crate) path: PathBuf,
    pub(crate) keys: Keys,
    pub(crate) configuration: Configuration,
    pub(crate) journal: Journal,
    pub(crate) transport: Transport,
    pub(crate) quorum: Quorum,
    pub(crate) endpoints: Endpoints,
    pub(crate) services: Vec<Service>,
    pub(crate) files: StateDirectory,
    pub(crate) ring_sequence: u64,
    pub(crate) expected_votes: u32,
    pub(crate) seed: u64,
    pub(crate) watcher: Option<LastWords>,
}

/// The daemon: all machines, and everything they act on.
#[derive(Debug)]
pub(crate) struct Daemon {
    pub(crate) clock: Clock,
    pub(crate) node: NodeId,
    /// The file that the configuration is in.
    pub(crate) path: PathBuf,
    pub(crate) keys: Keys,
    pub(crate) configuration: Configuration,
    pub(crate) journal: Journal,
    pub(crate) sockets: Sockets,
    pub(crate) transport: Transport,
    pub(crate) ring: Ring,
    pub(crate) barrier: Barrier,
    pub(crate) groups: Groups,
    pub(crate) quorum: Quorum,
    pub(crate) cfg: Cfg,
    pub(crate) maps: Maps,
    pub(crate) versions: Versions,
    pub(crate) members: Members,
    pub(crate) traffic: Traffic,
    pub(crate) own_traffic: OwnTraffic,
    pub(crate) misses: Misses,
    pub(crate) endpoints: Endpoints,
    pub(crate) held: Held,
    pub(crate) files: StateDirectory,
    pub(crate) reloads: Reloads,
    pub(crate) deadlines: Deadlines<Due>,
    pub(crate) watch: ScheduleWatch,
    pub(crate) watch_timer: Timers<()>,
    pub(crate) leave_timer: Timers<()>,
    pub(crate) tick_timer: Timers<()>,
    pub(crate) out: Outboxes,
    /// Frames to this node itself.
    pub(crate) own_frames: VecDeque<Vec<u8>>,
    /// Messages of services that the ring had no room for.
    pub(crate) waiting: VecDeque<Vec<u8>>,
    /// When the statistics in the map were set.
    pub(crate) refreshed: Option<Instant>,
    pub(crate) followed: Followed,
    pub(crate) kin: Kin,
    /// Says goodbye if this process is killed.
    pub(crate) watcher: Option<LastWords>,
    pub(crate) seed: u64,
    /// Whether services have been synchronised once.
    pub(crate) is_ready: bool,
    pub(crate) is_leaving: bool,
    /// This node's own messages of services.
    pub(crate) own: OwnMessages,
    /// How many of them have to be back until the node may leave; `None` while it does not want to.
    pub(crate) leaves_after: Option<u64>,
    pub(crate) end: Option<Exit>,
}

impl Daemon {
    /// A daemon that has not said anything yet. Must be called within the event loop.
    pub(crate) fn new(parts: Parts) -> Self {
        let node = parts.configuration.node();
        let ring = parts.configuration.ring(parts.seed);
        let synchronised = parts.services.iter().copied().filter(|s| *s != Service::Cfg);
        let mut daemon = Self {
            clock: parts.clock,
            node,
            path: parts.path,
            keys: parts.keys,
            journal: parts.journal,
            sockets: Sockets::new(),
            transport: parts.transport,
            watch: ScheduleWatch::new(ring.token),
            ring: Ring::new(ring),
            barrier: Barrier::new(groups::sync::Settings { services: synchronised.collect() }),
            groups: Groups::new(groups::Settings { node }),
            quorum: parts.quorum,
            cfg: Cfg::new(node),
            maps: Maps::new(),
            versions: Versions::new(parts.configuration.settings.totem.config_version),
            configuration: parts.configuration,
            members: Members::default(),
            traffic: Traffic::new(&parts.services),
            own_traffic: OwnTraffic::default(),
            misses: Misses::default(),
            endpoints: parts.endpoints,
            held: Held::default(),
            files: parts.files,
            reloads: Reloads::new(),
            deadlines: Deadlines::new(parts.clock),
            watch_timer: Timers::new(),
            leave_timer: Timers::new(),
            tick_timer: Timers::new(),
            out: Outboxes::default(),
            own_frames: VecDeque::new(),
            waiting: VecDeque::new(),
            refreshed: None,
            followed: Followed::default(),
            kin: Kin::default(),
            watcher: parts.watcher,
            seed: parts.seed,
            is_ready: false,
            is_leaving: false,
            own: OwnMessages::default(),
            leaves_after: None,
            end: None,
        };
        daemon.begin(&parts.services, parts.ring_sequence, parts.expected_votes);
        daemon
    }

    /// Shows the configuration to clients, opens the sockets and looks for the others.
    fn begin(&mut self, services: &[Service], ring_sequence: u64, expected_votes: u32) {
        self.fill_map(services);
        for (id, settings) in self.configuration.sockets() {
            self.open_socket(id, settings);
        }
        self.refresh_statistics();
        self.watch_schedule();
        self.tick_watcher();
        let now = self.clock.now();
        let input = quorum::Input::Start { tracked_expected_votes: expected_votes };
        self.quorum.handle(now, input, &mut self.out.quorum);
        self.transport.handle(now, links::Input::Start, &mut self.out.links);
        let input = totem::Input::Start { stored_ring_sequence: ring_sequence };
        self.ring.handle(now, input, &mut self.out.ring);
        self.settle();
    }

    fn fill_map(&mut self, services: &[Service]) {
        let Configuration { settings, place, .. } = &self.configuration;
        for (key, value) in cmap::configuration(&self.keys, settings, place) {
            self.set_in_map(cmap::Input::Set { map: cmap::MapId::Configuration, key, value });
        }
        for service in services {
            let (number, name) = (service.number(), crate::endpoints::name(*service));
            let prefix = format!("internal_configuration.service.{number}");
            self.set_key(&format!("{prefix}.name"), Value::Text(format!("corosync_{name}")));
            self.set_key(&format!("{prefix}.ver"), Value::U32(0));
            self.set_key(&format!("runtime.services.{name}.service_id"), Value::U16(number));
        }
        for key in ["runtime.blackbox.dump_flight_data", "runtime.blackbox.dump_state"] {
            self.set_key(key, Value::Text("no".to_owned()));
        }
        self.set_key("runtime.force_gather", Value::Text("no".to_owned()));
    }

    /// Runs until the node has left the ring.
    pub(crate) async fn run(mut self, stop: impl Future<Output = ()>) -> Exit {
        let mut stop = pin!(stop);
        let mut is_stopping = false;
        let mut addresses = AddressWatch::start().ok();
        let mut batch = Batch::new();
        poll_fn(|cx| {
            loop {
                let mut is_idle = true;
                is_idle &= !self.poll_network(cx, &mut batch);
                is_idle &= !self.poll_timers(cx);
                is_idle &= !self.poll_clients(cx);
                if !self.held.is_empty() {
                    // Clients may have read what they were behind with.
                    self.settle();
                }
                if let Poll::Ready(done) = self.files.poll_stored(cx) {
                    self.on_stored(done);
                    is_idle = false;
                }
                if let Some(watch) = &mut addresses
                    && watch.poll_changed(cx).is_ready()
                {
                    self.on_addresses_changed();
                    is_idle = false;
                }
                if let Poll::Ready(Some(reload)) = self.reloads.done.poll_recv(cx) {
                    self.on_reload(reload);
                    is_idle = false;
                }
                if !is_stopping && stop.as_mut().poll(cx).is_ready() {
                    is_stopping = true;
                    self.on_signal();
                }
                if let Some(exit) = self.end {
                    // After any other end the others have not heard of it yet.
                    if exit == Exit::Normal
                        && let Some(watcher) = self.watcher.take()
                    {
                        watcher.dismiss();
                    }
                    return Poll::Ready(exit);
                }
                if is_idle {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    /// Deals with packets; false if there are none.
    fn poll_network(&mut self, cx: &mut Context<'_>, batch: &mut Batch) -> bool {
        for turn in 0..TURNS {
            if self.sockets.poll_receive(cx, batch).is_pending() {
                return turn > 0;
            }
            for packet in batch.packets() {
                let input = links::Input::Packet {
                    link: LinkId(packet.socket.0),
                    from: packet.from,
                    bytes: packet.bytes,
                };
                self.transport.handle(self.clock.now(), input, &mut self.out.links);
                self.settle();
            }
            for failure in batch.failures() {
                let input = match *failure {
                    Failure::Unreachable { socket, to } => {
                        links::Input::Unreachable { link: LinkId(socket.0), to }
                    }
                    Failure::TooBig { socket, to, mtu } => {
                        links::Input::TooBig { link: LinkId(socket.0), to, mtu }
                    }
                };
                self.transport.handle(self.clock.now(), input, &mut self.out.links);
                self.settle();
            }
        }
        true
    }

    /// Fires timers; false if none is due.
    fn poll_timers(&mut self, cx: &mut Context<'_>) -> bool {
        let mut has_fired = false;
        while let Poll::Ready((due, token)) = self.deadlines.poll_next(cx) {
            self.on_due(due, token);
            self.settle();
            has_fired = true;
        }
        has_fired
    }

    /// Deals with clients' requests; false if there are none.
    fn poll_clients(&mut self, cx: &mut Context<'_>) -> bool {
        for turn in 0..TURNS {
            match self.endpoints.poll_next(cx) {
                Poll::Pending => return turn > 0,
                Poll::Ready((service, event)) => {
                    self.on_client(service, event);
                    self.settle();
                }
            }
        }
        true
    }

    fn on_due(&mut self, due: Due, token: TimerToken) {
        let now = self.clock.now();
        match due {
            Due::Ring(timer) => {
                self.ring.handle(now, totem::Input::Fired { timer, token }, &mut self.out.ring);
            }
            Due::Links(timer) => {
                let input = links::Input::Fired { timer, token };
                self.transport.handle(now, input, &mut self.out.links);
            }
            Due::Quorum(timer) => {
                let input = quorum::Input::Fired { timer, token };
                self.quorum.handle(now, input, &mut self.out.quorum);
            }
            Due::Shutdown => self.cfg.handle(cfg::Input::TimedOut(token), &mut self.out.cfg),
            Due::Leave => self.leave_now(),
            Due::Schedule => {
                if let Some(lateness) = self.watch.check(now, runtime::wall_milliseconds()) {
                    self.misses.add(&lateness);
                    self.journal.log("MAIN", Severity::Warning, lateness);
                    if let Some(reason) = lateness.reason() {
                        self.journal.log("MAIN", Severity::Warning, reason);
                    }
                }
                self.watch_schedule();
            }
            Due::Statistics => {
                self.followed.fired(token);
                self.refresh_statistics();
                self.follow_statistics();
            }
            Due::Tick => self.tick_watcher(),
        }
    }

    fn watch_schedule(&mut self) {
        let token = self.watch_timer.arm(());
        self.deadlines.arm(Due::Schedule, token, self.watch.interval());
    }

    /// An interface came or went: sockets that could not be opened may be by now.
    fn on_addresses_changed(&mut self) {
        for (id, settings) in self.configuration.sockets() {
            if self.sockets.settings(id).is_none() {
                self.open_socket(id, settings);
            }
        }
    }

    pub(crate) fn open_socket(&mut self, id: SocketId, settings: net::SocketSettings) {
        if let Err(error) = self.sockets.open(id, settings) {
            self.journal.log("TOTEM", Severity::Warning, error);
        }
    }
}
