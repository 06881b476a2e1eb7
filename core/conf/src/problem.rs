use std::{fmt, time::Duration};

/// Something in a configuration that is not right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    /// The line, counted from 1; 0 if there is none to point at.
    pub line: usize,
    /// Where: sections and key, joined by dots.
    pub path: String,
    /// What is wrong.
    pub kind: ProblemKind,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        write!(f, "{} {}", self.path, self.kind)
    }
}

/// What is wrong with a configuration: what forbids a start, and what only should be known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// With any of these a node must not start, and a reload is refused.
    pub errors: Vec<Problem>,
    /// What is accepted, but has not the effect it seems to have.
    pub warnings: Vec<Problem>,
}

impl Problems {
    /// Whether there is nothing to say, not even a warning.
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty() && self.warnings.is_empty()
    }

    /// Takes over what another look has found.
    pub fn extend(&mut self, other: Self) {
        self.errors.extend(other.errors);
        self.warnings.extend(other.warnings);
    }

    pub(crate) fn error(&mut self, line: usize, path: impl Into<String>, kind: ProblemKind) {
        self.errors.push(Problem { line, path: path.into(), kind });
    }

    pub(crate) fn warning(&mut self, line: usize, path: impl Into<String>, kind: ProblemKind) {
        self.warnings.push(Problem { line, path: path.into(), kind });
    }
}

/// What can be wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    /// It has to be there.
    #[error("is missing")]
    Missing,
    /// It should be a number in a range.
    #[error("has to be a number from {0} to {1}, not '{2}'")]
    Number(i64, u64, String),
    /// It should be one of a few words.
    #[error("has to be one of {0}, not '{1}'")]
    Choice(&'static str, String),
    /// It has to be unique.
    #[error("'{0}' is there twice")]
    Twice(String),
    /// A key that nothing reads. It is kept, as clients may.
    #[error("is not known and has no effect")]
    Unknown,
    /// A key that its section does not take.
    #[error("does not belong here: only {0} may be here")]
    NotHere(&'static str),
    /// A key whose name the map of keys does not take.
    #[error("is no name for a key: it needs 3 to 255 letters, digits and characters of ._-/:")]
    KeyName,
    /// A time that is too short.
    #[error("has to be at least {} ms, not {} ms", .least.as_millis(), .found.as_millis())]
    TooShort {
        /// The shortest that works.
        least: Duration,
        /// What it is, set or computed.
        found: Duration,
    },
    /// A timeout that is shorter than another one it contains.
    #[error("is {} ms and has to be at least totem.join, {} ms", .found.as_millis(), .join.as_millis())]
    ShorterThanJoin {
        /// What it is, set or computed.
        found: Duration,
        /// What it contains.
        join: Duration,
    },
    /// A shared key whose length is wrong.
    #[error("has to have {least} to {most} bytes, not {found}")]
    KeyLength {
        /// Bytes of the shortest.
        least: usize,
        /// Bytes of the longest.
        most: usize,
        /// Bytes it has.
        found: usize,
    },
    /// Encryption without a signature.
    #[error("is needed, other than none, where totem.crypto_cipher is set")]
    CipherWithoutHash,
    /// Neither encryption nor signature.
    #[error("leaves messages readable and forgeable by everybody in the network")]
    Unprotected,
    /// An option that the transport does not have.
    #[error("works with transport {0} only")]
    OnlyWith(&'static str),
    /// More links than the transport has.
    #[error("has {0} links, but only transport knet has more than one")]
    TooManyLinks(usize),
    /// Nodes that do not have the same links.
    #[error("has not the same links as the other nodes")]
    LinksDiffer,
    /// A node without a name among several links.
    #[error("is missing: with more than one link every node needs a name")]
    NameForLinks,
    /// A node without a number.
    #[error("is missing: transport knet needs a number for every node")]
    NumberForKnet,
    /// A node without a number whose address gives none.
    #[error("is missing: without an IPv4 address a node needs a number")]
    NumberForIpv6,
    /// Addresses of one link are of several families.
    #[error("is {address}, which is not of the family of {other}, the first address of this link")]
    FamiliesDiffer {
        /// The address.
        address: std::net::IpAddr,
        /// The first one.
        other: std::net::IpAddr,
    },
    /// A name without an address of a family that may be used.
    #[error("'{0}' has no address")]
    NoAddress(String),
    /// None of the nodes is this one.
    #[error("has no node with the name or an address of this host")]
    NotLocal,
    /// No link leads to any node.
    #[error("has no addresses, nor has totem.interface: there is no link")]
    NoLinks,
    /// An address that is not for groups of hosts.
    #[error("has to be a multicast address of the family of the node's own, not {0}")]
    NotMulticast(std::net::IpAddr),
    /// A section that is there more than once though only the last one counts.
    #[error("is there more than once: its nodes take the place of those before")]
    Repeated,
    /// Something that goes only by another value.
    #[error("cannot be together with {0}")]
    Conflict(&'static str),
    /// Something that is turned off by another value.
    #[error("is turned off by {0}")]
    TurnedOffBy(&'static str),
    /// Something that is needed by another value.
    #[error("has to be set where {0}")]
    NeededWhere(&'static str),
    /// More votes for the device than the cluster can have.
    #[error("leaves fewer than 2 of the {0} expected votes to the nodes")]
    DeviceVotes(u32),
    /// A value without effect.
    #[error("has no effect: {0}")]
    NoEffect(&'static str),
    /// What Corosync can and Cardea cannot.
    #[error("is not implemented yet: {0}")]
    NotImplemented(&'static str),
}
