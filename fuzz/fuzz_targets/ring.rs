//! Two nodes of a ring, whose frames are lost, doubled, changed and made up. Nothing is promised to who forges frames but
//! that the machine lives and does not contradict itself.
#![no_main]

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use libfuzzer_sys::fuzz_target;
use machine::{Instant, Outbox, TimerToken};
use totem::{Guarantee, Input, Output, Ring, Settings, Timer};
use vocab::NodeId;

/// Frames under way; more are lost.
const FLYING_MAX: usize = 64;

struct World {
    now: Instant,
    nodes: [Node; 2],
}

struct Node {
    ring: Ring,
    timers: BTreeMap<Timer, (Instant, TimerToken)>,
    /// Frames on their way to it.
    coming: VecDeque<Vec<u8>>,
}

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.iter().copied();
    let mut world = World::new();
    while let Some(byte) = bytes.next() {
        let node = usize::from(byte >> 7);
        let mut next = || bytes.next().unwrap_or(0);
        match byte % 8 {
            0 | 1 => world.deliver(node, |_| {}),
            2 => {
                let (at, value) = (usize::from(next()), next());
                world.deliver(node, |frame| change(frame, at, value));
            }
            3 => {
                let keep = usize::from(next());
                world.deliver(node, |frame| frame.truncate(keep));
            }
            4 => world.double(node),
            5 => {
                let frame: Vec<u8> = (0..next()).map(|_| next()).collect();
                world.feed(node, Input::Frame(&frame));
            }
            6 => world.multicast(node, usize::from(next()) * 32),
            _ => world.fire(),
        }
    }
    for node in &world.nodes {
        node.ring.check().expect("a ring that does not contradict itself");
    }
});

fn change(frame: &mut [u8], at: usize, value: u8) {
    let length = frame.len().max(1);
    if let Some(byte) = frame.get_mut(at % length) {
        *byte = value;
    }
}

fn settings(node: usize) -> Settings {
    let ms = Duration::from_millis;
    Settings {
        node: NodeId(node as u32 + 1),
        token: ms(1000),
        token_warning_percent: 75,
        token_retransmit: ms(238),
        token_hold: ms(180),
        join: ms(50),
        send_join_max: ms(0),
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
        seed: node as u64 + 7,
    }
}

impl World {
    fn new() -> Self {
        let node = |number| Node {
            ring: Ring::new(settings(number)),
            timers: BTreeMap::new(),
            coming: VecDeque::new(),
        };
        let mut world = Self { now: Instant::START, nodes: [node(0), node(1)] };
        world.feed(0, Input::Start { stored_ring_sequence: 0 });
        world.feed(1, Input::Start { stored_ring_sequence: 0 });
        world
    }

    fn feed(&mut self, node: usize, input: Input<'_>) {
        let mut out = Outbox::new();
        self.now = self.now + Duration::from_micros(100);
        self.nodes[node].ring.handle(self.now, input, &mut out);
        let mut stored = None;
        while let Some(output) = out.pop() {
            match output {
                Output::Send { to, frame } => self.send(usize::from(to != NodeId(1)), frame),
                Output::Broadcast(frame) => self.send(1 - node, frame),
                Output::Arm { timer, token, after } => {
                    self.nodes[node].timers.insert(timer, (self.now + after, token));
                }
                Output::StoreRingSequence(sequence) => stored = Some(sequence),
                Output::Notice(notice) => drop(notice.to_string()),
                Output::Deliver { .. } | Output::Configuration(_) => {}
            }
        }
        if let Some(sequence) = stored {
            self.feed(node, Input::RingSequenceStored(sequence));
        }
    }

    fn send(&mut self, to: usize, frame: Vec<u8>) {
        let coming = &mut self.nodes[to].coming;
        if coming.len() < FLYING_MAX {
            coming.push_back(frame);
        }
    }

    fn multicast(&mut self, node: usize, bytes: usize) {
        if self.nodes[node].ring.has_room_for(bytes) {
            let guarantee = Guarantee::Agreed;
            self.feed(node, Input::Multicast { message: vec![1; bytes], guarantee });
        }
    }

    fn deliver(&mut self, node: usize, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some(mut frame) = self.nodes[node].coming.pop_front() {
            change(&mut frame);
            self.feed(node, Input::Frame(&frame));
        }
    }

    fn double(&mut self, node: usize) {
        if let Some(frame) = self.nodes[node].coming.front().cloned() {
            self.nodes[node].coming.push_back(frame);
        }
    }

    /// Lets the time pass until the next timer runs out.
    fn fire(&mut self) {
        let all = self.nodes.iter().enumerate();
        let armed = all.flat_map(|(n, node)| node.timers.iter().map(move |(t, at)| (*at, n, *t)));
        let Some(((at, token), node, timer)) =
            armed.min_by_key(|((at, _), node, timer)| (*at, *node, *timer))
        else {
            return;
        };
        self.nodes[node].timers.remove(&timer);
        self.now = self.now.max(at);
        self.feed(node, Input::Fired { timer, token });
    }
}
