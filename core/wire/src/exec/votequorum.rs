//! What nodes tell each other about their votes.

use super::{Service, fields, start};
use crate::{Reader, WireError, Writer, corosync::votequorum::DEVICE_NAME_SIZE};

const NODE_INFO: u16 = 0;
const RECONFIGURE: u16 = 1;
const DEVICE_OPERATION: u16 = 2;
const DEVICE_RENAME: u16 = 3;
const PARAMETER_EXPECTED_VOTES: u8 = 1;
const PARAMETER_NODE_VOTES: u8 = 2;
const PARAMETER_CANCEL_WAIT_FOR_ALL: u8 = 3;
const OPERATION_UNREGISTER: u32 = 0;
const OPERATION_REGISTER: u32 = 1;

/// How a node stands: a set of the bits below. Bits that are not known are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeFlags(pub u32);

impl NodeFlags {
    /// It has quorum.
    pub const QUORATE: Self = Self(1);
    /// It leaves in good order.
    pub const LEAVING: Self = Self(2);
    /// It still waits for all nodes.
    pub const WAIT_FOR_ALL: Self = Self(4);
    /// It has not seen any other node.
    pub const FIRST: Self = Self(8);
    /// A quorum device is registered with it.
    pub const DEVICE_REGISTERED: Self = Self(16);
    /// Its quorum device polls.
    pub const DEVICE_ALIVE: Self = Self(32);
    /// Its quorum device votes for its partition.
    pub const DEVICE_CAST_VOTE: Self = Self(64);
    /// The partition that its quorum device votes for wins.
    pub const DEVICE_MASTER_WINS: Self = Self(128);

    /// Whether all bits of `other` are set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Sets or clears the bits of `other`.
    pub const fn set(&mut self, other: Self, on: bool) {
        if on {
            self.0 |= other.0;
        } else {
            self.0 &= !other.0;
        }
    }

    /// All bits of both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The votes of a node or of the quorum device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeInfo {
    /// The node; 0 for the quorum device.
    pub node: u32,
    /// Its votes.
    pub votes: u32,
    /// The votes that it expects; means nothing for the quorum device.
    pub expected_votes: u32,
    /// How it stands; means nothing for the quorum device.
    pub flags: NodeFlags,
}

/// A message of the service "votequorum".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Votes, as the sender has them.
    NodeInfo(NodeInfo),
    /// Everybody is to expect that many votes.
    SetExpectedVotes {
        /// Who wants it.
        by: u32,
        /// The new number.
        votes: u32,
    },
    /// A node has a new number of votes.
    SetNodeVotes {
        /// Which; 0 for the quorum device.
        node: u32,
        /// The new number.
        votes: u32,
    },
    /// Nobody is to wait for all nodes any longer.
    CancelWaitForAll {
        /// Who wants it.
        by: u32,
    },
    /// The sender has a quorum device of that name, or registers one.
    DeviceRegister {
        /// The device.
        name: String,
    },
    /// The sender's quorum device is gone.
    DeviceUnregister {
        /// The device.
        name: String,
    },
    /// The quorum device has a new name.
    DeviceRename {
        /// The name until now.
        old: String,
        /// The new name.
        new: String,
    },
}

impl Message {
    /// The message, with its header.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::NodeInfo(info) => {
                let mut writer = start(Service::Votequorum, NODE_INFO);
                writer.u32(info.node).u32(info.votes).u32(info.expected_votes).u32(info.flags.0);
                writer.finish_structure()
            }
            Self::SetExpectedVotes { by, votes } => {
                reconfigure(*by, *votes, PARAMETER_EXPECTED_VOTES)
            }
            Self::SetNodeVotes { node, votes } => reconfigure(*node, *votes, PARAMETER_NODE_VOTES),
            Self::CancelWaitForAll { by } => reconfigure(*by, 0, PARAMETER_CANCEL_WAIT_FOR_ALL),
            Self::DeviceRegister { name } => device_operation(OPERATION_REGISTER, name),
            Self::DeviceUnregister { name } => device_operation(OPERATION_UNREGISTER, name),
            Self::DeviceRename { old, new } => {
                let mut writer = start(Service::Votequorum, DEVICE_RENAME);
                writer.padded(old.as_bytes(), DEVICE_NAME_SIZE);
                writer.padded(new.as_bytes(), DEVICE_NAME_SIZE);
                writer.finish_structure()
            }
        }
    }

    /// Reads a message with its header.
    ///
    /// # Errors
    ///
    /// It is none of this service, too short, or says something that no node says.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let (function, mut reader) = fields(message, Service::Votequorum)?;
        match function {
            NODE_INFO => Ok(Self::NodeInfo(NodeInfo {
                node: reader.u32()?,
                votes: reader.u32()?,
                expected_votes: reader.u32()?,
                flags: NodeFlags(reader.u32()?),
            })),
            RECONFIGURE => {
                let (node, votes) = (reader.u32()?, reader.u32()?);
                match reader.u8()? {
                    PARAMETER_EXPECTED_VOTES => Ok(Self::SetExpectedVotes { by: node, votes }),
                    PARAMETER_NODE_VOTES => Ok(Self::SetNodeVotes { node, votes }),
                    PARAMETER_CANCEL_WAIT_FOR_ALL => Ok(Self::CancelWaitForAll { by: node }),
                    other => {
                        Err(WireError::Invalid { field: "votes parameter", value: other.into() })
                    }
                }
            }
            DEVICE_OPERATION => {
                let operation = reader.u32()?;
                let name = device_name(&mut reader)?;
                match operation {
                    OPERATION_UNREGISTER => Ok(Self::DeviceUnregister { name }),
                    OPERATION_REGISTER => Ok(Self::DeviceRegister { name }),
                    other => {
                        Err(WireError::Invalid { field: "device operation", value: other.into() })
                    }
                }
            }
            DEVICE_RENAME => {
                let old = device_name(&mut reader)?;
                Ok(Self::DeviceRename { old, new: device_name(&mut reader)? })
            }
            other => Err(WireError::Invalid { field: "votequorum function", value: other.into() }),
        }
    }
}

fn reconfigure(node: u32, value: u32, parameter: u8) -> Vec<u8> {
    let mut writer = start(Service::Votequorum, RECONFIGURE);
    writer.u32(node).u32(value).u8(parameter);
    writer.finish_structure()
}

fn device_operation(operation: u32, name: &str) -> Vec<u8> {
    let mut writer: Writer = start(Service::Votequorum, DEVICE_OPERATION);
    writer.u32(operation).padded(name.as_bytes(), DEVICE_NAME_SIZE);
    writer.finish_structure()
}

/// A name that ends within its field. What stands behind its end means nothing: C nodes send what was in their memory.
fn device_name(reader: &mut Reader<'_>) -> Result<String, WireError> {
    let name = reader.text("device name", DEVICE_NAME_SIZE)?;
    if name.len() == DEVICE_NAME_SIZE {
        let length = name.len();
        return Err(WireError::TooLong { field: "device name", length, limit: length - 1 });
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<(Message, usize)> {
        let name = "Qdevice".to_owned();
        let info = NodeInfo { node: 2, votes: 1, expected_votes: 3, flags: NodeFlags::QUORATE };
        vec![
            (Message::NodeInfo(info), 32),
            (Message::SetExpectedVotes { by: 1, votes: 5 }, 32),
            (Message::SetNodeVotes { node: 0, votes: 2 }, 32),
            (Message::CancelWaitForAll { by: 3 }, 32),
            (Message::DeviceRegister { name: name.clone() }, 280),
            (Message::DeviceUnregister { name: name.clone() }, 280),
            (Message::DeviceRename { old: name, new: "other".to_owned() }, 528),
        ]
    }

    #[test]
    fn messages_go_both_ways_in_the_sizes_of_the_c_structures() {
        for (message, size) in all() {
            let bytes = message.encode();
            assert_eq!(bytes.len(), size, "{message:?}");
            assert_eq!(Message::decode(&bytes), Ok(message));
        }
    }

    #[test]
    fn every_shorter_version_is_refused() {
        for (message, size) in all() {
            let bytes = message.encode();
            for length in 0..size {
                assert!(Message::decode(&bytes[..length]).is_err());
                let mut honest = bytes[..length].to_vec();
                if length >= 12 {
                    honest[8..12].copy_from_slice(&i32::try_from(length).unwrap().to_ne_bytes());
                }
                // What is left out then may be padding: the C structures are filled up to a multiple of eight.
                if let Ok(decoded) = Message::decode(&honest) {
                    assert!(size - length < 8);
                    assert_eq!(decoded, message);
                }
            }
        }
    }

    #[test]
    fn fields_stand_where_the_c_nodes_look() {
        let info = NodeInfo { node: 1, votes: 2, expected_votes: 3, flags: NodeFlags(4) };
        let mut expected = Vec::new();
        for word in [0x0005_0000_u32, 0, 32, 0, 1, 2, 3, 4] {
            expected.extend(word.to_ne_bytes());
        }
        assert_eq!(Message::NodeInfo(info).encode(), expected);
        let rename = Message::DeviceRename { old: "a".to_owned(), new: "b".to_owned() }.encode();
        assert_eq!((rename[16], rename[271]), (b'a', b'b'));
        let register = Message::DeviceRegister { name: "a".to_owned() }.encode();
        assert_eq!((register[16], register[20]), (1_u32.to_ne_bytes()[0], b'a'));
    }

    #[test]
    fn what_no_node_says_is_refused() {
        let mut parameter = Message::CancelWaitForAll { by: 1 }.encode();
        let mut operation = Message::DeviceRegister { name: "a".to_owned() }.encode();
        let mut endless = operation.clone();
        let mut other_service = operation.clone();
        let mut function = operation.clone();
        parameter[24] = 4;
        operation[16] = 2;
        endless[20..275].fill(b'x');
        other_service[..4].copy_from_slice(&0x0002_0002_u32.to_ne_bytes());
        function[..4].copy_from_slice(&0x0005_0004_u32.to_ne_bytes());
        for bytes in [parameter, operation, endless, other_service, function] {
            assert!(Message::decode(&bytes).is_err());
        }
    }
}
