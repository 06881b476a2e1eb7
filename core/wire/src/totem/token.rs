use super::{
    fields::{Fields, entries, write_ring},
    header::{Header, Kind},
};
use crate::{WireError, Writer, corosync::RingId};

/// The most numbers a token may ask for again.
pub const RETRANSMIT_MAX: usize = 30;

/// A number that somebody lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retransmit {
    /// The ring in which it counts.
    pub ring: RingId,
    /// The number.
    pub sequence: u32,
}

/// The right to send, which goes round the ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Who passed it on.
    pub node: u32,
    /// To whom.
    pub target: u32,
    /// The last number given to a multicast.
    pub sequence: u32,
    /// Grows with each hop.
    pub token_sequence: u32,
    /// Everybody has everything up to this number, as far as is known.
    pub all_received_up_to: u32,
    /// Who lowered that number; 0 if it is as high as `sequence`.
    pub lowered_by: u32,
    /// The ring.
    pub ring: RingId,
    /// Packets that wait at all nodes.
    pub backlog: u32,
    /// Multicasts sent in the last rotation.
    pub sent_last_rotation: u32,
    /// Whether somebody has messages of its earlier ring to hand on.
    pub recovering: bool,
    /// What is lacking, at most [`RETRANSMIT_MAX`].
    pub retransmit: Vec<Retransmit>,
}

impl Token {
    /// The frame.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        Header::new(Kind::Token, self.node, self.target).write(&mut writer);
        writer.u32(self.sequence).u32(self.token_sequence);
        writer.u32(self.all_received_up_to).u32(self.lowered_by);
        write_ring(&mut writer, self.ring);
        writer.u32(self.backlog).u32(self.sent_last_rotation).u32(self.recovering.into());
        writer.u32(entries(self.retransmit.len()));
        for entry in &self.retransmit {
            write_ring(&mut writer, entry.ring);
            writer.u32(entry.sequence);
        }
        writer.finish()
    }

    pub(super) fn read(header: Header, fields: &mut Fields<'_>) -> Result<Self, WireError> {
        let mut token = Self {
            node: header.node,
            target: header.target,
            sequence: fields.u32()?,
            token_sequence: fields.u32()?,
            all_received_up_to: fields.u32()?,
            lowered_by: fields.u32()?,
            ring: fields.ring()?,
            backlog: fields.u32()?,
            sent_last_rotation: fields.u32()?,
            recovering: fields.u32()? != 0,
            retransmit: Vec::new(),
        };
        let count = fields.count("retransmit list", RETRANSMIT_MAX)?;
        for _ in 0..count {
            token.retransmit.push(Retransmit { ring: fields.ring()?, sequence: fields.u32()? });
        }
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::totem::{Frame, testing};

    #[test]
    fn tokens_go_both_ways() {
        let ring = RingId { node: 1, sequence: 0x1122_3344_5566 };
        let mut token = Token {
            node: 7,
            target: 9,
            sequence: 0xffff_fff0,
            token_sequence: 5,
            all_received_up_to: 0xffff_ffef,
            lowered_by: 3,
            ring,
            backlog: 12,
            sent_last_rotation: 50,
            recovering: true,
            retransmit: vec![Retransmit { ring, sequence: 4 }; RETRANSMIT_MAX],
        };
        testing::both_ways(Frame::Token(token.clone()), &token.encode());
        token.retransmit.push(Retransmit { ring, sequence: 5 });
        assert!(Frame::decode(&token.encode()).is_err(), "one entry too many");
    }
}
