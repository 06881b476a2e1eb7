use vocab::NodeId;
use wire::totem::Token;

use super::{flow::Flow, log::RingLog, sort_queue::SPAN};
use crate::{Settings, sequence::Sequence};

/// What a member knows of the token that goes round its ring.
#[derive(Debug)]
pub(crate) struct Circulation {
    /// To whom this node passes it on.
    pub(crate) next: NodeId,
    /// Whether this node is the representative: the only one that may keep the token.
    pub(crate) is_representative: bool,
    /// The number of the last token taken.
    token_sequence: Sequence,
    /// Up to where everybody had everything, by the last token.
    pub(crate) last_all_received: Sequence,
    /// The last number given to a multicast, by the last token.
    last_sequence: Option<Sequence>,
    /// For how many tokens that number has been the same.
    pub(crate) unchanged: u32,
    /// For how many tokens this node's lack has kept everybody from going on.
    pub(crate) stalled: u32,
    /// Whether the ring is idle, so that the representative keeps the token, or will.
    pub(crate) held: bool,
    pub(crate) flow: Flow,
}

impl Circulation {
    pub(crate) fn new(
        next: NodeId,
        is_representative: bool,
        start: Sequence,
        token_start: Sequence,
    ) -> Self {
        Self {
            next,
            is_representative,
            token_sequence: token_start.previous(),
            last_all_received: start,
            last_sequence: None,
            unchanged: 0,
            stalled: 0,
            held: false,
            flow: Flow::default(),
        }
    }

    /// Whether a token of this ring was not taken before.
    pub(crate) fn is_new(&self, token: &Token) -> bool {
        self.token_sequence.is_before(Sequence(token.token_sequence))
    }

    /// Whether the token's numbers can be: it cannot have fewer multicasts than were received, nor many more.
    pub(crate) fn is_sane(token: &Token, log: &RingLog) -> bool {
        Sequence(token.sequence).since(log.received) < SPAN
    }

    /// Takes note of a token. Whether the ring is idle: no multicast since the last one.
    pub(crate) fn take(&mut self, token: &Token, settings: &Settings) -> bool {
        let sequence = Sequence(token.sequence);
        let is_idle = self.last_sequence == Some(sequence);
        self.unchanged = if is_idle { self.unchanged.saturating_add(1) } else { 0 };
        self.last_sequence = Some(sequence);
        self.token_sequence = Sequence(token.token_sequence);
        // The representative waits one rotation longer, so that the others know before it keeps the token.
        let limit = settings.unchanged_rotations;
        self.held =
            if self.is_representative { self.unchanged > limit } else { self.unchanged >= limit };
        is_idle
    }

    /// Enters what this node has into the token, and counts for how long it has kept the others from going on.
    pub(crate) fn acknowledge(&mut self, node: NodeId, token: &mut Token, log: &RingLog) {
        let before = self.last_all_received;
        self.last_all_received = Sequence(token.all_received_up_to);
        let all = Sequence(token.all_received_up_to);
        if log.received.is_before(all) || token.lowered_by == node.0 || token.lowered_by == 0 {
            token.all_received_up_to = log.received.0;
            token.lowered_by = if log.received.0 == token.sequence { 0 } else { node.0 };
        }
        let is_stalled = token.all_received_up_to == before.0 && token.lowered_by != 0;
        self.stalled = if is_stalled { self.stalled.saturating_add(1) } else { 0 };
    }
}
