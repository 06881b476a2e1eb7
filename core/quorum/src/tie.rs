use vocab::NodeId;

use crate::{TieBreaker, census::Census};

/// Which half of an evenly split cluster goes on, as it is in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tie {
    /// Neither.
    #[default]
    Unbroken,
    /// The one with the lowest node.
    Lowest,
    /// The one with the highest.
    Highest,
    /// The one with the first of these that may be alive.
    List(Vec<NodeId>),
}

impl Tie {
    /// What a configuration with a tie breaker asks for.
    pub(crate) fn of(node: Option<&TieBreaker>) -> Self {
        match node {
            None | Some(TieBreaker::Lowest) => Self::Lowest,
            Some(TieBreaker::Highest) => Self::Highest,
            Some(TieBreaker::List(list)) => Self::List(list.clone()),
            Some(TieBreaker::Invalid) => Self::Unbroken,
        }
    }

    /// The number in the key `runtime.votequorum.atb_type`.
    pub(crate) const fn code(&self) -> u32 {
        match self {
            Self::Unbroken => 0,
            Self::Lowest => 1,
            Self::Highest => 2,
            Self::List(_) => 3,
        }
    }

    pub(crate) fn is_unbroken(&self) -> bool {
        *self == Self::Unbroken
    }
}

/// What breaking a tie depends on.
pub(crate) struct Split<'a> {
    pub(crate) census: &'a Census,
    /// The members now.
    pub(crate) members: &'a [NodeId],
    /// The members of the membership before.
    pub(crate) previous: &'a [NodeId],
    /// The lowest and the highest member when there was quorum by votes last.
    pub(crate) lowest: Option<NodeId>,
    pub(crate) highest: Option<NodeId>,
}

impl Split<'_> {
    /// Whether the tie is broken in favour of this partition.
    pub(crate) fn is_ours(&self, tie: &Tie) -> bool {
        match tie {
            Tie::Unbroken => false,
            Tie::Lowest => self.has(self.lowest),
            Tie::Highest => self.has(self.highest),
            Tie::List(list) => self.has_first_of(list),
        }
    }

    /// Whether the lowest member of the last partition with quorum is here.
    pub(crate) fn has_lowest(&self) -> bool {
        self.has(self.lowest)
    }

    fn has(&self, id: Option<NodeId>) -> bool {
        id.and_then(|id| self.census.get(id)).is_some_and(|node| node.is_member())
    }

    /// Whether one of the list is here, and none that stands before it may be in the other half.
    fn has_first_of(&self, list: &[NodeId]) -> bool {
        list.iter().position(|id| self.members.contains(id)).is_some_and(|first| {
            !list.iter().take(first).any(|earlier| self.previous.contains(earlier))
        })
    }
}
