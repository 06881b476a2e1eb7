//! Packets on their way in.

use std::net::SocketAddr;

use machine::{Instant, Outbox};
use wire::WireError;
use wire::knet::{Body, CompressionModel, Data, Heartbeat, Packet, Probe};

use super::{Links, transmit, watch};
use crate::{
    LinkId, Output, Timer,
    heartbeat::Answer,
    reassembly::{self, Added},
};

impl Links {
    /// Opens the seal, and only then looks at what is in it.
    pub(super) fn packet(
        &mut self,
        now: Instant,
        link: LinkId,
        from: SocketAddr,
        bytes: &[u8],
        out: &mut Outbox<Output>,
    ) {
        if self.settings.block_unlisted && !self.listed.contains(&from.ip()) {
            return self.refuse(now, link, from, "no node has this address", out);
        }
        let mut plain = std::mem::take(&mut self.plain);
        match self.desk.sealing.open(bytes, &mut plain) {
            Err(error) => self.refuse(now, link, from, error, out),
            Ok(packet) => match Packet::read(packet) {
                Err(error) => self.refuse(now, link, from, error, out),
                Ok(packet_read) => {
                    self.trusted(now, (link, from), &packet_read, packet.len(), out);
                }
            },
        }
        self.plain = plain;
    }

    fn trusted(
        &mut self,
        now: Instant,
        (link, from): (LinkId, SocketAddr),
        packet: &Packet<'_>,
        size: usize,
        out: &mut Outbox<Output>,
    ) {
        if !self.peers.contains_key(&packet.node) {
            let why = format_args!("node {} is not configured", packet.node).to_string();
            return self.refuse(now, link, from, why, out);
        }
        let is_known = match &packet.body {
            Body::Data(data) => self.data(now, packet.node, (link, from), data, size, out),
            Body::Ping(ping) => self.ping(now, packet.node, ping, size, out),
            Body::Pong(pong) => self.pong(now, packet.node, pong, size, out),
            Body::Probe(probe) => self.answer_probe(packet.node, *probe, size, out),
            Body::ProbeAnswer(probe) => self.probe_answered(now, packet.node, *probe, size, out),
        };
        if is_known.is_none() {
            let why = format_args!("node {} has no such link", packet.node).to_string();
            self.refuse(now, link, from, why, out);
        }
    }

    /// Answers, to the address that is configured, wherever the ping came from. `None` if there is no such link.
    fn ping(
        &mut self,
        now: Instant,
        node: u16,
        ping: &Heartbeat,
        size: usize,
        out: &mut Outbox<Output>,
    ) -> Option<()> {
        let peer = self.peers.get_mut(&node)?;
        let at = peer.links.iter().position(|link| link.id.0 == ping.link)?;
        peer.follow(now, at, ping);
        let link = peer.links.get_mut(at)?;
        link.statistics.ping.received(size);
        link.heartbeat.heard(now);
        self.stirred |= !link.heartbeat.is_up();
        if let Some(packet) = self.desk.packet(Body::Pong(*ping), 0) {
            link.statistics.pong.sent(packet.len());
            transmit(link, packet, out);
        }
        Some(())
    }

    fn pong(
        &mut self,
        now: Instant,
        node: u16,
        pong: &Heartbeat,
        size: usize,
        out: &mut Outbox<Output>,
    ) -> Option<()> {
        let peer = self.peers.get_mut(&node)?;
        let at = peer.links.iter().position(|link| link.id.0 == pong.link)?;
        let link = peer.links.get_mut(at)?;
        link.statistics.pong.received(size);
        if pong.stamp.1 != self.desk.tag {
            return Some(());
        }
        let answer = link.heartbeat.answered(now, Instant::from_nanos(pong.stamp.0));
        if answer != Answer::Unasked {
            let latency = link.heartbeat.latency();
            let statistics = &mut link.statistics;
            statistics.latency_max = statistics.latency_max.max(latency);
            if statistics.latency_min.is_zero() || latency < statistics.latency_min {
                statistics.latency_min = latency;
            }
        }
        match answer {
            Answer::CameUp => self.link_changed(now, node, at, out),
            Answer::Counted => self.stirred |= !link.heartbeat.is_up(),
            Answer::Unasked => {}
        }
        Some(())
    }

    fn answer_probe(
        &mut self,
        node: u16,
        probe: Probe,
        size: usize,
        out: &mut Outbox<Output>,
    ) -> Option<()> {
        let link = self.peers.get_mut(&node)?.link(LinkId(probe.link))?;
        link.statistics.mtu.received(size);
        if let Some(packet) = self.desk.packet(Body::ProbeAnswer(probe), 0) {
            transmit(link, packet, out);
        }
        Some(())
    }

    fn probe_answered(
        &mut self,
        now: Instant,
        node: u16,
        probe: Probe,
        size: usize,
        out: &mut Outbox<Output>,
    ) -> Option<()> {
        let interval = self.settings.mtu_interval;
        let peer = self.peers.get_mut(&node)?;
        let id = peer.node;
        let link = peer.link(LinkId(probe.link))?;
        link.statistics.mtu.received(size);
        let next = link.mtu.answered(now, probe.size, interval, &self.desk.sealing);
        watch::follow(next, &mut self.desk, id, link, out);
        self.probe(now, out);
        Some(())
    }

    /// A frame or a part of one. `None` if the node has no such address.
    fn data(
        &mut self,
        now: Instant,
        node: u16,
        (id, from): (LinkId, SocketAddr),
        data: &Data<'_>,
        size: usize,
        out: &mut Outbox<Output>,
    ) -> Option<()> {
        let peer = self.peers.get_mut(&node)?;
        peer.link_from(id, from.ip())?.statistics.data.received(size);
        self.statistics.received_sealed_packets += u64::from(self.desk.sealing.is_sealed());
        if !peer.is_reachable() || data.channel != 0 {
            self.statistics.ignored_packets += 1;
            return Some(());
        }
        if !peer.window.admits(data.sequence) {
            self.statistics.duplicate_packets += 1;
            return Some(());
        }
        let payload = if data.part.count == 1 {
            Some(data.payload.to_vec())
        } else {
            match peer.reassembly.add(now, data) {
                Added::Complete(frame) => Some(frame),
                Added::Waiting => {
                    self.arm(now, Timer::Reassembly, now + reassembly::PATIENCE, out);
                    None
                }
                Added::Nonsense => {
                    self.refuse(now, id, from, "parts do not go together", out);
                    None
                }
            }
        };
        let Some(payload) = payload else { return Some(()) };
        match self.unpack(payload, data.compression) {
            Ok(frame) => {
                let peer = self.peers.get_mut(&node)?;
                peer.window.mark(data.sequence);
                out.push(Output::Deliver { from: peer.node, frame });
            }
            Err(error) => self.refuse(now, id, from, error, out),
        }
        Some(())
    }

    /// The frame that was compressed, if it was.
    fn unpack(&mut self, payload: Vec<u8>, compression: u8) -> Result<Vec<u8>, WireError> {
        if compression == 0 {
            return Ok(payload);
        }
        let frame = CompressionModel::from_code(compression)?.decompress(&payload)?;
        self.statistics.received_compressed.count(frame.len(), payload.len());
        Ok(frame)
    }
}
