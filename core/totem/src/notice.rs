use std::{fmt, time::Duration};

use vocab::NodeId;
use wire::{WireError, corosync::RingId};

/// What a person should know; `Display` is the line for the log, in Corosync's words where it has some.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Notice {
    /// The membership is being formed anew.
    #[error("entering GATHER state from {}({why}).", why.number())]
    Gathering {
        /// Why.
        why: Reason,
    },
    /// The token did not come back.
    #[error(
        "A processor failed, forming new configuration: token timed out ({}ms), waiting {}ms for consensus.",
        token.as_millis(), consensus.as_millis()
    )]
    ProcessorFailed {
        /// How long it was waited for.
        token: Duration,
        /// How long agreement may take now.
        consensus: Duration,
    },
    /// A membership was agreed on and its ring is being set up.
    #[error("entering COMMIT state.")]
    Committing,
    /// The members of the new ring hand each other what some of them lack.
    #[error("entering RECOVERY state.")]
    Recovering,
    /// A new membership is in force.
    #[error(
        "A new membership ({}) was formed. Members{}{}",
        RingName(*ring), Nodes(" joined:", joined), Nodes(" left:", left)
    )]
    NewMembership {
        /// Its ring.
        ring: RingId,
        /// Who is new.
        joined: Vec<NodeId>,
        /// Who is gone.
        left: Vec<NodeId>,
    },
    /// Members are gone without having said so.
    #[error("Failed to receive the leave message.{}", Nodes(" failed:", .0))]
    LeftSilently(Vec<NodeId>),
    /// The token has been away for long.
    #[error("Token has not been received in {} ms ", .0.as_millis())]
    TokenLate(Duration),
    /// Messages have to be sent again.
    #[error("Retransmit List: {}", Numbers(.0))]
    RetransmitList(Vec<u32>),
    /// This node gets none of the others' messages, and makes a ring of its own.
    #[error("FAILED TO RECEIVE")]
    FailedToReceive,
    /// Another node says that it leaves.
    #[error("Received LEAVE message from {0}")]
    Leaving(NodeId),
    /// The transport says that a member cannot be reached or is gone.
    #[error("node {0} is suspected: {1}")]
    Suspected(NodeId, crate::Suspicion),
    /// Frames with this node's own number came from elsewhere.
    #[error("another node has this node's number {0}: its frames are dropped")]
    DuplicateNodeId(NodeId),
    /// Frames were dropped; told at most once a second for each kind.
    #[error("frame dropped: {0}")]
    Dropped(Dropped),
    /// Too much waits to be sent: a message was refused.
    #[error("message of {bytes} bytes refused: no room")]
    NoRoom {
        /// Bytes of the message.
        bytes: usize,
    },
    /// The number of the new ring is on its way to disk, and nothing goes on before it is there.
    #[error("waiting until ring sequence {0:x} is stored")]
    StoringRingSequence(u64),
}

/// How important a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Of interest to who looks for a fault.
    Debug,
    /// Normal, and worth a line.
    Notice,
    /// Not as it should be.
    Warning,
    /// A fault.
    Error,
}

impl Notice {
    /// How important it is; as Corosync has it.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Gathering { .. }
            | Self::Committing
            | Self::Recovering
            | Self::StoringRingSequence(_)
            | Self::Leaving(_) => Severity::Debug,
            Self::ProcessorFailed { .. }
            | Self::NewMembership { .. }
            | Self::LeftSilently(_)
            | Self::TokenLate(_)
            | Self::RetransmitList(_)
            | Self::Suspected(..) => Severity::Notice,
            Self::Dropped(_) => Severity::Warning,
            Self::FailedToReceive | Self::DuplicateNodeId(_) | Self::NoRoom { .. } => {
                Severity::Error
            }
        }
    }
}

/// Why a frame was dropped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// It cannot be read.
    #[error("{0}")]
    Malformed(#[from] WireError),
    /// A number in it lies far from all numbers in use.
    #[error("number {0:x} from node {1} is out of the window")]
    OutOfWindow(u32, NodeId),
    /// A commit token that is not for this node now.
    #[error("a commit token from node {0} makes no sense")]
    CommitToken(NodeId),
    /// A packet of messages whose lengths do not add up, or whose message is too long.
    #[error("the messages in a packet from node {0} do not add up")]
    Packet(NodeId),
    /// More nodes than a ring can have.
    #[error("a join message from node {0} brings too many nodes")]
    TooManyNodes(NodeId),
}

/// Why the membership is formed anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Some did not agree in time, and count as failed.
    NoConsensus,
    /// The token did not come back to a working ring.
    TokenLostInOperational,
    /// All agreed, but no commit token came.
    ConsensusExpired,
    /// The commit token did not come back.
    TokenLostInCommit,
    /// The token did not come back before recovery was over.
    TokenLostInRecovery,
    /// This node gets none of the others' messages.
    FailedToReceive,
    /// A message of another ring came to a working ring.
    ForeignMessageInOperational,
    /// A message of another ring came while gathering.
    ForeignMessageInGather,
    /// Another ring made itself known to a working ring.
    MergeInOperational,
    /// Another ring made itself known while gathering.
    MergeInGather,
    /// A join message brought something new.
    MergeInJoin,
    /// A join message came to a working ring.
    JoinInOperational,
    /// A join message came while the ring was set up.
    JoinInCommit,
    /// A join message came during recovery.
    JoinInRecovery,
    /// This node begins.
    Started,
    /// The transport suspects a member.
    Suspected,
    /// An operator wants it.
    Asked,
}

impl Reason {
    /// The number that Corosync logs; ours are from 100.
    pub const fn number(self) -> u8 {
        match self {
            Self::NoConsensus => 0,
            Self::TokenLostInOperational => 2,
            Self::ConsensusExpired => 3,
            Self::TokenLostInCommit => 4,
            Self::TokenLostInRecovery => 5,
            Self::FailedToReceive => 6,
            Self::ForeignMessageInOperational => 7,
            Self::ForeignMessageInGather => 8,
            Self::MergeInOperational => 9,
            Self::MergeInGather => 10,
            Self::MergeInJoin => 11,
            Self::JoinInOperational => 12,
            Self::JoinInCommit => 13,
            Self::JoinInRecovery => 14,
            Self::Started => 15,
            Self::Suspected => 100,
            Self::Asked => 101,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoConsensus => "consensus timeout",
            Self::TokenLostInOperational => "The token was lost in the OPERATIONAL state.",
            Self::ConsensusExpired => "The consensus timeout expired.",
            Self::TokenLostInCommit => "The token was lost in the COMMIT state.",
            Self::TokenLostInRecovery => "The token was lost in the RECOVERY state.",
            Self::FailedToReceive => "failed to receive",
            Self::ForeignMessageInOperational => "foreign message in operational state",
            Self::ForeignMessageInGather => "foreign message in gather state",
            Self::MergeInOperational => "merge during operational state",
            Self::MergeInGather => "merge during gather state",
            Self::MergeInJoin => "merge during join",
            Self::JoinInOperational => "join during operational state",
            Self::JoinInCommit => "join during commit state",
            Self::JoinInRecovery => "join during recovery",
            Self::Started => "interface change",
            Self::Suspected => "suspicion of the transport",
            Self::Asked => "request of an operator",
        })
    }
}

/// A ring's number as Corosync prints it: both parts in hexadecimal.
struct RingName(RingId);

impl fmt::Display for RingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{:x}", self.0.node, self.0.sequence)
    }
}

/// Nodes behind a word; nothing at all if there are none.
struct Nodes<'a>(&'static str, &'a [NodeId]);

impl fmt::Display for Nodes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1.is_empty() {
            return Ok(());
        }
        f.write_str(self.0)?;
        self.1.iter().try_for_each(|node| write!(f, " {node}"))
    }
}

/// Numbers in hexadecimal, each with a blank behind it.
struct Numbers<'a>(&'a [u32]);

impl fmt::Display for Numbers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|number| write!(f, "{number:x} "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_that_people_look_for() {
        let ring = RingId { node: 1, sequence: 44 };
        let notice =
            Notice::NewMembership { ring, joined: vec![NodeId(2), NodeId(3)], left: vec![] };
        assert_eq!(notice.to_string(), "A new membership (1.2c) was formed. Members joined: 2 3");
        let notice = Notice::LeftSilently(vec![NodeId(2)]);
        assert_eq!(notice.to_string(), "Failed to receive the leave message. failed: 2");
        assert_eq!(
            Notice::Gathering { why: Reason::MergeInJoin }.to_string(),
            "entering GATHER state from 11(merge during join)."
        );
        assert_eq!(Notice::RetransmitList(vec![10, 255]).to_string(), "Retransmit List: a ff ");
    }
}
