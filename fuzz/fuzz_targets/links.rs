//! Two nodes' links, whose packets are lost, doubled, changed and made up.
#![no_main]

use std::{
    collections::{BTreeMap, VecDeque},
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use libfuzzer_sys::fuzz_target;
use links::{
    Destination, Input, LinkId, LinkMode, LinkSettings, Links, Output, Peer, Settings, Timer,
};
use machine::{Instant, Outbox, TimerToken};
use vocab::NodeId;

const LINK: LinkId = LinkId(0);
/// Packets under way; more are lost.
const FLYING_MAX: usize = 64;

struct World {
    now: Instant,
    nodes: [Node; 2],
}

struct Node {
    links: Links,
    timers: BTreeMap<Timer, (Instant, TimerToken)>,
    /// Packets on their way to it.
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
                world.deliver(node, |packet| change(packet, at, value));
            }
            3 => {
                let keep = usize::from(next());
                world.deliver(node, |packet| packet.truncate(keep));
            }
            4 => world.double(node),
            5 => {
                let packet: Vec<u8> = (0..next()).map(|_| next()).collect();
                world.receive(node, &packet);
            }
            6 => {
                let frame = vec![next(); usize::from(next()) * 64];
                let to = Destination::All;
                world.feed(node, Input::Send { to, frame: &frame });
            }
            _ => world.fire(),
        }
    }
});

fn change(packet: &mut [u8], at: usize, value: u8) {
    let length = packet.len().max(1);
    if let Some(byte) = packet.get_mut(at % length) {
        *byte = value;
    }
}

fn address(node: usize) -> SocketAddr {
    (Ipv4Addr::new(10, 0, 0, 1 + u8::try_from(node).unwrap_or(0)), 5405).into()
}

fn settings(node: usize) -> Settings {
    let other = 1 - node;
    let link = LinkSettings {
        priority: 1,
        ping_interval: Duration::from_millis(250),
        ping_timeout: Duration::from_millis(500),
        ping_precision: 2048,
        pong_count: 1,
        header_bytes: 28,
    };
    Settings {
        node: NodeId(node as u32 + 1),
        mode: LinkMode::Passive,
        links: BTreeMap::from([(LINK, link)]),
        peers: vec![Peer {
            node: NodeId(other as u32 + 1),
            addresses: BTreeMap::from([(LINK, address(other))]),
        }],
        crypto: None,
        compression: None,
        mtu_interval: Duration::from_secs(30),
        mtu: None,
        block_unlisted: true,
        seed: [7; 32],
    }
}

impl World {
    fn new() -> Self {
        let node = |number| Node {
            links: Links::new(settings(number)),
            timers: BTreeMap::new(),
            coming: VecDeque::new(),
        };
        let now = Instant::START + Duration::from_secs(5);
        let mut world = Self { now, nodes: [node(0), node(1)] };
        world.feed(0, Input::Start);
        world.feed(1, Input::Start);
        world
    }

    fn feed(&mut self, node: usize, input: Input<'_>) {
        let mut out = Outbox::new();
        self.now = self.now + Duration::from_micros(100);
        self.nodes[node].links.handle(self.now, input, &mut out);
        while let Some(output) = out.pop() {
            match output {
                Output::Transmit { packet, .. } => {
                    let coming = &mut self.nodes[1 - node].coming;
                    if coming.len() < FLYING_MAX {
                        coming.push_back(packet);
                    }
                }
                Output::Arm { timer, token, after } => {
                    self.nodes[node].timers.insert(timer, (self.now + after, token));
                }
                Output::Notice(notice) => drop(notice.to_string()),
                _ => {}
            }
        }
    }

    fn receive(&mut self, node: usize, bytes: &[u8]) {
        self.feed(node, Input::Packet { link: LINK, from: address(1 - node), bytes });
    }

    fn deliver(&mut self, node: usize, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some(mut packet) = self.nodes[node].coming.pop_front() {
            change(&mut packet);
            self.receive(node, &packet);
        }
    }

    fn double(&mut self, node: usize) {
        if let Some(packet) = self.nodes[node].coming.front().cloned() {
            self.nodes[node].coming.push_back(packet);
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
