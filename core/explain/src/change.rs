use serde::Serialize;

use crate::Owner;

/// Something that an operator can change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// Take a constraint out.
    RemoveConstraint {
        /// Its id.
        id: String,
    },
    /// Take out the constraints that moving a resource by hand left behind.
    Clear {
        /// The resource.
        resource: String,
        /// The constraint's id.
        id: String,
    },
    /// Forget a resource's failures on a node.
    CleanUp {
        /// The resource as the history knows it.
        resource: String,
        /// The node.
        node: String,
    },
    /// Take out a value that is set.
    Unset {
        /// Who has it.
        owner: Owner,
        /// Id of the `nvpair`.
        id: String,
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Let a resource run that is told to be stopped.
    Enable {
        /// The resource that carries the role; none if it is a default of all.
        resource: Option<String>,
        /// Id of the `nvpair`.
        id: String,
    },
    /// Set a cluster option.
    SetOption {
        /// Its name.
        name: String,
        /// The value.
        value: String,
    },
    /// Set a resource's meta-attribute.
    SetMeta {
        /// The resource.
        resource: String,
        /// The name.
        name: String,
        /// The value.
        value: String,
    },
    /// Change an attribute of a node.
    SetNodeAttribute {
        /// The node.
        node: String,
        /// The attribute.
        name: String,
        /// Its value.
        value: String,
    },
    /// Have a node come back into the cluster.
    NodeUp {
        /// Its name.
        node: String,
    },
    /// Have the node fenced, or say that somebody has seen it off.
    Fenced {
        /// Its name.
        node: String,
    },
    /// Get quorum.
    Quorum,
    /// Grant a ticket.
    GrantTicket {
        /// Its name.
        ticket: String,
    },
    /// Take a ticket out of standby.
    ActivateTicket {
        /// Its name.
        ticket: String,
    },
    /// Let a resource go that waits for a node.
    Unlock {
        /// The resource.
        resource: String,
        /// The node.
        node: String,
    },
    /// Wait until failures are forgotten.
    WaitForTimeout {
        /// Until when, seconds since 1970.
        until: i64,
    },
}

/// Changes that were tried, and what the plan became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// What was changed, all at once.
    pub changes: Vec<Change>,
    /// What the new plan makes of the resource.
    pub effect: Effect,
}

/// What the new plan makes of the resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Effect {
    /// The nodes it would run on.
    pub nodes: Vec<String>,
    /// The nodes it would be promoted on.
    pub promoted: Vec<String>,
    /// How many of its members or instances would run; 1 for a primitive that does.
    pub running: usize,
    /// How many of them the cluster may change.
    pub managed: usize,
}
