use super::{
    fields::{Fields, write_ring},
    header::{Header, Kind},
};
use crate::{WireError, Writer, corosync::RingId};

/// A ring makes itself known to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergeDetect {
    /// Who sent it.
    pub node: u32,
    /// The sender's ring.
    pub ring: RingId,
}

impl MergeDetect {
    /// The frame.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        Header::new(Kind::MergeDetect, self.node, 0).write(&mut writer);
        writer.u32(self.node);
        write_ring(&mut writer, self.ring);
        writer.finish()
    }

    pub(super) fn read(header: Header, fields: &mut Fields<'_>) -> Result<Self, WireError> {
        let node = fields.u32()?;
        if node == 0 || node != header.node {
            return Err(WireError::Invalid { field: "merge detect's sender", value: node.into() });
        }
        Ok(Self { node, ring: fields.ring()? })
    }
}

/// Somebody has something to send: the token may not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldCancel {
    /// Who sent it.
    pub node: u32,
    /// The ring.
    pub ring: RingId,
}

impl HoldCancel {
    /// The frame.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        Header::new(Kind::HoldCancel, self.node, 0).write(&mut writer);
        write_ring(&mut writer, self.ring);
        writer.finish()
    }

    pub(super) fn read(header: Header, fields: &mut Fields<'_>) -> Result<Self, WireError> {
        Ok(Self { node: header.node, ring: fields.ring()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::totem::{Frame, testing};

    #[test]
    fn probes_go_both_ways() {
        let ring = RingId { node: 5, sequence: 12 };
        let merge = MergeDetect { node: 5, ring };
        testing::both_ways(Frame::MergeDetect(merge), &merge.encode());
        let cancel = HoldCancel { node: 6, ring };
        testing::both_ways(Frame::HoldCancel(cancel), &cancel.encode());
    }
}
