use vocab::NodeId;
use wire::WireError;

use crate::ConfigurationError;

/// What a person should know; `Display` is the line for the log. Tools and people look for these texts, so those that
/// Corosync has too are the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Notice {
    /// The provider, at the start.
    #[error("Using quorum provider corosync_votequorum")]
    Provider,
    /// Not all nodes have been there yet.
    #[error("Waiting for all cluster members. Current votes: {votes} expected_votes: {expected}")]
    WaitingForAll {
        /// Votes of those that are there.
        votes: u32,
        /// Votes of all.
        expected: u32,
    },
    /// Quorum was gained.
    #[error("This node is within the primary component and will provide service.")]
    Primary,
    /// Quorum was lost.
    #[error("This node is within the non-primary component and will NOT provide any services.")]
    NonPrimary,
    /// The members, a line of at most 63 characters of a list that may need several.
    #[error("{what}[{count}]:{line}")]
    Nodes {
        /// Which nodes: `Members`, `Sync members`, `Sync joined`, `Sync left`.
        what: &'static str,
        /// How many there are in the whole list.
        count: usize,
        /// A part of the list, each number behind a blank; a backslash at its end if more lines follow.
        line: String,
    },
    /// Waiting for a device to say where it stands after a change of membership.
    #[error("waiting for quorum device {name} poll (but maximum for {timeout_ms} ms)")]
    WaitingForDevice {
        /// The device.
        name: String,
        /// How long, in milliseconds.
        timeout_ms: u128,
    },
    /// A device did not poll in time.
    #[error("lost contact with quorum device {0}")]
    DeviceLost(String),
    /// A client wants to be the device though the configuration contradicts itself.
    #[error(
        "Registration of quorum device is disabled by incorrect corosync.conf. See logs for more information"
    )]
    DeviceDisabled,
    /// Two devices on this node.
    #[error("A new qdevice with different name (new: {new} old: {old}) is trying to re-register!")]
    DeviceRegisteredAgain {
        /// Who asks.
        new: String,
        /// Who is registered.
        old: String,
    },
    /// Another device than the cluster's.
    #[error("A new qdevice with different name (new: {new} old: {old}) is trying to register!")]
    DeviceDiffers {
        /// Who asks.
        new: String,
        /// The cluster's.
        old: String,
    },
    /// Somebody registers while the registration of somebody else is under way.
    #[error("Registration request already in progress")]
    RegistrationUnderWay,
    /// Somebody cancelled the wait for all nodes.
    #[error("wait_for_all_status reset by user on node {0}.")]
    WaitForAllCancelled(NodeId),
    /// Last man standing needs one vote each.
    #[error(
        "Last Man Standing feature is supported only when allcluster nodes votes are set to 1. Disabling LMS."
    )]
    LastManStandingDisabled,
    /// A tie breaker node without a tie breaker.
    #[error("auto_tie_breaker_node: is meaningless if auto_tie_breaker is set to 0")]
    TieBreakerNodeMeaningless,
    /// A tie breaker node that cannot be read.
    #[error(
        "auto_tie_breaker_nodes is not valid. It must be 'lowest', 'highest' or a space-separated list of node IDs. auto_tie_breaker is disabled"
    )]
    TieBreakerNodeInvalid,
    /// One line about a configuration that contradicts itself.
    #[error("{0}")]
    Configuration(&'static str),
    /// A reload that contradicts itself.
    #[error("{0}")]
    ReloadRefused(ConfigurationError),
    /// A message of another node cannot be read.
    #[error("ignoring a message of node {from}: {error}")]
    Malformed {
        /// Its sender.
        from: NodeId,
        /// What is wrong with it.
        error: WireError,
    },
    /// A message that its sender may not send.
    #[error("ignoring a message of node {from}: {problem}")]
    Refused {
        /// Its sender.
        from: NodeId,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Worth noticing.
    Notice,
    /// Not as it should be.
    Warning,
    /// Something does not work as configured.
    Critical,
}

impl Notice {
    /// The log's name for the part of the daemon that says it.
    pub const fn subsystem(&self) -> &'static str {
        match self {
            Self::Provider | Self::Primary | Self::NonPrimary | Self::Nodes { .. } => "QUORUM",
            Self::WaitingForAll { .. }
            | Self::WaitingForDevice { .. }
            | Self::DeviceLost(_)
            | Self::DeviceDisabled
            | Self::DeviceRegisteredAgain { .. }
            | Self::DeviceDiffers { .. }
            | Self::RegistrationUnderWay
            | Self::WaitForAllCancelled(_)
            | Self::LastManStandingDisabled
            | Self::TieBreakerNodeMeaningless
            | Self::TieBreakerNodeInvalid
            | Self::Configuration(_)
            | Self::ReloadRefused(_)
            | Self::Malformed { .. }
            | Self::Refused { .. } => "VOTEQ",
        }
    }

    /// How much it matters.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::WaitingForDevice { .. }
            | Self::DeviceLost(_)
            | Self::DeviceDisabled
            | Self::WaitForAllCancelled(_) => Severity::Info,
            Self::Provider
            | Self::WaitingForAll { .. }
            | Self::Primary
            | Self::NonPrimary
            | Self::Nodes { .. } => Severity::Notice,
            Self::DeviceRegisteredAgain { .. }
            | Self::DeviceDiffers { .. }
            | Self::RegistrationUnderWay
            | Self::LastManStandingDisabled
            | Self::TieBreakerNodeMeaningless
            | Self::TieBreakerNodeInvalid
            | Self::Malformed { .. }
            | Self::Refused { .. } => Severity::Warning,
            Self::Configuration(_) | Self::ReloadRefused(_) => Severity::Critical,
        }
    }
}
