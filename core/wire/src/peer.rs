use crate::{Reader, WireError, Writer, compression, qb};

/// Bytes in front of a body.
pub const PEER_HEADER_SIZE: usize = 592;
/// Bodies of this size are compressed.
const COMPRESS_FROM: usize = 128 << 10;
/// The most a body may have once decompressed.
pub const PEER_BODY_MAX: usize = 512 << 20;
/// Bytes of a node's name.
const NAME_SIZE: usize = 256;
/// The status every message carries.
const STATUS_OK: i32 = 1;

/// One end of a message between nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerHost {
    /// The node; 0 for every node or, as sender, unknown.
    pub node: u32,
    /// The process; 0 if unknown.
    pub pid: u32,
    /// Which daemon, as a number.
    pub kind: i32,
    /// The node's name; empty for every node or, as sender, unknown.
    pub name: String,
}

/// A message between instances of a daemon on different nodes: libqb's header, both ends, text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerMessage {
    /// The sender's running number.
    pub id: u32,
    /// Who it is for.
    pub to: PeerHost,
    /// Who sent it.
    pub from: PeerHost,
    /// The body, without the NUL at its end.
    pub body: Vec<u8>,
}

impl PeerMessage {
    /// The bytes of the message; a long body is compressed.
    pub fn encode(&self) -> Result<Vec<u8>, WireError> {
        let mut plain = Vec::with_capacity(self.body.len() + 1);
        plain.extend_from_slice(&self.body);
        plain.push(0);
        let plain_size = within_u32(plain.len())?;
        let packed = if plain.len() < COMPRESS_FROM {
            None
        } else {
            // Without gain it is not worth the receiver's time either.
            compression::compress(&plain, plain.len())
        };
        let packed_size = within_u32(packed.as_ref().map_or(0, Vec::len))?;
        let mut writer = Writer::response(0, STATUS_OK);
        writer.u32(self.id).i32(i32::from(packed.is_some()));
        encode_host(&mut writer, &self.to)?;
        encode_host(&mut writer, &self.from)?;
        writer.u32(plain_size).u32(packed_size).bytes(packed.as_deref().unwrap_or(&plain));
        Ok(writer.finish_message())
    }

    /// Reads a message.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let header = qb::ResponseHeader::decode(message)?;
        if header.error != STATUS_OK {
            return Err(WireError::Invalid { field: "status", value: header.error.into() });
        }
        let mut reader = Reader::new(&message[..header.size]);
        let id = reader.seek(qb::RESPONSE_HEADER_SIZE).u32()?;
        let is_packed = reader.i32()? != 0;
        let to = decode_host(&mut reader)?;
        let from = decode_host(&mut reader)?;
        let plain_size = reader.count("size", PEER_BODY_MAX)?;
        let packed_size = reader.count("compressed size", message.len())?;
        let payload = reader.rest();
        let claimed = if is_packed { packed_size } else { plain_size };
        if payload.is_empty() || payload.len() != claimed {
            return Err(WireError::Truncated {
                offset: PEER_HEADER_SIZE,
                needed: claimed,
                available: payload.len(),
            });
        }
        let mut body = if is_packed {
            compression::decompress(payload, plain_size)?
        } else {
            payload.to_vec()
        };
        if body.pop() != Some(0) || body.last() == Some(&0) {
            return Err(WireError::NotText { field: "message" });
        }
        Ok(Self { id, to, from, body })
    }
}

fn within_u32(length: usize) -> Result<u32, WireError> {
    let limit = PEER_BODY_MAX;
    u32::try_from(length).ok().filter(|_| length <= limit).ok_or(WireError::TooLong {
        field: "message",
        length,
        limit,
    })
}

fn encode_host(writer: &mut Writer, host: &PeerHost) -> Result<(), WireError> {
    let length = host.name.len();
    // The field must keep a NUL: C peers read it as a string.
    let limit = NAME_SIZE - 1;
    let size = u32::try_from(length)
        .ok()
        .filter(|_| length <= limit)
        .ok_or(WireError::TooLong { field: "node name", length, limit })?;
    // The third field would say "local", which nobody uses.
    writer.u32(host.node).u32(host.pid).i32(0).i32(host.kind).u32(size);
    writer.padded(host.name.as_bytes(), NAME_SIZE);
    Ok(())
}

fn decode_host(reader: &mut Reader<'_>) -> Result<PeerHost, WireError> {
    let node = reader.u32()?;
    let pid = reader.u32()?;
    let _local = reader.i32()?;
    let kind = reader.i32()?;
    let size = reader.count("node name", NAME_SIZE)?;
    let text = reader.text("node name", NAME_SIZE)?;
    // A size of 0 means that there is no name, whatever the field holds.
    let name = if size == 0 { String::new() } else { text.to_owned() };
    Ok(PeerHost { node, pid, kind, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &str) -> PeerMessage {
        PeerMessage {
            id: 3,
            to: PeerHost { node: 2, pid: 0, kind: 4, name: "node2".to_owned() },
            from: PeerHost { node: 0, pid: 77, kind: 4, name: "node1".to_owned() },
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn fields_are_where_c_peers_look() {
        let bytes = message("<x/>").encode().unwrap();
        assert_eq!(bytes.len(), PEER_HEADER_SIZE + 5);
        assert_eq!(bytes[8..12], 597_i32.to_ne_bytes(), "size");
        assert_eq!(bytes[16..20], 1_i32.to_ne_bytes(), "status");
        assert_eq!(bytes[32..36], 2_u32.to_ne_bytes(), "destination node");
        assert_eq!(bytes[52..57], *b"node2");
        assert_eq!(bytes[308 + 4..308 + 8], 77_u32.to_ne_bytes(), "sender's process");
        assert_eq!(bytes[328..333], *b"node1");
        assert_eq!(bytes[584..588], 5_u32.to_ne_bytes(), "body size");
        assert_eq!(bytes[592..], *b"<x/>\0");
        assert_eq!(PeerMessage::decode(&bytes), Ok(message("<x/>")));
    }

    #[test]
    fn long_bodies_are_compressed() {
        let long = message(&"<node_state/>".repeat(100_000));
        let bytes = long.encode().unwrap();
        assert!(bytes.len() < 20_000);
        assert_eq!(PeerMessage::decode(&bytes), Ok(long));
    }

    #[test]
    fn every_truncation_is_an_error() {
        for message in [message("<x/>"), message(&"<y/>".repeat(40_000))] {
            let bytes = message.encode().unwrap();
            for length in 0..bytes.len() {
                let mut cut = bytes[..length].to_vec();
                assert!(PeerMessage::decode(&cut).is_err(), "{length}");
                if length >= 12 {
                    cut[8..12].copy_from_slice(&i32::try_from(length).unwrap().to_ne_bytes());
                }
                assert!(PeerMessage::decode(&cut).is_err(), "{length} with an honest size");
            }
        }
    }

    #[test]
    fn lies_in_the_header_are_errors() {
        let good = message("<x/>").encode().unwrap();
        let with = |offset: usize, value: u32| {
            let mut bytes = good.clone();
            bytes[offset..offset + 4].copy_from_slice(&value.to_ne_bytes());
            PeerMessage::decode(&bytes)
        };
        assert!(with(16, 6).is_err(), "status");
        assert!(with(28, 1).is_err(), "says compressed and is not");
        assert!(with(48, 257).is_err(), "length of a name");
        assert!(with(48, u32::MAX).is_err(), "length of a name");
        for size in [0, 4, 6, u32::MAX] {
            assert!(with(584, size).is_err(), "body size {size}");
        }
        assert!(message(&"x".repeat(3)).encode().is_ok());
        let mut named = message("<x/>");
        named.to.name = "n".repeat(256);
        assert!(named.encode().is_err());
    }
}
