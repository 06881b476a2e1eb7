use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use election::{Age, Election, Status};
use machine::{Instant, Outbox, Timers};
use messages::attributes::{
    Envelope, PROTOCOL_ATTRIBUTE, PROTOCOL_VERSION, PeerMessage, Update, WriterState,
};
use vocab::{NodeId, NodeName};

use crate::{
    Event, Input, Note, Output, Settings, Timer, WriteId,
    attribute::{Attribute, NodeKey},
};

/// How long peers that do not answer can delay the election of the writer.
const ELECTION_TIMEOUT: Duration = Duration::from_secs(120);

/// The attribute manager of one node.
#[derive(Debug)]
pub struct AttributeManager {
    pub(crate) settings: Settings,
    pub(crate) attributes: BTreeMap<String, Attribute>,
    pub(crate) members: BTreeMap<NodeId, NodeName>,
    pub(crate) election: Election,
    /// Who is the writer, or will be for all that is known.
    pub(crate) writer: Option<NodeName>,
    /// What was sent to all and has not come back yet, by attribute and node: the last value, and how many there are.
    pub(crate) on_their_way: BTreeMap<(String, NodeKey), (Option<String>, u32)>,
    pub(crate) writes: BTreeMap<WriteId, Vec<String>>,
    pub(crate) last_write: WriteId,
    pub(crate) timers: Timers<Timer>,
    announced: bool,
    pub(crate) stopping: bool,
}

/// What is true while one input is dealt with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) now: Instant,
    pub(crate) age: Age,
}

impl AttributeManager {
    /// A manager that knows no values and no peers.
    pub fn new(settings: Settings) -> Self {
        let election = Election::new(election::Settings {
            node: settings.node,
            name: settings.name.clone(),
            feature_set: settings.feature_set,
            timeout: ELECTION_TIMEOUT,
        });
        Self {
            settings,
            attributes: BTreeMap::new(),
            members: BTreeMap::new(),
            election,
            writer: None,
            on_their_way: BTreeMap::new(),
            writes: BTreeMap::new(),
            last_write: WriteId(0),
            timers: Timers::new(),
            announced: false,
            stopping: false,
        }
    }

    /// Whether this node writes to the CIB.
    pub fn is_writer(&self) -> bool {
        self.election.status() == Status::Won
    }

    /// The value of an attribute on a node.
    pub fn value(&self, name: &str, node: &NodeName) -> Option<&str> {
        self.attributes.get(name)?.current(node)
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Instant, input: Input, out: &mut Outbox<Output>) {
        let moment = Moment { now, age: input.age };
        match input.event {
            Event::Members(members) => self.on_members(moment, members, out),
            Event::Client { ticket, request, user } => {
                self.on_client(ticket, request, user, out);
            }
            Event::Peer { from, name, envelope } => {
                // While the node leaves, only its vote may be of use to the others.
                if !self.stopping {
                    self.on_peer(moment, from, &name, envelope, out);
                }
            }
            Event::Ballot { from, ballot } => self.on_ballot(moment, from, ballot, out),
            Event::Written { write, result } => self.on_written(moment, write, result, out),
            Event::StatusReplaced => {
                if self.is_writer() && !self.stopping && !self.wants_to_leave() {
                    self.write_all(false, out);
                }
            }
            Event::Stop => self.stopping = true,
            Event::Timer { timer: Timer::Election, token } => {
                self.with_election(moment, election::Input::Timer { token }, out);
            }
            Event::Timer { timer: Timer::Write(name), token } => {
                let timer = Timer::Write(name.clone());
                if self.timers.fired(&timer, token) && !self.stopping {
                    self.write_or_elect(moment, BTreeSet::from([name]), out);
                }
            }
        }
    }

    fn on_members(
        &mut self,
        moment: Moment,
        members: BTreeMap<NodeId, NodeName>,
        out: &mut Outbox<Output>,
    ) {
        let old = std::mem::replace(&mut self.members, members.clone());
        let left = old.iter().filter(|(id, _)| !members.contains_key(id));
        let left: Vec<NodeName> = left.map(|(_, name)| name.clone()).collect();
        for name in &left {
            out.push(Output::Note(Note::Forgotten { node: name.clone(), by: None }));
            self.forget(name);
        }
        self.with_election(moment, election::Input::Members(members.clone()), out);
        for name in &left {
            self.on_peer_lost(moment, name, out);
        }
        if self.is_writer() {
            for (id, name) in members {
                if id != self.settings.node && !old.contains_key(&id) {
                    self.send_values(Some((id, name)), out);
                }
            }
        }
        if !self.announced && self.members.contains_key(&self.settings.node) {
            self.announced = true;
            self.announce(out);
        }
    }

    /// Tells everybody which protocol is spoken here. It also gives them this node's name and number.
    fn announce(&mut self, out: &mut Outbox<Output>) {
        let mut update = Update::set(PROTOCOL_ATTRIBUTE, Some(PROTOCOL_VERSION.to_string()))
            .on(self.settings.name.clone(), false);
        update.node_id = Some(self.settings.node);
        update.is_private = true;
        self.send(None, PeerMessage::Update(vec![update]), out);
    }

    /// Forgets all values of a node. What the CIB has of them is for the DC to clear.
    pub(crate) fn forget(&mut self, node: &NodeName) {
        let key = NodeKey::from(node);
        for attribute in self.attributes.values_mut() {
            attribute.values.remove(&key);
        }
    }

    /// Tells one node, or all, every value.
    pub(crate) fn send_values(&self, to: Option<(NodeId, NodeName)>, out: &mut Outbox<Output>) {
        let values = self.attributes.iter().flat_map(|(name, attribute)| {
            attribute.values.values().map(move |value| attribute.describe(name, value, false))
        });
        self.send(to, PeerMessage::Values(values.collect()), out);
    }

    pub(crate) fn send(
        &self,
        to: Option<(NodeId, NodeName)>,
        message: PeerMessage,
        out: &mut Outbox<Output>,
    ) {
        let writer = match self.election.status() {
            Status::Idle => WriterState::Undecided,
            Status::Running => WriterState::Running,
            Status::Lost => WriterState::Lost,
            Status::Won => WriterState::Won,
        };
        out.push(Output::Send { to, envelope: Envelope { writer, message } });
    }

    pub(crate) fn is_local(&self, node: &NodeName) -> bool {
        NodeKey::from(node) == NodeKey::from(&self.settings.name)
    }

    /// The lowest protocol version among the members that have told theirs.
    pub(crate) fn lowest_protocol(&self) -> Option<u32> {
        let versions = self.attributes.get(PROTOCOL_ATTRIBUTE)?;
        let told = self.members.values().filter_map(|name| versions.current(name)?.parse().ok());
        told.filter(|version| *version > 0).min()
    }

    /// Whether the local node has asked to leave. What it has in the CIB is being taken apart then.
    fn wants_to_leave(&self) -> bool {
        self.value("shutdown", &self.settings.name).is_some_and(|value| value != "0")
    }
}

#[cfg(test)]
mod tests;
