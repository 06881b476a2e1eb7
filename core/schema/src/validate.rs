use std::hash::{DefaultHasher, Hash, Hasher};

use xml::Element;

use crate::{
    Follows, Schema,
    element::{Collector, Reference, child_type, is_right},
    explain::explain,
    problem::{Fault, Problem},
    shape::ElementType,
    table::CIB,
    value::{Type, trim},
};

/// After so many problems it is clear enough that a document is wrong.
const MOST_PROBLEMS: usize = 1000;

/// What breaks a schema in a CIB: in the order of the document, then ids that are there twice, then references that lead
/// nowhere. Empty if nothing does.
pub fn validate(cib: &Element, schema: Schema) -> Vec<Problem> {
    if cib.name() != CIB.name {
        return vec![Problem::new(cib, Fault::Root)];
    }
    let mut ids = Ids::default();
    let mut problems = Vec::new();
    let mut pending = vec![(cib, &CIB)];
    while let Some((element, kind)) = pending.pop() {
        if !is_right(element, kind, schema, &mut ids) {
            problems.extend(explain(element, kind, schema));
            ids.note_all(element, kind, schema);
            if problems.len() >= MOST_PROBLEMS {
                problems.truncate(MOST_PROBLEMS);
                return problems;
            }
        }
        pending.extend(inside(element, kind).rev());
    }
    ids.verify(&mut problems);
    problems.truncate(MOST_PROBLEMS);
    problems
}

/// Whether a CIB conforms to a schema; what [`validate`] would find out, without the reasons.
pub fn is_valid(cib: &Element, schema: Schema) -> bool {
    if cib.name() != CIB.name {
        return false;
    }
    let mut ids = Ids::default();
    let mut pending = vec![(cib, &CIB)];
    while let Some((element, kind)) = pending.pop() {
        if !is_right(element, kind, schema, &mut ids) {
            return false;
        }
        pending.extend(inside(element, kind));
    }
    let mut problems = Vec::new();
    ids.verify(&mut problems);
    problems.is_empty()
}

/// What breaks the schema that a CIB says it follows, if it is not `none`.
pub fn check(cib: &Element) -> Vec<Problem> {
    match Follows::of(cib) {
        Follows::Schema(schema) => validate(cib, schema),
        Follows::Nothing => Vec::new(),
        Follows::Unknown(name) => {
            vec![Problem::new(cib, Fault::UnknownSchema(name.to_owned()))]
        }
        Follows::Unsaid => vec![Problem::new(cib, Fault::UnsaidSchema)],
    }
}

/// References that lead to elements of kinds that mean nothing there. Schemas allow them, so a document may be right that has
/// some; nothing is said of one that is not.
pub fn astray(cib: &Element, schema: Schema) -> Vec<Problem> {
    let mut ids = Ids::default();
    let mut pending = vec![(cib, &CIB)];
    while let Some((element, kind)) = pending.pop() {
        if !is_right(element, kind, schema, &mut ids) {
            return Vec::new();
        }
        pending.extend(inside(element, kind));
    }
    ids.ids.sort_by_key(|(hash, _, _)| *hash);
    let strays = ids.references.iter().filter_map(|(hash, element, to)| {
        let found = ids.find(*hash, to.id)?.name();
        (!to.target.is(found, element.name())).then(|| {
            let (attribute, id) = (to.attribute, to.id.into());
            let (found, target) = (found.into(), to.target.describe());
            Problem::new(element, Fault::Astray { attribute, id, found, target })
        })
    });
    strays.take(MOST_PROBLEMS).collect()
}

/// The elements inside another whose types are known.
pub(crate) fn inside<'a>(
    element: &'a Element,
    kind: &'static ElementType,
) -> impl DoubleEndedIterator<Item = (&'a Element, &'static ElementType)> {
    let children = element.children().filter(move |_| !kind.open);
    children.filter_map(move |child| Some((child, child_type(&kind.form, child.name())?)))
}

/// The ids of a document and what refers to them.
#[derive(Default)]
struct Ids<'a> {
    ids: Vec<(u64, &'a str, &'a Element)>,
    references: Vec<(u64, &'a Element, Reference<'a>)>,
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl<'a> Collector<'a> for Ids<'a> {
    fn id(&mut self, element: &'a Element, id: &'a str) {
        self.ids.push((hash(id), id, element));
    }

    fn reference(&mut self, element: &'a Element, to: Reference<'a>) {
        self.references.push((hash(to.id), element, to));
    }
}

impl<'a> Ids<'a> {
    /// Notes the ids and references of an element that is wrong in other respects, so that what refers to it is not
    /// called wrong, too.
    fn note_all(&mut self, element: &'a Element, kind: &'static ElementType, schema: Schema) {
        let noted = self.ids.last().is_some_and(|(_, _, last)| std::ptr::eq(*last, element));
        let Some(id) = element.id().filter(|_| !noted) else { return };
        let is_own = |form: &crate::Form| {
            let mut own = form.attributes.iter();
            own.any(|known| {
                known.name == "id" && matches!(known.kind, Type::Id) && known.span.has(schema)
            })
        };
        let form = &kind.form;
        if is_own(form) || form.choices.iter().flat_map(|choice| choice.forms).any(is_own) {
            self.id(element, trim(id));
        }
    }

    fn verify(mut self, problems: &mut Vec<Problem>) {
        // The order of the document stays among equals, so that the first is the one that counts.
        self.ids.sort_by_key(|(hash, _, _)| *hash);
        for group in self.ids.chunk_by(|a, b| a.0 == b.0) {
            for (index, (_, id, element)) in group.iter().enumerate().skip(1) {
                if group.iter().take(index).any(|(_, other, _)| other == id) {
                    problems.push(Problem::new(element, Fault::DuplicateId));
                    if problems.len() >= MOST_PROBLEMS {
                        return;
                    }
                }
            }
        }
        for (hash, element, to) in &self.references {
            if self.find(*hash, to.id).is_none() {
                problems.push(Problem::new(
                    element,
                    Fault::Dangling {
                        attribute: to.attribute,
                        id: to.id.to_owned(),
                        target: to.target.describe(),
                    },
                ));
            }
        }
    }

    /// The element with an id, once the ids are in order.
    fn find(&self, hash: u64, id: &str) -> Option<&'a Element> {
        let start = self.ids.partition_point(|(other, _, _)| *other < hash);
        let equal = self.ids.iter().skip(start).take_while(|(other, _, _)| *other == hash);
        equal.into_iter().find(|(_, other, _)| *other == id).map(|(_, _, element)| *element)
    }
}

#[cfg(test)]
mod tests;
