use crate::{
    shape::{Child, ElementType, Form},
    table::CIB,
};

/// An element of the table, with the way to it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// How deep below the root.
    pub depth: usize,
    /// What it is.
    pub element: &'static ElementType,
    /// As what it is in its parent; `None` for the root.
    pub child: Option<&'static Child>,
    /// Whether its parts are left out because they were there before, or because it is inside itself.
    pub repeated: bool,
}

/// The whole table from the root down, each element where it stands. What an element of one type contains is there
/// the first time it occurs.
pub fn walk() -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut seen: Vec<&'static ElementType> = Vec::new();
    let mut pending: Vec<(usize, &'static ElementType, Option<&'static Child>)> =
        vec![(0, &CIB, None)];
    while let Some((depth, element, child)) = pending.pop() {
        let repeated = seen.iter().any(|known| std::ptr::eq(*known, element));
        entries.push(Entry { depth, element, child, repeated });
        if !repeated {
            seen.push(element);
            let mut inside = Vec::new();
            children(&element.form, &mut inside);
            pending.extend(
                inside.into_iter().rev().map(|child| (depth + 1, child.element, Some(child))),
            );
        }
    }
    entries
}

fn children(form: &'static Form, into: &mut Vec<&'static Child>) {
    into.extend(form.children);
    for form in form.choices.iter().flat_map(|choice| choice.forms) {
        children(form, into);
    }
}
