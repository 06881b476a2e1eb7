use vocab::NodeId;
use wire::corosync::{
    AnswerError, Status,
    cpg::{self, GroupName, Iteration, Request},
    decode_status,
};

use super::Connection;
use crate::{Member, RingError};

/// A process that is in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMember {
    /// The group's name: any bytes.
    pub group: Vec<u8>,
    /// The process.
    pub member: Member,
}

/// The process groups, seen from outside.
#[derive(Debug)]
pub struct Groups {
    connection: Connection,
}

impl Groups {
    /// Connects.
    pub fn connect() -> Result<Self, RingError> {
        Ok(Self { connection: Connection::open("cpg")? })
    }

    /// The names of all groups.
    pub fn names(&mut self) -> Result<Vec<Vec<u8>>, RingError> {
        let described = self.walk(Iteration::Names)?;
        Ok(described.into_iter().map(|described| name(&described.group)).collect())
    }

    /// All members of all groups, those of one group behind each other.
    pub fn members(&mut self) -> Result<Vec<GroupMember>, RingError> {
        let member = |described: cpg::Described| GroupMember {
            group: name(&described.group),
            member: Member { node: NodeId(described.node), pid: described.pid },
        };
        Ok(self.walk(Iteration::All)?.into_iter().map(member).collect())
    }

    fn walk(&mut self, over: Iteration) -> Result<Vec<cpg::Described>, RingError> {
        let message = Request::Iteration(over).encode();
        let handle = self.connection.call("groups", &message, cpg::decode_iteration)?;
        let next = Request::IterationNext { handle }.encode();
        let decode = |answer: &[u8]| match cpg::decode_iteration_next(answer) {
            Err(AnswerError::Refused(Status::NO_SECTIONS)) => Ok(None),
            result => result.map(Some),
        };
        let mut found = Vec::new();
        while let Some(described) = self.connection.call("groups", &next, decode)? {
            found.push(described);
        }
        let end = Request::IterationEnd { handle }.encode();
        self.connection.call("groups", &end, decode_status)?;
        Ok(found)
    }
}

fn name(name: &GroupName) -> Vec<u8> {
    name.as_bytes().to_vec()
}
