use super::{
    NODES_MAX,
    fields::{Fields, entries, write_ring},
    header::{Header, Kind},
};
use crate::{WireError, Writer, corosync::RingId};

/// What a member of the next ring has of its last one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommitEntry {
    /// Its last ring.
    pub ring: RingId,
    /// It has everything up to this number.
    pub received_up_to: u32,
    /// It delivered everything up to this number.
    pub delivered_up_to: u32,
    /// Whether it lacks nothing that anybody has.
    pub complete: bool,
}

/// Goes twice round the members of the next ring: to collect what they have, and to tell all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitToken {
    /// Who passed it on.
    pub node: u32,
    /// To whom.
    pub target: u32,
    /// Grows with each hop.
    pub token_sequence: u32,
    /// The next ring.
    pub ring: RingId,
    /// How many members have said what they have.
    pub filled: usize,
    /// The members in the ring's order, and what they have: at most [`NODES_MAX`].
    pub members: Vec<(u32, CommitEntry)>,
}

impl CommitToken {
    /// The frame.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        Header::new(Kind::CommitToken, self.node, self.target).write(&mut writer);
        writer.u32(self.token_sequence);
        write_ring(&mut writer, self.ring);
        writer.u32(0).u32(entries(self.filled)).u32(entries(self.members.len()));
        for (node, _) in &self.members {
            writer.u32(*node);
        }
        for (_, entry) in &self.members {
            write_ring(&mut writer, entry.ring);
            writer.u32(entry.received_up_to).u32(entry.delivered_up_to);
            writer.u32(entry.complete.into());
        }
        writer.finish()
    }

    pub(super) fn read(header: Header, fields: &mut Fields<'_>) -> Result<Self, WireError> {
        let token_sequence = fields.u32()?;
        let ring = fields.ring()?;
        fields.u32()?;
        let filled = fields.count("members that filled the commit token", NODES_MAX)?;
        let count = fields.count("members", NODES_MAX)?;
        if filled > count {
            return Err(WireError::TooLong {
                field: "members that filled the commit token",
                length: filled,
                limit: count,
            });
        }
        let nodes = fields.nodes(count)?;
        let mut members = Vec::with_capacity(count);
        for node in nodes {
            let entry = CommitEntry {
                ring: fields.ring()?,
                received_up_to: fields.u32()?,
                delivered_up_to: fields.u32()?,
                complete: fields.u32()? != 0,
            };
            members.push((node, entry));
        }
        let target = header.target;
        Ok(Self { node: header.node, target, token_sequence, ring, filled, members })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::totem::{Frame, testing};

    #[test]
    fn commit_tokens_go_both_ways() {
        let entry = CommitEntry {
            ring: RingId { node: 3, sequence: 40 },
            received_up_to: 17,
            delivered_up_to: 16,
            complete: true,
        };
        let token = CommitToken {
            node: 1,
            target: 2,
            token_sequence: 3,
            ring: RingId { node: 1, sequence: 44 },
            filled: 1,
            members: vec![(1, entry), (2, CommitEntry::default())],
        };
        testing::both_ways(Frame::CommitToken(token.clone()), &token.encode());
        let token = CommitToken { filled: 3, ..token };
        assert!(Frame::decode(&token.encode()).is_err(), "more filled than there are");
    }
}
