//! The configuration map: typed values under names with dots.

mod answer;
mod value;

pub use answer::{Answer, Got, refusal};
pub use value::Value;

use super::{AnswerError, Status, answer, event, request, unknown};
use crate::{Reader, WireError, Writer};

const SET: i32 = 0;
const DELETE: i32 = 1;
const GET: i32 = 2;
const ADJUST: i32 = 3;
const ITERATE: i32 = 4;
const ITERATE_NEXT: i32 = 5;
const ITERATE_END: i32 = 6;
const TRACK_ADD: i32 = 7;
const TRACK_DELETE: i32 = 8;
const CHOOSE_MAP: i32 = 9;
const NOTIFICATION: i32 = 9;
/// Answers to [`Request::ChooseMap`] make room for [`Notification`] in the numbers.
const MAP_CHOSEN: i32 = 10;

/// Bytes of a key's field; a key is shorter.
const KEY_SIZE: usize = 256;

/// Tracking: a key was deleted.
pub const TRACK_DELETED: i32 = 1;
/// Tracking: a key has another value.
pub const TRACK_MODIFIED: i32 = 2;
/// Tracking: a key is new.
pub const TRACK_ADDED: i32 = 4;
/// Tracking: every key that begins with the given one.
pub const TRACK_PREFIX: i32 = 8;

/// A key's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    /// Takes up to 255 bytes.
    pub fn new(name: &str) -> Result<Self, WireError> {
        let (length, limit) = (name.len(), KEY_SIZE - 1);
        if length <= limit {
            Ok(Self(name.to_owned()))
        } else {
            Err(WireError::TooLong { field: "key", length, limit })
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.align(8).u16(u16::try_from(self.0.len()).unwrap_or(0));
        writer.align(8).padded(self.0.as_bytes(), KEY_SIZE);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let length = usize::from(reader.align(8).u16()?);
        let bytes = reader.align(8).bytes(KEY_SIZE)?;
        let name = bytes.get(..length).ok_or(WireError::TooLong {
            field: "key",
            length,
            limit: KEY_SIZE,
        })?;
        let name = std::str::from_utf8(name).map_err(|_| WireError::NotText { field: "key" })?;
        Ok(Self(name.to_owned()))
    }
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// To set a key. Answered with a status.
    Set {
        /// The key.
        key: Key,
        /// Its new value.
        value: Value,
    },
    /// To delete a key. Answered with a status.
    Delete {
        /// The key.
        key: Key,
    },
    /// A key's value; answered as [`decode_get`] reads.
    Get {
        /// The key.
        key: Key,
        /// Bytes of value the client has room for; 0 to get the value's size and type only.
        room: u64,
    },
    /// To add to a number; it goes round at its ends. Answered with a status.
    Adjust {
        /// The key.
        key: Key,
        /// How much, positive or negative.
        step: i32,
    },
    /// To go through keys; answered with a handle.
    Iterate {
        /// What the keys begin with.
        prefix: Key,
    },
    /// The next key; answered as [`decode_iterate_next`] reads.
    IterateNext {
        /// The handle.
        handle: u64,
    },
    /// The end of going through keys. Answered with a status.
    IterateEnd {
        /// The handle.
        handle: u64,
    },
    /// To be told of changes; answered with a handle.
    TrackAdd {
        /// The key, or what the keys begin with.
        key: Key,
        /// The `TRACK_` bits.
        events: i32,
        /// Comes back with every event.
        context: u64,
    },
    /// To be told no longer. Answered with the context.
    TrackDelete {
        /// The handle.
        handle: u64,
    },
    /// To work on another map. Answered with a status.
    ChooseMap {
        /// 0 for the configuration, 1 for statistics.
        map: i32,
    },
}

impl Request {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer;
        match self {
            Self::Set { key, value } => {
                writer = Writer::request(SET);
                key.write(&mut writer);
                let bytes = value.to_bytes();
                writer.align(8).u64(bytes.len() as u64).u8(value.type_code());
                writer.align(8).bytes(&bytes);
                return writer.finish_message();
            }
            Self::Delete { key } => {
                writer = Writer::request(DELETE);
                key.write(&mut writer);
            }
            Self::Get { key, room } => {
                writer = Writer::request(GET);
                key.write(&mut writer);
                writer.align(8).u64(*room);
            }
            Self::Adjust { key, step } => {
                writer = Writer::request(ADJUST);
                key.write(&mut writer);
                writer.align(8).i32(*step);
            }
            Self::Iterate { prefix } => {
                writer = Writer::request(ITERATE);
                prefix.write(&mut writer);
            }
            Self::IterateNext { handle } => {
                writer = Writer::request(ITERATE_NEXT);
                writer.u64(*handle);
            }
            Self::IterateEnd { handle } => {
                writer = Writer::request(ITERATE_END);
                writer.u64(*handle);
            }
            Self::TrackAdd { key, events, context } => {
                writer = Writer::request(TRACK_ADD);
                key.write(&mut writer);
                writer.align(8).i32(*events).align(8).u64(*context);
            }
            Self::TrackDelete { handle } => {
                writer = Writer::request(TRACK_DELETE);
                writer.u64(*handle);
            }
            Self::ChooseMap { map } => {
                writer = Writer::request(CHOOSE_MAP);
                writer.i32(*map);
            }
        }
        writer.finish_structure()
    }

    /// Reads the message.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let (id, mut reader) = request(message)?;
        Ok(match id {
            SET => {
                let key = Key::read(&mut reader)?;
                let length = reader.align(8).length("value", message.len())?;
                let type_code = reader.u8()?;
                let bytes = reader.align(8).bytes(length)?;
                Self::Set { key, value: Value::from_bytes(type_code, bytes)? }
            }
            DELETE => Self::Delete { key: Key::read(&mut reader)? },
            GET => Self::Get { key: Key::read(&mut reader)?, room: reader.align(8).u64()? },
            ADJUST => Self::Adjust { key: Key::read(&mut reader)?, step: reader.align(8).i32()? },
            ITERATE => Self::Iterate { prefix: Key::read(&mut reader)? },
            ITERATE_NEXT => Self::IterateNext { handle: reader.u64()? },
            ITERATE_END => Self::IterateEnd { handle: reader.u64()? },
            TRACK_ADD => Self::TrackAdd {
                key: Key::read(&mut reader)?,
                events: reader.align(8).i32()?,
                context: reader.align(8).u64()?,
            },
            TRACK_DELETE => Self::TrackDelete { handle: reader.u64()? },
            CHOOSE_MAP => Self::ChooseMap { map: reader.i32()? },
            other => return Err(unknown("cmap request", other)),
        })
    }
}

/// Reads the answer to [`Request::Get`] with room for the value.
pub fn decode_get(message: &[u8]) -> Result<Value, AnswerError> {
    let mut reader = answer(message)?;
    let length = reader.length("value", message.len())?;
    let type_code = reader.u8()?;
    Ok(Value::from_bytes(type_code, reader.align(8).bytes(length)?)?)
}

/// Reads the answer to [`Request::Get`] without room: how many bytes the value has.
pub fn decode_get_size(message: &[u8]) -> Result<u64, AnswerError> {
    Ok(answer(message)?.u64()?)
}

/// The answer to [`Request::Get`] with room for the value.
pub fn encode_get(value: &Value) -> Vec<u8> {
    let bytes = value.to_stored_bytes();
    let mut writer = Writer::response(GET, Status::OK.0);
    writer.u64(bytes.len() as u64).u8(value.type_code()).align(8).bytes(&bytes);
    writer.finish_message()
}

/// Reads an answer that is a handle.
pub fn decode_handle(message: &[u8]) -> Result<u64, AnswerError> {
    Ok(answer(message)?.u64()?)
}

/// An answer that is a handle.
pub fn encode_handle(id: i32, handle: u64) -> Vec<u8> {
    let mut writer = Writer::response(id, Status::OK.0);
    writer.u64(handle);
    writer.finish_structure()
}

/// Reads the answer to [`Request::IterateNext`]: a key; refused with [`Status::NO_SECTIONS`] at the end.
pub fn decode_iterate_next(message: &[u8]) -> Result<Key, AnswerError> {
    Ok(Key::read(&mut answer(message)?)?)
}

/// The answer to [`Request::IterateNext`], with the size and type of the key's value.
pub fn encode_iterate_next(key: &Key, value_size: u64, type_code: u8) -> Vec<u8> {
    let mut writer = Writer::response(ITERATE_NEXT, Status::OK.0);
    key.write(&mut writer);
    writer.align(8).u64(value_size).u8(type_code);
    writer.finish_structure()
}

/// A key that is tracked changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// What tracking was started with.
    pub context: u64,
    /// The key.
    pub key: Key,
    /// One of the `TRACK_` bits.
    pub event: i32,
    /// The value it has now, if any.
    pub new: Option<Value>,
    /// The value it had, if any.
    pub old: Option<Value>,
}

impl Notification {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        let code = |value: &Option<Value>| value.as_ref().map_or(0, Value::type_code);
        let bytes =
            |value: &Option<Value>| value.as_ref().map_or(Vec::new(), Value::to_stored_bytes);
        let (new, old) = (bytes(&self.new), bytes(&self.old));
        let mut writer = Writer::response(NOTIFICATION, Status::OK.0);
        writer.u64(self.context);
        self.key.write(&mut writer);
        writer.align(8).i32(self.event).align(8).u8(code(&self.new));
        writer.align(8).u8(code(&self.old));
        writer.align(8).u64(new.len() as u64).u64(old.len() as u64).bytes(&new).bytes(&old);
        writer.finish_message()
    }

    /// Reads the message; `None` if it is an event of another kind.
    pub fn decode(message: &[u8]) -> Result<Option<Self>, WireError> {
        let (id, mut reader) = event(message)?;
        if id != NOTIFICATION {
            return Ok(None);
        }
        let context = reader.u64()?;
        let key = Key::read(&mut reader)?;
        let event = reader.align(8).i32()?;
        let new_type = reader.align(8).u8()?;
        let old_type = reader.align(8).u8()?;
        let new_length = reader.align(8).length("new value", message.len())?;
        let old_length = reader.length("old value", message.len())?;
        let mut value = |type_code, length| {
            let bytes = reader.bytes(length)?;
            // Type 0 and an empty number both say that there is no value.
            let is_text = matches!(type_code, 11 | 12);
            if type_code == 0 || (bytes.is_empty() && !is_text) {
                return Ok(None);
            }
            Value::from_bytes(type_code, bytes).map(Some)
        };
        let new = value(new_type, new_length)?;
        let old = value(old_type, old_length)?;
        Ok(Some(Self { context, key, event, new, old }))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::both_ways, *};

    fn key() -> Key {
        Key::new("nodelist.node.0.nodeid").unwrap()
    }

    fn values() -> Vec<Value> {
        vec![
            Value::I8(-8),
            Value::U8(8),
            Value::I16(-16),
            Value::U16(16),
            Value::I32(-32),
            Value::U32(32),
            Value::I64(-64),
            Value::U64(64),
            Value::Float(1.5),
            Value::Double(2.5),
            Value::Text("udpu".to_owned()),
            Value::Binary(vec![0, 1, 2]),
        ]
    }

    #[test]
    fn requests_go_both_ways() {
        for value in
            values().into_iter().filter(|v| !matches!(v, Value::Text(_) | Value::Binary(_)))
        {
            both_ways(Request::Set { key: key(), value }, Request::encode, Request::decode);
        }
        for request in [
            Request::Delete { key: key() },
            Request::Get { key: key(), room: 100 },
            Request::Adjust { key: key(), step: -1 },
            Request::Iterate { prefix: key() },
            Request::IterateNext { handle: 4 },
            Request::IterateEnd { handle: 4 },
            Request::TrackAdd { key: key(), events: TRACK_ADDED | TRACK_PREFIX, context: 5 },
            Request::TrackDelete { handle: 4 },
            Request::ChooseMap { map: 1 },
        ] {
            both_ways(request, Request::encode, Request::decode);
        }
    }

    #[test]
    fn answers_go_both_ways() {
        for value in values() {
            both_ways(value, encode_get, decode_get);
        }
        both_ways(9, |handle| encode_handle(4, *handle), decode_handle);
        let next = encode_iterate_next(&key(), 4, 6);
        assert_eq!(next.len(), 304);
        assert_eq!(decode_iterate_next(&next), Ok(key()));
        let end = super::super::encode_status(ITERATE_NEXT, Status::NO_SECTIONS);
        assert_eq!(decode_iterate_next(&end), Err(AnswerError::Refused(Status::NO_SECTIONS)));
    }

    #[test]
    fn notifications_go_both_ways() {
        let notification = Notification {
            context: 3,
            key: key(),
            event: TRACK_MODIFIED,
            new: Some(Value::U32(2)),
            old: None,
        };
        both_ways(notification, Notification::encode, |bytes| {
            Notification::decode(bytes)?.ok_or(unknown("event", 0))
        });
    }

    #[test]
    fn a_value_of_the_wrong_size_is_an_error() {
        let mut bytes = encode_get(&Value::U32(5));
        bytes[24] = 3;
        assert!(decode_get(&bytes).is_err());
        bytes[24] = 200;
        assert!(decode_get(&bytes).is_err());
        assert!(Key::new(&"k".repeat(256)).is_err());
    }
}
