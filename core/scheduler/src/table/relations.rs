use model::ResourceKey;

use super::{ActionKey, Relation, TaskKey};

/// One end of an ordering: an action, or actions of a resource that are found by their key when orderings are applied.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RelationEnd {
    /// The resource.
    pub(crate) resource: Option<ResourceKey>,
    /// The resource whose name is in the key, and the key.
    pub(crate) key: Option<(ResourceKey, TaskKey)>,
    /// The action.
    pub(crate) action: Option<ActionKey>,
}

impl RelationEnd {
    /// The actions of a resource with that key.
    pub(crate) fn of(resource: ResourceKey, key: impl Into<TaskKey>) -> Self {
        Self { resource: Some(resource), key: Some((resource, key.into())), action: None }
    }
}

/// An ordering that is to be applied. Rows are applied in the order in which they were added, and that order decides
/// which of several actions an ordering finds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RelationRow {
    /// What comes first.
    pub(crate) first: RelationEnd,
    /// What comes then.
    pub(crate) then: RelationEnd,
    /// What it means.
    pub(crate) relation: Relation,
}
