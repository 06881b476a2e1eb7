//! The map's keys that daemons tell each other: the version of the configuration.

use super::{Service, fields, start};
use crate::{
    WireError,
    corosync::cmap::{Key, Value},
};

const VALUES: u16 = 0;
/// The most items of one message.
const ITEMS_MAX: usize = 255;

/// Why values are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The membership changed.
    Sync,
    /// The version of the configuration changed.
    NewVersion,
    /// A reason that we do not know; the message means nothing.
    Other(u8),
}

impl Reason {
    const fn code(self) -> u8 {
        match self {
            Self::Sync => 0,
            Self::NewVersion => 1,
            Self::Other(code) => code,
        }
    }

    const fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Sync,
            1 => Self::NewVersion,
            other => Self::Other(other),
        }
    }
}

/// Some keys with their values on the sender, nothing where it has none.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Why they are told.
    pub reason: Reason,
    /// The keys, at most 255.
    pub items: Vec<(Key, Option<Value>)>,
}

impl Message {
    /// The message from its header on; see [`super::Outgoing::wrap`]. What is beyond 255 items is left out.
    pub fn encode(&self) -> Vec<u8> {
        let items = self.items.get(..ITEMS_MAX).unwrap_or(&self.items);
        let mut writer = start(Service::Cmap, VALUES);
        writer.u8(self.reason.code()).align(8).u8(items.len() as u8).fill_to(48);
        for (key, value) in items {
            key.write(&mut writer);
            let bytes = value.as_ref().map_or(Vec::new(), Value::to_bytes);
            writer.align(8).u8(value.as_ref().map_or(0, Value::type_code));
            writer.align(8).u64(bytes.len() as u64).bytes(&bytes).align(8);
        }
        writer.finish_structure()
    }

    /// Reads a message from its header on.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let (function, mut reader) = fields(message, Service::Cmap)?;
        if function != VALUES {
            return Err(WireError::Invalid { field: "cmap message", value: function.into() });
        }
        let reason = Reason::from_code(reader.u8()?);
        let count = reader.align(8).u8()?;
        reader.seek(48);
        let items = (0..count).map(|_| {
            let key = Key::read(&mut reader)?;
            let type_code = reader.align(8).u8()?;
            let length = reader.align(8).length("value", message.len())?;
            let bytes = reader.bytes(length)?;
            reader.align(8);
            let value = match type_code {
                0 => None,
                code => Some(Value::from_bytes(code, bytes)?),
            };
            Ok((key, value))
        });
        Ok(Self { reason, items: items.collect::<Result<_, WireError>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_both_ways_in_the_sizes_of_the_c_structures() {
        let key = |name| Key::new(name).unwrap();
        let message = Message {
            reason: Reason::Sync,
            items: vec![
                (key("totem.config_version"), Some(Value::U64(7))),
                (key("a"), None),
                (key("b"), Some(Value::Text("text".to_owned()))),
            ],
        };
        let bytes = message.encode();
        assert_eq!(bytes.len(), 48 + 288 + 280 + 288);
        assert_eq!(Message::decode(&bytes), Ok(message));
        for length in 0..bytes.len() {
            assert!(Message::decode(&bytes[..length]).is_err());
        }
        for offset in [48, 320] {
            let mut bytes = bytes.clone();
            bytes[offset..offset + 2].fill(0xff);
            assert!(Message::decode(&bytes).is_err());
        }
    }
}
