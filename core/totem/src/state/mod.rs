//! The states of a ring, and how it gets from one to the next.

mod commit;
mod gather;
mod operational;
mod recovery;
mod turn;
mod watch;

use std::collections::VecDeque;

use machine::Instant;
use vocab::NodeId;
use wire::totem::CommitToken;

use crate::{
    Ring, Timer,
    delivery::{Circulation, RingLog},
    membership::MemberSet,
    sequence::Sequence,
};

/// How far a ring is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingState {
    /// It was not started.
    Silent,
    /// The token goes round, messages flow.
    Operational,
    /// Nodes agree on who is in the next ring.
    Gather,
    /// They tell each other what they have of their last one.
    Commit,
    /// They hand each other what some have and others lack.
    Recovery,
    /// This node left.
    Left,
}

#[derive(Debug)]
pub(crate) enum State {
    Silent,
    Operational(Operational),
    Gather(Gather),
    Commit(Commit),
    Recovery(Box<Recovery>),
    Left,
}

#[derive(Debug)]
pub(crate) struct Operational {
    /// Since when.
    pub(crate) since: Instant,
    pub(crate) circulation: Circulation,
    /// What goes out again if nothing is heard of it.
    pub(crate) passed: Passed,
}

/// The token that this node passed on last.
#[derive(Debug)]
pub(crate) struct Passed {
    pub(crate) to: NodeId,
    pub(crate) frame: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Gather {
    /// Who wants the same as this node.
    pub(crate) agreed: MemberSet,
}

#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) token: CommitToken,
    pub(crate) members: MemberSet,
    pub(crate) next: NodeId,
    /// Whether the number of the ring is on disk, and the token passed on.
    pub(crate) is_sent: bool,
}

#[derive(Debug)]
pub(crate) struct Recovery {
    pub(crate) circulation: Circulation,
    pub(crate) passed: Passed,
    pub(crate) members: MemberSet,
    /// Those of them that come from the same ring as this node.
    pub(crate) transitional: MemberSet,
    /// The multicasts of the new ring.
    pub(crate) log: RingLog,
    /// Frames of the old ring that somebody lacks, to be sent in the new one.
    pub(crate) hand_on: VecDeque<Vec<u8>>,
    /// Whether the representative made the first token of the ring.
    pub(crate) has_originated: bool,
    pub(crate) progress: Progress,
}

/// How far recovery is, as far as it can be told from the tokens that pass.
#[derive(Debug)]
pub(crate) struct Progress {
    /// Whether this node set the token's mark that somebody has something to hand on.
    pub(crate) has_marked: bool,
    /// Tokens in a row without the mark.
    pub(crate) unmarked: u32,
    /// The last number that belongs to recovery.
    pub(crate) install: Sequence,
    /// Tokens in a row after which everybody had everything.
    pub(crate) settled: u32,
}

impl State {
    pub(crate) const fn name(&self) -> RingState {
        match self {
            Self::Silent => RingState::Silent,
            Self::Operational(_) => RingState::Operational,
            Self::Gather(_) => RingState::Gather,
            Self::Commit(_) => RingState::Commit,
            Self::Recovery(_) => RingState::Recovery,
            Self::Left => RingState::Left,
        }
    }
}

impl Ring {
    pub(crate) fn check_state(&self) -> Result<(), String> {
        let armed = |timers: &[Timer]| timers.iter().any(|timer| self.timers.is_armed(timer));
        let me = self.settings.node;
        let problem = match &self.state {
            State::Silent => armed(&[Timer::TokenLost, Timer::Join]).then_some("a timer runs"),
            State::Left => armed(&[
                Timer::TokenLost,
                Timer::TokenLate,
                Timer::TokenRetransmit,
                Timer::TokenHold,
                Timer::Heartbeat,
                Timer::Join,
                Timer::JoinDelayed,
                Timer::Consensus,
                Timer::Merge,
            ])
            .then_some("a timer runs"),
            State::Operational(_) if self.ring != self.log.ring => Some("log of another ring"),
            State::Operational(_) if !self.members.contains(me) => Some("not a member"),
            State::Operational(_) if self.membership.nodes != self.members => {
                Some("wants other members than it has")
            }
            State::Operational(_) if self.membership.failed.len() > 0 => {
                Some("holds members for failed")
            }
            State::Operational(_) => {
                (!armed(&[Timer::TokenLost])).then_some("nobody watches the token")
            }
            State::Gather(_) if !armed(&[Timer::Consensus, Timer::TokenLost]) => {
                Some("waits forever")
            }
            State::Gather(_) if !self.membership.nodes.contains(me) => Some("does not want itself"),
            State::Gather(_) => (!armed(&[Timer::Join])).then_some("does not repeat itself"),
            State::Commit(commit) if !commit.members.contains(me) => Some("not a member"),
            State::Commit(commit) if commit.is_sent && self.storing.stored < self.ring.sequence => {
                Some("told the ring's number before it was stored")
            }
            State::Commit(_) => (!armed(&[Timer::TokenLost])).then_some("nobody watches the token"),
            State::Recovery(recovery) if recovery.log.ring != self.ring => Some("log of no ring"),
            State::Recovery(recovery) if self.storing.stored < recovery.log.ring.sequence => {
                Some("took part in a ring whose number is not stored")
            }
            State::Recovery(recovery) => {
                recovery.log.check()?;
                (!armed(&[Timer::TokenLost])).then_some("nobody watches the token")
            }
        };
        problem.map_or(Ok(()), |problem| Err(format!("{:?}: {problem}", self.state.name())))
    }
}
