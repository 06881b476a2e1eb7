//! Quorum: whether the partition may act, and who is in it.

use super::{
    AnswerError, NODES_MAX, RingId, Status, answer, entries, event, node_ids, request, ring_id,
    unknown, write_ring_id,
};
use crate::{WireError, Writer};

const GET_QUORATE: i32 = 0;
const TRACK_START: i32 = 1;
const TRACK_STOP: i32 = 2;
const GET_TYPE: i32 = 3;
const MODEL_GET_TYPE: i32 = 4;
const NOTIFICATION: i32 = 3;
const V1_QUORUM_NOTIFICATION: i32 = 6;
const V1_NODE_LIST_NOTIFICATION: i32 = 7;

/// Track flag: the current state, once.
pub const TRACK_CURRENT: u32 = 1;
/// Track flag: the current state and every change.
pub const TRACK_CHANGES: u32 = 2;
/// Track flag: every change.
pub const TRACK_CHANGES_ONLY: u32 = 4;
/// The kind of the answer to [`Request::GetQuorate`].
pub const QUORATE_ANSWER: i32 = 0;
/// The kind of the answer to [`Request::TrackStart`].
pub const TRACK_START_ANSWER: i32 = 1;
/// The kind of the answer to [`Request::TrackStop`].
pub const TRACK_STOP_ANSWER: i32 = 2;
/// The kind of the answer to [`Request::GetType`].
pub const TYPE_ANSWER: i32 = 4;
/// The kind of the answer to [`Request::ModelGetType`].
pub const MODEL_TYPE_ANSWER: i32 = 5;

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Whether there is quorum; answered with a number.
    GetQuorate,
    /// To be told of changes. Answered with a status; the first events come before the answer.
    TrackStart {
        /// Track flags.
        flags: u32,
    },
    /// To be told no longer. Answered with a status.
    TrackStop,
    /// Which kind of quorum there is; answered with a number.
    GetType,
    /// The same, choosing the layout of events. Answered with a number.
    ModelGetType {
        /// 0 for [`Event::Notification`], 1 for the other events.
        model: u32,
    },
}

impl Request {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = match self {
            Self::GetQuorate => Writer::request(GET_QUORATE),
            Self::TrackStart { .. } => Writer::request(TRACK_START),
            Self::TrackStop => Writer::request(TRACK_STOP),
            Self::GetType => Writer::request(GET_TYPE),
            Self::ModelGetType { .. } => Writer::request(MODEL_GET_TYPE),
        };
        if let Self::TrackStart { flags: number } | Self::ModelGetType { model: number } = *self {
            writer.u32(number);
        }
        writer.finish_structure()
    }

    /// Reads the message.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let (id, mut reader) = request(message)?;
        Ok(match id {
            GET_QUORATE => Self::GetQuorate,
            TRACK_START => Self::TrackStart { flags: reader.u32()? },
            TRACK_STOP => Self::TrackStop,
            GET_TYPE => Self::GetType,
            MODEL_GET_TYPE => Self::ModelGetType { model: reader.u32()? },
            other => return Err(unknown("quorum request", other)),
        })
    }
}

/// An answer that is one number.
pub fn decode_number(message: &[u8]) -> Result<u32, AnswerError> {
    Ok(answer(message)?.u32()?)
}

/// An answer that is one number.
pub fn encode_number(id: i32, number: u32) -> Vec<u8> {
    let mut writer = Writer::response(id, Status::OK.0);
    writer.u32(number);
    writer.finish_structure()
}

/// A change, or the first state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Quorum and members, in the older layout.
    Notification {
        /// Whether there is quorum.
        quorate: bool,
        /// The membership's number.
        ring_sequence: u64,
        /// The nodes of the partition.
        members: Vec<u32>,
    },
    /// Quorum and members.
    Quorum {
        /// Whether there is quorum.
        quorate: bool,
        /// The membership.
        ring: RingId,
        /// The nodes of the partition.
        members: Vec<u32>,
    },
    /// A new membership, before quorum is known.
    NodeList {
        /// The membership.
        ring: RingId,
        /// The nodes of the partition.
        members: Vec<u32>,
        /// Nodes that came.
        joined: Vec<u32>,
        /// Nodes that went.
        left: Vec<u32>,
    },
    /// Something that is of no interest here.
    Other(i32),
}

impl Event {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Notification { quorate, ring_sequence, members } => {
                let mut writer = Writer::response(NOTIFICATION, Status::OK.0);
                writer.i32(i32::from(*quorate)).align(8).u64(*ring_sequence);
                writer.u32(entries(members.len()));
                writer.u32s(members);
                // The C structure ends on a multiple of eight before its list is counted.
                writer.fill_to(48 + 4 * members.len());
                writer.finish_message()
            }
            Self::Quorum { quorate, ring, members } => {
                let mut writer = Writer::response(V1_QUORUM_NOTIFICATION, Status::OK.0);
                writer.i32(i32::from(*quorate));
                write_ring_id(&mut writer, *ring);
                writer.u32(entries(members.len()));
                writer.u32s(members);
                writer.fill_to(56 + 4 * members.len());
                writer.finish_message()
            }
            Self::NodeList { ring, members, joined, left } => {
                let mut writer = Writer::response(V1_NODE_LIST_NOTIFICATION, Status::OK.0);
                write_ring_id(&mut writer, *ring);
                for list in [members, joined, left] {
                    writer.align(8).u32(entries(list.len()));
                }
                writer.u32s(members.iter().chain(joined).chain(left));
                writer.fill_to(64 + 4 * (members.len() + joined.len() + left.len()));
                writer.finish_message()
            }
            Self::Other(id) => Writer::response(*id, Status::OK.0).finish_structure(),
        }
    }

    /// Reads the message.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let (id, mut reader) = event(message)?;
        Ok(match id {
            NOTIFICATION => {
                let quorate = reader.i32()? != 0;
                let ring_sequence = reader.align(8).u64()?;
                let count = reader.count("members", NODES_MAX)?;
                let members = node_ids(&mut reader, count)?;
                Self::Notification { quorate, ring_sequence, members }
            }
            V1_QUORUM_NOTIFICATION => {
                let quorate = reader.i32()? != 0;
                let ring = ring_id(&mut reader)?;
                let count = reader.count("members", NODES_MAX)?;
                Self::Quorum { quorate, ring, members: node_ids(&mut reader, count)? }
            }
            V1_NODE_LIST_NOTIFICATION => {
                let ring = ring_id(&mut reader)?;
                let member_count = reader.align(8).count("members", NODES_MAX)?;
                let joined_count = reader.align(8).count("joined nodes", NODES_MAX)?;
                let left_count = reader.align(8).count("left nodes", NODES_MAX)?;
                let members = node_ids(&mut reader, member_count)?;
                let joined = node_ids(&mut reader, joined_count)?;
                let left = node_ids(&mut reader, left_count)?;
                Self::NodeList { ring, members, joined, left }
            }
            other => Self::Other(other),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::both_ways, *};

    #[test]
    fn requests_go_both_ways() {
        for request in [
            Request::GetQuorate,
            Request::TrackStart { flags: TRACK_CHANGES },
            Request::TrackStop,
            Request::GetType,
            Request::ModelGetType { model: 1 },
        ] {
            both_ways(request, Request::encode, Request::decode);
        }
        both_ways(3, |number| encode_number(0, *number), decode_number);
    }

    #[test]
    fn events_go_both_ways() {
        let ring = RingId { node: 1, sequence: 84 };
        for event in [
            Event::Notification { quorate: true, ring_sequence: 84, members: vec![1, 2, 3] },
            Event::Quorum { quorate: true, ring, members: vec![1, 2] },
            Event::NodeList { ring, members: vec![1, 2], joined: vec![2], left: vec![3] },
        ] {
            both_ways(event, Event::encode, Event::decode);
        }
    }

    #[test]
    fn a_notification_as_the_c_daemon_lays_it_out() {
        // The list starts right behind its length, the message counts four bytes more than that.
        let mut bytes = Vec::new();
        for word in [3_u32, 0, 52, 0, 1, 0, 1, 0, 84, 0, 1, 7, 0] {
            bytes.extend(word.to_ne_bytes());
        }
        assert_eq!(
            Event::decode(&bytes),
            Ok(Event::Notification { quorate: true, ring_sequence: 84, members: vec![7] })
        );
        assert_eq!(Event::decode(&bytes).unwrap().encode(), bytes);
    }
}
