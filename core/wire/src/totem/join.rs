use super::{
    NODES_MAX,
    fields::{Fields, entries},
    header::{Header, Kind},
};
use crate::{WireError, Writer};

/// Stands for the sender in the header of a node's last join message.
pub const LEAVING: u32 = 0;

/// Whom a node wants in the next ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// Who sent it.
    pub node: u32,
    /// Whether the sender leaves: then it stands among the failed, and not among the nodes.
    pub leaving: bool,
    /// The sequence number of the sender's last ring.
    pub ring_sequence: u64,
    /// All nodes the sender knows of.
    pub nodes: Vec<u32>,
    /// Those of them that shall not be in the next ring. Of a leaving node the last entry is the node itself.
    pub failed: Vec<u32>,
}

impl Join {
    /// The frame.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        let node = if self.leaving { LEAVING } else { self.node };
        Header::new(Kind::Join, node, 0).write(&mut writer);
        writer.u32(self.node);
        writer.u32(entries(self.nodes.len())).u32(entries(self.failed.len()));
        writer.u64(self.ring_sequence);
        writer.u32s(&self.nodes).u32s(&self.failed);
        writer.finish()
    }

    pub(super) fn read(header: Header, fields: &mut Fields<'_>) -> Result<Self, WireError> {
        let node = fields.u32()?;
        let leaving = header.node == LEAVING;
        if node == 0 || (!leaving && node != header.node) {
            return Err(WireError::Invalid { field: "join message's sender", value: node.into() });
        }
        let node_count = fields.count("nodes", NODES_MAX)?;
        let failed_count = fields.count("failed nodes", NODES_MAX)?;
        let ring_sequence = fields.u64()?;
        let nodes = fields.nodes(node_count)?;
        let failed = fields.nodes(failed_count)?;
        Ok(Self { node, leaving, ring_sequence, nodes, failed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::totem::{Frame, testing};

    #[test]
    fn joins_go_both_ways() {
        let join = Join {
            node: 2,
            leaving: false,
            ring_sequence: 0x0102_0304_0506_0708,
            nodes: vec![1, 2, 3],
            failed: vec![3],
        };
        testing::both_ways(Frame::Join(join.clone()), &join.encode());
        let join = Join { leaving: true, nodes: vec![1, 3], failed: vec![2], ..join };
        testing::both_ways(Frame::Join(join.clone()), &join.encode());
    }

    #[test]
    fn lists_are_bounded() {
        let nodes: Vec<u32> = (1..).take(NODES_MAX + 1).collect();
        for (nodes, failed) in [(nodes.clone(), vec![]), (vec![], nodes)] {
            let join = Join { node: 2, leaving: false, ring_sequence: 1, nodes, failed };
            assert!(Frame::decode(&join.encode()).is_err());
        }
    }
}
