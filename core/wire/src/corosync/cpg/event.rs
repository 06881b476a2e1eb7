use super::{Address, GroupName, MEMBERS_MAX, Part};
use crate::{
    Reader, WireError, Writer,
    corosync::{NODES_MAX, RingId, Status, entries, event, node_ids, ring_id, write_ring_id},
};

const CONFIGURATION_CHANGE: i32 = 4;
const DELIVER: i32 = 5;
const RING_CHANGE: i32 = 13;
const PARTIAL_DELIVER: i32 = 17;

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
    /// The ring's membership changed. Comes to every client, in a group or not.
    RingChange {
        /// Its number.
        ring: RingId,
        /// The members.
        members: Vec<u32>,
    },
    /// Something that is of no interest here.
    Other(i32),
}

impl Event {
    /// The message; nothing can be made of [`Event::Other`] but its header.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::ConfigurationChange { group, members, joined, left } => {
                let mut writer = Writer::response(CONFIGURATION_CHANGE, Status::OK.0);
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
                let mut writer = Writer::response(DELIVER, Status::OK.0);
                group.write(&mut writer);
                writer.align(8).u32(entries(payload.len())).align(8).u32(*node);
                writer.align(8).u32(*pid).align(8).bytes(payload);
                writer.finish_message()
            }
            Self::PartialDeliver { group, node, pid, total, part, payload } => {
                let mut writer = Writer::response(PARTIAL_DELIVER, Status::OK.0);
                group.write(&mut writer);
                writer.align(8).u32(*total).align(8).u32(entries(payload.len()));
                writer.align(8).u32(*node).align(8).u32(*pid).align(8).u32(part.code());
                writer.align(8).bytes(payload);
                writer.finish_message()
            }
            Self::RingChange { ring, members } => {
                let mut writer = Writer::response(RING_CHANGE, Status::OK.0);
                write_ring_id(&mut writer, *ring);
                writer.align(8).u32(entries(members.len())).u32s(members);
                // The C structure counts its padding although the list begins in it.
                let size = 48 + 4 * members.len();
                writer.fill_to(size);
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
            RING_CHANGE => {
                let ring = ring_id(&mut reader)?;
                let count = reader.align(8).count("members", NODES_MAX)?;
                Self::RingChange { ring, members: node_ids(&mut reader, count)? }
            }
            other => Self::Other(other),
        })
    }
}

pub(super) fn addresses(reader: &mut Reader<'_>, count: usize) -> Result<Vec<Address>, WireError> {
    (0..count).map(|_| Address::read(reader)).collect()
}
