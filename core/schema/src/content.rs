use std::{collections::BTreeMap, sync::Arc};

use xml::{Element, Node};

use crate::{
    Follows, Schema,
    element::{Collector, Reference, child_type, is_right},
    explain::explain,
    problem::{Fault, Problem},
    shape::ElementType,
    table::CIB,
    validate::{check, inside},
};

/// The ids of a CIB and what refers to them: enough to check a change by looking at what changed.
#[derive(Clone, Debug, Default)]
pub struct Content {
    ids: BTreeMap<String, usize>,
    references: BTreeMap<String, usize>,
    /// The schema by which the document that this belongs to was checked.
    checked: Option<Schema>,
}

/// What a change adds to and takes from the counts.
#[derive(Default)]
struct Delta<'a> {
    ids: Vec<(&'a Element, &'a str, bool)>,
    references: Vec<(&'a Element, Reference<'a>, bool)>,
    /// Whether what is found is added.
    adding: bool,
}

impl Content {
    /// Checks a whole document.
    ///
    /// # Errors
    ///
    /// What breaks the schema that it says it follows, the first thing.
    pub fn check(root: &Element) -> Result<Self, Problem> {
        let mut content = Self::default();
        content.full(root)?;
        Ok(content)
    }

    /// Checks `new`, which came of `old` by a change. `self` belongs to `old` before and, after success, to `new`.
    ///
    /// # Errors
    ///
    /// What breaks the schema that `new` says it follows, the first thing.
    pub fn change(&mut self, old: &Element, new: &Element) -> Result<(), Problem> {
        let schema = match Follows::of(new) {
            Follows::Schema(schema) if self.checked == Some(schema) && new.name() == CIB.name => {
                schema
            }
            _ => {
                *self = Self::check(new)?;
                return Ok(());
            }
        };
        let mut delta = Delta::default();
        delta.compare(old, new, &CIB, schema)?;
        self.apply(&delta, false);
        if let Err(problem) = self.verify(&delta) {
            self.apply(&delta, true);
            return Err(problem);
        }
        Ok(())
    }

    fn full(&mut self, root: &Element) -> Result<(), Problem> {
        let Follows::Schema(schema) = Follows::of(root) else {
            return check(root).into_iter().next().map_or(Ok(()), Err);
        };
        if root.name() != CIB.name {
            return Err(Problem::new(root, Fault::Root));
        }
        let mut delta = Delta::default();
        delta.whole(root, &CIB, schema, true)?;
        self.ids = tally(delta.ids.iter().map(|(_, id, _)| *id));
        self.references = tally(delta.references.iter().map(|(_, to, _)| to.id));
        self.verify(&delta)?;
        self.checked = Some(schema);
        Ok(())
    }

    fn apply(&mut self, delta: &Delta<'_>, backwards: bool) {
        for (_, id, added) in &delta.ids {
            count(&mut self.ids, id, *added != backwards);
        }
        for (_, to, added) in &delta.references {
            count(&mut self.references, to.id, *added != backwards);
        }
    }

    fn verify(&self, delta: &Delta<'_>) -> Result<(), Problem> {
        // Where all ids differ, there are as many as elements that have one.
        let unique =
            self.ids.len() == delta.ids.len() && delta.ids.iter().all(|(_, _, added)| *added);
        for (element, id, _) in delta.ids.iter().filter(|(_, _, added)| *added && !unique) {
            if self.ids.get(*id).is_some_and(|count| *count > 1) {
                return Err(Problem::new(element, Fault::DuplicateId));
            }
        }
        let dangling = |element: &Element, to: Reference<'_>| {
            let target = to.target.describe();
            let fault = Fault::Dangling { attribute: to.attribute, id: to.id.to_owned(), target };
            Problem::new(element, fault)
        };
        for (element, to, _) in delta.references.iter().filter(|(_, _, added)| *added) {
            if !self.ids.contains_key(to.id) {
                return Err(dangling(element, *to));
            }
        }
        for (element, id, _) in delta.ids.iter().filter(|(_, _, added)| !added) {
            if self.references.contains_key(*id) && !self.ids.contains_key(*id) {
                let target = crate::Target::Any;
                return Err(dangling(element, Reference { attribute: "id", id, target }));
            }
        }
        Ok(())
    }
}

/// How often each text is there.
fn tally<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let mut texts: Vec<&str> = texts.collect();
    texts.sort_unstable();
    let groups = texts.chunk_by(|a, b| a == b);
    groups.filter_map(|group| Some(((*group.first()?).to_owned(), group.len()))).collect()
}

fn count(counts: &mut BTreeMap<String, usize>, id: &str, added: bool) {
    if added {
        *counts.entry(id.to_owned()).or_default() += 1;
    } else if let Some(count) = counts.get_mut(id) {
        *count -= 1;
        if *count == 0 {
            counts.remove(id);
        }
    }
}

impl<'a> Collector<'a> for Delta<'a> {
    fn id(&mut self, element: &'a Element, id: &'a str) {
        self.ids.push((element, id, self.adding));
    }

    fn reference(&mut self, element: &'a Element, to: Reference<'a>) {
        self.references.push((element, to, self.adding));
    }
}

impl<'a> Delta<'a> {
    /// Compares two versions of one element, and of what is inside.
    fn compare(
        &mut self,
        old: &'a Element,
        new: &'a Element,
        kind: &'static ElementType,
        schema: Schema,
    ) -> Result<(), Problem> {
        let mut pending = vec![(old, new, kind)];
        while let Some((old, new, kind)) = pending.pop() {
            self.alone(old, kind, schema, false)?;
            self.alone(new, kind, schema, true)?;
            if kind.open {
                continue;
            }
            let (old_rest, new_rest) = differing(old.nodes(), new.nodes());
            let paired = old_rest.len() == new_rest.len();
            for (index, node) in old_rest.iter().enumerate() {
                let counterpart = new_rest.get(index).and_then(Node::as_element);
                let Some(before) = node.as_element() else { continue };
                let Some(inner) = child_type(&kind.form, before.name()) else { continue };
                match counterpart.filter(|after| paired && after.name() == before.name()) {
                    Some(after) => pending.push((before, after, inner)),
                    None => self.whole(before, inner, schema, false)?,
                }
            }
            for (index, node) in new_rest.iter().enumerate() {
                let Some(after) = node.as_element() else { continue };
                let Some(inner) = child_type(&kind.form, after.name()) else { continue };
                let counterpart = old_rest.get(index).filter(|_| paired);
                if !counterpart.is_some_and(|before| before.is_element(after.name())) {
                    self.whole(after, inner, schema, true)?;
                }
            }
        }
        Ok(())
    }

    /// Adds or takes away an element with all that is inside.
    fn whole(
        &mut self,
        element: &'a Element,
        kind: &'static ElementType,
        schema: Schema,
        adding: bool,
    ) -> Result<(), Problem> {
        let mut pending = vec![(element, kind)];
        while let Some((element, kind)) = pending.pop() {
            self.alone(element, kind, schema, adding)?;
            pending.extend(inside(element, kind));
        }
        Ok(())
    }

    fn alone(
        &mut self,
        element: &'a Element,
        kind: &'static ElementType,
        schema: Schema,
        adding: bool,
    ) -> Result<(), Problem> {
        self.adding = adding;
        if !is_right(element, kind, schema, self) && adding {
            return match explain(element, kind, schema).into_iter().next() {
                Some(problem) => Err(problem),
                None => Ok(()),
            };
        }
        Ok(())
    }
}

/// What is between the nodes that two lists share at their beginnings and ends.
fn differing<'a>(old: &'a [Node], new: &'a [Node]) -> (&'a [Node], &'a [Node]) {
    let before = old.iter().zip(new).take_while(|(a, b)| shared(a, b)).count();
    let (old, new) = (&old[before..], &new[before..]);
    let behind = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| shared(a, b)).count();
    (&old[..old.len() - behind], &new[..new.len() - behind])
}

fn shared(a: &Node, b: &Node) -> bool {
    match (a, b) {
        (Node::Element(a), Node::Element(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
