use std::convert::Infallible;

use vocab::NodeId;

use crate::RingError;

/// Membership of the partition and whether it has quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumChange {
    /// Whether the partition has quorum.
    pub quorate: bool,
    /// The number of the membership; it grows with each.
    pub ring_sequence: u64,
    /// The nodes of the partition.
    pub members: Vec<NodeId>,
}

/// The quorum service.
#[derive(Debug)]
pub struct Quorum {
    never: Infallible,
}

impl Quorum {
    /// Connects and starts to follow.
    pub async fn connect() -> Result<Self, RingError> {
        Err(RingError::Lost)
    }

    /// Waits for the next change; the first call gives the current state. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<QuorumChange, RingError> {
        match self.never {}
    }
}
