use std::collections::BTreeMap;

use xml::{Element, NodePath};

use super::{Kind, Permissions};

/// What permissions say about the elements of one document.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    read: bool,
    write: bool,
    deny: bool,
    below: BTreeMap<usize, Self>,
}

/// What a user may do with an element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) read: bool,
    pub(super) write: bool,
    /// Whether the nearest word about writing is a denial.
    pub(super) denied: bool,
}

/// An element on a walk through a document, with what is said about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'a> {
    pub(super) standing: Standing,
    /// Whether the denial is the element's own.
    pub(super) denied_here: bool,
    marks: Option<&'a Marks>,
}

impl Marks {
    /// Looks for all that permissions select. `before` is the document before a change, or the same.
    pub(super) fn of(cib: &Element, before: &Element, permissions: &Permissions) -> Self {
        let mut marks = Self::default();
        for (kind, path) in permissions.matches(cib, before) {
            let at = marks.at_mut(&path);
            match kind {
                Kind::Read => at.read = true,
                Kind::Write => at.write = true,
                Kind::Deny => at.deny = true,
            }
        }
        marks
    }

    fn at_mut(&mut self, path: &NodePath) -> &mut Self {
        path.indices().iter().fold(self, |marks, &index| marks.below.entry(index).or_default())
    }
}

impl<'a> At<'a> {
    pub(super) fn root(marks: &'a Marks) -> Self {
        Self { standing: Standing::default(), denied_here: false, marks: None }.with(Some(marks))
    }

    /// The child at an index among all that the element contains.
    pub(super) fn child(self, index: usize) -> Self {
        self.with(self.marks.and_then(|marks| marks.below.get(&index)))
    }

    /// Whether everything inside is like the element itself.
    pub(super) fn is_uniform(self) -> bool {
        self.marks.is_none_or(|marks| marks.below.is_empty())
    }

    /// Of several words about one element a denial comes first, then writing.
    fn with(self, marks: Option<&'a Marks>) -> Self {
        let mut standing = self.standing;
        let mut denied_here = false;
        if let Some(marks) = marks {
            if marks.deny {
                standing = Standing { read: false, write: false, denied: true };
                denied_here = true;
            } else if marks.write {
                standing = Standing { read: true, write: true, denied: false };
            } else if marks.read {
                standing.read = true;
            }
        }
        Self { standing, denied_here, marks }
    }
}
