//! Resources, their operations and their states.

mod operation;
mod parameters;
mod state;

use vocab::ResourceId;

pub(crate) use operation::is_enabled;
pub use operation::{EffectiveOperation, OnFail, OperationConfig, Requires};
pub use parameters::Parameters;
pub use state::{Lock, Pending, ResourceState};

use crate::{
    NodeKey, ResourceKey,
    allowed::AllowedNodes,
    attributes::{AttributeSets, Values},
};

/// An agent's full name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentName {
    /// `ocf`, `systemd`, ...
    pub class: String,
    /// Who provides it, for `ocf`.
    pub provider: Option<String>,
    /// Its name.
    pub agent: String,
}

impl AgentName {
    /// Whether it holds the connection to a remote node.
    pub fn is_remote_connection(&self) -> bool {
        self.agent.eq_ignore_ascii_case("remote")
            && self.class.eq_ignore_ascii_case("ocf")
            && self.provider.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("pacemaker"))
    }

    /// Whether it is a fence agent.
    pub fn is_fence_agent(&self) -> bool {
        self.class.eq_ignore_ascii_case("stonith")
    }

    /// The name as rules see it.
    pub fn as_rule_agent(&self) -> rules::Agent<'_> {
        rules::Agent { class: &self.class, provider: self.provider.as_deref(), agent: &self.agent }
    }
}

/// What a clone may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloneLimits {
    /// Instances in all.
    pub instances_max: i32,
    /// Instances on one node.
    pub instances_per_node: i32,
    /// Promoted instances in all.
    pub promoted_max: i32,
    /// Promoted instances on one node.
    pub promoted_per_node: i32,
    /// Whether instances are started one after the other.
    pub ordered: bool,
    /// Whether a constraint with another clone pairs instances node by node.
    pub interleave: bool,
}

/// The parts of one replica of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// Its number.
    pub offset: u32,
    /// Its own address, if it has one.
    pub address: Option<String>,
    /// The resource that is this address.
    pub ip: Option<ResourceKey>,
    /// The container.
    pub container: ResourceKey,
    /// The connection to the node inside the container.
    pub remote: Option<ResourceKey>,
    /// The instance of the bundled resource.
    pub child: Option<ResourceKey>,
    /// The node inside the container.
    pub node: Option<NodeKey>,
}

/// What a resource is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variant {
    /// One agent.
    Primitive,
    /// Members in a row.
    Group {
        /// Whether each member starts after the one before it.
        ordered: bool,
        /// Whether all members run on the same node.
        colocated: bool,
    },
    /// Instances of the same.
    Clone(CloneLimits),
    /// Containers with a resource inside.
    Bundle {
        /// The agent that runs containers: `docker` or `podman`.
        launcher: String,
        /// What containers are made from.
        image: String,
        /// The replicas, by number.
        replicas: Vec<Replica>,
        /// Replicas on one node.
        replicas_per_host: i32,
        /// Promoted replicas.
        promoted_max: i32,
        /// The bundled resource, a clone.
        child: Option<ResourceKey>,
    },
}

/// What to do when a resource that must run once runs on more than one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MultipleActive {
    /// Stop all, start one.
    StopStart,
    /// Stop all.
    StopOnly,
    /// Leave it alone.
    Block,
    /// Stop all but the one that is where it should be.
    StopUnexpected,
}

/// A resource of any variant, as configured and as it is.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)]
pub struct Resource {
    /// Its name; an instance of a clone has `:N` behind it.
    pub id: ResourceId,
    /// Its id in the configuration.
    pub config_id: ResourceId,
    /// The number of the instance it belongs to.
    pub instance: Option<String>,
    /// What it is made of.
    pub variant: Variant,
    /// The resource it is part of.
    pub parent: Option<ResourceKey>,
    /// Its agent, for a primitive.
    pub agent: Option<AgentName>,
    /// Description, if configured.
    pub description: Option<String>,
    /// Meta-attributes in effect, and the attributes of its element.
    pub meta: Values,
    /// Parameters as configured.
    pub parameters: AttributeSets,
    /// What it needs of a node's capacity.
    pub utilization: Values,
    /// Operations as configured.
    pub operations: Vec<OperationConfig>,
    /// Whether every instance is a resource of its own.
    pub unique: bool,
    /// Whether it can be promoted.
    pub promotable: bool,
    /// Whether instances are told of each other's changes.
    pub notify: bool,
    /// Whether what it is colocated with follows it.
    pub critical: bool,
    /// Whether it is a fence device.
    pub fence_device: bool,
    /// Whether it is the connection to a remote node.
    pub remote_connection: bool,
    /// Whether the node it is the connection to may hold such resources itself.
    pub remote_nesting_allowed: bool,
    /// Whether it is the container of a bundle's replica.
    pub replica_container: bool,
    /// Whether starting it needs quorum.
    pub needs_quorum: bool,
    /// Whether starting it needs lost nodes to be fenced.
    pub needs_fencing: bool,
    /// Whether starting it needs its node to be unfenced.
    pub needs_unfencing: bool,
    /// Whether it is made by the cluster, not configured.
    pub internal: bool,
    /// What to do when it is active more often than it should be.
    pub multiple_active: MultipleActive,
    /// How much it wants to stay.
    pub stickiness: i32,
    /// Failures on a node until it is banned from there; 0 means never.
    pub migration_threshold: i32,
    /// Milliseconds until a lost remote connection is tried again.
    pub reconnect_interval_ms: u64,
    /// The name of the state, as the scheduler finds it.
    pub state: ResourceState,
    /// Where it may run before any constraint is applied.
    pub allowed: AllowedNodes,
}

impl Resource {
    /// Whether it is a primitive.
    pub fn is_primitive(&self) -> bool {
        matches!(self.variant, Variant::Primitive)
    }

    /// Whether it is a group.
    pub fn is_group(&self) -> bool {
        matches!(self.variant, Variant::Group { .. })
    }

    /// Whether it is a clone.
    pub fn is_clone(&self) -> bool {
        matches!(self.variant, Variant::Clone(_))
    }

    /// Whether it is a bundle.
    pub fn is_bundle(&self) -> bool {
        matches!(self.variant, Variant::Bundle { .. })
    }

    /// Whether it is a clone whose instances are all the same.
    pub fn is_anonymous_clone(&self) -> bool {
        self.is_clone() && !self.unique
    }

    /// Order of variants by how much they contain.
    pub fn rank(&self) -> u8 {
        match self.variant {
            Variant::Primitive => 0,
            Variant::Group { .. } => 1,
            Variant::Clone(_) => 2,
            Variant::Bundle { .. } => 3,
        }
    }

    /// The meta-attribute's value.
    pub fn meta(&self, name: &str) -> Option<&str> {
        self.meta.get(name).map(String::as_str)
    }

    /// Whether the meta-attribute is a true boolean.
    pub fn meta_is_true(&self, name: &str) -> bool {
        self.meta(name).is_some_and(|value| vocab::parse_boolean(value) == Ok(true))
    }

    /// The name users know: that of the configuration, with the instance number if it matters.
    pub fn display_id(&self) -> &ResourceId {
        if self.unique { &self.id } else { &self.config_id }
    }
}

/// The name of a resource without the `:N` of an instance.
pub fn base_name(id: &str) -> &str {
    match id.rsplit_once(':') {
        Some((base, number))
            if !base.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            if number.is_empty() { id } else { base }
        }
        Some(_) | None => id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_names() {
        assert_eq!(base_name("a:0"), "a");
        assert_eq!(base_name("a:b:12"), "a:b");
        assert_eq!(base_name("a"), "a");
        assert_eq!(base_name("a:x"), "a:x");
    }
}
