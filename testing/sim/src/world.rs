mod effects;
mod faults;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    time::Duration,
};

use cib::replica::{Input as CibInput, Timer as CibTimer};
use controller::{Controller, Input, Now, Settings as ControllerSettings};
use election::Age;
use machine::{Instant, Outbox, TimerToken};
use messages::{cib::PeerMessage, crmd::Message};
use vocab::{NodeId, NodeName, Timestamp};
use xml::Element;

use crate::{check, node::Node, random::Random};

/// The wall clock at the start of every run.
const EPOCH: i64 = 1_700_000_000;

/// What a world is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Equal seeds give equal runs.
    pub seed: u64,
    /// How many nodes the ring's configuration lists; all are off at first.
    pub nodes: u32,
    /// The ids of the resources in every node's CIB.
    pub resources: Vec<String>,
    /// Whether nodes can be fenced.
    pub fencing: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { seed: 1, nodes: 3, resources: Vec::new(), fencing: false }
    }
}

/// A cluster in virtual time.
#[derive(Debug)]
pub struct World {
    pub(crate) now: Instant,
    sequence: u64,
    queue: BinaryHeap<Reverse<Entry>>,
    pub(crate) nodes: BTreeMap<NodeId, Node>,
    pub(crate) random: Random,
    pub(crate) fencing: bool,
    last_view: Instant,
    memory: check::Memory,
    /// When what each node sent last to each group arrives.
    last_arrivals: BTreeMap<(NodeId, Group), Instant>,
    /// What the controllers wrote into their logs, for failures of tests.
    log: Vec<String>,
    plans: i32,
}

#[derive(Debug)]
struct Entry {
    at: Instant,
    sequence: u64,
    event: Event,
}

/// The process groups of the daemons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    Controllers,
    Cibs,
}

/// Something that will happen.
#[derive(Debug)]
pub(crate) enum Event {
    /// A controller hears something. Meant for one incarnation only.
    Controller { node: NodeId, incarnation: u32, input: Box<Input> },
    /// A timer of a CIB replica fires.
    CibTimer { node: NodeId, timer: CibTimer, token: TimerToken },
    /// A CIB replica hears something from a client or its disk.
    Replica { node: NodeId, input: Box<CibInput> },
    /// A message between controllers arrives.
    Bus { from: NodeId, to: Option<NodeId>, message: Box<Message> },
    /// A message between CIB daemons arrives.
    CibBus { from: NodeId, to: Option<NodeName>, message: Box<PeerMessage> },
    /// Everybody learns who is there.
    View,
    /// A controller that has ended is started anew.
    Restart { node: NodeId },
}

impl World {
    /// A world in which every node is off.
    pub fn new(settings: &Settings) -> Self {
        let nodes = (1..=settings.nodes)
            .map(|id| (NodeId(id), Node::new(NodeId(id), disk(settings))))
            .collect();
        Self {
            now: Instant::START + Duration::from_secs(1),
            sequence: 0,
            queue: BinaryHeap::new(),
            nodes,
            random: Random::new(settings.seed),
            fencing: settings.fencing,
            last_view: Instant::START,
            memory: check::Memory::default(),
            last_arrivals: BTreeMap::new(),
            log: Vec::new(),
            plans: 0,
        }
    }

    /// The virtual time.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// When everybody last learned who is there.
    pub fn last_view(&self) -> Instant {
        self.last_view
    }

    /// The nodes of the configuration.
    pub fn node_ids(&self) -> Vec<NodeId> {
        self.nodes.keys().copied().collect()
    }

    /// A node's name.
    pub fn name(&self, node: NodeId) -> NodeName {
        self.nodes[&node].name.clone()
    }

    /// A node's controller, if one runs.
    pub fn controller(&self, node: NodeId) -> Option<&Controller> {
        self.nodes[&node].controller.as_ref()
    }

    /// A node's CIB; that on disk while the node is off.
    pub fn cib(&self, node: NodeId) -> Element {
        let node = &self.nodes[&node];
        let root = node.replica.as_ref().map_or(&node.disk, |replica| replica.document().root());
        Element::clone(root)
    }

    /// The nodes that hear each other, for each part of the network in which some are on.
    pub fn partitions(&self) -> Vec<Vec<NodeId>> {
        let mut partitions: BTreeMap<usize, Vec<NodeId>> = BTreeMap::new();
        for node in self.nodes.values().filter(|node| node.up) {
            partitions.entry(node.component).or_default().push(node.id);
        }
        partitions.into_values().collect()
    }

    /// The nodes that hold the office of DC.
    pub fn dcs(&self) -> Vec<NodeId> {
        let is_dc = |node: &&Node| node.controller.as_ref().is_some_and(Controller::is_dc);
        self.nodes.values().filter(is_dc).map(|node| node.id).collect()
    }

    /// Where a resource really runs.
    pub fn runs_on(&self, resource: &str) -> Vec<NodeId> {
        let runs = |node: &&Node| node.up && node.executor.running.contains(resource);
        self.nodes.values().filter(runs).map(|node| node.id).collect()
    }

    /// What the controllers wrote into their logs.
    pub fn log(&self) -> &[String] {
        &self.log
    }

    /// Lets time pass.
    ///
    /// # Panics
    /// If an invariant does not hold; the last of the log is shown.
    pub fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(Reverse(entry)) = self.queue.peek() {
            if entry.at > end {
                break;
            }
            self.step();
        }
        self.now = end;
    }

    /// Lets time pass until something is so, and tells how long that took.
    ///
    /// # Panics
    /// If an invariant does not hold, or if it is still not so after `limit`.
    pub fn run_until(
        &mut self,
        what: &str,
        limit: Duration,
        mut condition: impl FnMut(&Self) -> bool,
    ) -> Duration {
        let start = self.now;
        while !condition(self) {
            let next = self.queue.peek().map(|Reverse(entry)| entry.at);
            if next.is_none_or(|at| at.since(start) > limit) {
                let why = check::settled(self).err().unwrap_or_default();
                self.fail(&format!("not so after {limit:?}: {what} ({why})"));
            }
            self.step();
        }
        self.now.since(start)
    }

    /// Lets time pass until the cluster has come to rest, and tells how long that took.
    pub fn settle(&mut self, limit: Duration) -> Duration {
        self.run_until("the cluster has come to rest", limit, |world| check::settled(world).is_ok())
    }

    fn step(&mut self) {
        let Some(Reverse(entry)) = self.queue.pop() else { return };
        self.now = self.now.max(entry.at);
        self.happen(entry.event);
        let mut memory = std::mem::take(&mut self.memory);
        let result = check::all(self, &mut memory);
        self.memory = memory;
        if let Err(violation) = result {
            self.fail(&violation);
        }
    }

    fn fail(&self, what: &str) -> ! {
        let last = self.log.len().saturating_sub(150);
        panic!("{what}\nat {:?}; the last of the log:\n{}", self.now, self.log[last..].join("\n"));
    }

    pub(crate) fn later(&mut self, after: Duration, event: Event) {
        self.sequence += 1;
        let entry = Entry { at: self.now + after, sequence: self.sequence, event };
        self.queue.push(Reverse(entry));
    }

    /// Sends something to a group: it arrives after a while, but never before what the node sent earlier.
    pub(crate) fn multicast(&mut self, from: NodeId, group: Group, event: Event) {
        let after = self.random.millis(1, 4);
        let last = self.last_arrivals.entry((from, group)).or_insert(self.now);
        *last = (*last).max(self.now + after);
        let after = last.since(self.now);
        self.later(after, event);
    }

    pub(crate) fn tell(&mut self, node: NodeId, after: Duration, input: Input) {
        let incarnation = self.nodes[&node].incarnation;
        self.later(after, Event::Controller { node, incarnation, input: Box::new(input) });
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Controller { node, incarnation, input } => {
                if self.nodes[&node].incarnation == incarnation {
                    self.feed_controller(node, *input);
                }
            }
            Event::CibTimer { node, timer, token } => {
                self.feed_replica(node, CibInput::Timer { timer, token });
            }
            Event::Replica { node, input } => self.feed_replica(node, *input),
            Event::Bus { from, to, message } => self.deliver(from, to, &message),
            Event::CibBus { from, to, message } => self.deliver_cib(from, to.as_ref(), &message),
            Event::View => self.view(),
            Event::Restart { node } => self.start_controller(node),
        }
    }

    /// Hands a message to everybody who hears the sender, in one step: that is what agreed order means.
    fn deliver(&mut self, from: NodeId, to: Option<NodeId>, message: &Message) {
        for node in self.hearers(from) {
            if to.is_none_or(|to| to == node) {
                let from_name = self.name(from);
                let message = Box::new(message.clone());
                self.feed_controller(node, Input::Peer { from, from_name, message });
            }
        }
    }

    fn deliver_cib(&mut self, from: NodeId, to: Option<&NodeName>, message: &PeerMessage) {
        for node in self.hearers(from) {
            if to.is_none_or(|to| *to == self.nodes[&node].name) {
                let input = CibInput::Peer { from: self.name(from), message: message.clone() };
                self.feed_replica(node, input);
            }
        }
    }

    fn hearers(&self, from: NodeId) -> Vec<NodeId> {
        let component = self.nodes[&from].component;
        let hears = |node: &&Node| node.up && node.component == component;
        self.nodes.values().filter(hears).map(|node| node.id).collect()
    }

    /// Tells everybody who is there.
    fn view(&mut self) {
        self.last_view = self.now;
        let total = self.nodes.len();
        for nodes in self.partitions() {
            let members: BTreeSet<_> = nodes.iter().copied().collect();
            let with_controller: BTreeSet<_> = nodes
                .iter()
                .copied()
                .filter(|node| self.nodes[node].controller.is_some())
                .collect();
            let quorate = nodes.len() * 2 > total;
            for node in &nodes {
                self.feed_replica(*node, CibInput::Members(nodes.clone()));
                let ring = Input::Ring { quorate, members: members.clone() };
                let group = Input::Group { members: with_controller.clone() };
                // Which of the two services speaks first is left open.
                let first_ring = self.random.below(2) == 0;
                let (first, second) = if first_ring { (ring, group) } else { (group, ring) };
                self.feed_controller(*node, first);
                self.feed_controller(*node, second);
            }
        }
    }

    pub(crate) fn feed_controller(&mut self, node: NodeId, input: Input) {
        let now = self.clock(node);
        let Some(controller) = self.nodes.get_mut(&node).and_then(|node| node.controller.as_mut())
        else {
            return;
        };
        let mut out = Outbox::new();
        controller.handle(now, input, &mut out);
        while let Some(output) = out.pop() {
            self.carry_out(node, output);
        }
    }

    fn clock(&self, _node: NodeId) -> Now {
        let elapsed = self.now.since(Instant::START);
        let age = Age { seconds: elapsed.as_secs() / 10, micros: 0 };
        Now { instant: self.now, wall: self.wall(), age }
    }

    pub(crate) fn wall(&self) -> Timestamp {
        let seconds = i64::try_from(self.now.since(Instant::START).as_secs()).unwrap_or(i64::MAX);
        Timestamp(EPOCH + seconds)
    }

    pub(crate) fn note(&mut self, node: NodeId, text: &str) {
        self.log.push(format!("{:?} {}: {text}", self.now, self.nodes[&node].name));
    }

    pub(crate) fn start_controller(&mut self, id: NodeId) {
        let configured =
            self.nodes.values().map(|node| (node.id, Some(node.name.clone()))).collect();
        let Some(node) = self.nodes.get_mut(&id).filter(|node| node.up) else { return };
        node.incarnation += 1;
        let origin = format!("{:08}-0000-0000-0000-{:012}", id.0, node.incarnation);
        node.controller = Some(Controller::new(ControllerSettings {
            node: id,
            name: node.name.clone(),
            configured,
            cluster_name: Some("sim".to_owned()),
            product_version: "sim".to_owned(),
            origin,
            start_state: None,
            have_watchdog: false,
            job_max: 8,
        }));
        self.note(id, "controller starts");
        self.feed_controller(id, Input::Started);
        self.later(Duration::from_millis(20), Event::View);
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.sequence == other.sequence
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

/// The CIB that every node has on disk at first.
fn disk(settings: &Settings) -> Element {
    let mut cib = cib::empty(1);
    let fencing = Element::new("nvpair")
        .with("id", "cib-bootstrap-options-stonith-enabled")
        .with("name", "stonith-enabled")
        .with("value", settings.fencing);
    let configuration = cib.child_or_new("configuration");
    configuration.child_or_new("crm_config").push(
        Element::new("cluster_property_set")
            .with("id", "cib-bootstrap-options")
            .with_child(fencing),
    );
    for resource in &settings.resources {
        let primitive = Element::new("primitive")
            .with("id", resource)
            .with("class", "ocf")
            .with("provider", "pacemaker")
            .with("type", "Dummy");
        configuration.child_or_new("resources").push(primitive);
    }
    cib
}
