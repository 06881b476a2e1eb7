use super::{fields::ByteOrder, header::HEADER_SIZE};
use crate::{Reader, WireError, Writer};

const MAGIC: u16 = 0xC070;
const VERSION: u8 = 3;
/// The number among the kinds of frames: Corosync has 0 to 5.
const CODE: u8 = 64;
const STOPPED: u32 = 1;
const LATE: u32 = 2;

/// What a host says about its own daemon, which cannot say it itself. No frame of Totem's: it goes to nodes of Cardea's only,
/// since others log it as nonsense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The node.
    pub node: u32,
    /// How its daemon is.
    pub condition: Condition,
}

/// How a daemon is that says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Somebody stopped it, with a signal or a debugger.
    Stopped,
    /// It is there, but does not get on: the host is too busy, or it waits for a disk.
    Late,
}

impl Witness {
    /// Whether the bytes are such a frame, and not one of Totem's.
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.get(3) == Some(&CODE) && bytes.get(2) == Some(&VERSION)
    }

    /// The frame.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u16(MAGIC).u8(VERSION).u8(CODE).u8(0).u32(self.node).u32(0);
        writer.u32(match self.condition {
            Condition::Stopped => STOPPED,
            Condition::Late => LATE,
        });
        writer.finish()
    }

    /// Reads the frame.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes);
        let order = match reader.u16()? {
            MAGIC => ByteOrder::Native,
            magic if magic == MAGIC.swap_bytes() => ByteOrder::Swapped,
            other => return Err(WireError::Invalid { field: "frame magic", value: other.into() }),
        };
        let number = |reader: &mut Reader<'_>| {
            let value = reader.u32()?;
            Ok::<_, WireError>(match order {
                ByteOrder::Native => value,
                ByteOrder::Swapped => value.swap_bytes(),
            })
        };
        let node = number(reader.seek(5))?;
        let condition = match number(reader.seek(HEADER_SIZE))? {
            STOPPED => Condition::Stopped,
            LATE => Condition::Late,
            other => return Err(WireError::Invalid { field: "condition", value: other.into() }),
        };
        Ok(Self { node, condition })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::totem::{Frame, MergeDetect};

    #[test]
    fn a_witness_is_no_frame_of_the_ring_and_the_other_way_round() {
        for condition in [Condition::Stopped, Condition::Late] {
            let witness = Witness { node: 7, condition };
            let bytes = witness.encode();
            assert!(Witness::is_one(&bytes) && Frame::decode(&bytes).is_err());
            assert_eq!(Witness::decode(&bytes), Ok(witness));
            for length in 0..bytes.len() {
                assert!(Witness::decode(&bytes[..length]).is_err());
            }
        }
        let merge = MergeDetect { node: 5, ring: crate::corosync::RingId { node: 5, sequence: 1 } };
        assert!(!Witness::is_one(&merge.encode()));
    }
}
