use std::fmt;

/// A daemon under the launcher, in the order in which they are started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Daemon {
    /// Keeps the CIB.
    Based,
    /// Fences nodes.
    Fenced,
    /// Runs agents.
    Execd,
    /// Keeps transient attributes.
    Attrd,
    /// Plans.
    Schedulerd,
    /// Carries plans out.
    Controld,
}

impl Daemon {
    /// All of them, in the order in which they are started.
    pub const ALL: [Self; 6] =
        [Self::Based, Self::Fenced, Self::Execd, Self::Attrd, Self::Schedulerd, Self::Controld];

    /// The process name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Based => "pacemaker-based",
            Self::Fenced => "pacemaker-fenced",
            Self::Execd => "pacemaker-execd",
            Self::Attrd => "pacemaker-attrd",
            Self::Schedulerd => "pacemaker-schedulerd",
            Self::Controld => "pacemaker-controld",
        }
    }

    /// The endpoint under which it can be asked for a sign of life.
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::Based => "cib_ro",
            Self::Fenced => "stonith-ng",
            Self::Execd => "lrmd",
            Self::Attrd => "attrd",
            Self::Schedulerd => "pengine",
            Self::Controld => "crmd",
        }
    }

    /// Whether it is of no use without the ring.
    pub const fn needs_ring(self) -> bool {
        match self {
            Self::Based | Self::Fenced | Self::Attrd | Self::Controld => true,
            Self::Execd | Self::Schedulerd => false,
        }
    }

    /// The one started after this one.
    pub(crate) fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|daemon| *daemon > self)
    }
}

impl fmt::Display for Daemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
