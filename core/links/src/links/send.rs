//! Frames on their way out.

use machine::{Instant, Outbox};
use wire::knet::{Body, DATA_HEADER_SIZE, Data, FRAME_MAX, PARTS_MAX, Packet, Part};

use super::{Links, knet_id};
use crate::{Address, Destination, Output, peer::Peer};

/// So many frames apart all nodes are told how far this one is, whether they get frames or not.
const TELL_EVERY: u16 = u16::MAX / 8;

impl Links {
    pub(super) fn send(
        &mut self,
        now: Instant,
        to: Destination,
        frame: &[u8],
        out: &mut Outbox<Output>,
    ) {
        let is_sent = match to {
            Destination::All => self.peers.values().any(Peer::is_reachable),
            Destination::Node(node) => self.is_reachable(node),
        };
        if !is_sent || !self.is_started || frame.is_empty() || frame.len() > FRAME_MAX {
            self.statistics.unsent_frames += 1;
            return;
        }
        let packed = self.compress(frame);
        let (payload, compression) = match &packed {
            Some((packed, code)) => (packed.as_slice(), *code),
            None => (frame, 0),
        };
        self.desk.sequence = self.desk.sequence.checked_add(1).unwrap_or(1);
        if self.desk.sequence.is_multiple_of(TELL_EVERY) {
            self.ping_all(now, out);
            self.stirred = true;
        }
        // With 255 parts the smallest packets there are still carry the longest frame; the bound is for odd settings.
        let size = self.frame_bytes.max(payload.len().div_ceil(PARTS_MAX));
        let count = u8::try_from(payload.len().div_ceil(size)).unwrap_or(u8::MAX);
        let parts = payload.chunks(size);
        let bytes = parts.map(|part| self.desk.sealing.sealed_size(DATA_HEADER_SIZE + part.len()));
        let bytes = bytes.sum::<usize>() as u64;
        let addresses = self.route(to, count.into(), bytes);
        let broadcast = to == Destination::All;
        for (index, payload) in (0..).zip(payload.chunks(size)) {
            let sequence = self.desk.sequence;
            let part = Part { index, count };
            let data = Data { sequence, compression, broadcast, channel: 0, part, payload };
            self.transmit_data(&data, &addresses, out);
        }
    }

    /// A short frame for all nodes, sealed now so that somebody else can send it when this node cannot any more: one packet
    /// for each copy, to be sent to each of the addresses.
    ///
    /// Copies have numbers far from each other and from those in use. Receivers take a number for new that is far from the
    /// last one they know, and nobody knows how many this node will have used by then.
    pub fn seal_ahead(&mut self, frame: &[u8], copies: u16) -> (Vec<Vec<u8>>, Vec<Address>) {
        let links = self.peers.values().flat_map(|peer| &peer.links);
        let addresses = links.map(|link| Address { link: link.id, to: link.to }).collect();
        if frame.is_empty() || frame.len() > self.frame_bytes {
            return (Vec::new(), addresses);
        }
        let step = u16::MAX / (copies + 1);
        let packets = (1..=copies).filter_map(|copy| {
            let sequence = self.desk.sequence.wrapping_add(step * copy).max(1);
            let part = Part { index: 0, count: 1 };
            let (compression, channel, payload) = (0, 0, frame);
            let data = Data { sequence, compression, broadcast: true, channel, part, payload };
            let packet = Packet { node: self.desk.node, body: Body::Data(data) };
            let size = DATA_HEADER_SIZE + frame.len();
            self.desk.sealing.seal(size, |out| packet.write(out))
        });
        (packets.collect(), addresses)
    }

    /// The frame compressed and the number of the model, if that makes it smaller.
    fn compress(&mut self, frame: &[u8]) -> Option<(Vec<u8>, u8)> {
        let compression = self.settings.compression?;
        // As in libknet, where 0 asks for the default.
        let threshold = if compression.threshold == 0 { 100 } else { compression.threshold };
        let threshold = usize::try_from(threshold).unwrap_or(usize::MAX);
        let packed = (frame.len() > threshold)
            .then(|| compression.model.compress(frame, compression.level))
            .flatten();
        match packed {
            Some(packed) => {
                self.statistics.sent_compressed.count(frame.len(), packed.len());
                Some((packed, compression.model.code()))
            }
            None => {
                self.statistics.sent_uncompressed_packets += 1;
                None
            }
        }
    }

    /// The addresses that a frame goes to.
    fn route(&mut self, to: Destination, packets: u64, bytes: u64) -> Vec<Address> {
        let mode = self.settings.mode;
        let mut addresses = Vec::new();
        let mut add = |peer: &mut Peer| {
            peer.route(mode, |link| {
                link.statistics.data.sent_packets += packets;
                link.statistics.data.sent_bytes += bytes;
                addresses.push(Address { link: link.id, to: link.to });
            });
        };
        match to {
            Destination::All => self.peers.values_mut().for_each(add),
            Destination::Node(node) => {
                if let Some(peer) = knet_id(node).and_then(|id| self.peers.get_mut(&id)) {
                    add(peer);
                }
            }
        }
        addresses
    }

    /// Seals a packet once for all addresses.
    fn transmit_data(&mut self, data: &Data<'_>, to: &[Address], out: &mut Outbox<Output>) {
        let desk = &mut self.desk;
        let size = DATA_HEADER_SIZE + data.payload.len();
        let packet = Packet { node: desk.node, body: Body::Data(*data) };
        let Some(packet) = desk.sealing.seal(size, |out| packet.write(out)) else { return };
        if desk.sealing.is_sealed() {
            self.statistics.sent_sealed_packets += 1;
            self.statistics.sent_seal_bytes += (packet.len() - size) as u64;
        }
        out.push(Output::Transmit { packet, to: to.to_vec() });
    }
}
