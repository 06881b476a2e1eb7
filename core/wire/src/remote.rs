use crate::{WireError, Writer, compression};

/// The number that every message begins with; read the wrong way round, it tells that the other side's bytes are.
const MARK: u32 = 0xBADA_DBBD;
/// The layout that is written. Newer ones only add fields behind those that are known.
const VERSION: u32 = 1;
/// Bytes in front of a body.
pub const REMOTE_HEADER_SIZE: usize = 40;
/// The most a body may have once decompressed.
pub const REMOTE_BODY_MAX: usize = 256 << 20;

/// A message between a tool and a daemon on another host: a header, text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFrame {
    /// The sender's running number.
    pub id: u64,
    /// The body, without the NUL at its end.
    pub body: Vec<u8>,
}

/// What a header says.
struct Header {
    id: u64,
    total: usize,
    offset: usize,
    packed: usize,
    plain: usize,
}

impl RemoteFrame {
    /// The bytes of a message.
    pub fn encode(id: u64, body: &str) -> Result<Vec<u8>, WireError> {
        let length = body.len() + 1;
        let too_long = || WireError::TooLong { field: "message", length, limit: REMOTE_BODY_MAX };
        if length > REMOTE_BODY_MAX {
            return Err(too_long());
        }
        let plain = u32::try_from(length).map_err(|_| too_long())?;
        let offset = u32::try_from(REMOTE_HEADER_SIZE).map_err(|_| too_long())?;
        let mut writer = Writer::with_capacity(REMOTE_HEADER_SIZE + length);
        writer.u32(MARK).u32(VERSION).u64(id).u64(0);
        writer.u32(offset + plain).u32(offset).u32(0).u32(plain);
        writer.bytes(body.as_bytes()).u8(0);
        Ok(writer.finish())
    }

    /// How many bytes the message has that begins with this header: at most `limit`, also once decompressed.
    pub fn size(header: &[u8], limit: usize) -> Result<usize, WireError> {
        let Header { total, plain, .. } = Header::read(header)?;
        let length = total.max(plain);
        if length > limit {
            return Err(WireError::TooLong { field: "message", length, limit });
        }
        Ok(total)
    }

    /// Reads a message.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let Header { id, total, offset, packed, plain } = Header::read(message)?;
        let part = |from: usize, length: usize| {
            let end = from.checked_add(length).filter(|end| *end <= total);
            end.and_then(|end| message.get(from..end)).ok_or(WireError::Truncated {
                offset: from,
                needed: length,
                available: message.len().saturating_sub(from),
            })
        };
        let mut body = if packed == 0 {
            part(offset, plain)?.to_vec()
        } else {
            compression::decompress(part(offset, packed)?, plain)?
        };
        if body.pop() != Some(0) {
            return Err(WireError::NotText { field: "message" });
        }
        Ok(Self { id, body })
    }
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = crate::Reader::new(bytes);
        let mark = reader.u32()?;
        let swapped = mark == MARK.swap_bytes();
        if mark != MARK && !swapped {
            return Err(WireError::Invalid { field: "mark", value: mark.into() });
        }
        let mut fields = [0_usize; 4];
        let turn = |value: u32| if swapped { value.swap_bytes() } else { value };
        let _version = reader.u32()?;
        let id = reader.u64()?;
        let _flags = reader.u64()?;
        for field in &mut fields {
            *field = usize::try_from(turn(reader.u32()?)).unwrap_or(usize::MAX);
        }
        let [total, offset, packed, plain] = fields;
        let within = |field, length: usize, limit: usize| {
            if length > limit { Err(WireError::TooLong { field, length, limit }) } else { Ok(()) }
        };
        within("message", total, REMOTE_HEADER_SIZE + REMOTE_BODY_MAX)?;
        within("uncompressed size", plain, REMOTE_BODY_MAX)?;
        within("payload offset", offset, total)?;
        within("compressed size", packed, total - offset)?;
        if offset < REMOTE_HEADER_SIZE {
            let value = i64::try_from(offset).unwrap_or(i64::MAX);
            return Err(WireError::Invalid { field: "payload offset", value });
        }
        let id = if swapped { id.swap_bytes() } else { id };
        Ok(Self { id, total, offset, packed, plain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_both_ways() {
        let bytes = RemoteFrame::encode(7, "<ping/>").unwrap();
        assert_eq!(bytes.len(), REMOTE_HEADER_SIZE + 8);
        assert_eq!(RemoteFrame::size(&bytes, 100), Ok(48));
        assert!(RemoteFrame::size(&bytes, 47).is_err());
        let frame = RemoteFrame { id: 7, body: b"<ping/>".to_vec() };
        assert_eq!(RemoteFrame::decode(&bytes), Ok(frame));
    }

    #[test]
    fn the_other_byte_order_is_understood() {
        let mut bytes = RemoteFrame::encode(7, "<ping/>").unwrap();
        for field in [0..4, 4..8, 8..16, 16..24, 24..28, 28..32, 32..36, 36..40] {
            bytes[field].reverse();
        }
        assert_eq!(RemoteFrame::decode(&bytes).unwrap().id, 7);
    }

    #[test]
    fn nothing_that_is_wrong_gets_through() {
        let bytes = RemoteFrame::encode(7, "<ping/>").unwrap();
        for length in 0..bytes.len() {
            assert!(RemoteFrame::decode(&bytes[..length]).is_err(), "{length}");
        }
        for at in 0..REMOTE_HEADER_SIZE {
            for value in [0, 1, 39, 0x7f, 0xff] {
                let mut broken = bytes.clone();
                broken[at] = value;
                // Whatever comes of it: no panic, and no more than what is there.
                let _ = RemoteFrame::size(&broken, 1 << 20);
                if let Ok(frame) = RemoteFrame::decode(&broken) {
                    assert!(frame.body.len() <= bytes.len());
                }
            }
        }
        assert!(
            RemoteFrame::decode(b"GET / HTTP/1.1\r\nHost: cluster.example.com\r\n\r\n").is_err()
        );
    }
}
