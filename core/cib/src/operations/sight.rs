//! Through what an operation looks for what it is to change.

use std::cell::Cell;

use messages::cib::Failure;
use xml::{Element, NodePath};

use super::{
    merge::Identity,
    places::{MANY, Places},
    select::select,
};
use crate::acl::{Guard, View};

/// Whose eyes an operation looks with. What a user does not see is not found by what is in it, or else whether something
/// was found would tell what it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sight<'a> {
    /// Everything is seen.
    Everything,
    /// Only what the guard lets through. It is noted when somebody could find out about something hidden by whether he
    /// guessed it.
    Guarded(&'a Guard, &'a Cell<bool>),
}

impl Sight<'_> {
    fn view(&self) -> Option<Option<&View>> {
        match self {
            Self::Everything => None,
            Self::Guarded(guard, _) => Some(guard.view()),
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

    /// An update is about to be merged into what was found by name and id.
    pub(crate) fn merges(&self, path: &NodePath, update: &Element) {
        let Self::Guarded(guard, pries) = self else { return };
        let sees = guard.view().is_some_and(|view| view.seen(path).is_some());
        let may = |element| sees && may_merge(guard, path, element, update);
        if !guard.root().at(path).is_none_or(may) {
            pries.set(true);
        }
    }

    /// What was found is about to be replaced. Who puts there what he supposes to be there could find out about what he
    /// does not see.
    pub(crate) fn replaces(&self, path: &NodePath) {
        let Self::Guarded(guard, pries) = self else { return };
        if guard.hides_something(path) {
            pries.set(true);
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
    let places = (update.nodes().len() >= MANY).then(|| Places::of(element));
    update.children().all(|update| {
        let found = match &places {
            Some(places) => places.position(Identity::IdOrReference, update),
            None => Identity::IdOrReference.position(element, update),
        };
        let Some(index) = found else { return true };
        let child = element.nodes().get(index).and_then(xml::Node::as_element);
        child.is_none_or(|child| may_merge(guard, &path.child(index), child, update))
    })
}
