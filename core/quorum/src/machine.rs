use machine::{Instant, Outbox};
use wire::{
    corosync::{Status, votequorum},
    exec,
};

use crate::{
    Answer, ConfigurationError, Input, Notice, Output, Request, Settings,
    effects::{Effects, Keys},
    service::Service,
    votes::Votes,
};

/// The machine: one node's view of quorum, and both services that tell about it.
#[derive(Debug)]
pub struct Quorum {
    service: Service,
    /// What decides; without it there is quorum always.
    votes: Option<Votes>,
    keys: Keys,
}

impl Quorum {
    /// A node that has not seen anybody, silent until [`Input::Start`].
    ///
    /// # Errors
    ///
    /// The settings contradict each other in a way that Corosync does not start with.
    pub fn new(settings: &Settings) -> Result<Self, ConfigurationError> {
        let votes = settings.provider.then(|| Votes::new(settings)).transpose()?;
        Ok(Self { service: Service::new(settings.provider), votes, keys: Keys::default() })
    }

    /// Whether this partition may act, as far as the rest of the daemon was told.
    pub fn is_quorate(&self) -> bool {
        self.service.is_quorate()
    }

    /// Takes in what happened; what is to be done is put in `out`.
    pub fn handle(&mut self, _now: Instant, input: Input<'_>, out: &mut Outbox<Output>) {
        let Self { service, votes, keys, .. } = self;
        let effects = &mut Effects { out, keys };
        match input {
            Input::SyncInit { service: of, transitional, members, ring } => match part(of, votes) {
                Part::Service => service.on_sync_init(transitional, members, ring, effects),
                Part::Votes(votes) => votes.on_sync_init(members, ring, effects),
                Part::Neither => {}
            },
            Input::SyncProcess(of) => match part(of, votes) {
                Part::Votes(votes) => votes.on_sync_process(effects),
                Part::Service | Part::Neither => effects.out.push(Output::Synced(of)),
            },
            Input::SyncActivate(of) => match part(of, votes) {
                Part::Service => service.on_sync_activate(effects),
                Part::Votes(votes) => votes.on_sync_activate(service, effects),
                Part::Neither => {}
            },
            // What was begun is begun again with the next membership.
            Input::SyncAbort(_) => {}
            Input::Request { client, request: Request::Quorum(request) } => {
                service.on_request(client, request, effects);
            }
            Input::Request { client, request: Request::Votes(request) } => match votes {
                Some(votes) => votes.on_request(client, request, effects),
                None => {
                    let (id, status) = (votequorum::STATUS_ANSWER, Status::NOT_EXIST);
                    effects.answer(client, Answer::Status { id, status });
                }
            },
            Input::Disconnected(client) => {
                service.on_disconnected(client);
                if let Some(votes) = votes {
                    votes.on_disconnected(client);
                }
            }
            Input::Start { .. }
            | Input::Deliver { .. }
            | Input::Fired { .. }
            | Input::Reload(_)
            | Input::CancelWaitForAll
            | Input::Shutdown => {
                if let Some(votes) = votes {
                    decide(input, votes, service, effects);
                }
            }
        }
    }
}

/// Which part of the machine a service is.
enum Part<'a> {
    Service,
    Votes(&'a mut Votes),
    Neither,
}

fn part(service: exec::Service, votes: &mut Option<Votes>) -> Part<'_> {
    match service {
        exec::Service::Quorum => Part::Service,
        exec::Service::Votequorum => votes.as_mut().map_or(Part::Neither, Part::Votes),
        exec::Service::Cmap | exec::Service::Cfg | exec::Service::Cpg => Part::Neither,
    }
}

/// What only matters where votes are counted.
fn decide(input: Input<'_>, votes: &mut Votes, service: &mut Service, effects: &mut Effects<'_>) {
    match input {
        Input::Start { tracked_expected_votes } => {
            effects.notice(Notice::Provider);
            votes.on_start(tracked_expected_votes, service, effects);
        }
        Input::Deliver { from, message } => votes.on_message(from, message, service, effects),
        Input::Fired { timer, token } => votes.on_timer(timer, token, service, effects),
        Input::Reload(settings) => votes.on_reload(&settings, effects),
        Input::CancelWaitForAll => votes.on_cancel_wait_for_all(effects),
        Input::Shutdown => votes.on_shutdown(effects),
        Input::SyncInit { .. }
        | Input::SyncProcess(_)
        | Input::SyncActivate(_)
        | Input::SyncAbort(_)
        | Input::Request { .. }
        | Input::Disconnected(_) => {}
    }
}
