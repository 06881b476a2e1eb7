//! Through what an operation looks for what it is to change.

use messages::cib::Failure;
use xml::{Element, NodePath};

use super::{merge::Identity, select::select};
use crate::acl::{Guard, View};

/// Whose eyes an operation looks with. What a user does not see is not found by what is in it, or else whether something
/// was found would tell what it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sight<'a> {
    /// Everything is seen.
    Everything,
    /// Only what the guard lets through.
    Guarded(&'a Guard),
}

impl Sight<'_> {
    fn view(&self) -> Option<Option<&View>> {
        match self {
            Self::Everything => None,
            Self::Guarded(guard) => Some(guard.view()),
        }
    }

    /// The elements that an expression finds, in document order.
    pub(crate) fn select(&self, cib: &Element, expression: &str) -> Result<Vec<NodePath>, Failure> {
        match self.view() {
            None => select(cib, expression),
            Some(None) => Err(Failure::AccessDenied),
            Some(Some(view)) => {
                let found = select(view.root(), expression)?;
                Ok(found.iter().map(|path| view.original(path)).collect())
            }
        }
    }

    /// The first of the elements below one, but not below one of `passed_over`, for which `wanted` says so.
    pub(crate) fn find_below(
        &self,
        cib: &Element,
        start: &NodePath,
        passed_over: &[NodePath],
        wanted: &mut dyn FnMut(&Element) -> bool,
    ) -> Option<NodePath> {
        match self.view() {
            None => search(cib.at(start)?, start, passed_over, wanted),
            Some(view) => {
                let view = view?;
                let start = view.seen(start)?;
                let passed_over: Vec<NodePath> =
                    passed_over.iter().filter_map(|path| view.seen(path)).collect();
                let found = search(view.root().at(&start)?, &start, &passed_over, wanted)?;
                Some(view.original(&found))
            }
        }
    }

    /// Whether what was found by name and id may be merged with an update, if what is already there need not be written.
    pub(crate) fn may_merge(&self, path: &NodePath, update: &Element) -> Result<(), Failure> {
        match self {
            Self::Everything => Ok(()),
            Self::Guarded(guard) => {
                let sees = self.view().flatten().is_some_and(|view| view.seen(path).is_some());
                let may = guard
                    .root()
                    .at(path)
                    .is_none_or(|element| sees && may_merge(guard, path, element, update));
                if may { Ok(()) } else { Err(Failure::AccessDenied) }
            }
        }
    }

    /// Whether what was found may be replaced. Who cannot see all of it could else find out by putting there what he
    /// supposes to be there.
    pub(crate) fn may_replace(&self, path: &NodePath) -> Result<(), Failure> {
        match self {
            Self::Guarded(guard) if guard.hides_something(path) => Err(Failure::AccessDenied),
            Self::Everything | Self::Guarded(_) => Ok(()),
        }
    }
}

fn search(
    element: &Element,
    path: &NodePath,
    passed_over: &[NodePath],
    wanted: &mut dyn FnMut(&Element) -> bool,
) -> Option<NodePath> {
    element.nodes().iter().enumerate().find_map(|(index, node)| {
        let child = node.as_element()?;
        let path = path.child(index);
        if passed_over.contains(&path) {
            None
        } else if wanted(child) {
            Some(path)
        } else {
            search(child, &path, passed_over, wanted)
        }
    })
}

/// Whether nothing that the update names, beside ids, is hidden.
fn may_merge(guard: &Guard, path: &NodePath, element: &Element, update: &Element) -> bool {
    let names_only = update.attrs().all(|(name, _)| name == "id");
    if !names_only && !guard.reads(path) {
        return false;
    }
    update.children().all(|update| {
        let Some(index) = Identity::IdOrReference.position(element, update) else { return true };
        let child = element.nodes().get(index).and_then(xml::Node::as_element);
        child.is_none_or(|child| may_merge(guard, &path.child(index), child, update))
    })
}
