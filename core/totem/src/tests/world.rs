use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use machine::{Instant, Outbox, TimerToken};
use vocab::NodeId;
use wire::corosync::RingId;

use crate::{
    ConfigurationKind, Guarantee, Input, Notice, Output, Ring, RingState, Settings, Timer,
    sequence::Sequence,
};

pub(super) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(super) fn settings(node: u32) -> Settings {
    Settings {
        node: NodeId(node),
        token: ms(1000),
        token_warning_percent: 75,
        token_retransmit: ms(238),
        token_hold: ms(180),
        join: ms(50),
        send_join_max: Duration::ZERO,
        consensus: ms(1200),
        merge: ms(200),
        fail_to_receive_rotations: 2500,
        unchanged_rotations: 30,
        window_messages: 50,
        messages_per_token: 17,
        miss_rotations: 5,
        heartbeat_failures_allowed: 0,
        network_delay_max: ms(50),
        cancel_hold_on_retransmit: false,
        frame_bytes_max: 1500,
        seed: u64::from(node) + 7,
    }
}

/// What a node's application saw, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Message(NodeId, Vec<u8>),
    Transitional(Vec<NodeId>),
    Regular(RingId, Vec<NodeId>),
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) ring: Ring,
    pub(super) seen: Vec<Seen>,
    pub(super) notices: Vec<Notice>,
    pub(super) is_up: bool,
    disk: u64,
    life: u32,
}

#[derive(Debug)]
enum Event {
    Frame(Vec<u8>),
    Fired(Timer, TimerToken),
    Stored(u64),
}

/// Nodes on a network that loses, delays and parts as a test wants.
#[derive(Debug)]
pub(super) struct World {
    pub(super) now: Instant,
    pub(super) nodes: BTreeMap<u32, Node>,
    events: BTreeMap<(Instant, u64), (u32, u32, Event)>,
    last_event: u64,
    /// In which part of the network each node is.
    parts: BTreeMap<u32, u32>,
    pub(super) lost_percent: u64,
    pub(super) delay_max_us: u64,
    pub(super) disk_delay: Duration,
    pub(super) start: Sequence,
    pub(super) frames: u64,
    /// Frames that a test wants to keep from a node.
    pub(super) swallow: fn(to: u32, frame: &[u8]) -> bool,
    random: u64,
    pub(super) tweak: fn(&mut Settings),
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            now: Instant::START,
            nodes: BTreeMap::new(),
            events: BTreeMap::new(),
            last_event: 0,
            parts: BTreeMap::new(),
            lost_percent: 0,
            delay_max_us: 100,
            disk_delay: ms(2),
            start: Sequence(0),
            frames: 0,
            swallow: |_, _| false,
            random: seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15) | 1,
            tweak: |_| {},
        }
    }

    /// So many nodes, started together.
    pub(super) fn with_nodes(seed: u64, count: u32) -> Self {
        let mut world = Self::new(seed);
        (1..=count).for_each(|node| world.start(node));
        world
    }

    pub(super) fn random(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % bound.max(1)
    }

    pub(super) fn start(&mut self, number: u32) {
        let mut settings = settings(number);
        (self.tweak)(&mut settings);
        let ring = Ring::with_start(settings, self.start);
        let old = self.nodes.remove(&number);
        let (disk, life) = old.as_ref().map_or((0, 0), |old| (old.disk, old.life + 1));
        let seen = Vec::new();
        let node = Node { ring, seen, notices: Vec::new(), is_up: true, disk, life };
        self.nodes.insert(number, node);
        self.feed(number, Input::Start { stored_ring_sequence: disk });
    }

    pub(super) fn crash(&mut self, number: u32) {
        self.node_mut(number).is_up = false;
    }

    /// Parts the network; who is in no part is alone.
    pub(super) fn part(&mut self, parts: &[&[u32]]) {
        self.parts = self.nodes.keys().map(|&node| (node, 1000 + node)).collect();
        for (part, nodes) in (1..).zip(parts) {
            for &node in *nodes {
                self.parts.insert(node, part);
            }
        }
    }

    pub(super) fn heal(&mut self) {
        self.parts.clear();
    }

    pub(super) fn node(&self, number: u32) -> &Node {
        &self.nodes[&number]
    }

    fn node_mut(&mut self, number: u32) -> &mut Node {
        self.nodes.get_mut(&number).unwrap()
    }

    fn schedule(&mut self, after: Duration, to: u32, event: Event) {
        self.last_event += 1;
        let life = self.node(to).life;
        self.events.insert((self.now + after, self.last_event), (to, life, event));
    }

    fn transmit(&mut self, from: u32, to: u32, frame: &[u8]) {
        let part = |node| self.parts.get(&node).copied().unwrap_or(0);
        let is_cut = part(from) != part(to);
        let lost = from != to && self.lost_percent > 0 && self.random(100) < self.lost_percent;
        if is_cut || lost || (self.swallow)(to, frame) {
            return;
        }
        let micros = if from == to { 1 } else { 50 + self.random(self.delay_max_us) };
        self.schedule(Duration::from_micros(micros), to, Event::Frame(frame.to_vec()));
    }

    pub(super) fn feed(&mut self, number: u32, input: Input<'_>) {
        let now = self.now;
        let mut out = Outbox::new();
        let node = self.node_mut(number);
        node.ring.handle(now, input, &mut out);
        if let Err(problem) = node.ring.check() {
            panic!("node {number}: {problem}");
        }
        while let Some(output) = out.pop() {
            self.carry_out(number, output);
        }
    }

    fn carry_out(&mut self, number: u32, output: Output) {
        match output {
            Output::Send { to, frame } => {
                assert!(frame.len() <= 1500, "frame of {} bytes", frame.len());
                self.frames += 1;
                if self.nodes.contains_key(&to.0) {
                    self.transmit(number, to.0, &frame);
                }
            }
            Output::Broadcast(frame) => {
                assert!(frame.len() <= 1500, "frame of {} bytes", frame.len());
                self.frames += 1;
                let others: Vec<u32> =
                    self.nodes.keys().copied().filter(|&other| other != number).collect();
                for other in others {
                    self.transmit(number, other, &frame);
                }
            }
            Output::Arm { timer, token, after } => {
                self.schedule(after, number, Event::Fired(timer, token));
            }
            Output::StoreRingSequence(sequence) => {
                self.schedule(self.disk_delay, number, Event::Stored(sequence));
            }
            Output::Deliver { from, message, swapped } => {
                assert!(!swapped);
                self.node_mut(number).seen.push(Seen::Message(from, message));
            }
            Output::Configuration(configuration) => {
                let seen = match configuration.kind {
                    ConfigurationKind::Transitional => Seen::Transitional(configuration.members),
                    ConfigurationKind::Regular => {
                        Seen::Regular(configuration.ring, configuration.members)
                    }
                };
                self.node_mut(number).seen.push(seen);
            }
            Output::Notice(notice) => self.node_mut(number).notices.push(notice),
        }
    }

    /// Whether there was an event before `end`.
    fn step(&mut self, end: Instant) -> bool {
        match self.events.first_key_value() {
            Some((&(at, _), _)) if at <= end => {}
            _ => return false,
        }
        let Some(((at, _), (to, life, event))) = self.events.pop_first() else { return false };
        self.now = at;
        let node = self.node_mut(to);
        if !node.is_up || node.life != life {
            return true;
        }
        match event {
            Event::Frame(frame) => self.feed(to, Input::Frame(&frame)),
            Event::Fired(timer, token) => self.feed(to, Input::Fired { timer, token }),
            Event::Stored(sequence) => {
                self.node_mut(to).disk = sequence;
                self.feed(to, Input::RingSequenceStored(sequence));
            }
        }
        true
    }

    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.step(end) {}
        self.now = end;
    }

    /// Runs until something is so; how long that took.
    pub(super) fn run_until(&mut self, what: impl Fn(&Self) -> bool) -> Duration {
        let begin = self.now;
        let end = begin + Duration::from_secs(60);
        while !what(self) {
            assert!(self.step(end), "does not come about: {:#?}", self.summary());
        }
        self.now - begin
    }

    pub(super) fn summary(&self) -> Vec<(u32, RingState, RingId, Vec<NodeId>)> {
        self.nodes
            .iter()
            .map(|(&number, node)| {
                let ring = &node.ring;
                (number, ring.state(), ring.ring_id(), ring.members().to_vec())
            })
            .collect()
    }

    /// Whether exactly these are in one ring.
    pub(super) fn is_one_ring(&self, numbers: &[u32]) -> bool {
        let members: Vec<NodeId> = numbers.iter().copied().map(NodeId).collect();
        let rings: BTreeSet<RingId> =
            numbers.iter().map(|&number| self.node(number).ring.ring_id()).collect();
        rings.len() == 1
            && numbers.iter().all(|&number| {
                let ring = &self.node(number).ring;
                ring.state() == RingState::Operational && ring.members() == members
            })
    }

    pub(super) fn form(&mut self, numbers: &[u32]) -> Duration {
        let numbers = numbers.to_vec();
        self.run_until(move |world| world.is_one_ring(&numbers))
    }

    pub(super) fn multicast(&mut self, number: u32, message: impl Into<Vec<u8>>) {
        let message = message.into();
        self.feed(number, Input::Multicast { message, guarantee: Guarantee::Agreed });
    }

    /// The messages a node delivered, in order.
    pub(super) fn messages(&self, number: u32) -> Vec<&[u8]> {
        let messages = self.node(number).seen.iter().filter_map(|seen| match seen {
            Seen::Message(_, message) => Some(message.as_slice()),
            Seen::Transitional(_) | Seen::Regular(..) => None,
        });
        messages.collect()
    }

    /// Members that went together from one ring to the next delivered the same in between, and no ring has two
    /// memberships.
    pub(super) fn check_virtual_synchrony(&self) {
        let mut between: BTreeMap<(RingId, RingId), (u32, &[Seen])> = BTreeMap::new();
        let mut rings: BTreeMap<RingId, &[NodeId]> = BTreeMap::new();
        for (&number, node) in &self.nodes {
            let mut last: Option<(RingId, usize)> = None;
            for (at, seen) in node.seen.iter().enumerate() {
                let Seen::Regular(ring, members) = seen else { continue };
                let known = rings.entry(*ring).or_insert(members);
                assert_eq!(*known, members.as_slice(), "ring {ring:?} at node {number}");
                if let Some((before, from)) = last {
                    let slice = &node.seen[from + 1..at];
                    let came_along = slice.iter().any(
                        |seen| matches!(seen, Seen::Transitional(members) if members.len() > 1),
                    );
                    if came_along {
                        let (other, known) =
                            *between.entry((before, *ring)).or_insert((number, slice));
                        assert_eq!(known, slice, "nodes {other} and {number} in {before:?}");
                    }
                }
                last = Some((*ring, at));
            }
        }
    }
}
