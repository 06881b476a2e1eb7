//! Requests, answers and events of the ring daemon's services. Structures are those of its shared headers; every field
//! starts at a multiple of eight bytes.

pub mod cfg;
pub mod cmap;
pub mod cpg;
pub mod quorum;
mod status;
pub mod votequorum;

pub use status::Status;

use crate::{Reader, WireError, Writer, qb};

/// Bytes of the biggest request, answer or event of these services.
pub const MESSAGE_MAX: u32 = 8192 * 128;
/// The most nodes a list may have.
const NODES_MAX: usize = 384;

/// Why an answer gives no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The service refused.
    #[error("{0}")]
    Refused(Status),
    /// The answer cannot be read.
    #[error(transparent)]
    Malformed(#[from] WireError),
}

/// The number of one membership of the ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RingId {
    /// The node that formed it.
    pub node: u32,
    /// Its number, which grows.
    pub sequence: u64,
}

/// Reads an answer that says no more than how it went.
pub fn decode_status(message: &[u8]) -> Result<(), AnswerError> {
    answer(message).map(drop)
}

/// An answer that says no more than how it went.
pub fn encode_status(id: i32, status: Status) -> Vec<u8> {
    Writer::response(id, status.0).finish_structure()
}

/// Checks the header of an answer; what is returned stands at the first byte behind it.
///
/// A refusal may come with no more than the header, whatever was asked.
fn answer(message: &[u8]) -> Result<Reader<'_>, AnswerError> {
    let header = qb::ResponseHeader::decode(message)?;
    Status(header.error).ok().map_err(AnswerError::Refused)?;
    let mut reader = Reader::new(&message[..header.size]);
    reader.seek(qb::RESPONSE_HEADER_SIZE);
    Ok(reader)
}

/// An event's number, and its fields.
fn event(message: &[u8]) -> Result<(i32, Reader<'_>), WireError> {
    let header = qb::ResponseHeader::decode(message)?;
    let mut reader = Reader::new(&message[..header.size]);
    reader.seek(qb::RESPONSE_HEADER_SIZE);
    Ok((header.id, reader))
}

/// A request's number, and its fields.
fn request(message: &[u8]) -> Result<(i32, Reader<'_>), WireError> {
    let header = qb::RequestHeader::decode(message)?;
    let mut reader = Reader::new(&message[..header.size]);
    reader.seek(qb::REQUEST_HEADER_SIZE);
    Ok((header.id, reader))
}

fn unknown(field: &'static str, value: i32) -> WireError {
    WireError::Invalid { field, value: value.into() }
}

/// A list's length as it is written. Lists are bounded far below what does not fit.
fn entries(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn node_ids(reader: &mut Reader<'_>, count: usize) -> Result<Vec<u32>, WireError> {
    (0..count).map(|_| reader.u32()).collect()
}

fn ring_id(reader: &mut Reader<'_>) -> Result<RingId, WireError> {
    Ok(RingId { node: reader.align(8).u32()?, sequence: reader.align(8).u64()? })
}

fn write_ring_id(writer: &mut Writer, ring: RingId) {
    writer.align(8).u32(ring.node).align(8).u64(ring.sequence);
}

#[cfg(test)]
mod testing {
    use std::fmt::Debug;

    /// Encodes, decodes again, and looks whether every shorter version is refused.
    pub(super) fn both_ways<T: PartialEq + Debug, E: Debug>(
        value: T,
        encode: impl Fn(&T) -> Vec<u8>,
        decode: impl Fn(&[u8]) -> Result<T, E>,
    ) {
        let bytes = encode(&value);
        assert_eq!(decode(&bytes).unwrap(), value);
        for length in 0..bytes.len() {
            assert!(decode(&bytes[..length]).is_err(), "{value:?} cut to {length}");
            let mut cut = bytes[..length].to_vec();
            if length >= 12 {
                cut[8..12].copy_from_slice(&i32::try_from(length).unwrap().to_ne_bytes());
            }
            // With an honest size the last bytes may be padding: then the value must be the same.
            if let Ok(decoded) = decode(&cut) {
                assert!(bytes.len() - length < 8, "{value:?} cut to {length}");
                assert_eq!(decoded, value);
            }
        }
    }
}
