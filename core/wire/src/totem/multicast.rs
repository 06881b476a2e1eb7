use super::{
    fields::{ByteOrder, Fields, write_ring},
    header::{Encapsulation, HEADER_SIZE, Header, Kind},
};
use crate::{WireError, Writer, corosync::RingId};

/// Bytes in front of what a multicast carries.
pub const MULTICAST_HEADER_SIZE: usize = HEADER_SIZE + 32;

/// What stands in front of what a multicast carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MulticastHeader {
    /// The sender's byte order, which is that of the packet too.
    pub order: ByteOrder,
    /// What it carries.
    pub encapsulation: Encapsulation,
    /// Who sent it. Who sends it again does not change that.
    pub node: u32,
    /// Its number in the ring.
    pub sequence: u32,
    /// Counts what the sender sent, for who looks for a fault.
    pub sent: u32,
    /// The ring.
    pub ring: RingId,
    /// 0 for agreed order, 1 for safe.
    pub guarantee: u32,
}

impl MulticastHeader {
    /// Puts the header in front of what is written next.
    pub fn write(&self, writer: &mut Writer) {
        let header = Header {
            encapsulation: self.encapsulation,
            ..Header::new(Kind::Multicast, self.node, 0)
        };
        header.write(writer);
        writer.u32(self.node).u32(self.sequence).u32(self.sent);
        write_ring(writer, self.ring);
        writer.u32(0).u32(self.guarantee);
    }

    /// A frame that carries `payload`.
    pub fn encode(&self, payload: &[u8]) -> Vec<u8> {
        let mut writer = Writer::with_capacity(MULTICAST_HEADER_SIZE + payload.len());
        self.write(&mut writer);
        writer.bytes(payload);
        writer.finish()
    }
}

/// A packet of messages with its number, or a multicast of an earlier ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multicast<'a> {
    /// What stands in front.
    pub header: MulticastHeader,
    /// What it carries.
    pub payload: &'a [u8],
    /// The whole frame.
    pub frame: &'a [u8],
}

impl<'a> Multicast<'a> {
    pub(super) fn read(
        header: Header,
        frame: &'a [u8],
        fields: &mut Fields<'a>,
    ) -> Result<Self, WireError> {
        let node = fields.u32()?;
        let sequence = fields.u32()?;
        let sent = fields.u32()?;
        let ring = fields.ring()?;
        fields.u32()?;
        let guarantee = fields.u32()?;
        if node != header.node {
            return Err(WireError::Invalid { field: "multicast's sender", value: node.into() });
        }
        if frame.len() > super::FRAME_MAX {
            return Err(WireError::TooLong {
                field: "frame",
                length: frame.len(),
                limit: super::FRAME_MAX,
            });
        }
        let header = MulticastHeader {
            order: header.order,
            encapsulation: header.encapsulation,
            node,
            sequence,
            sent,
            ring,
            guarantee,
        };
        Ok(Self { header, payload: fields.rest(), frame })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::totem::{Frame, testing};

    #[test]
    fn multicasts_go_both_ways() {
        let header = MulticastHeader {
            order: ByteOrder::Native,
            encapsulation: Encapsulation::Plain,
            node: 2,
            sequence: 77,
            sent: 9,
            ring: RingId { node: 1, sequence: 8 },
            guarantee: 0,
        };
        let frame = header.encode(b"payload");
        assert_eq!(frame.len(), MULTICAST_HEADER_SIZE + 7);
        let decoded = Multicast { header, payload: b"payload", frame: &frame };
        assert_eq!(Frame::decode(&frame), Ok(Frame::Multicast(decoded)));
        for length in 0..MULTICAST_HEADER_SIZE {
            assert!(Frame::decode(&frame[..length]).is_err(), "cut to {length}");
        }
        let swapped = testing::swap(&frame);
        let Ok(Frame::Multicast(other)) = Frame::decode(&swapped) else { panic!("not read") };
        assert_eq!(other.header, MulticastHeader { order: ByteOrder::Swapped, ..header });
    }

    #[test]
    fn two_senders_are_refused() {
        let mut frame = MulticastHeader {
            order: ByteOrder::Native,
            encapsulation: Encapsulation::Encapsulated,
            node: 2,
            sequence: 1,
            sent: 0,
            ring: RingId::default(),
            guarantee: 0,
        }
        .encode(b"");
        assert!(Frame::decode(&frame).is_ok());
        frame[HEADER_SIZE] ^= 1;
        assert!(Frame::decode(&frame).is_err());
    }
}
