//! What a daemon has besides its ring: the barrier between services, and quorum.

use std::{collections::VecDeque, time::Duration};

use groups::sync::{self, Barrier};
use machine::{Instant, Outbox, TimerToken};
use quorum::{Quorum, Timer, View};
use totem::{Configuration, ConfigurationKind};
use vocab::NodeId;
use wire::exec::{Channel, Incoming, Outgoing, Service};

/// The services of one start of a daemon.
#[derive(Debug)]
pub(super) struct Services {
    barrier: Barrier,
    quorum: Quorum,
}

/// What services ask of their daemon, in the order in which it must be done.
#[derive(Debug)]
pub(super) enum Effect {
    /// Send a message to the services of all nodes.
    Say(Outgoing),
    /// Send a message of any content while services synchronise.
    Chat,
    /// All services are synchronised.
    Completed,
    /// Whether this partition may act was found out.
    View(View),
    /// Fire a timer of quorum.
    Arm { timer: Timer, token: TimerToken, after: Duration },
    /// Put the votes that are expected on disk.
    StoreExpectedVotes(u32),
}

/// Outputs of the two machines that wait for their turn.
#[derive(Default)]
struct Waiting {
    barrier: Outbox<sync::Output>,
    quorum: Outbox<quorum::Output>,
}

impl Services {
    /// Services that have not started; `None` if their configuration makes no sense.
    pub(super) fn new(settings: &quorum::Settings) -> Option<Self> {
        let services = vec![Service::Cpg, Service::Quorum, Service::Votequorum];
        let barrier = Barrier::new(sync::Settings { services });
        Quorum::new(settings).ok().map(|quorum| Self { barrier, quorum })
    }

    pub(super) fn start(&mut self, now: Instant, tracked_expected_votes: u32) -> VecDeque<Effect> {
        let mut waiting = Waiting::default();
        let input = quorum::Input::Start { tracked_expected_votes };
        self.quorum.handle(now, input, &mut waiting.quorum);
        self.effects(now, waiting)
    }

    /// The ring told a membership.
    pub(super) fn configured(&mut self, now: Instant, told: &Configuration) -> VecDeque<Effect> {
        let mut waiting = Waiting::default();
        let members = &told.members;
        let input = match told.kind {
            ConfigurationKind::Transitional => sync::Input::Transitional { members },
            ConfigurationKind::Regular => sync::Input::Regular { ring: told.ring, members },
        };
        self.barrier.handle(now, input, &mut waiting.barrier);
        self.effects(now, waiting)
    }

    /// The ring delivered what a node's services said.
    pub(super) fn delivered(
        &mut self,
        now: Instant,
        from: NodeId,
        said: &[u8],
    ) -> VecDeque<Effect> {
        let mut waiting = Waiting::default();
        if let Ok(incoming) = Incoming::open(said.to_vec()) {
            let message = incoming.message();
            match incoming.channel() {
                Channel::Sync => {
                    let input = sync::Input::Deliver { from, message };
                    self.barrier.handle(now, input, &mut waiting.barrier);
                }
                Channel::Services => {
                    let input = quorum::Input::Deliver { from, message };
                    self.quorum.handle(now, input, &mut waiting.quorum);
                }
            }
        }
        self.effects(now, waiting)
    }

    /// A timer of quorum ran out.
    pub(super) fn fired(
        &mut self,
        now: Instant,
        timer: Timer,
        token: TimerToken,
    ) -> VecDeque<Effect> {
        let mut waiting = Waiting::default();
        self.quorum.handle(now, quorum::Input::Fired { timer, token }, &mut waiting.quorum);
        self.effects(now, waiting)
    }

    /// Lets the two machines talk to each other until both are content.
    fn effects(&mut self, now: Instant, mut waiting: Waiting) -> VecDeque<Effect> {
        let mut effects = VecDeque::new();
        loop {
            if let Some(output) = waiting.quorum.pop() {
                self.on_quorum(now, output, &mut waiting, &mut effects);
            } else if let Some(output) = waiting.barrier.pop() {
                self.on_barrier(now, output, &mut waiting, &mut effects);
            } else {
                return effects;
            }
        }
    }

    fn on_quorum(
        &mut self,
        now: Instant,
        output: quorum::Output,
        waiting: &mut Waiting,
        effects: &mut VecDeque<Effect>,
    ) {
        match output {
            quorum::Output::Multicast(message) => effects.push_back(Effect::Say(message)),
            quorum::Output::Synced(service) => {
                self.barrier.handle(now, sync::Input::Synced(service), &mut waiting.barrier);
            }
            quorum::Output::View(view) => effects.push_back(Effect::View(view)),
            quorum::Output::Arm { timer, token, after } => {
                effects.push_back(Effect::Arm { timer, token, after });
            }
            quorum::Output::StoreExpectedVotes(votes) => {
                effects.push_back(Effect::StoreExpectedVotes(votes));
            }
            // There are no clients, and nobody reads the daemon's map or log.
            quorum::Output::Answer { .. }
            | quorum::Output::Event { .. }
            | quorum::Output::Key(_)
            | quorum::Output::Notice(_) => {}
        }
    }

    fn on_barrier(
        &mut self,
        now: Instant,
        output: sync::Output,
        waiting: &mut Waiting,
        effects: &mut VecDeque<Effect>,
    ) {
        let input = match &output {
            sync::Output::Multicast(message) => {
                return effects.push_back(Effect::Say(message.clone()));
            }
            sync::Output::Completed => return effects.push_back(Effect::Completed),
            sync::Output::Notice(_) => return,
            // What process groups say is played by a message of any size.
            sync::Output::Process(Service::Cpg) => {
                effects.push_back(Effect::Chat);
                let input = sync::Input::Synced(Service::Cpg);
                return self.barrier.handle(now, input, &mut waiting.barrier);
            }
            sync::Output::Init { service, transitional, members, ring } => {
                quorum::Input::SyncInit { service: *service, transitional, members, ring: *ring }
            }
            sync::Output::Process(service) => quorum::Input::SyncProcess(*service),
            sync::Output::Activate(service) => quorum::Input::SyncActivate(*service),
            sync::Output::Abort(service) => quorum::Input::SyncAbort(*service),
        };
        self.quorum.handle(now, input, &mut waiting.quorum);
    }
}
