use std::fmt;

use vocab::{FeatureSet, NodeId};

/// How long a candidate has been at work, as processor time it has used. More is better: it spares the cluster a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Age {
    /// Whole seconds.
    pub seconds: u64,
    /// Microseconds on top, below 1,000,000.
    pub micros: u32,
}

/// What a ballot says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// "I am a candidate, this old."
    Vote(Age),
    /// "I concede to the owner of this election."
    NoVote,
}

/// One message of an election.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ballot {
    /// The candidate whose election this is.
    pub owner: NodeId,
    /// Counts the owner's elections; a no-vote to an earlier one means nothing.
    pub round: u32,
    /// What the sender understands.
    pub feature_set: FeatureSet,
    /// Candidacy or concession.
    pub choice: Choice,
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.seconds, self.micros)
    }
}
