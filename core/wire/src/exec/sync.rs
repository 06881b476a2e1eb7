//! The barrier between services after a change of membership.

use super::{Channel, Outgoing};
use crate::{Reader, WireError, Writer, corosync::RingId, qb};

const BARRIER: i32 = 0;
const SERVICES: i32 = 1;
/// The most services a list may have.
const SERVICES_MAX: usize = 128;
/// Bytes of the longer one of the two messages.
const SERVICES_SIZE: usize = 552;

/// What the daemons tell each other while services synchronise. A message for another membership than the present one
/// means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The sender is through with the present service.
    Barrier {
        /// The membership this is about.
        ring: RingId,
    },
    /// Which services the sender wants to synchronise.
    Services {
        /// The membership this is about.
        ring: RingId,
        /// Their numbers, at most 128. Numbers that we do not know are services all the same.
        services: Vec<i32>,
    },
}

impl Message {
    /// The membership the message is about.
    pub fn ring(&self) -> RingId {
        match self {
            Self::Barrier { ring } | Self::Services { ring, .. } => *ring,
        }
    }

    /// The message with its envelope; what is beyond 128 services is left out.
    pub fn encode(&self) -> Outgoing {
        let mut writer;
        match self {
            Self::Barrier { ring } => {
                writer = Writer::request(BARRIER);
                write_ring(&mut writer, *ring);
            }
            Self::Services { ring, services } => {
                writer = Writer::request(SERVICES);
                write_ring(&mut writer, *ring);
                let services = services.get(..SERVICES_MAX).unwrap_or(services);
                writer.align(8).u32(services.len() as u32).align(8);
                for &service in services {
                    writer.i32(service);
                }
                writer.fill_to(SERVICES_SIZE);
            }
        }
        Outgoing::wrap(Channel::Sync, &writer.finish_structure())
    }

    /// Reads a message from its header on.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let header = qb::RequestHeader::decode(message)?;
        let mut reader = Reader::new(message.get(..header.size).unwrap_or_default());
        reader.seek(qb::REQUEST_HEADER_SIZE);
        // The C daemon packs these two numbers without a gap.
        let ring = RingId { node: reader.u32()?, sequence: reader.u64()? };
        match header.id {
            BARRIER => Ok(Self::Barrier { ring }),
            SERVICES => {
                let count = reader.align(8).count("services", SERVICES_MAX)?;
                reader.align(8);
                let services = (0..count).map(|_| reader.i32()).collect::<Result<_, _>>()?;
                Ok(Self::Services { ring, services })
            }
            other => Err(WireError::Invalid { field: "sync message", value: other.into() }),
        }
    }
}

fn write_ring(writer: &mut Writer, ring: RingId) {
    writer.u32(ring.node).u64(ring.sequence);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_both_ways_in_the_sizes_of_the_c_structures() {
        let ring = RingId { node: 3, sequence: 0x1_0000_0008 };
        let barrier = Message::Barrier { ring };
        let services = Message::Services { ring, services: vec![0, 2, 3, 5] };
        for (message, size) in [(barrier, 32), (services, 552)] {
            let sent = message.encode();
            assert_eq!(sent.message().len(), size);
            assert_eq!(Message::decode(sent.message()), Ok(message));
            for length in 0..size {
                assert!(Message::decode(&sent.message()[..length]).is_err());
            }
        }
    }

    #[test]
    fn a_list_that_lies_is_refused() {
        let ring = RingId { node: 3, sequence: 8 };
        let sent = Message::Services { ring, services: vec![2] }.encode();
        for count in [129_u32, u32::MAX] {
            let mut bytes = sent.message().to_vec();
            bytes[32..36].copy_from_slice(&count.to_ne_bytes());
            assert!(Message::decode(&bytes).is_err());
        }
    }
}
