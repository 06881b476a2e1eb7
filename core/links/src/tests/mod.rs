//! Machines on a network in virtual time that loses, doubles, reorders, cuts and spies.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use machine::{Instant, Outbox, TimerToken};
use vocab::NodeId;

use crate::*;

mod changes;
mod hostile;
mod paths;
mod traffic;

const HEADER: usize = 28;

/// Two or more nodes with two links each.
struct World {
    now: Instant,
    nodes: BTreeMap<u32, Node>,
    /// What is under way, by the time of arrival.
    flying: BTreeMap<(Instant, u64), Packet>,
    count: u64,
    random: u64,
    loss_percent: u64,
    double_percent: u64,
    /// Each packet takes half a millisecond and up to so much more.
    jitter: Duration,
    cut: BTreeSet<u8>,
    /// Greatest IP packet on each link.
    mtu: BTreeMap<u8, usize>,
    /// Whether the sender hears of packets that are too big.
    tells_too_big: bool,
    recorded: Option<Vec<Packet>>,
}

struct Node {
    links: Links,
    timers: BTreeMap<Timer, (Instant, TimerToken)>,
    delivered: Vec<(u32, Vec<u8>)>,
    events: Vec<(Instant, Event)>,
    wakes: usize,
    sent: usize,
}

#[derive(Clone)]
struct Packet {
    from: u32,
    to: u32,
    link: u8,
    bytes: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Event {
    Link(u32, u8, bool),
    Node(u32, bool),
    Mtu(usize),
    Notice(String),
}

fn address(node: u32, link: u8) -> SocketAddr {
    let ip = Ipv4Addr::new(10, link, 0, u8::try_from(node).unwrap());
    SocketAddr::new(IpAddr::V4(ip), 5405 + u16::from(link))
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn peer(node: u32, links: &[u8]) -> Peer {
    let addresses = links.iter().map(|&link| (LinkId(link), address(node, link))).collect();
    Peer { node: NodeId(node), addresses }
}

/// Corosync's times for a token of a second.
fn link_settings(priority: u8) -> LinkSettings {
    LinkSettings {
        priority,
        ping_interval: ms(250),
        ping_timeout: ms(500),
        ping_precision: 2048,
        pong_count: 2,
        header_bytes: HEADER as u16,
    }
}

fn key(byte: u8) -> Vec<u8> {
    vec![byte; 128]
}

fn sealed(cipher: Cipher, hash: Hash) -> Option<Crypto> {
    Some(Crypto { cipher, hash, key: key(7) })
}

/// Settings of a node whose peers are all other nodes up to `nodes`.
fn settings(node: u32, nodes: u32) -> Settings {
    Settings {
        node: NodeId(node),
        mode: LinkMode::Passive,
        links: BTreeMap::from([(LinkId(0), link_settings(2)), (LinkId(1), link_settings(1))]),
        peers: (1..=nodes).filter(|&other| other != node).map(|node| peer(node, &[0, 1])).collect(),
        crypto: sealed(Cipher::Aes256, Hash::Sha256),
        compression: None,
        mtu_interval: Duration::from_secs(30),
        mtu: None,
        block_unlisted: true,
        seed: [u8::try_from(node).unwrap(); 32],
    }
}

impl World {
    /// Nodes 1 to `nodes`, started, each with settings that `change` may change.
    fn new(nodes: u32, change: impl Fn(&mut Settings)) -> Self {
        let mut world = Self {
            now: Instant::START + ms(5000),
            nodes: BTreeMap::new(),
            flying: BTreeMap::new(),
            count: 0,
            random: 1,
            loss_percent: 0,
            double_percent: 0,
            jitter: Duration::ZERO,
            cut: BTreeSet::new(),
            mtu: BTreeMap::from([(0, 1500), (1, 1500)]),
            tells_too_big: true,
            recorded: None,
        };
        for node in 1..=nodes {
            let mut settings = settings(node, nodes);
            change(&mut settings);
            world.start(node, settings);
        }
        world
    }

    /// As `new`, and all links are up.
    fn running(nodes: u32, change: impl Fn(&mut Settings)) -> Self {
        let mut world = Self::new(nodes, change);
        world.run(ms(1500));
        for node in world.nodes.values_mut() {
            assert!(node.links.links().all(|(.., status)| status.is_up), "all links are up");
            node.events.clear();
        }
        world
    }

    fn start(&mut self, node: u32, settings: Settings) {
        let links = Links::new(settings);
        let (timers, delivered, events) = Default::default();
        let new = Node { links, timers, delivered, events, wakes: 0, sent: 0 };
        self.nodes.insert(node, new);
        self.handle(node, Input::Start);
    }

    fn node(&self, node: u32) -> &Node {
        &self.nodes[&node]
    }

    fn handle(&mut self, node: u32, input: Input<'_>) {
        let mut out = Outbox::new();
        let Some(at) = self.nodes.get_mut(&node) else { return };
        at.links.handle(self.now, input, &mut out);
        while let Some(output) = out.pop() {
            self.carry_out(node, output);
        }
    }

    fn carry_out(&mut self, node: u32, output: Output) {
        let now = self.now;
        let Some(at) = self.nodes.get_mut(&node) else { return };
        let mut event = |event| at.events.push((now, event));
        match output {
            Output::Transmit { packet, to } => {
                at.sent += to.len();
                for address in to {
                    self.transmit(node, &packet, address);
                }
            }
            Output::Deliver { from, frame } => at.delivered.push((from.0, frame)),
            Output::LinkChanged { node, link, is_up } => {
                event(Event::Link(node.0, link.0, is_up));
            }
            Output::NodeChanged { node, is_reachable } => event(Event::Node(node.0, is_reachable)),
            Output::MtuChanged { frame_bytes } => event(Event::Mtu(frame_bytes)),
            Output::Notice(notice) => event(Event::Notice(notice.to_string())),
            Output::Arm { timer, token, after } => {
                at.timers.insert(timer, (now + after, token));
            }
        }
    }

    fn transmit(&mut self, from: u32, packet: &[u8], address: Address) {
        let Address { link, to } = address;
        let IpAddr::V4(ip) = to.ip() else { panic!("all addresses are IPv4") };
        let node = u32::from(ip.octets()[3]);
        assert_eq!(to, self::address(node, link.0));
        let mtu = self.mtu[&link.0];
        if packet.len() + HEADER > mtu {
            if self.tells_too_big {
                let mtu = u32::try_from(mtu).ok();
                self.handle(from, Input::TooBig { link, to, mtu });
            }
            return;
        }
        let packet = Packet { from, to: node, link: link.0, bytes: packet.to_vec() };
        if let Some(recorded) = &mut self.recorded {
            recorded.push(packet.clone());
        }
        let copies = 1 + u64::from(self.chance(self.double_percent));
        for _ in 0..copies {
            if !self.cut.contains(&link.0) && !self.chance(self.loss_percent) {
                self.launch(packet.clone());
            }
        }
    }

    fn launch(&mut self, packet: Packet) {
        let nanos = u64::try_from(self.jitter.as_nanos()).unwrap();
        let extra = Duration::from_nanos(self.next_random() % (nanos + 1));
        self.count += 1;
        self.flying.insert((self.now + Duration::from_micros(500) + extra, self.count), packet);
    }

    fn chance(&mut self, percent: u64) -> bool {
        percent > 0 && self.next_random() % 100 < percent
    }

    fn next_random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    /// Lets time pass.
    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let packet = self.flying.keys().next().copied();
            let timer = self
                .nodes
                .iter()
                .flat_map(|(&node, at)| {
                    at.timers.iter().map(move |(&timer, &(at, _))| (at, node, timer))
                })
                .min();
            match (packet, timer) {
                (Some((at, _)), timer) if at <= end && timer.is_none_or(|timer| at <= timer.0) => {
                    self.now = at;
                    if let Some((_, packet)) = self.flying.pop_first() {
                        self.arrive(&packet);
                    }
                }
                (_, Some((at, node, timer))) if at <= end => {
                    self.now = at;
                    if let Some(at) = self.nodes.get_mut(&node)
                        && let Some((_, token)) = at.timers.remove(&timer)
                    {
                        at.wakes += 1;
                        self.handle(node, Input::Fired { timer, token });
                    }
                }
                _ => break,
            }
        }
        self.now = end;
    }

    fn arrive(&mut self, packet: &Packet) {
        let from = address(packet.from, packet.link);
        let bytes = &packet.bytes;
        self.handle(packet.to, Input::Packet { link: LinkId(packet.link), from, bytes });
    }

    fn send(&mut self, node: u32, frame: &[u8]) {
        self.handle(node, Input::Send { to: Destination::All, frame });
    }

    fn delivered(&mut self, node: u32) -> Vec<Vec<u8>> {
        let node = self.nodes.get_mut(&node).unwrap();
        std::mem::take(&mut node.delivered).into_iter().map(|(_, frame)| frame).collect()
    }

    fn status(&self, node: u32, other: u32, link: u8) -> LinkStatus {
        self.node(node).links.link_status(NodeId(other), LinkId(link)).unwrap()
    }

    /// What a node has said since the links were up, without the time.
    fn events(&self, node: u32) -> Vec<Event> {
        self.node(node).events.iter().map(|(_, event)| event.clone()).collect()
    }

    /// When a node said something.
    fn when(&self, node: u32, event: &Event) -> Option<Instant> {
        self.node(node).events.iter().find(|(_, at)| at == event).map(|(at, _)| *at)
    }
}

/// A frame that is different from all others.
fn frame(number: usize, length: usize) -> Vec<u8> {
    let mut frame: Vec<u8> = (0..length).map(|i| (i * 31 % 251) as u8 ^ number as u8).collect();
    frame[..4].copy_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
    frame
}
