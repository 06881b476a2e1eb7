use std::sync::Arc;

use messages::cib::Failure;
use xml::{Element, NodePath};

use super::{
    Circumstances, Permissions, Verdict, View, applies_to, is_enabled,
    judge::Judge,
    marks::{At, Marks, Standing},
};

/// What a user who is subject to access control may do with one version of a document.
#[derive(Clone, Debug)]
pub struct Guard {
    root: Arc<Element>,
    user: String,
    permissions: Permissions,
    marks: Marks,
    view: Option<View>,
}

impl Guard {
    /// The guard of a document against a user; `None` if the user may do everything.
    pub fn of(
        root: &Arc<Element>,
        user: Option<&str>,
        circumstances: Circumstances<'_>,
    ) -> Option<Self> {
        let user = user.filter(|user| applies_to(Some(user)))?;
        if !is_enabled(root, circumstances.now) {
            return None;
        }
        let permissions = Permissions::of(root, user, circumstances.groups);
        let marks = Marks::of(root, root, &permissions);
        let view = View::of(root, At::root(&marks));
        Some(Self { root: Arc::clone(root), user: user.to_owned(), permissions, marks, view })
    }

    /// The same user's guard of the document as it has become on the way to a new version, whose permissions do not count yet.
    pub(crate) fn at(&self, root: &Arc<Element>) -> Self {
        let marks = Marks::of(root, &self.root, &self.permissions);
        let view = View::of(root, At::root(&marks));
        let (user, permissions) = (self.user.clone(), self.permissions.clone());
        Self { root: Arc::clone(root), user, permissions, marks, view }
    }

    /// Whether another guard goes by the same permissions.
    pub(crate) fn judges_like(&self, other: &Self) -> bool {
        self.permissions == other.permissions
    }

    /// The document.
    pub(crate) const fn root(&self) -> &Arc<Element> {
        &self.root
    }

    /// The user.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// What the user sees; `None` if that is nothing.
    pub fn visible(&self) -> Option<&Arc<Element>> {
        self.view.as_ref().map(View::root)
    }

    pub(crate) fn view(&self) -> Option<&View> {
        self.view.as_ref()
    }

    /// What the user would see of the document after a change.
    pub fn visible_of(&self, new: &Arc<Element>) -> Option<Arc<Element>> {
        let marks = Marks::of(new, &self.root, &self.permissions);
        View::of(new, At::root(&marks)).map(|view| Arc::clone(view.root()))
    }

    /// Whether the user may read the element at a path, and not only see that it is there.
    pub(crate) fn reads(&self, path: &NodePath) -> bool {
        self.standing(path).standing.read
    }

    fn standing(&self, path: &NodePath) -> At<'_> {
        path.indices().iter().fold(At::root(&self.marks), |at, &index| at.child(index))
    }

    /// Whether there is anything at or below a path that the user may not read: attributes other than ids, or words.
    pub(crate) fn hides_something(&self, path: &NodePath) -> bool {
        self.root.at(path).is_some_and(|element| hides(element, self.standing(path)))
    }

    /// Judges a change that would lead to `new`.
    pub fn judge(&self, new: &Element) -> (Vec<Verdict>, Result<(), Failure>) {
        let after = Marks::of(new, &self.root, &self.permissions);
        let judge = Judge::new(&self.user, !self.permissions.is_empty());
        let (verdicts, forbidden) =
            judge.judge(&self.root, new, At::root(&self.marks), At::root(&after));
        (verdicts, if forbidden { Err(Failure::AccessDenied) } else { Ok(()) })
    }
}

fn hides(element: &Element, at: At<'_>) -> bool {
    let Standing { read, .. } = at.standing;
    if at.is_uniform() && read {
        return false;
    }
    if !read && element.attrs().any(|(name, _)| name != "id") {
        return true;
    }
    element.nodes().iter().enumerate().any(|(index, node)| match node.as_element() {
        Some(child) => hides(child, at.child(index)),
        None => !read,
    })
}
