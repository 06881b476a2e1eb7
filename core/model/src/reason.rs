use std::fmt;

use crate::ResourceKey;

/// Why a node has to be fenced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FenceReason {
    /// The partition lost quorum, and that is the policy.
    NoQuorum,
    /// It left the ring unexpectedly.
    UnexpectedlyDown,
    /// Nobody has seen it.
    NeverSeen,
    /// It was refused.
    Refused,
    /// Somebody asked for it.
    Requested,
    /// It is in the ring and does not join.
    PendingTooLong,
    /// It is not in the ring any more.
    LeftCluster,
    /// Its controller is gone.
    ControllerGone,
    /// Its state makes no sense.
    UnknownState,
    /// It may be running a resource.
    ThoughtActive(String),
    /// It may be running a resource; a new connection to it would do.
    ActiveThere(String),
    /// A resource failed there.
    FailedThere(String),
    /// The connection to it cannot be had back.
    ConnectionUnrecoverable,
    /// The connection to it is lost, and nobody knows what runs there.
    ConnectionLost,
    /// It may be running resources that have to stop.
    ActiveAndUnreachable,
    /// It may be running resources that have to be looked for.
    UnknownAndUnreachable,
    /// A stop cannot be carried out there.
    StopUnrunnable,
    /// What launches it failed.
    ContainerFailed,
    /// A ticket that must never be lost was.
    DeadmanTicket,
    /// It is unclean.
    Unclean,
    /// It is a guest, and it is unclean.
    GuestUnclean,
}

impl fmt::Display for FenceReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoQuorum => f.write_str("cluster does not have quorum"),
            Self::UnexpectedlyDown => f.write_str("peer is unexpectedly down"),
            Self::NeverSeen => f.write_str("peer has not been seen by the cluster"),
            Self::Refused => f.write_str("peer failed Pacemaker membership criteria"),
            Self::Requested => f.write_str("fencing was requested"),
            Self::PendingTooLong => {
                f.write_str("peer pending timed out on joining the process group")
            }
            Self::LeftCluster => f.write_str("peer is no longer part of the cluster"),
            Self::ControllerGone => f.write_str("peer process is no longer available"),
            Self::UnknownState => f.write_str("peer was in an unknown state"),
            Self::ThoughtActive(resource) => write!(f, "{resource} is thought to be active there"),
            Self::ActiveThere(resource) => write!(
                f,
                "{resource} is active there (fencing will be revoked if remote connection can be re-established elsewhere)"
            ),
            Self::FailedThere(resource) => write!(f, "{resource} failed there"),
            Self::ConnectionUnrecoverable => f.write_str("remote connection is unrecoverable"),
            Self::ConnectionLost => f.write_str("the connection is unrecoverable"),
            Self::ActiveAndUnreachable => {
                f.write_str("resources are active but connection is unrecoverable")
            }
            Self::UnknownAndUnreachable => {
                f.write_str("resources are in unknown state and connection is unrecoverable")
            }
            Self::StopUnrunnable => f.write_str("stop is unrunnable"),
            Self::ContainerFailed => f.write_str("container failed"),
            Self::DeadmanTicket => f.write_str("deadman ticket was lost"),
            Self::Unclean => f.write_str("node is unclean"),
            Self::GuestUnclean => f.write_str("guest is unclean"),
        }
    }
}

/// A kind of capacity of which a node has too little left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// Its name.
    pub name: String,
    /// How much is needed.
    pub needed: i64,
    /// How much is left.
    pub free: i64,
}

/// Why a resource wants to be on a node, or must not be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScoreReason {
    /// Resources may run anywhere.
    Symmetric,
    /// The connection to what a resource launches may be wherever that one may.
    Launched,
    /// A location constraint, by id.
    Location(String),
    /// The health of the node.
    Health,
    /// It is there and should stay.
    Stickiness,
    /// It is there and not managed.
    Unmanaged,
    /// It failed there too often.
    FailLimit,
    /// Stopping it failed there.
    StopFailed,
    /// It cannot run there.
    HardError,
    /// It cannot run anywhere.
    FatalError,
    /// It cannot run there, as a probe found.
    MaskedProbe,
    /// Its operation says that it should move.
    MigrateOnFailure,
    /// Its failure means that it stays stopped.
    StopOnFailure,
    /// It is active more than once, and that stops it.
    MultipleActive,
    /// It is not configured any more.
    Removed,
    /// It waits for another node.
    ShutdownLock,
    /// Other nodes are named as the only ones.
    ExclusiveDiscovery,
    /// It should be stopped.
    TargetRole,
    /// It has all its instances.
    InstanceLimit,
    /// The node cannot take more of them.
    NodeLimit,
    /// There is not enough capacity: what there is too little of.
    Utilization(Vec<Shortage>),
    /// A ticket is missing, by name.
    Ticket(String),
    /// A colocation.
    Colocation {
        /// Its id; one that nobody configured starts with `#`.
        id: String,
        /// The resource at its other side.
        with: ResourceKey,
        /// Whether this resource follows the other, not the other way round.
        follows: bool,
    },
    /// No instance of the other resource is where this one is. It changes no score: the instance is taken off its node.
    NoPartner {
        /// The other resource.
        with: ResourceKey,
        /// The colocation that pairs them; none if an ordering does.
        colocation: Option<String>,
    },
    /// It may be promoted there.
    Promotion,
    /// The node cannot run anything.
    NodeUnavailable,
    /// What it is part of may not be there.
    Collective(ResourceKey),
    /// The node is inside a container of a bundle and for what belongs there.
    InBundle,
    /// It cannot run on remote nodes.
    NoRemoteNodes,
    /// It has to be where its container is.
    WithContainer,
}
