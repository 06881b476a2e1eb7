//! The difference between two versions of a document: patch sets of format 2, as peers and tools exchange them.
//!
//! ```text
//! old, new ──Patchset::between──▶ Patchset ──to_element──▶ <diff> ──from_element──▶ Patchset ──apply──▶ old becomes new
//! ```
//!
//! Making one looks only at what the two trees do not share, so it costs as much as what changed. Changes are in the order
//! in which they have to be applied: deletions, then the rest in the order of the new document.

mod apply;
mod codec;
mod diff;
mod pairing;

use crate::{Element, Node, digest};

pub use apply::PatchError;
pub use diff::Unpatchable;

/// What leads from one version of a document to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patchset {
    /// The version it applies to and the version it leads to; `None` in a patch that does not care.
    pub versions: Option<(Generation, Generation)>,
    /// The versioned digest of the result, to be checked after it was applied.
    pub digest: Option<String>,
    /// The changes, in order.
    pub changes: Vec<Change>,
}

/// One change. Paths are in words: `/cib/configuration/resources/primitive[@id='a']`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Something is added.
    Create {
        /// The element it is added to.
        parent: String,
        /// The index it has among all that the parent contains in the end.
        position: usize,
        /// What is added.
        node: Node,
    },
    /// Something is removed.
    Delete {
        /// What is removed.
        path: String,
        /// For a comment, which cannot be told by its path: its index when its turn comes.
        position: Option<usize>,
    },
    /// Attributes of an element change.
    Modify {
        /// The element.
        path: String,
        /// Which attributes change, in the order of the new element, removed ones last.
        attributes: Vec<AttributeChange>,
        /// The new element without its content: all its attributes in order.
        result: Element,
    },
    /// An element gets another place among those it is with.
    Move {
        /// The element.
        path: String,
        /// The index it has in the end.
        position: usize,
    },
}

/// What happens to one attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeChange {
    /// The attribute's name.
    pub name: String,
    /// Its new value; `None` if it is removed.
    pub value: Option<String>,
}

/// The version of a configuration: the higher one, compared in the order of the fields, wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation {
    /// Raised by administrators only.
    pub admin_epoch: i64,
    /// Raised with each change of the configuration.
    pub epoch: i64,
    /// Raised with each change of the status; starts from 0 with each epoch.
    pub num_updates: i64,
}

impl Generation {
    const FIELDS: [&str; 3] = ["admin_epoch", "epoch", "num_updates"];

    /// The version that an element's attributes say; what is missing, no number or negative counts as 0.
    pub fn of(element: &Element) -> Self {
        Self::read(element, 0)
    }

    fn read(element: &Element, missing: i64) -> Self {
        let [admin_epoch, epoch, num_updates] = Self::FIELDS.map(|name| {
            element
                .attr(name)
                .map_or(Some(missing), |text| text.trim().parse::<i64>().ok())
                .unwrap_or(0)
                .clamp(0, i64::from(i32::MAX))
        });
        Self { admin_epoch, epoch, num_updates }
    }

    fn write(self, element: &mut Element) {
        for (name, value) in
            Self::FIELDS.iter().zip([self.admin_epoch, self.epoch, self.num_updates])
        {
            element.set(name, value);
        }
    }
}

impl std::fmt::Display for Generation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.admin_epoch, self.epoch, self.num_updates)
    }
}

impl Patchset {
    /// The same patch set with the digest that its result, `new`, has to have.
    #[must_use]
    pub fn with_digest(mut self, old: &Element, new: &Element) -> Self {
        self.digest = Some(digest::for_feature_set(new, old.attr("crm_feature_set")));
        self
    }

    /// Whether something at or below this path changes, as in `touches("/cib/configuration")`.
    pub fn touches(&self, path: &str) -> bool {
        self.changes.iter().any(|change| {
            let at = match change {
                Change::Create { parent, .. } => parent,
                Change::Delete { path, .. }
                | Change::Modify { path, .. }
                | Change::Move { path, .. } => path,
            };
            // A section that is created whole is named by what is created, not by where.
            let created = match change {
                Change::Create { parent, node: Node::Element(child), .. } => {
                    path.strip_prefix(parent.as_str()).is_some_and(|rest| {
                        rest.strip_prefix('/').is_some_and(|name| name == child.name())
                    })
                }
                Change::Create { .. }
                | Change::Delete { .. }
                | Change::Modify { .. }
                | Change::Move { .. } => false,
            };
            created
                || at.strip_prefix(path).is_some_and(|rest| {
                    rest.is_empty() || rest.starts_with('/') || rest.starts_with('[')
                })
        })
    }
}

#[cfg(test)]
mod tests;
