use std::collections::BTreeMap;

use machine::{Instant, Outbox, TimerToken};
use quorum::{
    Answer, ClientId, Event, Input, KeyValue, Notice, Output, Quorum, Settings, Timer, View,
};
use vocab::NodeId;
use wire::corosync::{RingId, votequorum};

/// The client that a person uses.
pub(crate) const OPERATOR: ClientId = ClientId(1);
/// The client that is the quorum device.
pub(crate) const DEVICE: ClientId = ClientId(2);
/// How the device calls itself.
pub(crate) const DEVICE_NAME: &str = "Qdevice";

/// One node, and what came out of its machine.
pub(crate) struct Node {
    machine: Quorum,
    /// What the daemon was told last.
    pub(crate) view: Option<View>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) answers: Vec<(ClientId, Answer)>,
    pub(crate) events: Vec<(ClientId, Event)>,
    pub(crate) keys: BTreeMap<&'static str, KeyValue>,
    pub(crate) timers: BTreeMap<Timer, (Instant, TimerToken)>,
    /// What is on its disk.
    pub(crate) tracked: u32,
    pub(crate) members: Vec<NodeId>,
    pub(crate) ring: RingId,
    /// Whether the node has a device, and whether it votes for the node.
    pub(crate) device: Option<bool>,
}

impl Node {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            machine: Quorum::new(settings).expect("the settings are sound"),
            view: None,
            notices: Vec::new(),
            answers: Vec::new(),
            events: Vec::new(),
            keys: BTreeMap::new(),
            timers: BTreeMap::new(),
            tracked: 0,
            members: Vec::new(),
            ring: RingId::default(),
            device: None,
        }
    }

    pub(crate) fn is_quorate(&self) -> bool {
        self.machine.is_quorate()
    }

    pub(crate) fn handle(&mut self, now: Instant, input: Input<'_>) -> Vec<Output> {
        let mut out = Outbox::new();
        self.machine.handle(now, input, &mut out);
        out.drain().collect()
    }

    /// Remembers an output that is not for the ring.
    pub(crate) fn keep(&mut self, now: Instant, output: Output) {
        match output {
            Output::Multicast(_) | Output::Synced(_) => panic!("the ring's business"),
            Output::View(view) => self.view = Some(view),
            Output::Answer { client, answer } => self.answers.push((client, answer)),
            Output::Event { client, event } => self.events.push((client, event)),
            Output::StoreExpectedVotes(votes) => self.tracked = votes,
            Output::Arm { timer, token, after } => {
                self.timers.insert(timer, (now + after, token));
            }
            Output::Key(key) => {
                self.keys.insert(key.name, key.value);
            }
            Output::Notice(notice) => self.notices.push(notice),
        }
    }

    /// What the device says now, if it is not silent.
    pub(crate) fn poll(&self) -> Option<votequorum::Request> {
        let (name, ring) = (DEVICE_NAME.to_owned(), self.ring);
        let cast_vote = self.device?;
        Some(votequorum::Request::DevicePoll { name, cast_vote, ring })
    }
}
