use std::collections::VecDeque;

use wire::{
    Writer,
    totem::{
        FRAME_MAX, MULTICAST_HEADER_SIZE, MulticastHeader, PACKET_HEADER_SIZE, PacketHeader,
        write_packet,
    },
};

use crate::Guarantee;

/// Bytes of the longest message.
pub const MESSAGE_MAX: usize = 1024 * 1024;
/// What may wait before callers are told that there is no room. Corosync keeps as many bytes.
pub(crate) const WAITING_MAX: usize = 4 * 1024 * 1024;
/// What may wait at all: who has to say something although there is no room can still say it.
const WAITING_LIMIT: usize = 2 * WAITING_MAX;
/// What a message costs besides its bytes.
const MESSAGE_COST: usize = 64;
/// Bytes of the length in front of each message.
const LENGTH_SIZE: usize = 2;

/// How many bytes of lengths and messages one packet has, so that its frame, wrapped once more in recovery, is not greater
/// than `frame_bytes_max`.
pub(crate) fn packet_bytes(frame_bytes_max: usize) -> usize {
    let overhead = 2 * MULTICAST_HEADER_SIZE + PACKET_HEADER_SIZE;
    // A transport that takes less than this cannot carry a token either.
    frame_bytes_max.min(FRAME_MAX).saturating_sub(overhead).max(256)
}

#[derive(Debug)]
struct Waiting {
    message: Vec<u8>,
    guarantee: Guarantee,
}

/// Messages that wait for the token. They are cut into packets only when it is there.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    messages: VecDeque<Waiting>,
    /// Their bytes, and what they cost besides.
    cost: usize,
    /// How much of the first message has been sent.
    sent: usize,
    /// The number of the packet in which that ended.
    number: u8,
    /// Whether receivers have to be told that the first message begins anew.
    restart: bool,
}

impl Lane {
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty() && !self.restart
    }

    pub(crate) const fn cost(&self) -> usize {
        self.cost
    }

    pub(crate) const fn has_room_for(&self, bytes: usize) -> bool {
        bytes <= MESSAGE_MAX && self.cost + bytes + MESSAGE_COST <= WAITING_MAX
    }

    /// Whether the message was taken.
    pub(crate) fn push(&mut self, message: Vec<u8>, guarantee: Guarantee) -> bool {
        let cost = message.len() + MESSAGE_COST;
        if message.len() > MESSAGE_MAX || self.cost + cost > WAITING_LIMIT {
            return false;
        }
        self.cost += cost;
        self.messages.push_back(Waiting { message, guarantee });
        true
    }

    /// About how many packets wait.
    pub(crate) fn packets(&self, packet_bytes: usize) -> u32 {
        if self.is_empty() {
            return 0;
        }
        let bytes = self.cost - self.messages.len() * (MESSAGE_COST - LENGTH_SIZE);
        u32::try_from(bytes.saturating_sub(self.sent) / packet_bytes + 1).unwrap_or(u32::MAX)
    }

    /// A message of which a part went out in an earlier ring goes out again from its begin: members that are new could
    /// make nothing of its rest, and all shall deliver the same.
    pub(crate) fn rewind(&mut self) {
        if self.sent > 0 {
            self.sent = 0;
            self.number = 0;
            self.restart = true;
        }
    }

    fn rest(&self, at: usize) -> &[u8] {
        let message = self.messages.get(at).map(|waiting| waiting.message.as_slice());
        let from = if at == 0 { self.sent } else { 0 };
        message.and_then(|message| message.get(from..)).unwrap_or_default()
    }

    /// The next frame, and what it promises; `None` if nothing waits.
    pub(crate) fn next_frame(
        &mut self,
        mut header: MulticastHeader,
        packet_bytes: usize,
    ) -> Option<(MulticastHeader, Vec<u8>)> {
        if self.is_empty() {
            return None;
        }
        let (count, last_part, used) = self.fitting(packet_bytes);
        let torn = count > 0 && last_part < self.rest(count - 1).len();
        let goes_on = match torn {
            false => 0,
            // 0 would mean that nothing goes on.
            true if count == 1 => self.number.checked_add(1).unwrap_or(1),
            true => 1,
        };
        let continues = if self.sent > 0 { self.number } else { 0 };
        let last = count.wrapping_sub(1);
        if let Some(waiting) = self.messages.get(last) {
            header.guarantee = match waiting.guarantee {
                Guarantee::Agreed => 0,
                Guarantee::Safe => 1,
            };
        }
        let mut writer = Writer::with_capacity(MULTICAST_HEADER_SIZE + PACKET_HEADER_SIZE + used);
        header.write(&mut writer);
        let parts = (0..count).map(|at| {
            let rest = self.rest(at);
            if at == last { rest.get(..last_part).unwrap_or_default() } else { rest }
        });
        write_packet(&mut writer, PacketHeader { goes_on, continues }, parts);
        self.drop_sent(count, last_part, torn, goes_on);
        Some((header, writer.finish()))
    }

    /// How many messages go into a packet, how much of the last one, and how many bytes that makes.
    fn fitting(&self, packet_bytes: usize) -> (usize, usize, usize) {
        let (mut count, mut last_part, mut used) = (0, 0, 0);
        if self.restart {
            return (count, last_part, used);
        }
        while count < self.messages.len().min(usize::from(u16::MAX)) {
            let rest = self.rest(count).len();
            let room = packet_bytes.saturating_sub(used + LENGTH_SIZE);
            if room == 0 {
                break;
            }
            last_part = rest.min(room);
            used += LENGTH_SIZE + last_part;
            count += 1;
            if last_part < rest {
                break;
            }
        }
        (count, last_part, used)
    }

    fn drop_sent(&mut self, count: usize, last_part: usize, torn: bool, goes_on: u8) {
        self.restart = false;
        self.number = goes_on;
        let whole = if torn { count - 1 } else { count };
        for waiting in self.messages.drain(..whole) {
            self.cost -= waiting.message.len() + MESSAGE_COST;
        }
        let before = if whole == 0 { self.sent } else { 0 };
        self.sent = if torn { before + last_part } else { 0 };
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let cost: usize =
            self.messages.iter().map(|waiting| waiting.message.len() + MESSAGE_COST).sum();
        let first = self.messages.front().map_or(0, |waiting| waiting.message.len());
        if cost != self.cost {
            return Err(format!("waiting messages cost {cost}, not {}", self.cost));
        }
        if self.sent > 0 && self.sent >= first {
            return Err(format!("{} of {first} bytes sent, yet the message waits", self.sent));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use machine::Outbox;
    use vocab::NodeId;
    use wire::{
        corosync::RingId,
        totem::{ByteOrder, Encapsulation, Frame},
    };

    use super::*;
    use crate::{Output, delivery::assembly::Assemblies};

    const HEADER: MulticastHeader = MulticastHeader {
        order: ByteOrder::Native,
        encapsulation: Encapsulation::Plain,
        node: 1,
        sequence: 0,
        sent: 0,
        ring: RingId { node: 1, sequence: 4 },
        guarantee: 0,
    };

    /// Sends up to so many packets to somebody, and gives what is delivered.
    fn pass(lane: &mut Lane, to: &mut Assemblies, packets: usize) -> Vec<Vec<u8>> {
        let mut out = Outbox::new();
        for _ in 0..packets {
            lane.check().unwrap();
            let Some((_, frame)) = lane.next_frame(HEADER, packet_bytes(1500)) else { break };
            assert!(frame.len() + MULTICAST_HEADER_SIZE <= 1500);
            let Ok(Frame::Multicast(multicast)) = Frame::decode(&frame) else { panic!("unread") };
            to.take(NodeId(1), multicast.payload, ByteOrder::Native, &mut out).unwrap();
        }
        out.drain()
            .map(|output| match output {
                Output::Deliver { message, .. } => message,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn messages_of_all_sizes_come_out_as_they_went_in() {
        let mut lane = Lane::default();
        let sizes = [0, 1, 1390, 1391, 1392, 1393, 1394, 1395, 1396, 5000, 3, 600_000, 7];
        let messages: Vec<Vec<u8>> =
            sizes.iter().zip(1..).map(|(&size, byte)| vec![byte; size]).collect();
        for message in &messages {
            assert!(lane.push(message.clone(), Guarantee::Agreed));
        }
        assert!(lane.packets(packet_bytes(1500)) > 400);
        assert_eq!(pass(&mut lane, &mut Assemblies::default(), usize::MAX), messages);
        assert!(lane.is_empty());
        assert_eq!(lane.packets(1400), 0);
    }

    #[test]
    fn small_messages_share_a_packet() {
        let mut lane = Lane::default();
        for byte in 0..100 {
            assert!(lane.push(vec![byte; 10], Guarantee::Agreed));
        }
        assert_eq!(pass(&mut lane, &mut Assemblies::default(), 1).len(), 100);
    }

    #[test]
    fn a_torn_message_is_sent_again_and_delivered_once() {
        let mut lane = Lane::default();
        let (long, short) = (vec![1; 4000], vec![2; 10]);
        assert!(lane.push(long.clone(), Guarantee::Agreed));
        assert!(lane.push(short.clone(), Guarantee::Agreed));
        let (mut old, mut new) = (Assemblies::default(), Assemblies::default());
        assert!(pass(&mut lane, &mut old, 2).is_empty());
        lane.rewind();
        let mut out = Outbox::new();
        while let Some((_, frame)) = lane.next_frame(HEADER, packet_bytes(1500)) {
            for to in [&mut old, &mut new] {
                let payload = &frame[MULTICAST_HEADER_SIZE..];
                to.take(NodeId(1), payload, ByteOrder::Native, &mut out).unwrap();
            }
        }
        let lengths: Vec<usize> = out
            .drain()
            .map(|output| match output {
                Output::Deliver { message, .. } => message.len(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(lengths, [4000, 10, 4000, 10]);
    }

    #[test]
    fn room_ends_before_messages_are_refused() {
        let mut lane = Lane::default();
        assert!(lane.has_room_for(MESSAGE_MAX) && !lane.has_room_for(MESSAGE_MAX + 1));
        let mut taken = 0;
        while lane.has_room_for(100_000) {
            assert!(lane.push(vec![0; 100_000], Guarantee::Agreed));
            taken += 1;
        }
        assert_eq!(taken, 41);
        assert!(lane.push(vec![0; 100_000], Guarantee::Agreed), "who must speak can");
        while lane.push(vec![0; 100_000], Guarantee::Agreed) {
            taken += 1;
            assert!(taken < 100, "bounded");
        }
    }
}
