use std::fmt;

use model::FenceReason;

/// Why an action is planned, or why it cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionReason {
    /// There is no node for the resource.
    NodeAvailability,
    /// It is active more than once.
    MultiplyActive,
    /// Its definition changed.
    DefinitionChanged,
    /// There is no quorum.
    NoQuorum,
    /// Without quorum nothing is changed.
    QuorumFreeze,
    /// Another action is required.
    Required {
        /// The resource of the other action.
        resource: Option<String>,
        /// What it does.
        task: String,
    },
    /// Another action cannot be carried out.
    Unrunnable {
        /// The resource of the other action.
        resource: Option<String>,
        /// What it does.
        task: String,
    },
    /// Another action cannot be a migration.
    Unmigratable {
        /// The resource of the other action.
        resource: Option<String>,
        /// What it does.
        task: String,
    },
    /// What it is colocated with cannot run.
    Colocation(String),
    /// The node has to be fenced.
    Fence(FenceReason),
    /// A device was configured otherwise.
    DeviceChanged(&'static str),
    /// A resource needs its node to be unfenced.
    RequiredBy {
        /// The resource.
        resource: String,
        /// What is done to it.
        task: String,
    },
}

impl fmt::Display for ActionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let other = |f: &mut fmt::Formatter<'_>, change, resource: &Option<String>, task: &str| {
            match resource {
                Some(resource) => write!(f, "{change} {resource} {task}"),
                None => write!(f, "{change} {task}"),
            }
        };
        match self {
            Self::NodeAvailability => f.write_str("node availability"),
            Self::MultiplyActive => f.write_str("being multiply active"),
            Self::DefinitionChanged => f.write_str("resource definition change"),
            Self::NoQuorum => f.write_str("no quorum"),
            Self::QuorumFreeze => f.write_str("quorum freeze"),
            Self::Required { resource, task } => other(f, "required", resource, task),
            Self::Unrunnable { resource, task } => other(f, "unrunnable", resource, task),
            Self::Unmigratable { resource, task } => other(f, "unmigrateable", resource, task),
            Self::Colocation(id) => write!(f, "colocation with {id}"),
            Self::Fence(reason) => reason.fmt(f),
            Self::DeviceChanged(text) => f.write_str(text),
            Self::RequiredBy { resource, task } => write!(f, "required by {resource} {task}"),
        }
    }
}
