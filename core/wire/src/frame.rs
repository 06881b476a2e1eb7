use crate::{IpcFlags, Reader, WireError, Writer, compression, qb};

/// The newest layout of the header; anything newer is refused.
const VERSION: u8 = 1;
/// Bytes in front of a body.
pub const FRAME_HEADER_SIZE: usize = 40;
/// The most a body may have once decompressed.
pub const FRAME_BODY_MAX: usize = 256 << 20;

/// A message between a tool and a daemon of the cluster: libqb's header, a header of its own, text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The number of the request, for an answer that of the request it answers.
    pub id: i32,
    /// Flags, without the one that says that the body is compressed.
    pub flags: IpcFlags,
    /// The body, without the NUL at its end.
    pub body: Vec<u8>,
}

impl Frame {
    /// The bytes of a message, compressed if it would have `limit` bytes or more otherwise.
    ///
    /// The error is the size that does not fit even so.
    pub fn encode(
        id: i32,
        flags: IpcFlags,
        body: &str,
        limit: usize,
    ) -> Result<Vec<u8>, WireError> {
        let mut plain = Vec::with_capacity(body.len() + 1);
        plain.extend_from_slice(body.as_bytes());
        plain.push(0);
        let too_long =
            WireError::TooLong { field: "message", length: FRAME_HEADER_SIZE + plain.len(), limit };
        let plain_size = u32::try_from(plain.len()).map_err(|_| too_long.clone())?;
        if FRAME_HEADER_SIZE + plain.len() < limit {
            return Ok(assemble(id, flags, plain_size, 0, &plain));
        }
        let packed = limit
            .checked_sub(FRAME_HEADER_SIZE)
            .and_then(|limit| compression::compress(&plain, limit))
            .ok_or_else(|| too_long.clone())?;
        let packed_size = u32::try_from(packed.len()).map_err(|_| too_long)?;
        Ok(assemble(id, flags | IpcFlags::COMPRESSED, plain_size, packed_size, &packed))
    }

    /// What a message's header says about its size without compression, header included.
    pub fn uncompressed_size(message: &[u8]) -> Option<usize> {
        Header::read(message).ok().map(|header| FRAME_HEADER_SIZE + header.plain)
    }

    /// Reads a message.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let Header { id, size, plain, packed, flags } = Header::read(message)?;
        let mut reader = Reader::new(&message[..size]);
        reader.seek(FRAME_HEADER_SIZE);
        let mut body = if packed == 0 {
            reader.bytes(plain)?.to_vec()
        } else {
            compression::decompress(reader.bytes(packed)?, plain)?
        };
        if body.pop() != Some(0) {
            return Err(WireError::NotText { field: "message" });
        }
        Ok(Self { id, flags, body })
    }

    /// The number and the flags of a message whose body need not be readable, for who refuses it.
    pub fn decode_header(message: &[u8]) -> Result<(i32, IpcFlags), WireError> {
        Header::read(message).map(|header| (header.id, header.flags))
    }
}

/// What is in front of a body.
struct Header {
    id: i32,
    size: usize,
    plain: usize,
    packed: usize,
    flags: IpcFlags,
}

impl Header {
    fn read(message: &[u8]) -> Result<Self, WireError> {
        let qb::ResponseHeader { id, size, .. } = qb::ResponseHeader::decode(message)?;
        let mut reader = Reader::new(&message[..size]);
        reader.seek(qb::RESPONSE_HEADER_SIZE);
        let plain = reader.count("uncompressed size", FRAME_BODY_MAX)?;
        let packed = reader.count("compressed size", message.len())?;
        let flags = IpcFlags(reader.u32()? & !IpcFlags::COMPRESSED.0);
        let version = reader.u8()?;
        if version > VERSION {
            return Err(WireError::Invalid { field: "version", value: version.into() });
        }
        Ok(Self { id, size, plain, packed, flags })
    }
}

fn assemble(id: i32, flags: IpcFlags, plain: u32, packed: u32, bytes: &[u8]) -> Vec<u8> {
    let mut writer = Writer::response(id, 0);
    writer.u32(plain).u32(packed).u32(flags.0).u8(VERSION).fill_to(FRAME_HEADER_SIZE).bytes(bytes);
    writer.finish_message()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 128 << 10;

    #[test]
    fn a_short_message_stays_readable() {
        let bytes = Frame::encode(5, IpcFlags::CLIENT_RESPONSE, "<ping/>", LIMIT).unwrap();
        assert_eq!(&bytes[FRAME_HEADER_SIZE..], b"<ping/>\0");
        assert_eq!(bytes[8..12], 48_i32.to_ne_bytes());
        assert_eq!(bytes[24..28], 8_u32.to_ne_bytes());
        assert_eq!(bytes[32..37], [0, 2, 0, 0, 1]);
        assert_eq!(
            Frame::decode(&bytes),
            Ok(Frame { id: 5, flags: IpcFlags::CLIENT_RESPONSE, body: b"<ping/>".to_vec() })
        );
    }

    #[test]
    fn a_long_message_is_compressed() {
        let body = "<node id='1'/>".repeat(100_000);
        let bytes = Frame::encode(6, IpcFlags::NONE, &body, LIMIT).unwrap();
        assert!(bytes.len() < LIMIT);
        assert_eq!(Frame::uncompressed_size(&bytes), Some(FRAME_HEADER_SIZE + body.len() + 1));
        assert_eq!(Frame::uncompressed_size(&bytes[..20]), None);
        assert_eq!(Frame::decode(&bytes).unwrap().body, body.as_bytes());
        assert!(Frame::encode(6, IpcFlags::NONE, &body, 200).is_err());
        assert!(Frame::encode(6, IpcFlags::NONE, "x", 1).is_err());
    }

    #[test]
    fn every_truncation_is_an_error() {
        for limit in [LIMIT, 200] {
            let body = "a".repeat(300);
            let bytes = Frame::encode(6, IpcFlags::NONE, &body, limit).unwrap();
            for length in 0..bytes.len() {
                assert!(Frame::decode(&bytes[..length]).is_err(), "{length}");
                // The same with a size that tells the truth.
                let mut cut = bytes[..length].to_vec();
                if length >= 12 {
                    cut[8..12].copy_from_slice(&i32::try_from(length).unwrap().to_ne_bytes());
                }
                assert!(Frame::decode(&cut).is_err(), "{length}");
            }
        }
    }

    #[test]
    fn lies_in_the_header_are_errors() {
        let good = Frame::encode(6, IpcFlags::NONE, "abc", LIMIT).unwrap();
        let with = |offset: usize, value: u32| {
            let mut bytes = good.clone();
            bytes[offset..offset + 4].copy_from_slice(&value.to_ne_bytes());
            Frame::decode(&bytes)
        };
        for value in [0, 3, 5, u32::MAX] {
            assert!(with(24, value).is_err(), "uncompressed size {value}");
        }
        for value in [1, 4, u32::MAX] {
            assert!(with(28, value).is_err(), "compressed size {value}");
        }
        assert!(with(36, 2).is_err(), "version");
    }

    #[test]
    fn whose_body_is_unreadable_still_has_a_number() {
        let mut bytes = Frame::encode(7, IpcFlags::CLIENT_RESPONSE, &"a".repeat(300), 200).unwrap();
        bytes[FRAME_HEADER_SIZE + 20] ^= 0xFF;
        assert!(Frame::decode(&bytes).is_err());
        assert_eq!(Frame::decode_header(&bytes), Ok((7, IpcFlags::CLIENT_RESPONSE)));
        assert!(Frame::decode_header(&bytes[..FRAME_HEADER_SIZE - 8]).is_err());
    }
}
