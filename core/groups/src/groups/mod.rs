mod client;
mod delivery;
mod registry;
mod requests;
mod synchronise;
mod tell;
mod walk;

use std::collections::BTreeMap;

use machine::{Instant, Outbox};
use vocab::NodeId;
use wire::{
    corosync::{
        RingId, Status,
        cpg::{GroupName, Kind},
    },
    exec::cpg::{Process, encode_leave},
};

use self::{
    client::{Client, Place, State},
    registry::Registry,
};
use crate::{ClientId, Input, Notice, Output, Settings, Statistics};

/// Why a process came or went, as events and messages say it.
mod reason {
    pub(super) const NONE: u32 = 0;
    pub(super) const JOIN: u32 = 1;
    pub(super) const LEAVE: u32 = 2;
    pub(super) const NODE_DOWN: u32 = 3;
    pub(super) const NODE_UP: u32 = 4;
    pub(super) const PROCESS_DOWN: u32 = 5;
}

/// What to do with a client's request now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Give it to the machine.
    Take,
    /// Leave it where it is and come back to it, before any later request of that client: it would not be answered, so the
    /// client cannot be told.
    Hold,
    /// Answer it with [`Groups::try_again`], as the C daemon does, or hold it.
    TryAgain,
}

/// What the machine knows of the ring.
#[derive(Debug, Default)]
struct Ring {
    /// The membership that was told last.
    id: RingId,
    /// Who is in it.
    members: Vec<NodeId>,
    /// Who was in the last one that was synchronised.
    synchronised: Vec<NodeId>,
    /// Which of those did not come along.
    lost: Vec<NodeId>,
}

/// The groups of one node.
#[derive(Debug)]
pub struct Groups {
    node: NodeId,
    statistics: Statistics,
    clients: BTreeMap<ClientId, Client>,
    registry: Registry,
    ring: Ring,
    /// Processes that the nodes said they have, in the order in which they said it, since the synchronisation began.
    join_lists: Vec<(NodeId, Process)>,
    /// Whether nothing but messages of the synchronisation may go out.
    synchronising: bool,
    /// Processes that went meanwhile. Were they reported at once, a node could hear that before it hears, in the list made
    /// before, that they are there.
    held_leaves: Vec<Process>,
    /// Clients that asked for the ring's membership and have not got it.
    wait_for_ring: Vec<ClientId>,
    last_walk: u64,
}

impl Groups {
    /// No groups, no clients, and no membership yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            node: settings.node,
            statistics: Statistics::default(),
            clients: BTreeMap::new(),
            registry: Registry::default(),
            ring: Ring::default(),
            join_lists: Vec::new(),
            synchronising: true,
            held_leaves: Vec::new(),
            wait_for_ring: Vec::new(),
            last_walk: 0,
        }
    }

    /// Whether a request can be served now.
    ///
    /// `synchronising` says whether the barrier is running; `has_room` is asked whether the ring has room for one message
    /// of that many bytes.
    pub fn admission(
        &self,
        message: &[u8],
        synchronising: bool,
        has_room: impl FnOnce(usize) -> bool,
    ) -> Admission {
        // What stands in front of a payload between daemons, less what stands there between client and daemon.
        const LONGER: usize = 192;
        let otherwise = match Kind::decode(message) {
            Ok(Kind::Multicast) => Admission::Hold,
            Ok(Kind::Join | Kind::Leave | Kind::PartialMulticast) => Admission::TryAgain,
            // The ring has nothing to do with these.
            Ok(_) | Err(_) => return Admission::Take,
        };
        if synchronising || !has_room(message.len() + LONGER) { otherwise } else { Admission::Take }
    }

    /// The answer to a request that is not taken; nothing if such requests are not answered.
    pub fn try_again(message: &[u8]) -> Option<Vec<u8>> {
        match Kind::decode(message) {
            Ok(Kind::Multicast) | Err(_) => None,
            Ok(kind) => Some(kind.status(Status::TRY_AGAIN)),
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, _now: Instant, input: Input<'_>, out: &mut Outbox<Output>) {
        match input {
            Input::Connected(client) => {
                self.clients.insert(client, Client::new());
            }
            Input::Request { client, message } => self.on_request(client, message, out),
            Input::Disconnected(client) => self.on_disconnected(client, out),
            Input::Deliver { from, message } => self.on_message(from, message, out),
            Input::SyncInit { transitional, members, ring } => {
                self.begin_synchronising(transitional, members, ring);
            }
            Input::SyncProcess => self.say_what_is_here(out),
            Input::SyncActivate => self.put_into_effect(out),
            Input::SyncAbort => self.join_lists.clear(),
            Input::SyncCompleted => {
                self.synchronising = false;
                for process in std::mem::take(&mut self.held_leaves) {
                    out.push(Output::Multicast(encode_leave(&process, reason::PROCESS_DOWN)));
                }
            }
        }
    }

    /// How often things happened that should not happen.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Looks whether the machine contradicts itself.
    ///
    /// # Panics
    ///
    /// If it does: a bug of ours, for tests and the simulator to find.
    pub fn check(&self) {
        for (index, group) in self.registry.iter() {
            assert!(!group.members().is_empty() || !group.listeners.is_empty());
            assert!(group.members().is_sorted());
            for listener in &group.listeners {
                let client = self.clients.get(&listener.client).expect("listeners are clients");
                let place = Some(Place { group: index, pid: listener.pid });
                assert_eq!(client.state.place(), place);
                let started = matches!(client.state, State::JoinStarted(_));
                assert_eq!(listener.hears, !started);
            }
        }
        for (id, client) in &self.clients {
            if let Some(place) = client.state.place() {
                let listeners = &self.registry.get(place.group).listeners;
                assert_eq!(listeners.iter().filter(|other| other.client == *id).count(), 1);
            }
        }
    }

    fn on_disconnected(&mut self, id: ClientId, out: &mut Outbox<Output>) {
        let Some(client) = self.clients.remove(&id) else { return };
        self.wait_for_ring.retain(|waiting| *waiting != id);
        if let Some(process) = self.retire(id, client.state) {
            if self.synchronising {
                self.held_leaves.push(process);
            } else {
                out.push(Output::Multicast(encode_leave(&process, reason::PROCESS_DOWN)));
            }
        }
    }

    /// Takes a client off the list of its group; gives the process that all have to hear of that it is gone.
    fn retire(&mut self, id: ClientId, state: State) -> Option<Process> {
        match state {
            State::Unjoined => None,
            State::Finalized(process) => process,
            State::LeaveStarted(place) => {
                self.registry.stop_listening(place.group, id);
                None
            }
            State::JoinStarted(place) | State::Joined(place) => {
                let process = Process { pid: place.pid, group: self.name(place).clone() };
                self.registry.stop_listening(place.group, id);
                Some(process)
            }
        }
    }

    fn name(&self, place: Place) -> &GroupName {
        &self.registry.get(place.group).name
    }

    fn refuse_message(&mut self, node: NodeId, error: wire::WireError, out: &mut Outbox<Output>) {
        self.statistics.malformed_messages += 1;
        out.push(Output::Notice(Notice::MalformedMessage { node, error }));
    }
}
