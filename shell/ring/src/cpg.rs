use std::convert::Infallible;

use vocab::NodeId;

use crate::RingError;

/// A process that is in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The node it runs on.
    pub node: NodeId,
    /// Its process id there.
    pub pid: u32,
}

/// Something that happened in a group, in the order in which every member sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CpgEvent {
    /// A member, perhaps this one, sent a message.
    Delivered {
        /// The member.
        sender: Member,
        /// The message.
        bytes: Vec<u8>,
    },
    /// The membership changed.
    Membership {
        /// Everybody who is in the group now.
        members: Vec<Member>,
        /// Who came.
        joined: Vec<Member>,
        /// Who left, stopped or was lost.
        left: Vec<Member>,
    },
}

/// Membership in one closed process group.
#[derive(Debug)]
pub struct Cpg {
    never: Infallible,
}

impl Cpg {
    /// Joins a group under this process's id.
    pub async fn join(_group: &str) -> Result<Self, RingError> {
        Err(RingError::Lost)
    }

    /// The node this process runs on.
    pub fn local_node(&self) -> NodeId {
        match self.never {}
    }

    /// Sends to every member, this one included. The message is queued and goes out while [`Self::next`] is awaited.
    pub fn multicast(&mut self, _bytes: &[u8]) -> Result<(), RingError> {
        match self.never {}
    }

    /// Waits for the next event. Dropping the future loses nothing; after an error the connection is of no more use.
    pub async fn next(&mut self) -> Result<CpgEvent, RingError> {
        match self.never {}
    }
}
