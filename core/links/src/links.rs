use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use machine::{Instant, Outbox, TimerToken, Timers};
use vocab::NodeId;
use wire::knet::{self, Body};

use crate::{
    Address, Input, LinkId, LinkStatus, Notice, Output, Rekey, Settings, Statistics, Timer,
    peer::{Peer, PeerLink},
    reassembly,
    sealing::Sealing,
};

mod receive;
mod reconfigure;
mod send;
mod watch;

/// How long after a notice about bad packets on a link the next may follow.
const NOTICE_PAUSE: Duration = Duration::from_secs(10);
/// Links have numbers below this.
const LINKS_MAX: usize = 8;

/// The links of one node to all others.
///
/// Invariants: a node is reachable exactly while one of its links works; nothing of a packet is looked at before its
/// seal is opened; data is delivered from reachable nodes only, each frame once.
#[derive(Debug)]
pub struct Links {
    settings: Settings,
    peers: BTreeMap<u16, Peer>,
    /// Whose packets are read, if only those of listed addresses are.
    listed: BTreeSet<IpAddr>,
    desk: Desk,
    timers: Timers<Timer>,
    /// When the armed timers fire.
    armed: BTreeMap<Timer, Instant>,
    is_started: bool,
    /// A deadline may have moved nearer.
    stirred: bool,
    key_problem: Option<knet::KeyError>,
    frame_bytes: usize,
    /// Room for decrypted packets.
    plain: Vec<u8>,
    quiet_until: [Instant; LINKS_MAX],
    statistics: Statistics,
}

/// What it takes to write a packet.
#[derive(Debug)]
struct Desk {
    /// This node.
    node: u16,
    /// The number of the last frame; 0 before the first, which tells others that this node started anew.
    sequence: u16,
    /// Marks this start's pings: answers to those of earlier starts say nothing.
    tag: u64,
    sealing: Sealing,
}

impl Links {
    /// Links to the nodes that the settings name, silent until [`Input::Start`].
    ///
    /// Nodes and links whose numbers libknet has no room for (16 bits, 0 to 7) are left out.
    pub fn new(settings: Settings) -> Self {
        let (mut sealing, told) = Sealing::new(settings.crypto.as_ref(), settings.seed);
        let tag = sealing.random();
        let node = knet_id(settings.node).unwrap_or_default();
        let mut links = Self {
            peers: BTreeMap::new(),
            listed: BTreeSet::new(),
            desk: Desk { node, sequence: 0, tag, sealing },
            timers: Timers::new(),
            armed: BTreeMap::new(),
            is_started: false,
            stirred: false,
            key_problem: told.err(),
            frame_bytes: 0,
            plain: Vec::new(),
            quiet_until: [Instant::START; LINKS_MAX],
            statistics: Statistics::default(),
            settings,
        };
        links.add_peers(Instant::START);
        links.frame_bytes = links.common_frame_bytes();
        links
    }

    /// Takes in what happened; what is to be done is put in `out`.
    pub fn handle(&mut self, now: Instant, input: Input<'_>, out: &mut Outbox<Output>) {
        match input {
            Input::Start => self.start(now, out),
            Input::Packet { link, from, bytes } => {
                if self.is_started {
                    self.packet(now, link, from, bytes, out);
                }
            }
            Input::Send { to, frame } => self.send(now, to, frame, out),
            Input::Unreachable { link, to } => self.unreachable(now, link, to, out),
            Input::TooBig { link, to, mtu } => self.too_big(now, link, to, mtu, out),
            Input::Fired { timer, token } => self.fired(now, timer, token, out),
            Input::Reconfigure(settings) => self.reconfigure(now, *settings, out),
            Input::Rekey(step) => self.rekey(now, step, out),
        }
        if self.stirred && self.is_started {
            self.stirred = false;
            self.arm_for_links(now, out);
        }
    }

    /// How a link to a node does; `None` if there is no such link.
    pub fn link_status(&self, node: NodeId, link: LinkId) -> Option<LinkStatus> {
        let peer = self.peers.get(&knet_id(node)?)?;
        peer.links.iter().find(|at| at.id == link).map(|link| self.status(peer, link))
    }

    /// All links to all nodes, and how they do.
    pub fn links(&self) -> impl Iterator<Item = (NodeId, LinkId, LinkStatus)> {
        self.peers.values().flat_map(move |peer| {
            peer.links.iter().map(move |link| (peer.node, link.id, self.status(peer, link)))
        })
    }

    /// Whether some link to a node works.
    pub fn is_reachable(&self, node: NodeId) -> bool {
        knet_id(node).and_then(|id| self.peers.get(&id)).is_some_and(Peer::is_reachable)
    }

    /// The most bytes of a frame that fit one packet to every reachable node.
    pub fn frame_bytes(&self) -> usize {
        self.frame_bytes
    }

    /// What all links together have done.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Sets all counters to zero.
    pub fn clear_statistics(&mut self) {
        self.statistics = Statistics::default();
        for link in self.peers.values_mut().flat_map(|peer| &mut peer.links) {
            link.statistics = Default::default();
        }
    }

    fn start(&mut self, now: Instant, out: &mut Outbox<Output>) {
        self.is_started = true;
        if let Some(problem) = self.key_problem.take() {
            out.push(Output::Notice(Notice::Key(problem)));
        }
        self.watch(now, out);
    }

    fn fired(&mut self, now: Instant, timer: Timer, token: TimerToken, out: &mut Outbox<Output>) {
        if !self.timers.fired(&timer, token) {
            return;
        }
        self.armed.remove(&timer);
        match timer {
            Timer::Heartbeat => self.watch(now, out),
            Timer::Mtu => self.probe(now, out),
            Timer::Reassembly => {
                let mut waiting = false;
                for peer in self.peers.values_mut() {
                    waiting |= peer.reassembly.expire(now);
                }
                if waiting {
                    self.arm(now, Timer::Reassembly, now + reassembly::PATIENCE, out);
                }
            }
        }
        self.stirred = true;
    }

    /// Has a timer fire at `at` or earlier.
    fn arm(&mut self, now: Instant, timer: Timer, at: Instant, out: &mut Outbox<Output>) {
        if self.armed.get(&timer).is_some_and(|&armed| armed <= at) {
            return;
        }
        self.armed.insert(timer, at);
        let token = self.timers.arm(timer);
        out.push(Output::Arm { timer, token, after: at.since(now) });
    }

    fn arm_for_links(&mut self, now: Instant, out: &mut Outbox<Output>) {
        let links = || self.peers.values().flat_map(|peer| &peer.links);
        let heartbeat = links().map(|link| link.heartbeat.due()).min();
        let mtu = links().filter_map(|link| link.mtu.due()).min();
        for (timer, at) in [(Timer::Heartbeat, heartbeat), (Timer::Mtu, mtu)] {
            if let Some(at) = at {
                self.arm(now, timer, at, out);
            }
        }
    }

    fn status(&self, peer: &Peer, link: &PeerLink) -> LinkStatus {
        let is_up = link.heartbeat.is_up();
        LinkStatus {
            is_up,
            is_used: peer.uses(link.id),
            frame_bytes: if is_up { link.mtu.frame_bytes(&self.desk.sealing) } else { 0 },
            latency: link.heartbeat.latency(),
            latency_samples: link.heartbeat.samples(),
            statistics: link.statistics,
        }
    }

    /// The most bytes of a frame that fit a packet on all links in use.
    fn common_frame_bytes(&self) -> usize {
        let sealing = &self.desk.sealing;
        let in_use = self.peers.values().flat_map(Peer::used);
        in_use.map(|link| link.mtu.frame_bytes(sealing)).min().unwrap_or_else(|| {
            let least = crate::path_mtu::PathMtu::new(28);
            least.frame_bytes(sealing)
        })
    }

    /// Says so if another size of frames fits now.
    fn tell_frame_bytes(&mut self, out: &mut Outbox<Output>) {
        let frame_bytes = self.common_frame_bytes();
        if frame_bytes != self.frame_bytes {
            self.frame_bytes = frame_bytes;
            out.push(Output::MtuChanged { frame_bytes });
        }
    }

    /// Counts a packet that is not taken, and says so now and then.
    fn refuse(
        &mut self,
        now: Instant,
        link: LinkId,
        from: SocketAddr,
        why: impl ToString,
        out: &mut Outbox<Output>,
    ) {
        self.statistics.refused_packets += 1;
        let Some(quiet_until) = self.quiet_until.get_mut(usize::from(link.0)) else { return };
        if now >= *quiet_until {
            *quiet_until = now + NOTICE_PAUSE;
            out.push(Output::Notice(Notice::Refused { link, from, why: why.to_string() }));
        }
    }

    fn rekey(&mut self, now: Instant, step: Rekey, out: &mut Outbox<Output>) {
        self.desk.sealing.rekey(step);
        // Another seal takes another share of each packet.
        self.tell_frame_bytes(out);
        self.probe(now, out);
        self.stirred = true;
    }
}

impl Desk {
    /// A packet without data, filled up to `size` bytes before it is sealed.
    fn packet(&mut self, body: Body<'_>, size: usize) -> Option<Vec<u8>> {
        let packet = knet::Packet { node: self.node, body };
        self.sealing.seal(size.max(32), |out| {
            let start = out.len();
            packet.write(out);
            if out.len() - start < size {
                out.resize(start + size, 0);
            }
        })
    }
}

/// Hands one packet to one address.
fn transmit(link: &PeerLink, packet: Vec<u8>, out: &mut Outbox<Output>) {
    out.push(Output::Transmit { packet, to: vec![Address { link: link.id, to: link.to }] });
}

/// The number that libknet knows a node by.
fn knet_id(node: NodeId) -> Option<u16> {
    u16::try_from(node.0).ok()
}
