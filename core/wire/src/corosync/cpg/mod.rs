//! Closed process groups.

mod answer;
mod event;
mod request;

use std::{borrow::Borrow, fmt, fmt::Write as _};

use super::entries;
use crate::{Reader, WireError, Writer};

pub use answer::{
    Described, decode_iteration, decode_iteration_next, decode_local_get, decode_membership,
    encode_iteration, encode_iteration_next, encode_local_get, encode_membership,
};
pub use event::Event;
pub use request::{
    Iteration, Kind, Multicast, PartialMulticast, Request, ZeroCopy, encode_multicast,
    encode_partial_multicast,
};

/// Bytes of a group's name.
const NAME_SIZE: usize = 128;
/// The most members a list may have.
const MEMBERS_MAX: usize = 384;

/// The most payload of one message; a longer one goes out in parts.
pub const PAYLOAD_MAX: usize = super::MESSAGE_MAX as usize - 1024;

/// A group's name: bytes, of which the C daemons count the NUL at the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupName(Vec<u8>);

impl GroupName {
    /// Takes up to 128 bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, WireError> {
        let length = bytes.len();
        if length <= NAME_SIZE {
            Ok(Self(bytes.to_vec()))
        } else {
            Err(WireError::TooLong { field: "group name", length, limit: NAME_SIZE })
        }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.align(8).u32(entries(self.0.len())).align(8).padded(&self.0, NAME_SIZE);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(Self(name_bytes(reader)?.to_vec()))
    }
}

impl Borrow<[u8]> for GroupName {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for GroupName {
    /// What can be printed as it is, anything else as `\\xNN`: a name may be any bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &byte in &self.0 {
            match byte {
                b'\\' => f.write_str("\\\\")?,
                b' '..=b'~' => f.write_char(char::from(byte))?,
                other => write!(f, "\\x{other:02X}")?,
            }
        }
        Ok(())
    }
}

/// Reads a group's name without copying it.
pub(crate) fn name_bytes<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], WireError> {
    let length = reader.align(8).count("group name", NAME_SIZE)?;
    let bytes = reader.align(8).bytes(NAME_SIZE)?;
    Ok(bytes.get(..length).unwrap_or_default())
}

/// A process in a group, or one that came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// Its node.
    pub node: u32,
    /// Its process id.
    pub pid: u32,
    /// Why it came or went; see [`Address::reason_text`].
    pub reason: u32,
}

impl Address {
    /// What the reason's number means.
    pub fn reason_text(&self) -> &'static str {
        match self.reason {
            1 => "joined",
            2 => "left",
            3 => "its node was lost",
            4 => "its node came",
            5 => "the process ended",
            _ => "unknown",
        }
    }

    fn write(&self, writer: &mut Writer) {
        writer.align(8).u32(self.node).align(8).u32(self.pid).align(8).u32(self.reason);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(Self {
            node: reader.align(8).u32()?,
            pid: reader.align(8).u32()?,
            reason: reader.align(8).u32()?,
        })
    }
}

/// Which part of a long message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The first.
    First,
    /// Neither first nor last.
    Middle,
    /// The last.
    Last,
}

impl Part {
    pub(crate) const fn code(self) -> u32 {
        match self {
            Self::First => 1,
            Self::Middle => 2,
            Self::Last => 3,
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        match reader.align(8).u32()? {
            1 => Ok(Self::First),
            2 => Ok(Self::Middle),
            3 => Ok(Self::Last),
            other => Err(WireError::Invalid { field: "part", value: other.into() }),
        }
    }
}

/// In which order a message comes relative to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarantee {
    /// No order.
    Unordered,
    /// In the sender's order.
    Fifo,
    /// In one order everywhere.
    Agreed,
    /// In one order everywhere, once everybody has it.
    Safe,
}

impl Guarantee {
    pub(crate) const fn code(self) -> u32 {
        match self {
            Self::Unordered => 0,
            Self::Fifo => 1,
            Self::Agreed => 2,
            Self::Safe => 3,
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        match reader.align(8).u32()? {
            0 => Ok(Self::Unordered),
            1 => Ok(Self::Fifo),
            2 => Ok(Self::Agreed),
            3 => Ok(Self::Safe),
            other => Err(WireError::Invalid { field: "guarantee", value: other.into() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{RingId, testing::both_ways},
        *,
    };

    fn group() -> GroupName {
        GroupName::new(b"crmd\0").unwrap()
    }

    fn member(node: u32) -> Address {
        Address { node, pid: 100 + node, reason: 1 }
    }

    #[test]
    fn requests_go_both_ways() {
        let payload = b"hello".to_vec();
        let guarantee = Guarantee::Agreed;
        for request in [
            Request::Join { group: group(), pid: 9, flags: 1 },
            Request::Leave { group: group(), pid: 9 },
            Request::Multicast { guarantee, payload: payload.clone() },
            Request::PartialMulticast { guarantee, total: 50, part: Part::Middle, payload },
            Request::Membership { group: group() },
            Request::LocalGet,
            Request::Iteration(Iteration::OneGroup(group())),
            Request::Iteration(Iteration::Names),
            Request::Iteration(Iteration::All),
            Request::IterationNext { handle: 5 },
            Request::IterationEnd { handle: 5 },
            Request::Finalize,
        ] {
            both_ways(request, Request::encode, Request::decode);
        }
    }

    #[test]
    fn events_go_both_ways() {
        let payload = b"hello".to_vec();
        for event in [
            Event::ConfigurationChange {
                group: group(),
                members: vec![member(1), member(2)],
                joined: vec![member(2)],
                left: vec![member(3), member(4), member(5)],
            },
            Event::Deliver { group: group(), node: 1, pid: 2, payload: payload.clone() },
            Event::PartialDeliver {
                group: group(),
                node: 1,
                pid: 2,
                total: 500,
                part: Part::First,
                payload,
            },
            Event::RingChange { ring: RingId { node: 1, sequence: 8 }, members: vec![1, 2] },
        ] {
            both_ways(event, Event::encode, Event::decode);
        }
    }

    #[test]
    fn answers_go_both_ways() {
        both_ways(7, |node| encode_local_get(*node), decode_local_get);
        both_ways(7, |handle| encode_iteration(*handle), decode_iteration);
        let described = Described { group: group(), node: 1, pid: 2 };
        assert_eq!(encode_iteration_next(&described).len(), 168);
        assert_eq!(decode_iteration_next(&encode_iteration_next(&described)), Ok(described));
        let members = vec![member(1), member(9)];
        assert_eq!(decode_membership(&encode_membership(&members)), Ok(members));
    }

    #[test]
    fn sizes_are_those_of_the_c_structures() {
        let join = Request::Join { group: group(), pid: 9, flags: 0 }.encode();
        assert_eq!(join.len(), 168);
        assert_eq!(join[16..20], 5_u32.to_ne_bytes());
        assert_eq!(join[24..29], *b"crmd\0");
        let multicast = encode_multicast(Guarantee::Agreed, b"abc");
        assert_eq!(multicast.len(), 43);
        assert_eq!(multicast[8..12], 43_i32.to_ne_bytes());
        assert_eq!(encode_membership(&[]).len(), 9248);
        let ring = RingId { node: 1, sequence: 8 };
        assert_eq!(Event::RingChange { ring, members: vec![1, 2] }.encode().len(), 56);
        for (what, size) in [(ZeroCopy::Allocate, 152), (ZeroCopy::Free, 32), (ZeroCopy::Send, 24)]
        {
            let request = Request::ZeroCopy(what).encode();
            assert_eq!(request.len(), size);
            assert_eq!(Request::decode(&request), Ok(Request::ZeroCopy(what)));
        }
    }

    #[test]
    fn names_are_printed_without_control_characters() {
        assert_eq!(GroupName::new(b"a\\b\0\xff").unwrap().to_string(), r"a\\b\x00\xFF");
    }

    #[test]
    fn a_walk_over_all_may_come_with_any_name() {
        for (over, readable) in [
            (Iteration::Names, true),
            (Iteration::All, true),
            (Iteration::OneGroup(group()), false),
        ] {
            let request = Request::Iteration(over);
            let mut bytes = request.encode();
            assert_eq!(bytes.len(), 160);
            bytes[16..20].copy_from_slice(&4_092_224_112_u32.to_ne_bytes());
            assert_eq!(Request::decode(&bytes).ok(), readable.then_some(request));
        }
    }

    #[test]
    fn counts_that_lie_are_errors() {
        let event = Event::Deliver { group: group(), node: 1, pid: 2, payload: vec![1] }.encode();
        for (offset, value) in [(24, 129), (24, u32::MAX), (160, 2), (160, u32::MAX)] {
            let mut bytes = event.clone();
            bytes[offset..offset + 4].copy_from_slice(&u32::to_ne_bytes(value));
            assert!(Event::decode(&bytes).is_err(), "{offset} {value}");
        }
    }
}
