//! How quorum comes about: votes, expected votes, the options in force.

use super::{
    AnswerError, NODES_MAX, RingId, Status, answer, entries, event, node_ids, request, ring_id,
    unknown, write_ring_id,
};
use crate::{Reader, WireError, Writer};

const GET_INFO: i32 = 0;
const SET_EXPECTED: i32 = 1;
const SET_VOTES: i32 = 2;
const TRACK_START: i32 = 3;
const TRACK_STOP: i32 = 4;
const DEVICE_REGISTER: i32 = 5;
const DEVICE_UNREGISTER: i32 = 6;
const DEVICE_UPDATE: i32 = 7;
const DEVICE_POLL: i32 = 8;
const DEVICE_MASTER_WINS: i32 = 9;
const GET_INFO_ANSWER: i32 = 1;
const QUORUM_NOTIFICATION: i32 = 3;
const EXPECTED_VOTES_NOTIFICATION: i32 = 4;
const NODE_LIST_NOTIFICATION: i32 = 5;

/// Bytes of a quorum device's name in a structure, the NUL behind it included.
pub const DEVICE_NAME_SIZE: usize = 255;
/// The kind of the answers that say no more than how it went.
pub const STATUS_ANSWER: i32 = 0;
/// The kind of the answer to [`Request::GetInfo`].
pub const INFO_ANSWER: i32 = GET_INFO_ANSWER;

/// What a client asks for. A quorum device is a client too; its name is 1 to 254 bytes long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// What is known of a node; answered with an [`Info`].
    GetInfo {
        /// The node; 0 for the local one.
        node: u32,
    },
    /// To change the expected votes. Answered with a status.
    SetExpected {
        /// The new number.
        votes: u32,
    },
    /// To change a node's votes. Answered with a status.
    SetVotes {
        /// The node; 0 for the local one.
        node: u32,
        /// The new number.
        votes: u32,
    },
    /// To be told of changes. Answered with a status.
    TrackStart {
        /// Comes back with every event.
        context: u64,
        /// Track flags as in [`super::quorum`].
        flags: u32,
    },
    /// To be told no longer. Answered with a status.
    TrackStop,
    /// To be the quorum device. Answered with a status.
    DeviceRegister {
        /// The device.
        name: String,
    },
    /// To be the quorum device no longer. Answered with a status.
    DeviceUnregister {
        /// The device.
        name: String,
    },
    /// To have another name. Answered with a status.
    DeviceUpdate {
        /// The name until now.
        old: String,
        /// The new name.
        new: String,
    },
    /// The device is alive and votes for this partition, or not. Answered with a status.
    DevicePoll {
        /// The device.
        name: String,
        /// Whether it votes for this partition.
        cast_vote: bool,
        /// The membership that the device knows.
        ring: RingId,
    },
    /// The partition that the device votes for has quorum whatever the other votes are. Answered with a status.
    DeviceMasterWins {
        /// The device.
        name: String,
        /// Whether it is so.
        allow: bool,
    },
}

impl Request {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer;
        match self {
            Self::GetInfo { node } => {
                writer = Writer::request(GET_INFO);
                writer.u32(*node);
            }
            Self::SetExpected { votes } => {
                writer = Writer::request(SET_EXPECTED);
                writer.u32(*votes);
            }
            Self::SetVotes { node, votes } => {
                writer = Writer::request(SET_VOTES);
                writer.u32(*votes).u32(*node);
            }
            Self::TrackStart { context, flags } => {
                writer = Writer::request(TRACK_START);
                writer.u64(*context).u32(*flags);
            }
            Self::TrackStop => writer = Writer::request(TRACK_STOP),
            Self::DeviceRegister { name } => writer = device(DEVICE_REGISTER, name),
            Self::DeviceUnregister { name } => writer = device(DEVICE_UNREGISTER, name),
            Self::DeviceUpdate { old, new } => {
                writer = device(DEVICE_UPDATE, old);
                writer.padded(new.as_bytes(), DEVICE_NAME_SIZE);
            }
            Self::DevicePoll { name, cast_vote, ring } => {
                writer = device(DEVICE_POLL, name);
                writer.align(4).u32(u32::from(*cast_vote));
                write_ring_id(&mut writer, *ring);
            }
            Self::DeviceMasterWins { name, allow } => {
                writer = device(DEVICE_MASTER_WINS, name);
                writer.align(4).u32(u32::from(*allow));
            }
        }
        writer.finish_structure()
    }

    /// Reads the message.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let (id, mut reader) = request(message)?;
        Ok(match id {
            GET_INFO => Self::GetInfo { node: reader.u32()? },
            SET_EXPECTED => Self::SetExpected { votes: reader.u32()? },
            SET_VOTES => {
                let votes = reader.u32()?;
                Self::SetVotes { node: reader.u32()?, votes }
            }
            TRACK_START => Self::TrackStart { context: reader.u64()?, flags: reader.u32()? },
            TRACK_STOP => Self::TrackStop,
            DEVICE_REGISTER => Self::DeviceRegister { name: device_name(&mut reader)? },
            DEVICE_UNREGISTER => Self::DeviceUnregister { name: device_name(&mut reader)? },
            DEVICE_UPDATE => {
                let old = device_name(&mut reader)?;
                Self::DeviceUpdate { old, new: device_name(&mut reader)? }
            }
            DEVICE_POLL => Self::DevicePoll {
                name: device_name(&mut reader)?,
                cast_vote: reader.align(4).u32()? != 0,
                ring: ring_id(&mut reader)?,
            },
            DEVICE_MASTER_WINS => Self::DeviceMasterWins {
                name: device_name(&mut reader)?,
                allow: reader.align(4).u32()? != 0,
            },
            other => return Err(unknown("votequorum request", other)),
        })
    }
}

/// Starts a request of a device.
fn device(id: i32, name: &str) -> Writer {
    let mut writer = Writer::request(id);
    writer.padded(name.as_bytes(), DEVICE_NAME_SIZE);
    writer
}

/// A device's name, which must end within its field.
fn device_name(reader: &mut Reader<'_>) -> Result<String, WireError> {
    let name = reader.text("device name", DEVICE_NAME_SIZE)?;
    if name.is_empty() || name.len() == DEVICE_NAME_SIZE {
        return Err(WireError::Invalid {
            field: "length of a device name",
            value: i64::try_from(name.len()).unwrap_or(i64::MAX),
        });
    }
    Ok(name.to_owned())
}

/// What is known of a node and of the partition's votes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// The node.
    pub node: u32,
    /// 1 for a member, 2 for a dead one, 3 for one that leaves.
    pub state: u32,
    /// The node's votes.
    pub votes: u32,
    /// The votes the node expects.
    pub expected_votes: u32,
    /// The most votes any member expects.
    pub highest_expected: u32,
    /// The members' votes together.
    pub total_votes: u32,
    /// The votes that make quorum.
    pub quorum: u32,
    /// The `INFO_` bits.
    pub flags: u32,
    /// The quorum device's votes.
    pub device_votes: u32,
    /// The quorum device's name; empty if there is none.
    pub device_name: String,
}

/// Info bit: the special rules for two nodes are in force.
pub const INFO_TWO_NODE: u32 = 1;
/// Info bit: there is quorum.
pub const INFO_QUORATE: u32 = 2;
/// Info bit: all nodes must have been there once.
pub const INFO_WAIT_FOR_ALL: u32 = 4;
/// Info bit: expected votes shrink with the partition.
pub const INFO_LAST_MAN_STANDING: u32 = 8;
/// Info bit: one half of the cluster may go on.
pub const INFO_AUTO_TIE_BREAKER: u32 = 16;
/// Info bit: nodes that leave take their votes along.
pub const INFO_ALLOW_DOWNSCALE: u32 = 32;
/// Info bit: a quorum device is registered.
pub const INFO_DEVICE_REGISTERED: u32 = 64;
/// Info bit: the quorum device is alive.
pub const INFO_DEVICE_ALIVE: u32 = 128;
/// Info bit: the quorum device votes for this partition.
pub const INFO_DEVICE_CAST_VOTE: u32 = 256;
/// Info bit: the partition with the device wins.
pub const INFO_DEVICE_MASTER_WINS: u32 = 512;

impl Info {
    /// The answer to [`Request::GetInfo`].
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::response(GET_INFO_ANSWER, Status::OK.0);
        for number in [
            self.node,
            self.state,
            self.votes,
            self.expected_votes,
            self.highest_expected,
            self.total_votes,
            self.quorum,
            self.flags,
            self.device_votes,
        ] {
            writer.u32(number);
        }
        writer.padded(self.device_name.as_bytes(), DEVICE_NAME_SIZE);
        writer.finish_structure()
    }

    /// Reads the answer to [`Request::GetInfo`].
    pub fn decode(message: &[u8]) -> Result<Self, AnswerError> {
        let mut reader = answer(message)?;
        Ok(Self {
            node: reader.u32()?,
            state: reader.u32()?,
            votes: reader.u32()?,
            expected_votes: reader.u32()?,
            highest_expected: reader.u32()?,
            total_votes: reader.u32()?,
            quorum: reader.u32()?,
            flags: reader.u32()?,
            device_votes: reader.u32()?,
            device_name: reader.text("device name", DEVICE_NAME_SIZE)?.to_owned(),
        })
    }
}

/// A node and its state, as in [`Info::state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeState {
    /// The node; 0 for the quorum device.
    pub node: u32,
    /// Its state.
    pub state: u32,
}

/// A change, or the first state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Quorum, and all nodes that have been seen.
    Quorum {
        /// What tracking was started with.
        context: u64,
        /// Whether there is quorum.
        quorate: bool,
        /// The nodes.
        nodes: Vec<NodeState>,
    },
    /// The nodes of the partition.
    NodeList {
        /// What tracking was started with.
        context: u64,
        /// The membership.
        ring: RingId,
        /// The nodes.
        nodes: Vec<u32>,
    },
    /// The expected votes changed.
    ExpectedVotes {
        /// What tracking was started with.
        context: u64,
        /// The new number.
        votes: u32,
    },
    /// Something that is of no interest here.
    Other(i32),
}

impl Event {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Quorum { context, quorate, nodes } => {
                let mut writer = Writer::response(QUORUM_NOTIFICATION, Status::OK.0);
                writer.u32(u32::from(*quorate)).align(8).u64(*context);
                writer.u32(entries(nodes.len())).align(8);
                writer.u32s(nodes.iter().flat_map(|node| [&node.node, &node.state]));
                writer.finish_message()
            }
            Self::NodeList { context, ring, nodes } => {
                let mut writer = Writer::response(NODE_LIST_NOTIFICATION, Status::OK.0);
                writer.u64(*context);
                write_ring_id(&mut writer, *ring);
                writer.u32(entries(nodes.len())).align(8);
                writer.u32s(nodes);
                writer.finish_message()
            }
            Self::ExpectedVotes { context, votes } => {
                let mut writer = Writer::response(EXPECTED_VOTES_NOTIFICATION, Status::OK.0);
                writer.u64(*context).u32(*votes);
                writer.finish_structure()
            }
            Self::Other(id) => Writer::response(*id, Status::OK.0).finish_structure(),
        }
    }

    /// Reads the message.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let (id, mut reader) = event(message)?;
        Ok(match id {
            QUORUM_NOTIFICATION => {
                let quorate = reader.u32()? != 0;
                let context = reader.align(8).u64()?;
                let count = reader.count("nodes", NODES_MAX + 2)?;
                reader.align(8);
                let nodes = (0..count)
                    .map(|_| Ok(NodeState { node: reader.u32()?, state: reader.u32()? }))
                    .collect::<Result<_, WireError>>()?;
                Self::Quorum { context, quorate, nodes }
            }
            NODE_LIST_NOTIFICATION => {
                let context = reader.u64()?;
                let ring = ring_id(&mut reader)?;
                let count = reader.count("nodes", NODES_MAX)?;
                let nodes = node_ids(reader.align(8), count)?;
                Self::NodeList { context, ring, nodes }
            }
            EXPECTED_VOTES_NOTIFICATION => {
                Self::ExpectedVotes { context: reader.u64()?, votes: reader.u32()? }
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
            Request::GetInfo { node: 2 },
            Request::SetExpected { votes: 3 },
            Request::SetVotes { node: 2, votes: 0 },
            Request::TrackStart { context: 5, flags: 2 },
            Request::TrackStop,
            Request::DeviceRegister { name: "Qdevice".to_owned() },
            Request::DeviceUnregister { name: "Qdevice".to_owned() },
            Request::DeviceUpdate { old: "Qdevice".to_owned(), new: "Other".to_owned() },
            Request::DevicePoll {
                name: "Qdevice".to_owned(),
                cast_vote: true,
                ring: RingId { node: 1, sequence: 8 },
            },
            Request::DeviceMasterWins { name: "Qdevice".to_owned(), allow: true },
        ] {
            both_ways(request, Request::encode, Request::decode);
        }
    }

    #[test]
    fn requests_of_devices_are_laid_out_as_the_c_structures() {
        let name = "Q".to_owned();
        let ring = RingId { node: 7, sequence: 9 };
        let poll = Request::DevicePoll { name: name.clone(), cast_vote: true, ring }.encode();
        assert_eq!(poll.len(), 296);
        assert_eq!(poll[272..276], 1_u32.to_ne_bytes());
        assert_eq!(poll[280..284], 7_u32.to_ne_bytes());
        assert_eq!(poll[288..296], 9_u64.to_ne_bytes());
        let wins = Request::DeviceMasterWins { name: name.clone(), allow: true }.encode();
        assert_eq!((wins.len(), &wins[272..276]), (280, &1_u32.to_ne_bytes()[..]));
        assert_eq!(Request::DeviceRegister { name: name.clone() }.encode().len(), 272);
        let update = Request::DeviceUpdate { old: name, new: "R".to_owned() }.encode();
        assert_eq!((update.len(), update[16], update[271]), (528, b'Q', b'R'));
    }

    #[test]
    fn a_device_has_a_name_that_ends() {
        for name in [String::new(), "x".repeat(DEVICE_NAME_SIZE), "x".repeat(400)] {
            assert!(Request::decode(&Request::DeviceRegister { name }.encode()).is_err());
        }
        let longest = "x".repeat(DEVICE_NAME_SIZE - 1);
        both_ways(Request::DeviceRegister { name: longest }, Request::encode, Request::decode);
    }

    #[test]
    fn answers_and_events_go_both_ways() {
        let info = Info {
            node: 1,
            state: 1,
            votes: 1,
            expected_votes: 3,
            highest_expected: 3,
            total_votes: 2,
            quorum: 2,
            flags: INFO_QUORATE,
            device_votes: 0,
            device_name: "Qdevice".to_owned(),
        };
        assert_eq!(info.encode().len(), 320);
        both_ways(info, Info::encode, Info::decode);
        let ring = RingId { node: 1, sequence: 8 };
        let nodes = vec![NodeState { node: 1, state: 1 }, NodeState { node: 2, state: 2 }];
        for event in [
            Event::Quorum { context: 9, quorate: true, nodes },
            Event::NodeList { context: 9, ring, nodes: vec![1, 2, 3] },
            Event::ExpectedVotes { context: 9, votes: 3 },
        ] {
            both_ways(event, Event::encode, Event::decode);
        }
    }
}
