//! What happens because time passes: pings, links that fall silent, probes of sizes.

use std::net::SocketAddr;

use machine::{Instant, Outbox};
use wire::knet::{Body, Heartbeat, Probe, Stamp};

use super::{Desk, Links, transmit};
use crate::{
    LinkId, Notice, Output,
    path_mtu::Next,
    peer::{Peer, PeerLink},
};

impl Links {
    /// Sends the pings that are due and takes note of links that have been silent too long.
    pub(super) fn watch(&mut self, now: Instant, out: &mut Outbox<Output>) {
        let mut lost = Vec::new();
        for (&id, peer) in &mut self.peers {
            for (at, link) in peer.links.iter_mut().enumerate() {
                let step = link.heartbeat.run(now);
                if step.ping {
                    ping(now, &mut self.desk, link, true, out);
                }
                if step.went_down {
                    lost.push((id, at));
                }
            }
        }
        for (id, at) in lost {
            self.link_changed(now, id, at, out);
        }
        self.stirred = true;
    }

    /// Asks all nodes over all links, out of turn: after many frames others must hear how far this node is.
    pub(super) fn ping_all(&mut self, now: Instant, out: &mut Outbox<Output>) {
        for link in self.peers.values_mut().flat_map(|peer| &mut peer.links) {
            ping(now, &mut self.desk, link, false, out);
        }
    }

    /// A link came up or went down: chooses anew what carries frames and tells.
    pub(super) fn link_changed(
        &mut self,
        now: Instant,
        id: u16,
        at: usize,
        out: &mut Outbox<Output>,
    ) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let Some(link) = peer.links.get_mut(at) else { return };
        let is_up = link.heartbeat.is_up();
        if is_up {
            link.statistics.up_count += 1;
            link.mtu.link_up(now, self.settings.mtu);
        } else {
            link.statistics.down_count += 1;
            link.mtu.link_down();
        }
        out.push(Output::LinkChanged { node: peer.node, link: link.id, is_up });
        if let Some(is_reachable) = peer.choose(self.settings.mode) {
            out.push(Output::NodeChanged { node: peer.node, is_reachable });
        }
        self.tell_frame_bytes(out);
        if is_up {
            self.probe(now, out);
        }
        self.stirred = true;
    }

    /// Sends the probes of sizes that are due.
    pub(super) fn probe(&mut self, now: Instant, out: &mut Outbox<Output>) {
        let interval = self.settings.mtu_interval;
        for peer in self.peers.values_mut() {
            for link in &mut peer.links {
                loop {
                    let latency = link.heartbeat.latency();
                    let next = link.mtu.run(now, latency, interval, &self.desk.sealing);
                    if !follow(next, &mut self.desk, peer.node, link, out) {
                        break;
                    }
                }
            }
        }
        self.tell_frame_bytes(out);
        self.stirred = true;
    }

    pub(super) fn too_big(
        &mut self,
        now: Instant,
        id: LinkId,
        to: SocketAddr,
        mtu: Option<u32>,
        out: &mut Outbox<Output>,
    ) {
        let interval = self.settings.mtu_interval;
        for peer in self.peers.values_mut() {
            let Some(link) = find(peer, id, to) else { continue };
            let next = link.mtu.too_big(now, mtu, interval, &self.desk.sealing);
            let node = peer.node;
            if let Some(link) = find(peer, id, to) {
                follow(next, &mut self.desk, node, link, out);
            }
        }
        self.probe(now, out);
    }

    /// A doubtful link is asked at once.
    pub(super) fn unreachable(
        &mut self,
        now: Instant,
        id: LinkId,
        to: SocketAddr,
        out: &mut Outbox<Output>,
    ) {
        for peer in self.peers.values_mut() {
            if let Some(link) = find(peer, id, to) {
                link.heartbeat.doubt(now);
            }
        }
        self.watch(now, out);
    }
}

fn find(peer: &mut Peer, id: LinkId, to: SocketAddr) -> Option<&mut PeerLink> {
    let fits = |at: &SocketAddr| at.ip() == to.ip() && at.port() == to.port();
    peer.link(id).filter(|link| fits(&link.to))
}

fn ping(
    now: Instant,
    desk: &mut Desk,
    link: &mut PeerLink,
    is_timed: bool,
    out: &mut Outbox<Output>,
) {
    let stamp = Stamp(now.as_nanos(), desk.tag);
    let ping = Heartbeat { link: link.id.0, stamp, sequence: desk.sequence, is_timed };
    // Also where nothing may be sent: or the ping would be due for ever.
    link.heartbeat.sent(now);
    let Some(packet) = desk.packet(Body::Ping(ping), 0) else { return };
    link.statistics.ping.sent(packet.len());
    transmit(link, packet, out);
}

/// Does what the search for sizes asks for; whether it is to be asked again.
pub(super) fn follow(
    next: Next,
    desk: &mut Desk,
    node: vocab::NodeId,
    link: &mut PeerLink,
    out: &mut Outbox<Output>,
) -> bool {
    match next {
        Next::Probe(size) => {
            let bytes = link.mtu.probe_bytes(size, &desk.sealing);
            let probe = Body::Probe(Probe { link: link.id.0, size });
            let Some(packet) = desk.packet(probe, bytes) else { return false };
            link.statistics.mtu.sent(packet.len());
            transmit(link, packet, out);
            true
        }
        Next::Found { changed, vanished } => {
            if changed && vanished {
                let (link, bytes) = (link.id, link.mtu.size());
                out.push(Output::Notice(Notice::PacketsVanish { node, link, bytes }));
            }
            true
        }
        Next::Wait => false,
    }
}
