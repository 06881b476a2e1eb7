use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, VecDeque},
    rc::Rc,
    time::Duration,
};

use machine::{Instant, Outbox, TimerToken};
use totem::{Guarantee, Input, Output, Ring, Timer};
use vocab::NodeId;

use super::{
    Cluster, Event, Happening, Preparation, ResumeOrder, WriteFate,
    check::{self, Checks, Content, MessageKey, ProcessKey, Property, Violation},
    log::{Log, digest},
    network::{Fates, Network},
    node::{Disk, Incoming, Node, Process, Wake},
    services::Services,
};

/// What waits for a daemon that pauses at most; more is dropped, as a full socket does.
const BACKLOG_MAX: usize = 2_000;
/// How long a daemon needs until it hears itself.
const LOOPBACK: Duration = Duration::from_micros(5);

/// Everything there is in a run.
#[derive(Debug)]
pub(super) struct World {
    pub(super) now: Instant,
    sequence: u64,
    queue: BinaryHeap<Reverse<Entry>>,
    pub(super) cluster: Cluster,
    pub(super) nodes: Vec<Node>,
    pub(super) network: Network,
    pub(super) checks: Checks,
    pub(super) log: Log,
    pub(super) outbox: Outbox<Output>,
    preparation: Preparation,
    /// Messages delivered since the world began, counted per receiver.
    pub(super) deliveries: u64,
    /// Memberships told.
    pub(super) installs: u64,
    /// Messages that show whether messages flow, and how many have yet to deliver each.
    pub(super) probes: BTreeMap<MessageKey, usize>,
}

/// Something that will come up.
#[derive(Debug)]
struct Entry {
    at: Instant,
    sequence: u64,
    due: Due,
}

#[derive(Debug)]
enum Due {
    Frame { to: NodeId, frame: Rc<Vec<u8>> },
    Timer { node: NodeId, process: ProcessKey, timer: Timer },
    Stored { node: NodeId, process: ProcessKey, number: u64 },
    Quorum { node: NodeId, process: ProcessKey, timer: quorum::Timer, token: TimerToken },
    Event(Event),
}

impl World {
    pub(super) fn new(
        cluster: &Cluster,
        fates: Fates,
        events: &[Event],
        in_words: bool,
        preparation: Preparation,
    ) -> Self {
        let mut world = Self {
            now: Instant::START,
            sequence: 0,
            queue: BinaryHeap::new(),
            cluster: cluster.clone(),
            nodes: cluster.node_ids().map(Node::new).collect(),
            network: Network::new(cluster, fates),
            checks: Checks::default(),
            log: Log::new(in_words),
            outbox: Outbox::new(),
            preparation,
            deliveries: 0,
            installs: 0,
            probes: BTreeMap::new(),
        };
        for event in events {
            world.put(event.at, Due::Event(event.clone()));
        }
        world
    }

    /// When the next thing happens.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.queue.peek().map(|Reverse(entry)| entry.at)
    }

    /// Lets the next thing happen.
    pub(super) fn step(&mut self) -> Result<(), Violation> {
        let Some(Reverse(entry)) = self.queue.pop() else { return Ok(()) };
        self.now = entry.at;
        match entry.due {
            Due::Frame { to, frame } => self.hear(to, Incoming::Frame(frame)),
            Due::Timer { node, process, timer } => self.wake(node, process, timer),
            Due::Stored { node, process, number } => {
                let same = self.node(node).process.as_ref().is_some_and(|p| p.key == process);
                if same { self.stored(node, number) } else { Ok(()) }
            }
            Due::Quorum { node, process, timer, token } => {
                let same = self.node(node).process.as_ref().is_some_and(|p| p.key == process);
                let fired = Incoming::QuorumFired { timer, token };
                if same { self.hear(node, fired) } else { Ok(()) }
            }
            Due::Event(event) => self.happen(event.what),
        }
    }

    pub(super) fn node(&mut self, node: NodeId) -> &mut Node {
        &mut self.nodes[node.0 as usize - 1]
    }

    /// The daemons that run.
    pub(super) fn live(&self) -> Vec<ProcessKey> {
        self.nodes.iter().filter_map(|node| node.process.as_ref()).map(|p| p.key).collect()
    }

    fn put(&mut self, at: Instant, due: Due) {
        self.sequence += 1;
        self.queue.push(Reverse(Entry { at, sequence: self.sequence, due }));
    }

    pub(super) fn put_timer(
        &mut self,
        node: NodeId,
        process: ProcessKey,
        timer: Timer,
        at: Instant,
    ) {
        self.put(at, Due::Timer { node, process, timer });
    }

    pub(super) fn put_quorum_timer(
        &mut self,
        node: NodeId,
        process: ProcessKey,
        (timer, token): (quorum::Timer, TimerToken),
        after: Duration,
    ) {
        self.put(self.now + after, Due::Quorum { node, process, timer, token });
    }

    pub(super) fn put_stored(&mut self, node: NodeId, process: ProcessKey, number: u64) {
        let now = self.now;
        let host = self.node(node);
        let at = host.stored_at.max(now + host.latency + LOOPBACK);
        host.stored_at = at;
        self.put(at, Due::Stored { node, process, number });
    }

    pub(super) fn put_frame(&mut self, from: NodeId, to: NodeId, frame: Rc<Vec<u8>>) {
        if from == to {
            return self.put(self.now + LOOPBACK, Due::Frame { to, frame });
        }
        for at in self.network.arrivals(self.now, from, to).into_iter().flatten() {
            self.put(at, Due::Frame { to, frame: Rc::clone(&frame) });
        }
    }

    fn wake(&mut self, node: NodeId, key: ProcessKey, timer: Timer) -> Result<(), Violation> {
        let now = self.now;
        let process = self.node(node).process.as_mut().filter(|process| process.key == key);
        match process.map_or(Wake::Nothing, |process| process.wake(timer, now)) {
            Wake::Nothing => Ok(()),
            Wake::Later(at) => {
                self.put_timer(node, key, timer, at);
                Ok(())
            }
            Wake::Fire(token) => self.hear(node, Incoming::Fired { timer, token }),
        }
    }

    fn stored(&mut self, node: NodeId, number: u64) -> Result<(), Violation> {
        let host = self.node(node);
        host.disk = Disk::Number(number);
        if let Some(process) = &mut host.process {
            process.writes.pop_front();
        }
        self.hear(node, Incoming::Stored(number))
    }

    /// A daemon hears something, now or when it goes on.
    fn hear(&mut self, node: NodeId, incoming: Incoming) -> Result<(), Violation> {
        let Some(process) = &mut self.node(node).process else { return Ok(()) };
        if let Some(backlog) = &mut process.backlog {
            if backlog.len() < BACKLOG_MAX || !matches!(incoming, Incoming::Frame(_)) {
                backlog.push_back(incoming);
            }
            return Ok(());
        }
        self.feed(node, incoming)
    }

    fn happen(&mut self, what: Happening) -> Result<(), Violation> {
        self.log
            .note(self.now, [1, digest(what.to_string().as_bytes()), 0], || format!("*** {what}"));
        match what {
            Happening::Start(node) => return self.start(node),
            Happening::Crash { node, write, outputs: None } => self.end(node, write),
            Happening::Crash { node, write, outputs: Some(outputs) } => {
                if let Some(process) = &mut self.node(node).process {
                    process.dies_after = Some(outputs);
                    process.write_fate = write;
                }
            }
            Happening::Leave(node) => return self.leave(node),
            Happening::Farewell(node) => self.say_farewell(node),
            Happening::Pause(node) => {
                if let Some(process) = &mut self.node(node).process {
                    process.backlog.get_or_insert_default();
                }
            }
            Happening::Resume { node, order } => return self.resume(node, order),
            Happening::Disk { node, latency } => self.node(node).latency = latency,
            Happening::Cut { from, to } => self.network.set_cut(from, to, true),
            Happening::Mend { from, to } => self.network.set_cut(from, to, false),
            Happening::Partition(groups) => self.network.partition(&groups),
            Happening::Heal => self.network.heal(),
            Happening::Multicast { node, bytes, guarantee } => {
                return self.hear(node, Incoming::Multicast { bytes, guarantee });
            }
            Happening::Suspect { node, suspect, why } => {
                return self.hear(node, Incoming::Suspect { node: suspect, why });
            }
            Happening::Gather(node) => return self.hear(node, Incoming::Gather),
        }
        Ok(())
    }

    fn start(&mut self, node: NodeId) -> Result<(), Violation> {
        let host = self.node(node);
        let Disk::Number(stored) = host.disk else { return Ok(()) };
        if host.process.is_some() {
            return Ok(());
        }
        host.starts += 1;
        let (starts, expected_votes) = (host.starts, host.expected_votes);
        let mut ring = Ring::new(self.cluster.settings(node, starts));
        (self.preparation)(&mut ring);
        let key = self.checks.started(node);
        let mut services =
            self.cluster.quorum_settings(node).and_then(|settings| Services::new(&settings));
        let now = self.now;
        let effects = services.as_mut().map(|services| services.start(now, expected_votes));
        self.node(node).process = Some(Box::new(Process::new(key, ring, services)));
        let mut follow = Vec::new();
        self.do_for_services(node, effects.unwrap_or_default(), &mut follow)?;
        self.give(node, Input::Start { stored_ring_sequence: stored })?;
        follow.into_iter().try_for_each(|incoming| self.feed(node, incoming))
    }

    fn say_farewell(&mut self, node: NodeId) {
        let host = self.node(node);
        let Some(frame) = host.farewell.clone().filter(|_| host.process.is_none()) else { return };
        for to in (1..=self.cluster.nodes).map(NodeId).filter(|to| *to != node) {
            self.put_frame(node, to, Rc::clone(&frame));
        }
    }

    pub(super) fn end(&mut self, node: NodeId, fate: WriteFate) {
        if let Some(key) = self.node(node).end(fate) {
            self.checks.ended(key);
        }
    }

    fn leave(&mut self, node: NodeId) -> Result<(), Violation> {
        if self.node(node).process.as_ref().is_some_and(|process| process.backlog.is_none()) {
            self.give(node, Input::Leave)?;
            // It ends in good order: what it was storing is stored.
            self.end(node, WriteFate::Kept);
        }
        Ok(())
    }

    pub(super) fn resume(&mut self, node: NodeId, order: ResumeOrder) -> Result<(), Violation> {
        let process = self.node(node).process.as_mut();
        let Some(mut backlog) = process.and_then(|process| process.backlog.take()) else {
            return Ok(());
        };
        let is_timer = |incoming: &Incoming| matches!(incoming, Incoming::Fired { .. });
        let is_first = |incoming: &Incoming| match order {
            ResumeOrder::AsItCame => true,
            ResumeOrder::TimersFirst => is_timer(incoming),
            ResumeOrder::PacketsFirst => !is_timer(incoming),
        };
        let (mut first, rest): (VecDeque<_>, VecDeque<_>) =
            backlog.drain(..).partition(|incoming| is_first(incoming));
        first.extend(rest);
        first.into_iter().try_for_each(|incoming| self.hear(node, incoming))
    }

    /// Gives a daemon what it heard, and what follows from that at once.
    pub(super) fn feed(&mut self, node: NodeId, incoming: Incoming) -> Result<(), Violation> {
        match incoming {
            Incoming::Frame(frame) => self.give(node, Input::Frame(&frame)),
            Incoming::Fired { timer, token } => self.give(node, Input::Fired { timer, token }),
            Incoming::Stored(number) => self.give(node, Input::RingSequenceStored(number)),
            Incoming::Suspect { node: suspect, why } => {
                self.give(node, Input::Suspect { node: suspect, why })
            }
            Incoming::Gather => self.give(node, Input::GatherNow),
            Incoming::SynchronizationBegan => self.synchronize(node, true),
            Incoming::SynchronizationEnded => self.synchronize(node, false),
            Incoming::Say(said) => {
                self.send(node, Content::Service(said), Guarantee::Agreed).map(drop)
            }
            Incoming::Chat => self.chat(node),
            Incoming::QuorumFired { timer, token } => self.fire_quorum(node, timer, token),
            Incoming::Multicast { bytes, guarantee } => {
                self.multicast(node, bytes, guarantee).map(drop)
            }
        }
    }

    /// Gives a daemon a message to send, if it has room for it.
    pub(super) fn multicast(
        &mut self,
        node: NodeId,
        bytes: usize,
        guarantee: Guarantee,
    ) -> Result<Option<MessageKey>, Violation> {
        let process = self.node(node).process.as_ref();
        if process.is_none_or(|process| !process.ring.has_room_for(bytes)) {
            return Ok(None);
        }
        self.send(node, Content::Filler(bytes), guarantee)
    }

    /// Gives a daemon a message to send.
    pub(super) fn send(
        &mut self,
        node: NodeId,
        content: Content,
        guarantee: Guarantee,
    ) -> Result<Option<MessageKey>, Violation> {
        let Some(process) = &self.node(node).process else { return Ok(None) };
        let (key, lane) = (process.key, process.lane());
        let message = self.checks.given(key, lane, content.clone());
        self.give(node, Input::Multicast { message: check::write(message, &content), guarantee })?;
        Ok(Some(message))
    }

    /// The message that is given next.
    pub(super) fn next_message(&self) -> MessageKey {
        self.checks.book().next_message()
    }

    /// Takes note that a message was delivered once more.
    pub(super) fn note_probe(&mut self, message: MessageKey) {
        if let Some(missing) = self.probes.get_mut(&message) {
            *missing -= 1;
            if *missing == 0 {
                self.probes.remove(&message);
            }
        }
    }

    pub(super) fn violation(&self, property: Property, what: String) -> Violation {
        Violation { property, at: self.now, what }
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
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
