use std::fmt;

use vocab::Timestamp;

use crate::{Change, How, Owner};

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RemoveConstraint { id } => write!(f, "without constraint {id}"),
            Self::Clear { id, .. } => {
                write!(f, "without constraint {id}, which moving by hand left behind")
            }
            Self::CleanUp { resource, node } => {
                write!(f, "once the failures of {resource} on {node} are cleaned up")
            }
            Self::Unset { id, name, value, .. } => write!(f, "without {name}={value} ({id})"),
            Self::Enable { id, .. } => write!(f, "without target-role=Stopped ({id})"),
            Self::SetOption { name, value } => write!(f, "with {name}={value}"),
            Self::SetMeta { resource, name, value } => {
                write!(f, "with {name}={value} for {resource}")
            }
            Self::SetNodeAttribute { node, name, value } => {
                write!(f, "with {name}={value} on {node}")
            }
            Self::NodeUp { node } => write!(f, "if {node} joined the cluster"),
            Self::Fenced { node } => write!(f, "once it is sure that {node} is off"),
            Self::Quorum => f.write_str("with quorum"),
            Self::GrantTicket { ticket } => write!(f, "with ticket {ticket} granted"),
            Self::ActivateTicket { ticket } => write!(f, "with ticket {ticket} out of standby"),
            Self::Unlock { resource, node } => {
                write!(f, "without the lock of {resource} to {node}")
            }
            Self::WaitForTimeout { until } => write!(
                f,
                "by waiting until {}, when the failures are forgotten",
                present::iso_utc(Timestamp(*until))
            ),
        }
    }
}

impl Change {
    /// The command that makes the change; none if no command can.
    pub(crate) fn command(&self) -> Option<String> {
        Some(match self {
            Self::RemoveConstraint { id } => format!("pcs constraint delete {id}"),
            Self::Clear { resource, .. } => format!("pcs resource clear {resource}"),
            Self::CleanUp { resource, node } => format!(
                "pcs resource cleanup {resource} node={node}   (or: crm_resource -C -r {resource} -N {node})"
            ),
            Self::Unset { owner, name, .. } => match (owner, name.as_str()) {
                (Owner::Node(node) | Owner::NodeUntilRestart(node), "standby") => {
                    format!("pcs node unstandby {node}")
                }
                (Owner::Node(node) | Owner::NodeUntilRestart(node), "maintenance") => {
                    format!("pcs node unmaintenance {node}")
                }
                (Owner::Node(node), _) => format!("pcs node attribute {node} {name}="),
                (Owner::NodeUntilRestart(node), _) => {
                    format!("crm_attribute -l reboot -N {node} -n {name} -D")
                }
                (Owner::Resource(id), "is-managed") => format!("pcs resource manage {id}"),
                (Owner::Resource(id), _) => format!("pcs resource meta {id} {name}="),
                (Owner::ResourceDefaults, _) => format!("pcs resource defaults update {name}="),
                (Owner::ClusterOptions, _) => format!("pcs property unset {name}"),
            },
            Self::Enable { resource: Some(id), .. } => format!("pcs resource enable {id}"),
            Self::Enable { resource: None, .. } => {
                "pcs resource defaults update target-role=".to_owned()
            }
            Self::SetOption { name, value } => format!("pcs property set {name}={value}"),
            Self::SetMeta { resource, name, value } => {
                format!("pcs resource meta {resource} {name}={value}")
            }
            Self::SetNodeAttribute { node, name, value } => {
                format!("attrd_updater -N {node} -n '{name}' -U {value}")
            }
            Self::NodeUp { node } => format!("pcs cluster start {node}"),
            Self::Fenced { node } => {
                format!("pcs stonith confirm {node}   (only if you know that it is off)")
            }
            Self::GrantTicket { ticket } => format!("crm_ticket --ticket {ticket} --grant"),
            Self::ActivateTicket { ticket } => format!("crm_ticket --ticket {ticket} --activate"),
            Self::Unlock { resource, node } => {
                format!("pcs resource refresh {resource} node={node}")
            }
            Self::Quorum | Self::WaitForTimeout { .. } => return None,
        })
    }
}

impl How {
    /// What happens, with the resource as subject.
    pub(crate) fn text(&self, node: &str, role: &str) -> String {
        let becomes =
            if role == "Started" { String::new() } else { format!(" as {}", role.to_lowercase()) };
        match self {
            Self::Start => format!("is being started on {node}{becomes}"),
            Self::Move { from } => format!("moves from {from} to {node}{becomes}"),
            Self::Restart => format!("is being restarted on {node}{becomes}"),
            Self::Role { from } => {
                format!("goes from {} to {} on {node}", from.to_lowercase(), role.to_lowercase())
            }
        }
    }
}
