use std::{fmt, str::FromStr};

/// What a resource is, or should be, on a node. The order is the order of the ladder: stopped below started below
/// unpromoted below promoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Role {
    /// Nothing is known yet.
    #[default]
    Unknown,
    /// Not running.
    Stopped,
    /// Running; for a promotable resource this says nothing about promotion.
    Started,
    /// Running, promotable and not promoted.
    Unpromoted,
    /// Running and promoted.
    Promoted,
}

/// A text that is not a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a role: use Stopped, Started, Unpromoted or Promoted")]
pub struct RoleError(pub String);

impl Role {
    /// The role's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Stopped => "Stopped",
            Self::Started => "Started",
            Self::Unpromoted => "Unpromoted",
            Self::Promoted => "Promoted",
        }
    }
}

impl FromStr for Role {
    type Err = RoleError;

    /// Reads a role in any case, the older names `Slave` and `Master` included.
    fn from_str(text: &str) -> Result<Self, RoleError> {
        const NAMES: [(&str, Role); 7] = [
            ("Stopped", Role::Stopped),
            ("Started", Role::Started),
            ("Unpromoted", Role::Unpromoted),
            ("Slave", Role::Unpromoted),
            ("Promoted", Role::Promoted),
            ("Master", Role::Promoted),
            ("Unknown", Role::Unknown),
        ];
        NAMES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|&(_, role)| role)
            .ok_or_else(|| RoleError(text.to_owned()))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
