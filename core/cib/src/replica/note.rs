use std::fmt;

use messages::cib::{Failure, Operation, Request};
use schema::Problem;
use vocab::NodeName;

use crate::{Version, acl::Verdict};

/// Something worth logging.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// A change was made or refused.
    Completed {
        /// What was asked for.
        operation: Operation,
        /// For which section.
        section: Option<String>,
        /// Who asked: node, client, number.
        by: String,
        /// How it went.
        result: Result<(), Failure>,
        /// The version afterwards.
        version: Version,
    },
    /// A change was refused since its result would break the schema.
    Violated(Problem),
    /// The CIB of a peer was taken over.
    Replaced {
        /// The peer.
        from: NodeName,
        /// The version before.
        old: Version,
        /// The version now.
        new: Version,
    },
    /// The CIB of a peer was not taken over.
    NotReplaced {
        /// The peer.
        from: NodeName,
        /// The version here.
        ours: Version,
        /// The peer's version.
        theirs: Version,
        /// Whether it arrived damaged, rather than being older.
        damaged: bool,
    },
    /// A peer's CIB differs from the primary's.
    Differs {
        /// The peer.
        peer: NodeName,
        /// The version here.
        ours: Version,
        /// The peer's version.
        theirs: Version,
    },
    /// This instance asks the others for their CIB.
    AsksForCib {
        /// Why.
        reason: &'static str,
    },
    /// This instance became primary or secondary.
    Role {
        /// Whether it is the primary one now.
        primary: bool,
    },
    /// The CIB could not be stored.
    NotStored {
        /// The version that is not on disk.
        version: Version,
        /// What went wrong.
        problem: String,
    },
    /// A user asked for something that he may not do.
    Denied {
        /// The user.
        user: String,
        /// What he asked for.
        operation: Operation,
        /// What exactly he may not do, if it is about a particular part.
        verdict: Option<Verdict>,
    },
    /// A client asked for more than its connection or the protocol allows.
    Refused {
        /// What it asked for.
        operation: Operation,
        /// The client's name.
        client: String,
        /// Why it was refused.
        reason: &'static str,
    },
    /// The client that a reply is for has gone.
    NobodyToAnswer {
        /// The reply's number.
        call_id: i32,
    },
    /// A peer is about to leave.
    PeerLeaves(NodeName),
    /// Nobody answered the farewell.
    LeavesUnanswered,
}

/// How severe a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Detail.
    Info,
    /// Worth knowing.
    Notice,
    /// Something is not as it should be.
    Warning,
    /// Something failed that needs a person.
    Error,
}

impl Note {
    /// How severe it is.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Completed { result: Ok(()), .. }
            | Self::PeerLeaves(_)
            | Self::NobodyToAnswer { .. } => Severity::Info,
            Self::Replaced { .. } | Self::Role { .. } | Self::AsksForCib { .. } => Severity::Notice,
            Self::NotReplaced { damaged: false, .. } => Severity::Info,
            Self::Completed { .. }
            | Self::Violated(_)
            | Self::Differs { .. }
            | Self::Refused { .. }
            | Self::Denied { .. }
            | Self::LeavesUnanswered => Severity::Warning,
            Self::NotReplaced { .. } | Self::NotStored { .. } => Severity::Error,
        }
    }

    pub(super) fn who(request: &Request) -> String {
        format!(
            "{}/{}/{}",
            request.origin.as_ref().map_or("local", NodeName::as_str),
            request.client_name.as_deref().unwrap_or("-"),
            request.call_id
        )
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed { operation, section, by, result, version } => {
                let section = section.as_deref().unwrap_or("'all'");
                write!(f, "Completed {operation} operation for section {section}: ")?;
                match result {
                    Ok(()) => f.write_str("OK (rc=0")?,
                    Err(failure) => write!(f, "{failure} (rc={}", failure.code())?,
                }
                write!(f, ", origin={by}, version={version})")
            }
            Self::Violated(violation) => {
                write!(f, "The change would break the schema: {violation}")
            }
            Self::Replaced { from, old, new } => {
                write!(f, "Replaced CIB {old} with {new} from {from}")
            }
            Self::NotReplaced { from, ours, theirs, damaged: true } => write!(
                f,
                "Kept CIB {ours}: {theirs} from {from} arrived with another digest than it was sent with"
            ),
            Self::NotReplaced { from, ours, theirs, damaged: false } => {
                write!(f, "Kept CIB {ours}: {theirs} from {from} is not newer")
            }
            Self::Differs { peer, ours, theirs } => {
                write!(f, "The CIB of {peer} ({theirs}) differs from the primary's ({ours})")
            }
            Self::AsksForCib { reason } => write!(f, "Asking the peers for their CIB: {reason}"),
            Self::Role { primary: true } => f.write_str("This CIB is the primary one now"),
            Self::Role { primary: false } => f.write_str("This CIB is a secondary one now"),
            Self::NotStored { version, problem } => {
                write!(f, "CIB {version} could not be written to disk: {problem}")
            }
            Self::Denied { user, operation, verdict } => {
                write!(f, "Denied {operation} to user {user}")?;
                verdict.as_ref().map_or(Ok(()), |verdict| write!(f, ": {verdict}"))
            }
            Self::Refused { operation, client, reason } => {
                write!(f, "Refused {operation} from client {client}: {reason}")
            }
            Self::NobodyToAnswer { call_id } => {
                write!(f, "The client that waits for the reply to call {call_id} has gone")
            }
            Self::PeerLeaves(peer) => write!(f, "{peer} is about to leave"),
            Self::LeavesUnanswered => f.write_str("Leaving although nobody answered"),
        }
    }
}
