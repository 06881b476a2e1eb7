//! Another node: its links, which of them carry frames, and which of its frames were seen.

use std::net::{IpAddr, SocketAddr};

use machine::Instant;
use vocab::NodeId;
use wire::knet;

use crate::{
    LinkId, LinkMode, LinkSettings, LinkStatistics, heartbeat::Heartbeat, path_mtu::PathMtu,
    reassembly::Reassembly, window::Window,
};

/// Another node.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) node: NodeId,
    /// In the order of their numbers.
    pub(crate) links: Vec<PeerLink>,
    pub(crate) window: Window,
    pub(crate) reassembly: Reassembly,
    /// Places in `links` of those that carry frames. Nobody is reachable without one.
    used: Vec<usize>,
    /// Which of them is next, if each has its turn.
    turn: usize,
    /// The newest stamp of a ping, and when it came.
    newest: Option<(knet::Stamp, Instant)>,
}

/// A link to another node.
#[derive(Debug)]
pub(crate) struct PeerLink {
    pub(crate) id: LinkId,
    pub(crate) to: SocketAddr,
    pub(crate) priority: u8,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) mtu: PathMtu,
    pub(crate) statistics: LinkStatistics,
}

impl PeerLink {
    pub(crate) fn new(now: Instant, id: LinkId, to: SocketAddr, settings: &LinkSettings) -> Self {
        Self {
            id,
            to,
            priority: settings.priority,
            heartbeat: Heartbeat::new(now, settings),
            mtu: PathMtu::new(settings.header_bytes),
            statistics: LinkStatistics::default(),
        }
    }
}

impl Peer {
    pub(crate) fn new(node: NodeId) -> Self {
        Self {
            node,
            links: Vec::new(),
            window: Window::new(),
            reassembly: Reassembly::default(),
            used: Vec::new(),
            turn: 0,
            newest: None,
        }
    }

    pub(crate) fn is_reachable(&self) -> bool {
        !self.used.is_empty()
    }

    /// The link of a number.
    pub(crate) fn link(&mut self, id: LinkId) -> Option<&mut PeerLink> {
        self.links.iter_mut().find(|link| link.id == id)
    }

    /// The link that a packet came over: the socket's if the address fits, otherwise any whose address does.
    pub(crate) fn link_from(&mut self, id: LinkId, from: IpAddr) -> Option<&mut PeerLink> {
        let fits = |link: &PeerLink| link.to.ip() == from;
        let at = self
            .links
            .iter()
            .position(|link| link.id == id && fits(link))
            .or_else(|| self.links.iter().position(fits))?;
        self.links.get_mut(at)
    }

    /// Chooses anew which links carry frames; whether that made the node reachable, or no longer.
    pub(crate) fn choose(&mut self, mode: LinkMode) -> Option<bool> {
        let was_reachable = self.is_reachable();
        let up = self.links.iter().enumerate().filter(|(_, link)| link.heartbeat.is_up());
        self.used = match mode {
            LinkMode::Passive => up
                // Of equal ones the first.
                .min_by_key(|(_, link)| std::cmp::Reverse(link.priority))
                .map(|(at, _)| at)
                .into_iter()
                .collect(),
            LinkMode::Active | LinkMode::RoundRobin => up.map(|(at, _)| at).collect(),
        };
        let is_reachable = self.is_reachable();
        if !is_reachable {
            self.forget();
        }
        (was_reachable != is_reachable).then_some(is_reachable)
    }

    /// Whether frames go over a link.
    pub(crate) fn uses(&self, id: LinkId) -> bool {
        self.used.iter().any(|&at| self.links.get(at).is_some_and(|link| link.id == id))
    }

    /// The links that carry frames.
    pub(crate) fn used(&self) -> impl Iterator<Item = &PeerLink> {
        self.used.iter().filter_map(|&at| self.links.get(at))
    }

    /// Calls `send` with each link that the next frame goes over.
    pub(crate) fn route(&mut self, mode: LinkMode, mut send: impl FnMut(&mut PeerLink)) {
        let Self { used, links, turn, .. } = self;
        match mode {
            LinkMode::RoundRobin if !used.is_empty() => {
                *turn = (*turn + 1) % used.len();
                if let Some(link) = used.get(*turn).and_then(|&at| links.get_mut(at)) {
                    send(link);
                }
            }
            LinkMode::Passive | LinkMode::Active | LinkMode::RoundRobin => {
                for &at in used.iter() {
                    if let Some(link) = links.get_mut(at) {
                        send(link);
                    }
                }
            }
        }
    }

    /// Takes note of the number of the node's last frame in a ping of its. A recorded ping that somebody sends again
    /// must not open the window for recorded frames: only a stamp newer than all before counts, or silence long enough
    /// for the node to have started anew with a clock that did too.
    pub(crate) fn follow(&mut self, now: Instant, link: usize, ping: &knet::Heartbeat) {
        let timeout =
            self.links.get(link).map_or_else(Default::default, |link| link.heartbeat.timeout());
        let is_new = self
            .newest
            .is_none_or(|(stamp, heard)| ping.stamp > stamp || now.since(heard) > timeout);
        if !is_new {
            return;
        }
        self.newest = Some((ping.stamp, now));
        if ping.sequence == 0 {
            self.forget();
        } else {
            self.window.follow(ping.sequence);
        }
    }

    fn forget(&mut self) {
        self.window.clear();
        self.reassembly.clear();
    }
}
