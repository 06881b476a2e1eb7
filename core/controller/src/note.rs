use std::fmt;

use transition::walker::Summary;
use vocab::{NodeName, Task};

use crate::fsm::{State, Trigger};

/// How much attention a note deserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Somebody has to do something.
    Error,
    /// Something is not as it should be.
    Warning,
    /// What an administrator wants to follow.
    Notice,
    /// Details.
    Info,
}

/// Something that happened and should stand in the log.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// The controller does something else now.
    StateChange {
        /// What it did.
        from: State,
        /// What it does.
        to: State,
        /// Why.
        trigger: Trigger,
        /// More about why.
        reason: String,
    },
    /// A node became a member of the ring or was lost.
    NodeState {
        /// The node.
        node: NodeName,
        /// Whether it is a member.
        member: bool,
    },
    /// Quorum came or went.
    Quorum {
        /// Whether the partition has it.
        quorate: bool,
    },
    /// Who the DC is changed.
    DcChange {
        /// The DC; nobody if it is gone.
        dc: Option<NodeName>,
    },
    /// A pass over the transition.
    Pass {
        /// Its counts.
        summary: Summary,
        /// Where the plan came from.
        source: String,
    },
    /// A transition is to end early, or a new plan is wanted.
    Aborted {
        /// The transition.
        transition: i32,
        /// Why.
        reason: String,
        /// What the reason is about, such as a path in the CIB.
        about: Option<String>,
        /// Whether it had ended anyway.
        complete: bool,
        /// Whether it changed anything.
        first: bool,
    },
    /// An action is on its way to a node.
    Initiating {
        /// The task.
        task: String,
        /// The operation key.
        key: String,
        /// The node.
        node: String,
        /// The action's number.
        action: u32,
    },
    /// The local executor is asked to do something.
    Requesting {
        /// The task.
        task: Task,
        /// The resource.
        resource: String,
        /// The transition key.
        key: String,
    },
    /// The local executor did something.
    Result {
        /// The operation key.
        key: String,
        /// How it went, in words.
        outcome: String,
        /// The executor's number.
        call: i32,
        /// Whether it counts as trouble.
        trouble: bool,
    },
    /// Anything else.
    Text(Severity, String),
}

impl Note {
    /// How much attention it deserves.
    pub fn severity(&self) -> Severity {
        match self {
            Self::StateChange { to: State::Recovery | State::Terminate, .. } => Severity::Warning,
            Self::StateChange { .. }
            | Self::NodeState { .. }
            | Self::Quorum { .. }
            | Self::Initiating { .. }
            | Self::Requesting { .. } => Severity::Notice,
            Self::DcChange { .. } => Severity::Info,
            Self::Pass { summary, .. } if summary.status.is_end() => Severity::Notice,
            Self::Pass { .. } => Severity::Info,
            Self::Aborted { first: true, complete: false, .. } => Severity::Notice,
            Self::Aborted { .. } => Severity::Info,
            Self::Result { trouble: true, .. } => Severity::Error,
            Self::Result { .. } => Severity::Notice,
            Self::Text(severity, _) => *severity,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StateChange { from, to, trigger, reason } => {
                write!(f, "State transition {from} -> {to} (input={trigger}")?;
                if reason.is_empty() { write!(f, ")") } else { write!(f, ", {reason})") }
            }
            Self::NodeState { node, member } => {
                write!(f, "Node {node} state is now {}", if *member { "member" } else { "lost" })
            }
            Self::Quorum { quorate } => {
                write!(f, "Quorum {}", if *quorate { "acquired" } else { "lost" })
            }
            Self::DcChange { dc: Some(dc) } => write!(f, "Set DC to {dc}"),
            Self::DcChange { dc: None } => write!(f, "Unset DC"),
            Self::Pass { summary, source } => f.write_str(&summary.line(source)),
            Self::Aborted { transition, reason, about, complete, .. } => {
                write!(f, "Transition {transition} aborted")?;
                if let Some(about) = about {
                    write!(f, " by {about}")?;
                }
                write!(f, ": {reason} (complete={complete})")
            }
            Self::Initiating { task, key, node, action } => {
                write!(f, "Initiating {task} operation {key} on {node} (action {action})")
            }
            Self::Requesting { task, resource, key } => {
                write!(
                    f,
                    "Requesting local execution of {task} operation for {resource} \
                     (transition_key={key})"
                )
            }
            Self::Result { key, outcome, call, .. } => {
                write!(f, "Result of {key}: {outcome} (call={call})")
            }
            Self::Text(_, text) => f.write_str(text),
        }
    }
}
