use super::fields::{ByteOrder, Fields};
use crate::{WireError, Writer};

/// Bytes of a packet's header, before the table of lengths.
pub const PACKET_HEADER_SIZE: usize = 8;

/// How the messages of a packet hang together with those before and after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PacketHeader {
    /// Not 0 if the last message goes on in the sender's next packet, which then carries this number.
    pub goes_on: u8,
    /// The number of the packet before, if the first message began there; else 0.
    pub continues: u8,
}

/// Messages in one multicast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// How it hangs together with others.
    pub header: PacketHeader,
    /// The messages, or parts of them.
    pub parts: Vec<&'a [u8]>,
}

impl<'a> Packet<'a> {
    /// Reads a packet. The lengths must add up to all of it.
    pub fn decode(bytes: &'a [u8], order: ByteOrder) -> Result<Self, WireError> {
        let mut fields = Fields::new(bytes, order);
        // Version and type, which are 0 and which nobody looks at.
        fields.u32()?;
        let header = PacketHeader { goes_on: fields.u8()?, continues: fields.u8()? };
        let count = usize::from(fields.u16()?);
        let mut lengths = Fields::new(fields.bytes(count * 2)?, order);
        let mut parts = Vec::with_capacity(count);
        for _ in 0..count {
            let length = usize::from(lengths.u16()?);
            parts.push(fields.bytes(length)?);
        }
        let rest = fields.rest().len();
        if rest != 0 {
            return Err(WireError::TooLong {
                field: "packet",
                length: bytes.len(),
                limit: bytes.len() - rest,
            });
        }
        Ok(Self { header, parts })
    }
}

/// Writes a packet of these parts, each of at most 65,535 bytes, and at most so many parts.
pub fn write_packet<'a, I>(writer: &mut Writer, header: PacketHeader, parts: I)
where
    I: ExactSizeIterator<Item = &'a [u8]> + Clone,
{
    let short = |length: usize| u16::try_from(length).unwrap_or(u16::MAX).to_ne_bytes();
    writer.u32(0).u8(header.goes_on).u8(header.continues);
    writer.bytes(&short(parts.len()));
    for part in parts.clone() {
        writer.bytes(&short(part.len()));
    }
    for part in parts {
        writer.bytes(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(header: PacketHeader, parts: &[&[u8]]) -> Vec<u8> {
        let mut writer = Writer::new();
        write_packet(&mut writer, header, parts.iter().copied());
        writer.finish()
    }

    #[test]
    fn packets_go_both_ways() {
        let header = PacketHeader { goes_on: 3, continues: 2 };
        let parts: Vec<&[u8]> = vec![b"end of one", b"", b"a whole", b"begin"];
        let bytes = encode(header, &parts);
        assert_eq!(Packet::decode(&bytes, ByteOrder::Native), Ok(Packet { header, parts }));
        for length in 0..bytes.len() {
            assert!(Packet::decode(&bytes[..length], ByteOrder::Native).is_err());
        }
        let empty = Packet { header: PacketHeader::default(), parts: Vec::new() };
        assert_eq!(Packet::decode(&[0; 8], ByteOrder::Swapped), Ok(empty));
    }

    #[test]
    fn lengths_must_add_up() {
        let mut bytes = encode(PacketHeader::default(), &[b"abc"]);
        bytes.push(0);
        assert!(Packet::decode(&bytes, ByteOrder::Native).is_err());
        bytes[6..8].copy_from_slice(&u16::MAX.to_ne_bytes());
        assert!(Packet::decode(&bytes, ByteOrder::Native).is_err());
    }
}
