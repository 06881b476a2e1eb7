use wire::{FRAME_BODY_MAX, FRAME_HEADER_SIZE, Frame, IpcFlags, WireError};
use xml::{Element, Limits};

use crate::CallError;

/// What a message may ask of the parser.
const LIMITS: Limits = Limits { bytes_max: FRAME_BODY_MAX, ..Limits::DOCUMENT };

/// The bytes of a message.
pub(super) fn encode(
    id: i32,
    flags: IpcFlags,
    body: &Element,
    limit: usize,
) -> Result<Vec<u8>, CallError> {
    encode_text(id, flags, &body.to_compact(), limit)
}

/// Whether a text goes compressed if a message may have so many bytes.
pub(super) const fn is_compressed(text: &str, limit: usize) -> bool {
    FRAME_HEADER_SIZE + text.len() + 1 >= limit
}

/// The bytes of a message of which the body is a text already.
pub(super) fn encode_text(
    id: i32,
    flags: IpcFlags,
    text: &str,
    limit: usize,
) -> Result<Vec<u8>, CallError> {
    Frame::encode(id, flags, text, limit).map_err(|error| match error {
        WireError::TooLong { length, limit, .. } => CallError::TooBig { bytes: length, limit },
        other => CallError::Malformed(other.to_string()),
    })
}

/// The header's number and flags, and the body.
pub(super) fn decode(message: &[u8]) -> Result<(i32, IpcFlags, Element), CallError> {
    let frame = Frame::decode(message).map_err(|error| CallError::Malformed(error.to_string()))?;
    let body = xml::parse_bytes(&frame.body, LIMITS)
        .map_err(|error| CallError::Malformed(error.to_string()))?;
    Ok((frame.id, frame.flags, body))
}

/// Numbers for requests or events: 1 and up, never 0.
#[derive(Debug, Default)]
pub(super) struct Numbers(i32);

impl Numbers {
    pub(super) fn next(&mut self) -> i32 {
        self.0 = self.0.checked_add(1).unwrap_or(1);
        self.0
    }
}
