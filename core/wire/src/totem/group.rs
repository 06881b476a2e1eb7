use super::fields::{ByteOrder, Fields};
use crate::{WireError, Writer};

/// A message as the daemons put it on the ring: in front of it stands for which part of the daemon it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupedMessage<'a> {
    /// The first name of the part: `a` for the services, `sync` for their synchronisation.
    pub group: &'a [u8],
    /// The message.
    pub body: &'a [u8],
}

impl<'a> GroupedMessage<'a> {
    /// Reads what the ring delivered. A message for several parts is taken to be for the first.
    pub fn decode(message: &'a [u8], order: ByteOrder) -> Result<Self, WireError> {
        let mut fields = Fields::new(message, order);
        let count = usize::from(fields.u16()?);
        if count == 0 {
            return Err(WireError::Invalid { field: "groups", value: 0 });
        }
        let mut lengths = Fields::new(fields.bytes(count * 2)?, order);
        let group = fields.bytes(lengths.u16()?.into())?;
        for _ in 1..count {
            fields.bytes(lengths.u16()?.into())?;
        }
        Ok(Self { group, body: fields.rest() })
    }
}

/// Puts a part's name, of at most 65,535 bytes, in front of a message.
pub fn encode_grouped(group: &[u8], body: &[u8]) -> Vec<u8> {
    let mut writer = Writer::with_capacity(4 + group.len() + body.len());
    let length = u16::try_from(group.len()).unwrap_or(u16::MAX);
    writer.bytes(&1_u16.to_ne_bytes()).bytes(&length.to_ne_bytes());
    writer.bytes(group).bytes(body);
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grouped_messages_go_both_ways() {
        let bytes = encode_grouped(b"sync", b"body");
        let decoded = GroupedMessage { group: b"sync", body: b"body" };
        assert_eq!(GroupedMessage::decode(&bytes, ByteOrder::Native), Ok(decoded));
        for length in 0..8 {
            assert!(GroupedMessage::decode(&bytes[..length], ByteOrder::Native).is_err());
        }
        assert!(GroupedMessage::decode(&[0, 0], ByteOrder::Native).is_err());
        assert!(GroupedMessage::decode(&[255, 255, 1], ByteOrder::Native).is_err());
    }
}
