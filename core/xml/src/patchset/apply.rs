use super::{Change, Generation, Patchset};
use crate::{Element, Limits, Node, NodePath, digest};

/// Why a patch set was not applied. The document is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// Not a patch set of format 2.
    #[error("patch sets of format {0} are not supported")]
    Format(String),
    /// A change lacks something.
    #[error("a change of kind '{operation}' has no {what}")]
    Malformed {
        /// The kind of change.
        operation: String,
        /// What it lacks.
        what: &'static str,
    },
    /// The document is older than what the patch set applies to: it missed changes and needs the whole document.
    #[error(
        "the patch set applies to version {source_version}, the document is still at {current}"
    )]
    Resync {
        /// The document's version.
        current: Generation,
        /// The version the patch set applies to.
        source_version: Generation,
    },
    /// The document is newer than what the patch set applies to, or the patch set does not lead forward.
    #[error(
        "the patch set leads from version {source_version} to {target}, the document is at {current}"
    )]
    Outdated {
        /// The document's version.
        current: Generation,
        /// The version the patch set applies to.
        source_version: Generation,
        /// The version it leads to.
        target: Generation,
    },
    /// A change is for something that is not there, or its place does not exist.
    #[error("there is no {0} to be changed by the patch set")]
    NoMatch(String),
    /// The result is not what the patch set was made for.
    #[error("the result of the patch set has digest {found} instead of {expected}")]
    Digest {
        /// What the patch set says.
        expected: String,
        /// What came out.
        found: String,
    },
}

impl Patchset {
    /// Changes the document. Checks that it has the version that the patch set applies to and that the result has the
    /// digest that the patch set says, if it says so; after an error the document is as it was.
    pub fn apply(&self, document: &mut Element) -> Result<(), PatchError> {
        self.check_versions(document)?;
        self.apply_unversioned(document)
    }

    /// Changes the document whatever its version is.
    pub fn apply_unversioned(&self, document: &mut Element) -> Result<(), PatchError> {
        // A copy costs the root's list of children; all else is shared.
        let mut result = document.clone();
        self.apply_changes(&mut result)?;
        if let Some(expected) = &self.digest {
            let found = digest::for_feature_set(&result, result.attr("crm_feature_set"));
            if !found.eq_ignore_ascii_case(expected) {
                return Err(PatchError::Digest { expected: expected.clone(), found });
            }
        }
        *document = result;
        Ok(())
    }

    fn check_versions(&self, document: &Element) -> Result<(), PatchError> {
        let Some((source_version, target)) = self.versions else { return Ok(()) };
        let current = Generation::of(document);
        match current.cmp(&source_version) {
            std::cmp::Ordering::Less => Err(PatchError::Resync { current, source_version }),
            std::cmp::Ordering::Equal if target > source_version => Ok(()),
            std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => {
                Err(PatchError::Outdated { current, source_version, target })
            }
        }
    }

    /// First what is deleted and modified, then what gets a place, from the front to the back.
    fn apply_changes(&self, document: &mut Element) -> Result<(), PatchError> {
        let mut placed = Vec::new();
        for change in &self.changes {
            match change {
                Change::Delete { path, position } => {
                    if let Some(found) = find(document, path, *position) {
                        document.remove_at(&found);
                    }
                }
                Change::Modify { path, result, .. } => {
                    let element = find(document, path, None)
                        .and_then(|found| document.at_mut(&found))
                        .ok_or_else(|| PatchError::NoMatch(path.clone()))?;
                    element.retain_attrs(|_, _| false);
                    result.attrs().for_each(|(name, value)| element.set(name, value));
                }
                Change::Move { path, position } => {
                    place_last(document, path)?;
                    placed.push((*position, change));
                }
                Change::Create { position, .. } => placed.push((*position, change)),
            }
        }
        placed.sort_by_key(|(position, _)| *position);
        for (position, change) in placed {
            match change {
                Change::Create { parent, node, .. } => {
                    let element = find(document, parent, None)
                        .and_then(|found| document.at_mut(&found))
                        .ok_or_else(|| PatchError::NoMatch(parent.clone()))?;
                    let nodes = element.nodes_mut();
                    nodes.insert(position.min(nodes.len()), node.clone());
                }
                Change::Move { path, .. } => place(document, path, position)?,
                Change::Delete { .. } | Change::Modify { .. } => {}
            }
        }
        Ok(())
    }
}

/// Puts an element behind its siblings, out of the way of those that are placed before it.
fn place_last(document: &mut Element, path: &str) -> Result<(), PatchError> {
    with_siblings(document, path, |nodes, index| {
        let node = nodes.remove(index);
        nodes.push(node);
        true
    })
}

fn place(document: &mut Element, path: &str, position: usize) -> Result<(), PatchError> {
    with_siblings(document, path, |nodes, index| {
        if position >= nodes.len() {
            return false;
        }
        let node = nodes.remove(index);
        nodes.insert(position, node);
        true
    })
}

fn with_siblings(
    document: &mut Element,
    path: &str,
    act: impl FnOnce(&mut Vec<Node>, usize) -> bool,
) -> Result<(), PatchError> {
    let done = find(document, path, None)
        .and_then(|found| found.split_last())
        .and_then(|(parent, index)| Some(act(document.at_mut(&parent)?.nodes_mut(), index)));
    if done == Some(true) { Ok(()) } else { Err(PatchError::NoMatch(path.to_owned())) }
}

/// Finds what a path in words leads to. A position counts for comments only.
fn find(document: &Element, path: &str, position: Option<usize>) -> Option<NodePath> {
    let mut rest = path;
    let (name, id) = next_step(&mut rest)?;
    if document.name() != name || id.is_some_and(|id| document.id() != Some(id)) {
        return None;
    }
    let mut indices = Vec::new();
    let mut element = Some(document);
    while !rest.is_empty() {
        let (name, id) = next_step(&mut rest)?;
        let last = rest.is_empty();
        let index = element?.nodes().iter().enumerate().position(|(at, node)| match node {
            Node::Element(child) => {
                child.name() == name && id.is_none_or(|id| child.id() == Some(id))
            }
            Node::Comment(_) => {
                last && name == "comment" && id.is_none() && position.is_none_or(|p| p == at)
            }
            Node::Text(_) => false,
        })?;
        element = element?.nodes()[index].as_element();
        indices.push(index);
        // Nothing that was read is deeper, and what a patch set makes deeper it must not lead into.
        if indices.len() > Limits::DOCUMENT.depth_max {
            return None;
        }
    }
    Some(indices.into_iter().collect())
}

/// Takes `/name` or `/name[@id='id']` from the front of a path.
fn next_step<'a>(rest: &mut &'a str) -> Option<(&'a str, Option<&'a str>)> {
    let step = rest.strip_prefix('/')?;
    let name_end = step.find(['/', '[']).unwrap_or(step.len());
    let (name, behind) = step.split_at(name_end);
    let Some(predicate) = behind.strip_prefix("[@id='") else {
        *rest = behind;
        return (behind.is_empty() || behind.starts_with('/')).then_some((name, None));
    };
    // The id may contain anything: it ends where the path ends or goes on.
    let end = predicate
        .match_indices("']")
        .map(|(at, _)| at)
        .find(|&at| matches!(predicate.as_bytes().get(at + 2), None | Some(b'/')))?;
    *rest = &predicate[end + 2..];
    Some((name, Some(&predicate[..end])))
}
