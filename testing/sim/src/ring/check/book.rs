use std::collections::BTreeMap;

use totem::Configuration;
use vocab::NodeId;
use wire::corosync::RingId;

use super::integrity::NUMBER_BYTES;

/// One start of a node's daemon, numbered through the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ring) struct ProcessKey(pub(in crate::ring) u32);

/// A message, numbered through the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ring) struct MessageKey(pub(in crate::ring) u32);

/// A ring that somebody was in, numbered through the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ring) struct RingKey(pub(in crate::ring) u32);

/// What more than one check needs to know.
#[derive(Debug, Default)]
pub(in crate::ring) struct Book {
    processes: Vec<Process>,
    messages: Vec<Message>,
    rings: Vec<RingFacts>,
    ring_keys: BTreeMap<RingId, RingKey>,
}

/// Lanes that there are.
pub(in crate::ring) const LANES: usize = 2;

/// What is given while services synchronise goes before what was given earlier: order is kept only within a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ring) enum Lane {
    Usual,
    Synchronizing,
}

/// What is known of a start of a daemon.
#[derive(Debug)]
pub(in crate::ring) struct Process {
    pub(in crate::ring) node: NodeId,
    pub(in crate::ring) lives: bool,
    /// The regular ring that it told last.
    pub(in crate::ring) ring: Option<RingKey>,
    /// Who goes on with it from there, once it told that.
    pub(in crate::ring) transitional: Option<Vec<NodeId>>,
    /// Messages that it was given, by lane.
    pub(in crate::ring) given: [u32; LANES],
    /// By ring: with whom it came there and from where.
    installs: BTreeMap<RingKey, Install>,
}

/// How a daemon came into a ring.
#[derive(Debug)]
pub(in crate::ring) struct Install {
    pub(in crate::ring) previous: Option<RingKey>,
    pub(in crate::ring) transitional: Vec<NodeId>,
}

/// What is in a message, behind its number.
#[derive(Clone, Debug)]
pub(in crate::ring) enum Content {
    /// So many bytes that follow from the number.
    Filler(usize),
    /// What a service says to those of other nodes.
    Service(Vec<u8>),
}

/// What is known of a message.
#[derive(Clone, Debug)]
pub(in crate::ring) struct Message {
    pub(in crate::ring) sender: ProcessKey,
    pub(in crate::ring) lane: Lane,
    /// The how manieth of its sender in its lane, from 0.
    pub(in crate::ring) counter: u32,
    pub(in crate::ring) content: Content,
}

/// What is known of a ring.
#[derive(Debug)]
pub(in crate::ring) struct RingFacts {
    pub(in crate::ring) id: RingId,
    pub(in crate::ring) members: Vec<NodeId>,
    /// Who told of it, in order.
    pub(in crate::ring) processes: Vec<ProcessKey>,
}

impl Content {
    /// Bytes of the whole message.
    pub(in crate::ring) fn bytes(&self) -> usize {
        match self {
            Self::Filler(bytes) => *bytes,
            Self::Service(said) => NUMBER_BYTES + said.len(),
        }
    }
}

impl Book {
    pub(in crate::ring) fn process(&self, key: ProcessKey) -> &Process {
        &self.processes[key.0 as usize]
    }

    pub(super) fn process_mut(&mut self, key: ProcessKey) -> &mut Process {
        &mut self.processes[key.0 as usize]
    }

    pub(super) fn processes(&self) -> impl Iterator<Item = (ProcessKey, &Process)> {
        (0..).map(ProcessKey).zip(&self.processes)
    }

    pub(in crate::ring) fn message(&self, key: MessageKey) -> &Message {
        &self.messages[key.0 as usize]
    }

    pub(super) fn find_message(&self, number: u32) -> Option<MessageKey> {
        self.messages.get(number as usize).map(|_| MessageKey(number))
    }

    pub(in crate::ring) fn ring(&self, key: RingKey) -> &RingFacts {
        &self.rings[key.0 as usize]
    }

    /// The number of the ring that a daemon is in.
    pub(in crate::ring) fn ring_id_of(&self, process: ProcessKey) -> Option<RingId> {
        self.process(process).ring.map(|ring| self.ring(ring).id)
    }

    pub(super) fn find_ring(&self, id: RingId) -> Option<&RingFacts> {
        self.ring_keys.get(&id).map(|key| self.ring(*key))
    }

    pub(super) fn add_process(&mut self, node: NodeId) -> ProcessKey {
        self.processes.push(Process {
            node,
            lives: true,
            ring: None,
            transitional: None,
            given: [0; LANES],
            installs: BTreeMap::new(),
        });
        ProcessKey(u32::try_from(self.processes.len() - 1).unwrap_or(u32::MAX))
    }

    /// The message that is given next.
    pub(in crate::ring) fn next_message(&self) -> MessageKey {
        MessageKey(u32::try_from(self.messages.len()).unwrap_or(u32::MAX))
    }

    pub(super) fn add_message(
        &mut self,
        sender: ProcessKey,
        lane: Lane,
        content: Content,
    ) -> MessageKey {
        let process = self.process_mut(sender);
        let given = &mut process.given[lane as usize];
        let counter = *given;
        *given += 1;
        let key = self.next_message();
        self.messages.push(Message { sender, lane, counter, content });
        key
    }

    pub(super) fn install(&mut self, key: ProcessKey, configuration: &Configuration) -> RingKey {
        let next = RingKey(u32::try_from(self.rings.len()).unwrap_or(u32::MAX));
        let ring = *self.ring_keys.entry(configuration.ring).or_insert(next);
        if ring == next {
            let members = configuration.members.clone();
            self.rings.push(RingFacts { id: configuration.ring, members, processes: Vec::new() });
        }
        self.rings[ring.0 as usize].processes.push(key);
        let process = self.process_mut(key);
        let previous = process.ring.replace(ring);
        let transitional = process.transitional.take().unwrap_or_default();
        process.installs.insert(ring, Install { previous, transitional });
        ring
    }

    pub(super) fn install_of(&self, process: ProcessKey, ring: RingKey) -> Option<&Install> {
        self.process(process).installs.get(&ring)
    }

    /// A message in words.
    pub(super) fn name(&self, message: MessageKey) -> String {
        let Message { sender, lane, counter, content } = self.message(message);
        let bytes = content.bytes();
        let synchronizing = if *lane == Lane::Synchronizing { "synchronizing " } else { "" };
        format!("{synchronizing}message {counter} of {} ({bytes} bytes)", self.who(*sender))
    }

    /// A start of a daemon in words.
    pub(in crate::ring) fn who(&self, key: ProcessKey) -> String {
        let node = self.process(key).node;
        let start = self.processes().filter(|(k, p)| p.node == node && *k <= key).count();
        format!("node {node}, start {start}")
    }

    /// A ring in words.
    pub(in crate::ring) fn ring_name(&self, ring: Option<RingKey>) -> String {
        ring.map_or("no ring".to_owned(), |ring| {
            let RingId { node, sequence } = self.ring(ring).id;
            format!("ring {node}.{sequence}")
        })
    }
}
