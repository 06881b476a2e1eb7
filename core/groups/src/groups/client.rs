use std::{collections::BTreeMap, vec};

use wire::{
    corosync::{Status, cpg::Described},
    exec::cpg::Process,
};

use super::registry::GroupIndex;

/// Where in a group a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) group: GroupIndex,
    pub(super) pid: u32,
}

/// How far a client's process has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is in no group.
    Unjoined,
    /// It has asked to join, and the ring has not delivered that yet.
    JoinStarted(Place),
    /// It is in a group.
    Joined(Place),
    /// It has asked to leave, and the ring has not delivered that yet.
    LeaveStarted(Place),
    /// It has said that its connection ends. What it was in without having left is left once the connection is gone.
    Finalized(Option<Process>),
}

impl State {
    /// Where it may send messages to, or what it is answered.
    pub(super) fn sends_to(&self) -> Result<Place, Status> {
        match self {
            Self::JoinStarted(place) | Self::Joined(place) => Ok(*place),
            Self::Unjoined | Self::LeaveStarted(_) | Self::Finalized(_) => Err(Status::NOT_EXIST),
        }
    }

    /// Where it is listed among a group's clients.
    pub(super) fn place(&self) -> Option<Place> {
        match self {
            Self::JoinStarted(place) | Self::Joined(place) | Self::LeaveStarted(place) => {
                Some(*place)
            }
            Self::Unjoined | Self::Finalized(_) => None,
        }
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) state: State,
    /// Whether it has got the ring's membership that it asked for when it joined.
    pub(super) told_ring: bool,
    /// Changes of membership it was told.
    pub(super) changes: u64,
    /// What that number was when it sent the first part of a long message.
    pub(super) changes_at_first_part: u64,
    /// Walks under way, by handle.
    pub(super) walks: BTreeMap<u64, vec::IntoIter<Described>>,
}

impl Client {
    pub(super) fn new() -> Self {
        Self {
            state: State::Unjoined,
            told_ring: false,
            changes: 0,
            changes_at_first_part: 0,
            walks: BTreeMap::new(),
        }
    }

    pub(super) fn is_finalized(&self) -> bool {
        matches!(self.state, State::Finalized(_))
    }
}
