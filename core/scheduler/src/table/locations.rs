use model::{NodeKey, ProbeMode, ResourceKey, arena_key};
use vocab::{Role, Score};

arena_key! {
    /// A location constraint of a plan.
    LocationKey
}

/// Where a resource should or should not run, with rules evaluated.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    /// Its id.
    pub(crate) id: String,
    /// What.
    pub(crate) resource: ResourceKey,
    /// Where, and how much; latest first.
    pub(crate) nodes: Vec<(NodeKey, Score)>,
    /// A role to which it is limited.
    pub(crate) role: Role,
    /// Whether the nodes are asked for the resource.
    pub(crate) discovery: ProbeMode,
    /// Whether it stands for the health of a node.
    pub(crate) from_health: bool,
}
