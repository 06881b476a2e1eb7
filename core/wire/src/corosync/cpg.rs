//! Closed process groups.

use super::{AnswerError, answer, entries, event, request, unknown};
use crate::{Reader, WireError, Writer};

const JOIN: i32 = 0;
const LEAVE: i32 = 1;
const MULTICAST: i32 = 2;
const MEMBERSHIP: i32 = 3;
const LOCAL_GET: i32 = 4;
const FINALIZE: i32 = 8;
const PARTIAL_MULTICAST: i32 = 12;
const CONFIGURATION_CHANGE: i32 = 4;
const DELIVER: i32 = 5;
const LOCAL_GET_ANSWER: i32 = 7;
const MEMBERSHIP_ANSWER: i32 = 3;
const PARTIAL_DELIVER: i32 = 17;

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

    fn write(&self, writer: &mut Writer) {
        writer.align(8).u32(entries(self.0.len())).align(8).padded(&self.0, NAME_SIZE);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let length = reader.align(8).count("group name", NAME_SIZE)?;
        let bytes = reader.align(8).bytes(NAME_SIZE)?;
        Ok(Self(bytes[..length].to_vec()))
    }
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
    const fn code(self) -> u32 {
        match self {
            Self::First => 1,
            Self::Middle => 2,
            Self::Last => 3,
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
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
    const fn code(self) -> u32 {
        match self {
            Self::Unordered => 0,
            Self::Fifo => 1,
            Self::Agreed => 2,
            Self::Safe => 3,
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        match reader.align(8).u32()? {
            0 => Ok(Self::Unordered),
            1 => Ok(Self::Fifo),
            2 => Ok(Self::Agreed),
            3 => Ok(Self::Safe),
            other => Err(WireError::Invalid { field: "guarantee", value: other.into() }),
        }
    }
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// To be in a group. Answered with a status.
    Join {
        /// The group.
        group: GroupName,
        /// The client's process id.
        pid: u32,
        /// 1 to get the ring's membership at once, else 0.
        flags: u32,
    },
    /// To be in a group no longer. Answered with a status.
    Leave {
        /// The group.
        group: GroupName,
        /// The client's process id.
        pid: u32,
    },
    /// A message to the group. Not answered.
    Multicast {
        /// Its order.
        guarantee: Guarantee,
        /// The message.
        payload: Vec<u8>,
    },
    /// A part of a message to the group. Answered with a status.
    PartialMulticast {
        /// Its order.
        guarantee: Guarantee,
        /// Bytes of the whole message.
        total: u32,
        /// Which part.
        part: Part,
        /// The part.
        payload: Vec<u8>,
    },
    /// Who is in a group.
    Membership {
        /// The group.
        group: GroupName,
    },
    /// The local node's number.
    LocalGet,
    /// The end of the connection. Answered with a status.
    Finalize,
}

impl Request {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Join { group, pid, flags } => {
                let mut writer = Writer::request(JOIN);
                group.write(&mut writer);
                writer.align(8).u32(*pid).align(8).u32(*flags);
                writer.finish_structure()
            }
            Self::Leave { group, pid } => {
                let mut writer = Writer::request(LEAVE);
                group.write(&mut writer);
                writer.align(8).u32(*pid);
                writer.finish_structure()
            }
            Self::Multicast { guarantee, payload } => encode_multicast(*guarantee, payload),
            Self::PartialMulticast { guarantee, total, part, payload } => {
                encode_partial_multicast(*guarantee, *total, *part, payload)
            }
            Self::Membership { group } => {
                let mut writer = Writer::request(MEMBERSHIP);
                group.write(&mut writer);
                writer.finish_structure()
            }
            Self::LocalGet => Writer::request(LOCAL_GET).finish_structure(),
            Self::Finalize => Writer::request(FINALIZE).finish_structure(),
        }
    }

    /// Reads the message.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let (id, mut reader) = request(message)?;
        Ok(match id {
            JOIN => Self::Join {
                group: GroupName::read(&mut reader)?,
                pid: reader.align(8).u32()?,
                flags: reader.align(8).u32()?,
            },
            LEAVE => {
                Self::Leave { group: GroupName::read(&mut reader)?, pid: reader.align(8).u32()? }
            }
            MULTICAST => {
                // These two have the longer header of answers in front.
                reader.seek(24);
                let guarantee = Guarantee::read(&mut reader)?;
                let length = reader.align(8).count("payload", message.len())?;
                Self::Multicast { guarantee, payload: reader.align(8).bytes(length)?.to_vec() }
            }
            PARTIAL_MULTICAST => {
                reader.seek(24);
                let guarantee = Guarantee::read(&mut reader)?;
                let total = reader.align(8).u32()?;
                let length = reader.align(8).count("payload", message.len())?;
                let part = Part::read(&mut reader)?;
                let payload = reader.align(8).bytes(length)?.to_vec();
                Self::PartialMulticast { guarantee, total, part, payload }
            }
            MEMBERSHIP => Self::Membership { group: GroupName::read(&mut reader)? },
            LOCAL_GET => Self::LocalGet,
            FINALIZE => Self::Finalize,
            other => return Err(unknown("cpg request", other)),
        })
    }
}

/// [`Request::Multicast`] without a copy of the payload beforehand.
pub fn encode_multicast(guarantee: Guarantee, payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::response(MULTICAST, 0);
    writer.u32(guarantee.code()).align(8).u32(entries(payload.len())).align(8).bytes(payload);
    writer.finish_message()
}

/// [`Request::PartialMulticast`] without a copy of the payload beforehand.
pub fn encode_partial_multicast(
    guarantee: Guarantee,
    total: u32,
    part: Part,
    payload: &[u8],
) -> Vec<u8> {
    let mut writer = Writer::response(PARTIAL_MULTICAST, 0);
    writer.u32(guarantee.code()).align(8).u32(total).align(8).u32(entries(payload.len()));
    writer.align(8).u32(part.code()).align(8).bytes(payload);
    writer.finish_message()
}

/// The answer to [`Request::LocalGet`]: the local node's number.
pub fn decode_local_get(message: &[u8]) -> Result<u32, AnswerError> {
    Ok(answer(message)?.u32()?)
}

/// The answer to [`Request::LocalGet`].
pub fn encode_local_get(node: u32) -> Vec<u8> {
    let mut writer = Writer::response(LOCAL_GET_ANSWER, super::Status::OK.0);
    writer.u32(node);
    writer.finish_structure()
}

/// The answer to [`Request::Membership`]: the members.
pub fn decode_membership(message: &[u8]) -> Result<Vec<Address>, AnswerError> {
    let mut reader = answer(message)?;
    let count = reader.count("members", MEMBERS_MAX)?;
    Ok(addresses(&mut reader, count)?)
}

/// The answer to [`Request::Membership`], for at most 384 members.
pub fn encode_membership(members: &[Address]) -> Vec<u8> {
    let mut writer = Writer::response(MEMBERSHIP_ANSWER, super::Status::OK.0);
    let members = &members[..members.len().min(MEMBERS_MAX)];
    writer.u32(entries(members.len()));
    members.iter().for_each(|member| member.write(&mut writer));
    // The structure has room for all members there can be.
    writer.fill_to(32 + MEMBERS_MAX * 24);
    writer.finish_structure()
}

/// What happens in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The membership changed.
    ConfigurationChange {
        /// The group.
        group: GroupName,
        /// Who is in it now.
        members: Vec<Address>,
        /// Who came.
        joined: Vec<Address>,
        /// Who went.
        left: Vec<Address>,
    },
    /// A message.
    Deliver {
        /// The group.
        group: GroupName,
        /// The sender's node.
        node: u32,
        /// The sender's process id.
        pid: u32,
        /// The message.
        payload: Vec<u8>,
    },
    /// A part of a message.
    PartialDeliver {
        /// The group.
        group: GroupName,
        /// The sender's node.
        node: u32,
        /// The sender's process id.
        pid: u32,
        /// Bytes of the whole message.
        total: u32,
        /// Which part.
        part: Part,
        /// The part.
        payload: Vec<u8>,
    },
    /// Something that is of no interest here.
    Other(i32),
}

impl Event {
    /// The message; nothing can be made of [`Event::Other`] but its header.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::ConfigurationChange { group, members, joined, left } => {
                let mut writer = Writer::response(CONFIGURATION_CHANGE, 0);
                group.write(&mut writer);
                for list in [members, joined, left] {
                    writer.align(8).u32(entries(list.len()));
                }
                for address in members.iter().chain(left).chain(joined) {
                    address.write(&mut writer);
                }
                writer.finish_structure()
            }
            Self::Deliver { group, node, pid, payload } => {
                let mut writer = Writer::response(DELIVER, 0);
                group.write(&mut writer);
                writer.align(8).u32(entries(payload.len())).align(8).u32(*node);
                writer.align(8).u32(*pid).align(8).bytes(payload);
                writer.finish_message()
            }
            Self::PartialDeliver { group, node, pid, total, part, payload } => {
                let mut writer = Writer::response(PARTIAL_DELIVER, 0);
                group.write(&mut writer);
                writer.align(8).u32(*total).align(8).u32(entries(payload.len()));
                writer.align(8).u32(*node).align(8).u32(*pid).align(8).u32(part.code());
                writer.align(8).bytes(payload);
                writer.finish_message()
            }
            Self::Other(id) => Writer::response(*id, 0).finish_structure(),
        }
    }

    /// Reads the message.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let (id, mut reader) = event(message)?;
        Ok(match id {
            CONFIGURATION_CHANGE => {
                let group = GroupName::read(&mut reader)?;
                let member_count = reader.align(8).count("members", MEMBERS_MAX)?;
                let joined_count = reader.align(8).count("joined members", MEMBERS_MAX)?;
                let left_count = reader.align(8).count("left members", MEMBERS_MAX)?;
                let members = addresses(&mut reader, member_count)?;
                let left = addresses(&mut reader, left_count)?;
                let joined = addresses(&mut reader, joined_count)?;
                Self::ConfigurationChange { group, members, joined, left }
            }
            DELIVER => {
                let group = GroupName::read(&mut reader)?;
                let length = reader.align(8).count("payload", message.len())?;
                let node = reader.align(8).u32()?;
                let pid = reader.align(8).u32()?;
                let payload = reader.align(8).bytes(length)?.to_vec();
                Self::Deliver { group, node, pid, payload }
            }
            PARTIAL_DELIVER => {
                let group = GroupName::read(&mut reader)?;
                let total = reader.align(8).u32()?;
                let length = reader.align(8).count("payload", message.len())?;
                let node = reader.align(8).u32()?;
                let pid = reader.align(8).u32()?;
                let part = Part::read(&mut reader)?;
                let payload = reader.align(8).bytes(length)?.to_vec();
                Self::PartialDeliver { group, node, pid, total, part, payload }
            }
            other => Self::Other(other),
        })
    }
}

fn addresses(reader: &mut Reader<'_>, count: usize) -> Result<Vec<Address>, WireError> {
    (0..count).map(|_| Address::read(reader)).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::testing::both_ways, *};

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
        ] {
            both_ways(event, Event::encode, Event::decode);
        }
    }

    #[test]
    fn answers_go_both_ways() {
        both_ways(7, |node| encode_local_get(*node), decode_local_get);
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
