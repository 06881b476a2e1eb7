//! Management of the daemon, from daemon to daemon.

use super::{Service, fields, start};
use crate::{WireError, Writer};

const REENABLE: u16 = 0;
const KILL: u16 = 1;
const SHUTDOWN: u16 = 2;
const RELOAD: u16 = 3;
const CRYPTOGRAPHY: u16 = 4;

const REASON_SIZE: usize = 256;

/// What one daemon tells all, itself included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Of old versions: faulty links are to be used again. Means nothing today.
    Reenable,
    /// A node's daemon has to end.
    Kill {
        /// The node.
        node: u32,
        /// Why, for its log.
        reason: String,
    },
    /// The sender is going to leave.
    Shutdown,
    /// All have to read their configuration again.
    Reload {
        /// Who was asked to.
        node: u32,
        /// Which of the sender's connections has to be answered: only the sender can make something of it.
        connection: u64,
    },
    /// The sender goes on to the next phase of a change of keys.
    Cryptography {
        /// 1 to use the new key, 2 to forget the old one.
        phase: u32,
    },
}

impl Message {
    /// The message from its header on; see [`super::Outgoing::wrap`].
    pub fn encode(&self) -> Vec<u8> {
        let mut writer;
        match self {
            Self::Reenable => {
                writer = start(Service::Cfg, REENABLE);
                write_source(&mut writer, 0, 0);
            }
            Self::Kill { node, reason } => {
                writer = start(Service::Cfg, KILL);
                let mut length = reason.len().min(REASON_SIZE - 1);
                while !reason.is_char_boundary(length) {
                    length -= 1;
                }
                let reason = reason.as_bytes().get(..length).unwrap_or_default();
                writer.u32(*node).align(8).u16(length as u16).align(8).padded(reason, REASON_SIZE);
            }
            Self::Shutdown => writer = start(Service::Cfg, SHUTDOWN),
            Self::Reload { node, connection } => {
                writer = start(Service::Cfg, RELOAD);
                write_source(&mut writer, *node, *connection);
            }
            Self::Cryptography { phase } => {
                writer = start(Service::Cfg, CRYPTOGRAPHY);
                writer.u32(*phase);
            }
        }
        writer.finish_structure()
    }

    /// Reads a message from its header on.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let (function, mut reader) = fields(message, Service::Cfg)?;
        Ok(match function {
            REENABLE => Self::Reenable,
            KILL => {
                let node = reader.u32()?;
                let length = usize::from(reader.align(8).u16()?);
                let text = reader.align(8).text("reason", REASON_SIZE)?;
                // Whatever the length claims, the text ends at its NUL.
                Self::Kill { node, reason: text.get(..length).unwrap_or(text).to_owned() }
            }
            SHUTDOWN => Self::Shutdown,
            RELOAD => {
                let node = reader.u32()?;
                Self::Reload { node, connection: reader.align(8).u64()? }
            }
            CRYPTOGRAPHY => Self::Cryptography { phase: reader.u32()? },
            other => {
                return Err(WireError::Invalid { field: "cfg message", value: other.into() });
            }
        })
    }
}

fn write_source(writer: &mut Writer, node: u32, connection: u64) {
    writer.align(8).u32(node).align(8).u64(connection);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_both_ways_in_the_sizes_of_the_c_structures() {
        for (message, size) in [
            (Message::Reenable, 32),
            (Message::Kill { node: 2, reason: "because".to_owned() }, 288),
            (Message::Shutdown, 16),
            (Message::Reload { node: 1, connection: u64::MAX - 7 }, 32),
            (Message::Cryptography { phase: 2 }, 24),
        ] {
            let bytes = message.encode();
            assert_eq!(bytes.len(), size);
            assert_eq!(Message::decode(&bytes), Ok(message));
            for length in 0..size {
                assert!(Message::decode(&bytes[..length]).is_err());
            }
        }
        assert!(Message::decode(&start(Service::Cfg, 5).finish_structure()).is_err());
    }

    #[test]
    fn a_reason_that_is_too_long_is_cut_at_a_character() {
        let message = Message::Kill { node: 1, reason: "ä".repeat(200) };
        let read = Message::decode(&message.encode());
        assert_eq!(read, Ok(Message::Kill { node: 1, reason: "ä".repeat(127) }));
    }
}
