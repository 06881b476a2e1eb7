//! One element alone against its type: attributes, and which children it has. This is the fast way, which only says whether
//! it is right; what is wrong is found out by [`crate::explain`].

use xml::{Element, Node};

use crate::{
    Schema,
    shape::{Attribute, Child, Choice, ElementType, Form},
    value::{Target, Type, trim},
};

/// More forms than any element combines.
const MOST_FORMS: usize = 6;
/// More kinds of children than any element has.
const MOST_CHILDREN: usize = 24;

/// The forms that an element takes.
#[derive(Clone, Copy)]
pub(crate) struct Chosen {
    forms: [Option<&'static Form>; MOST_FORMS],
    count: usize,
}

/// What an element adds to the ids and references of its document.
pub(crate) trait Collector<'a> {
    /// The element has an id of its own.
    fn id(&mut self, element: &'a Element, id: &'a str);

    /// The element refers to another.
    fn reference(&mut self, element: &'a Element, to: Reference<'a>);
}

/// A reference to another element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reference<'a> {
    /// The attribute that refers.
    pub(crate) attribute: &'static str,
    /// The other element's id.
    pub(crate) id: &'a str,
    /// What it should be.
    pub(crate) target: Target,
}

/// Whether an element is right, as far as it can be told without looking into its children. What it has of ids and
/// references goes to the collector.
pub(crate) fn is_right<'a>(
    element: &'a Element,
    kind: &'static ElementType,
    schema: Schema,
    collector: &mut impl Collector<'a>,
) -> bool {
    if kind.open {
        return true;
    }
    let mut chosen = Chosen { forms: [None; MOST_FORMS], count: 0 };
    chosen.add(&kind.form);
    chosen.choose(&kind.form, element, schema)
        && attributes_fit(element, &chosen, schema, collector)
        && children_fit(element, kind, &chosen, schema)
}

/// The type of an element inside another, whether or not it may be there in the schema.
pub(crate) fn child_type(form: &'static Form, name: &str) -> Option<&'static ElementType> {
    let own = form.children.iter().map(|child| child.element).find(|child| child.name == name);
    own.or_else(|| {
        let mut forms = form.choices.iter().flat_map(|choice| choice.forms);
        forms.find_map(|form| child_type(form, name))
    })
}

impl Chosen {
    fn add(&mut self, form: &'static Form) {
        // The table has no element that combines more, which a test makes sure of.
        if let Some(place) = self.forms.get_mut(self.count) {
            *place = Some(form);
            self.count += 1;
        }
    }

    /// Takes one form of each choice; says whether there is one for each that needs one.
    fn choose(&mut self, form: &'static Form, element: &Element, schema: Schema) -> bool {
        form.choices.iter().all(|choice| {
            let mut fitting = choice.forms.iter().filter(|form| fits(form, element, schema));
            let only = match (fitting.next(), fitting.next()) {
                (Some(_), Some(_)) => {
                    let mut forms = choice.forms.iter();
                    forms.find(|form| {
                        fits(form, element, schema) && excludes_others(form, choice, element)
                    })
                }
                (first, _) => first,
            };
            match only {
                Some(form) => {
                    self.add(form);
                    self.choose(form, element, schema)
                }
                None => !is_required(choice, schema) && !is_touched(choice, element),
            }
        })
    }

    fn forms(&self) -> impl Iterator<Item = &'static Form> {
        self.forms.iter().take(self.count).flatten().copied()
    }

    fn attribute(&self, name: &str, schema: Schema) -> Option<&'static Attribute> {
        self.forms().find_map(|form| {
            form.attributes.iter().find(|known| known.name == name && known.span.has(schema))
        })
    }

    /// The child and its place among all of them.
    fn child(&self, name: &str, schema: Schema) -> Option<(usize, &'static Child)> {
        let mut children = self.forms().flat_map(|form| form.children).enumerate();
        children.find(|(_, known)| known.element.name == name && known.span.has(schema))
    }
}

pub(crate) fn is_required(choice: &Choice, schema: Schema) -> bool {
    choice.required.is_some_and(|span| span.has(schema))
}

/// Whether an element says anything that belongs to a choice.
pub(crate) fn is_touched(choice: &Choice, element: &Element) -> bool {
    let mentions = |name: &str| choice.forms.iter().any(|form| form.mentions(name));
    let mentions_child = |name: &str| choice.forms.iter().any(|form| form.mentions_child(name));
    element.attrs().any(|(name, _)| mentions(name))
        || choice.forms.iter().any(has_children)
            && element.children().any(|child| mentions_child(child.name()))
}

fn has_children(form: &Form) -> bool {
    !form.children.is_empty()
        || form.choices.iter().any(|choice| choice.forms.iter().any(has_children))
}

/// Whether an element can take a form: all that has to be there is. What must not be there is found out when everything that
/// is there is looked for.
fn fits(form: &'static Form, element: &Element, schema: Schema) -> bool {
    form.span.has(schema)
        && form.attributes.iter().all(|known| match element.attr(known.name) {
            Some(value) => !known.span.has(schema) || known.kind.accepts(value, schema),
            None => !known.must_be(schema),
        })
        && form.children.iter().all(|known| {
            !known.required
                || !known.span.has(schema)
                || element.children().any(|child| child.name() == known.element.name)
        })
        && form.choices.iter().all(|inner| {
            let mut forms = inner.forms.iter();
            forms.any(|form| fits(form, element, schema))
                || !is_required(inner, schema) && !is_touched(inner, element)
        })
}

/// Whether an element has nothing that belongs to other forms of the choice and not to this.
fn excludes_others(form: &Form, choice: &Choice, element: &Element) -> bool {
    choice.forms.iter().filter(|other| !std::ptr::eq(*other, form)).all(|other| {
        absent(other, form, element)
            && other
                .choices
                .iter()
                .flat_map(|choice| choice.forms)
                .all(|inner| absent(inner, form, element))
    })
}

fn absent(other: &Form, form: &Form, element: &Element) -> bool {
    other
        .attributes
        .iter()
        .all(|known| element.attr(known.name).is_none() || form.mentions(known.name))
        && other.children.iter().all(|known| {
            let name = known.element.name;
            form.mentions_child(name) || element.children().all(|child| child.name() != name)
        })
}

/// Whether every attribute is known and right, and all are there that must be.
fn attributes_fit<'a>(
    element: &'a Element,
    chosen: &Chosen,
    schema: Schema,
    collector: &mut impl Collector<'a>,
) -> bool {
    let complete = chosen
        .forms()
        .flat_map(|form| form.attributes)
        .all(|known| !known.must_be(schema) || element.attr(known.name).is_some());
    complete
        && element.attrs().all(|(name, value)| {
            let Some(known) = chosen.attribute(name, schema) else {
                return is_declaration(name);
            };
            if !known.kind.accepts(value, schema) {
                return false;
            }
            match known.kind {
                Type::Id => collector.id(element, trim(value)),
                Type::Reference(target) => {
                    let id = trim(value);
                    collector.reference(element, Reference { attribute: known.name, id, target });
                }
                _ => {}
            }
            true
        })
}

/// Whether an attribute only declares a name space, which means nothing as long as nothing is in it.
pub(crate) fn is_declaration(name: &str) -> bool {
    name.starts_with("xmlns:")
}

fn children_fit(element: &Element, kind: &ElementType, chosen: &Chosen, schema: Schema) -> bool {
    let ordered = kind.ordered.is_some_and(|span| span.has(schema));
    let mut counts = [0_u32; MOST_CHILDREN];
    let mut last_place = 0;
    for node in element.nodes() {
        let child = match node {
            Node::Element(child) => child,
            Node::Text(text) if trim(text).is_empty() => continue,
            Node::Text(_) => return false,
            Node::Comment(_) => continue,
        };
        let Some((index, known)) = chosen.child(child.name(), schema) else { return false };
        if ordered && known.place < last_place {
            return false;
        }
        last_place = known.place;
        let Some(count) = counts.get_mut(index) else { return false };
        *count = count.saturating_add(1);
        if *count > 1 && known.is_single(schema) {
            return false;
        }
    }
    let counted = || chosen.forms().flat_map(|form| form.children).zip(counts);
    let complete =
        counted().all(|(known, count)| count > 0 || !known.required || !known.span.has(schema));
    let filled = chosen.forms().any(|form| form.filled);
    complete && (!filled || counted().any(|(_, count)| count > 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk;

    /// How many forms an element combines at most.
    fn forms(form: &Form) -> usize {
        let choices = form.choices.iter();
        1 + choices.map(|choice| choice.forms.iter().map(forms).max().unwrap_or(0)).sum::<usize>()
    }

    fn children(form: &Form) -> usize {
        let choices = form.choices.iter();
        form.children.len()
            + choices
                .map(|choice| choice.forms.iter().map(children).max().unwrap_or(0))
                .sum::<usize>()
    }

    #[test]
    fn no_element_outgrows_its_places() {
        for entry in walk() {
            let name = entry.element.name;
            assert!(forms(&entry.element.form) <= MOST_FORMS, "{name}");
            assert!(children(&entry.element.form) <= MOST_CHILDREN, "{name}");
        }
    }
}
