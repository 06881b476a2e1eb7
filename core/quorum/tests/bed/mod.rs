//! A cluster of machines in one process: partitions that come and go, messages in one order for each, virtual time.
#![allow(dead_code, unused_imports, reason = "each test uses its part")]

mod node;
mod script;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use machine::Instant;
use quorum::{Input, Output, Request, Settings};
use vocab::NodeId;
use wire::{
    corosync::{RingId, votequorum},
    exec::{Incoming, Service},
};

pub(crate) use node::{DEVICE, DEVICE_NAME, Node, OPERATOR};
pub(crate) use script::check;

/// The services that are synchronised, in order.
const SERVICES: [Service; 2] = [Service::Quorum, Service::Votequorum];
/// Devices poll that often.
const POLL: Duration = Duration::from_secs(5);

/// What goes round in a partition, in one order.
enum Item {
    Message(NodeId, Vec<u8>),
    /// A node has had its turn with the service.
    Said(NodeId, Service),
}

/// Nodes that see each other.
#[derive(Default)]
struct Partition {
    nodes: BTreeSet<NodeId>,
    sequence: u64,
    queue: VecDeque<Item>,
    /// The services that are still to be synchronised, and who has had its turn with the first of them.
    services: VecDeque<Service>,
    said: BTreeSet<NodeId>,
}

/// The cluster.
pub(crate) struct Bed {
    now: Instant,
    settings: Settings,
    pub(crate) nodes: BTreeMap<NodeId, Node>,
    partitions: BTreeMap<u32, Partition>,
    /// What nodes that are down have on disk.
    disks: BTreeMap<NodeId, u32>,
}

impl Bed {
    /// No node is up. `settings` are those of all nodes.
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            now: Instant::START,
            settings,
            nodes: BTreeMap::new(),
            partitions: BTreeMap::new(),
            disks: BTreeMap::new(),
        }
    }

    /// A node that the list does not have expects what the list has, as one that was given no list.
    fn settings_of(&self, node: NodeId) -> Settings {
        let mut settings = Settings { node, ..self.settings.clone() };
        if !settings.nodes.contains_key(&node) && settings.expected_votes.is_none() {
            settings.expected_votes = Some(settings.nodes.values().sum());
        }
        settings
    }

    /// Starts nodes, each alone at first, then joins them to the partition.
    pub(crate) fn up(&mut self, partition: u32, ids: &[u32]) {
        for &id in ids {
            let id = NodeId(id);
            let mut node = Node::new(&self.settings_of(id));
            let tracked_expected_votes = self.disks.get(&id).copied().unwrap_or(0);
            self.disks.entry(id).or_insert(0);
            node.tracked = tracked_expected_votes;
            self.nodes.insert(id, node);
            // A partition of its own, which nobody else is in.
            let is_empty = !self.partitions.contains_key(&partition);
            let alone = if is_empty { partition } else { 1_000 + id.0 };
            self.partitions.entry(alone).or_default().nodes.insert(id);
            self.give(alone, id, Input::Start { tracked_expected_votes });
            self.form(alone);
        }
        let others: Vec<_> = ids
            .iter()
            .copied()
            .filter(|id| self.partition_of(NodeId(*id)) != Some(partition))
            .collect();
        if !others.is_empty() {
            self.gather(partition, &others);
        }
    }

    /// Ends nodes without warning.
    pub(crate) fn down(&mut self, ids: &[u32]) {
        let mut changed = BTreeSet::new();
        for &id in ids {
            let id = NodeId(id);
            if let Some(node) = self.nodes.remove(&id) {
                self.disks.insert(id, node.tracked);
            }
            changed.extend(self.leave(id));
        }
        self.form_all(changed);
    }

    /// Ends nodes in good order, one after the other.
    pub(crate) fn shut_down(&mut self, ids: &[u32]) {
        for &id in ids {
            self.input(id, Input::Shutdown);
            self.down(&[id]);
        }
    }

    /// Takes nodes into a partition, from wherever they are.
    pub(crate) fn gather(&mut self, partition: u32, ids: &[u32]) {
        let mut changed = BTreeSet::from([partition]);
        for &id in ids {
            changed.extend(self.leave(NodeId(id)));
            self.partitions.entry(partition).or_default().nodes.insert(NodeId(id));
        }
        self.form_all(changed);
    }

    /// Joins partitions to the first of them.
    pub(crate) fn join(&mut self, partitions: &[u32]) {
        let Some((&first, others)) = partitions.split_first() else { return };
        for other in others {
            if let Some(other) = self.partitions.remove(other) {
                let into = self.partitions.entry(first).or_default();
                into.sequence = into.sequence.max(other.sequence);
                into.nodes.extend(other.nodes);
            }
        }
        self.form(first);
    }

    /// The numbers of all partitions with a node, and their nodes.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = (u32, &BTreeSet<NodeId>)> {
        self.partitions.iter().map(|(&number, partition)| (number, &partition.nodes))
    }

    /// Lets something happen to a node, and what follows.
    pub(crate) fn input(&mut self, id: u32, input: Input<'_>) {
        let id = NodeId(id);
        let number = self.partition_of(id).expect("the node is up");
        self.give(number, id, input);
        self.run(number);
    }

    /// Lets a client ask a node for something, and gives the answers that come of it.
    pub(crate) fn request(&mut self, id: u32, request: votequorum::Request) -> Vec<quorum::Answer> {
        self.node(id).answers.clear();
        self.input(id, Input::Request { client: OPERATOR, request: Request::Votes(request) });
        self.node(id).answers.drain(..).map(|(_, answer)| answer).collect()
    }

    pub(crate) fn node(&mut self, id: u32) -> &mut Node {
        self.nodes.get_mut(&NodeId(id)).expect("the node is up")
    }

    /// Changes the configuration of all nodes, and lets those that are up read it.
    pub(crate) fn reload(&mut self, settings: Settings) {
        self.settings = settings;
        for id in self.nodes.keys().copied().collect::<Vec<_>>() {
            let settings = self.settings_of(id);
            self.input(id.0, Input::Reload(settings));
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Lets time pass: timers fire, devices poll.
    pub(crate) fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        let mut poll = self.now + POLL;
        loop {
            let due = self
                .nodes
                .iter()
                .flat_map(|(&id, node)| {
                    node.timers.iter().map(move |(&name, &at)| (at.0, id, name))
                })
                .min();
            let next = due.map_or(poll, |(at, ..)| at.min(poll));
            if next > end {
                break;
            }
            self.now = next;
            match due {
                Some((at, id, timer)) if at <= poll => {
                    let (_, token) = self.node(id.0).timers.remove(&timer).expect("it is due");
                    self.input(id.0, Input::Fired { timer, token });
                }
                _ => {
                    poll = poll + POLL;
                    self.poll_devices(&self.nodes.keys().copied().collect::<Vec<_>>());
                }
            }
        }
        self.now = end;
    }

    /// Lets the devices of those nodes say where they stand.
    pub(crate) fn poll_devices(&mut self, ids: &[NodeId]) {
        for id in ids {
            let Some(poll) = self.nodes.get(id).and_then(Node::poll) else { continue };
            self.input(id.0, Input::Request { client: DEVICE, request: Request::Votes(poll) });
        }
    }

    fn partition_of(&self, id: NodeId) -> Option<u32> {
        self.partitions.iter().find(|(_, part)| part.nodes.contains(&id)).map(|(&number, _)| number)
    }

    fn leave(&mut self, id: NodeId) -> Option<u32> {
        let number = self.partition_of(id)?;
        let partition = self.partitions.get_mut(&number)?;
        partition.nodes.remove(&id);
        if partition.nodes.is_empty() {
            self.partitions.remove(&number);
        }
        Some(number)
    }

    fn form_all(&mut self, partitions: BTreeSet<u32>) {
        partitions.into_iter().for_each(|number| self.form(number));
    }

    /// A new membership of a partition.
    fn form(&mut self, number: u32) {
        let Some(partition) = self.partitions.get_mut(&number) else { return };
        partition.sequence += 4;
        // What was sent and not delivered goes out in the new membership; turns begin anew.
        partition.queue.retain(|item| matches!(item, Item::Message(..)));
        partition.said.clear();
        partition.services = SERVICES.into();
        let members: Vec<_> = partition.nodes.iter().copied().collect();
        let Some(lowest) = members.first() else { return };
        let ring = RingId { node: lowest.0, sequence: partition.sequence };
        for &id in &members {
            let before = self.nodes.get(&id).map(|node| node.members.clone()).unwrap_or_default();
            let transitional: Vec<_> =
                members.iter().copied().filter(|member| before.contains(member)).collect();
            for service in SERVICES {
                let (transitional, members) = (&transitional[..], &members[..]);
                self.give(number, id, Input::SyncInit { service, transitional, members, ring });
            }
            self.node(id.0).members.clone_from(&members);
            self.node(id.0).ring = ring;
        }
        self.process(number);
        self.run(number);
        self.poll_devices(&members);
    }

    /// The next service's turn.
    fn process(&mut self, number: u32) {
        let partition = &self.partitions[&number];
        let Some(&service) = partition.services.front() else { return };
        for id in partition.nodes.clone() {
            self.give(number, id, Input::SyncProcess(service));
        }
    }

    /// Carries messages until there are none.
    fn run(&mut self, number: u32) {
        while let Some(partition) = self.partitions.get_mut(&number) {
            let Some(item) = partition.queue.pop_front() else { break };
            match item {
                Item::Message(from, message) => {
                    for id in partition.nodes.clone() {
                        self.give(number, id, Input::Deliver { from, message: &message });
                    }
                }
                Item::Said(from, service) => {
                    partition.said.insert(from);
                    if partition.said == partition.nodes {
                        partition.said.clear();
                        partition.services.pop_front();
                        for id in partition.nodes.clone() {
                            self.give(number, id, Input::SyncActivate(service));
                        }
                        self.process(number);
                    }
                }
            }
        }
    }

    fn give(&mut self, number: u32, id: NodeId, input: Input<'_>) {
        let now = self.now;
        let Some(node) = self.nodes.get_mut(&id) else { return };
        for output in node.handle(now, input) {
            let item = match output {
                Output::Multicast(outgoing) => {
                    Item::Message(id, Incoming::from(outgoing).message().to_vec())
                }
                Output::Synced(service) => Item::Said(id, service),
                other => {
                    node.keep(now, other);
                    continue;
                }
            };
            if let Some(partition) = self.partitions.get_mut(&number) {
                partition.queue.push_back(item);
            }
        }
    }
}
