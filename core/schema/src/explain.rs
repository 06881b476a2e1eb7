//! What is wrong with an element that is not right, and what would be.

use xml::{Element, Node};

use crate::{
    Schema,
    element::{is_declaration, is_required, is_touched},
    problem::{Fault, Problem},
    shape::{Attribute, Child, Choice, ElementType, Form},
    value::trim,
};

/// What is wrong with an element. Empty if it is right.
pub(crate) fn explain(
    element: &Element,
    kind: &'static ElementType,
    schema: Schema,
) -> Vec<Problem> {
    if kind.open {
        return Vec::new();
    }
    let mut explanation = Explanation { element, schema, faults: Vec::new() };
    let mut forms = vec![&kind.form];
    explanation.form(&kind.form, &mut forms);
    explanation.unknown_attributes(kind, &forms);
    explanation.children(kind, &forms);
    explanation.faults.into_iter().map(|fault| Problem::new(element, fault)).collect()
}

struct Explanation<'a> {
    element: &'a Element,
    schema: Schema,
    faults: Vec<Fault>,
}

impl Explanation<'_> {
    /// What is wrong with the attributes of a form, and which way of each choice was probably meant.
    fn form(&mut self, form: &'static Form, chosen: &mut Vec<&'static Form>) {
        self.attributes(form);
        for choice in form.choices {
            if !is_touched(choice, self.element) {
                if is_required(choice, self.schema) {
                    self.faults.push(Fault::Unsaid(describe_choice(choice, self.schema)));
                }
                continue;
            }
            let active = choice.forms.iter().filter(|form| form.span.has(self.schema));
            let attempts = active.map(|form| {
                let mut attempt =
                    Explanation { element: self.element, schema: self.schema, faults: Vec::new() };
                let mut taken = vec![form];
                attempt.form(form, &mut taken);
                attempt.missing_children(form);
                attempt.clashes(form, choice);
                (attempt.faults, taken)
            });
            if let Some((faults, taken)) = attempts.min_by_key(|(faults, _)| faults.len()) {
                self.faults.extend(faults);
                chosen.extend(taken);
            }
        }
    }

    fn attributes(&mut self, form: &Form) {
        for known in form.attributes.iter().filter(|known| known.span.has(self.schema)) {
            match self.element.attr(known.name) {
                None if known.must_be(self.schema) => {
                    let allowed = known.kind.describe(self.schema);
                    self.faults.push(Fault::MissingAttribute { attribute: known.name, allowed });
                }
                Some(value) if !known.kind.accepts(value, self.schema) => {
                    self.faults.push(Fault::Value {
                        attribute: known.name.to_owned(),
                        value: value.to_owned(),
                        allowed: known.kind.describe(self.schema),
                    });
                }
                Some(_) | None => {}
            }
        }
    }

    fn missing_children(&mut self, form: &Form) {
        for known in form.children.iter().filter(|known| known.span.has(self.schema)) {
            if known.required && self.element.child(known.element.name).is_none() {
                self.faults.push(Fault::MissingChild(format!("<{}>", known.element.name)));
            }
        }
    }

    /// What belongs to other ways of saying the same thing.
    fn clashes(&mut self, form: &'static Form, choice: &'static Choice) {
        let others = || choice.forms.iter().filter(|other| !std::ptr::eq(*other, form));
        let own = names(form, self.schema).into_iter().filter(|name| self.has(name));
        let beside = own.collect::<Vec<_>>().join(", ");
        for (name, _) in self.element.attrs() {
            if !form.mentions(name) && others().any(|other| other.mentions(name)) {
                self.faults
                    .push(Fault::Clash { attribute: name.to_owned(), beside: beside.clone() });
            }
        }
        let clashing = self.element.children().find(|child| {
            let name = child.name();
            !form.mentions_child(name) && others().any(|other| other.mentions_child(name))
        });
        if let Some(child) = clashing {
            let attribute = format!("<{}>", child.name());
            self.faults.push(Fault::Clash { attribute, beside });
        }
    }

    /// Whether the element has an attribute or, in angle brackets, a child.
    fn has(&self, name: &str) -> bool {
        match name.strip_prefix('<').and_then(|name| name.strip_suffix('>')) {
            Some(child) => self.element.child(child).is_some(),
            None => self.element.attr(name).is_some(),
        }
    }

    /// Attributes that belong to none of the forms.
    fn unknown_attributes(&mut self, kind: &'static ElementType, forms: &[&'static Form]) {
        for (name, _) in self.element.attrs() {
            let mut chosen = forms.iter().flat_map(|form| form.attributes);
            if chosen.any(|known| known.name == name && known.span.has(self.schema))
                || is_declaration(name)
                || self.is_reported(name)
            {
                continue;
            }
            let attribute = name.to_owned();
            let known = active_attributes(&kind.form, self.schema).map(|known| known.name);
            let mut known: Vec<&str> = known.collect();
            known.sort_unstable();
            known.dedup();
            if known.contains(&name) {
                let beside = forms.iter().flat_map(|form| names(form, self.schema));
                let beside = beside.filter(|name| self.has(name)).collect::<Vec<_>>().join(", ");
                self.faults.push(Fault::Clash { attribute, beside });
                continue;
            }
            let allowed = match known.as_slice() {
                [] => "it has none".to_owned(),
                known => format!("it can have {}", known.join(", ")),
            };
            self.faults.push(Fault::UnknownAttribute { attribute, allowed });
        }
    }

    fn is_reported(&self, name: &str) -> bool {
        self.faults
            .iter()
            .any(|fault| matches!(fault, Fault::Clash { attribute, .. } if attribute == name))
    }

    fn children(&mut self, kind: &ElementType, forms: &[&'static Form]) {
        let known: Vec<&'static Child> = forms
            .iter()
            .flat_map(|form| form.children)
            .filter(|c| c.span.has(self.schema))
            .collect();
        let mut counts = vec![0_usize; known.len()];
        let mut last: Option<&Child> = None;
        for node in self.element.nodes() {
            let child = match node {
                Node::Element(child) => child,
                Node::Text(text) if !trim(text).is_empty() => {
                    self.faults.push(Fault::Text);
                    continue;
                }
                Node::Text(_) | Node::Comment(_) => continue,
            };
            let name = child.name();
            let Some(index) = known.iter().position(|known| known.element.name == name) else {
                self.misplaced(name, &known);
                continue;
            };
            let found = known[index];
            counts[index] += 1;
            if let Some(last) = last.filter(|last| last.place > found.place)
                && kind.ordered.is_some_and(|span| span.has(self.schema))
            {
                let after = last.element.name.to_owned();
                self.faults.push(Fault::Order { child: name.to_owned(), after });
            }
            last = Some(found);
        }
        for (known, count) in known.iter().zip(&counts) {
            if *count > 1 && known.is_single(self.schema) {
                self.faults.push(Fault::TooMany(known.element.name.to_owned()));
            }
        }
        for (known, _) in
            known.iter().zip(&counts).filter(|(known, count)| known.required && **count == 0)
        {
            let fault = Fault::MissingChild(format!("<{}>", known.element.name));
            if !self.faults.contains(&fault) {
                self.faults.push(fault);
            }
        }
        if forms.iter().any(|form| form.filled) && counts.iter().all(|count| *count == 0) {
            let names: Vec<String> =
                known.iter().map(|known| format!("<{}>", known.element.name)).collect();
            self.faults.push(Fault::MissingChild(names.join(" or ")));
        }
    }

    fn misplaced(&mut self, name: &str, known: &[&Child]) {
        let bracketed = format!("<{name}>");
        if self.is_reported(&bracketed) {
            return;
        }
        let names: Vec<String> =
            known.iter().map(|known| format!("<{}>", known.element.name)).collect();
        let allowed = match names.as_slice() {
            [] => "it has nothing inside".to_owned(),
            names => format!("inside can be {}", names.join(", ")),
        };
        self.faults.push(Fault::Misplaced { child: name.to_owned(), allowed });
    }
}

/// The attributes of a form in a schema, whichever way of its choices is taken.
fn active_attributes(
    form: &'static Form,
    schema: Schema,
) -> Box<dyn Iterator<Item = &'static Attribute>> {
    let own = form.attributes.iter().filter(move |known| known.span.has(schema));
    let forms = form.choices.iter().flat_map(|choice| choice.forms);
    let inner = forms.filter(move |form| form.span.has(schema));
    Box::new(own.chain(inner.flat_map(move |form| active_attributes(form, schema))))
}

/// What a form has, elements in angle brackets.
fn names(form: &'static Form, schema: Schema) -> Vec<String> {
    let attributes = active_attributes(form, schema).map(|known| known.name.to_owned());
    let children = form.children.iter().filter(|known| known.span.has(schema));
    attributes.chain(children.map(|known| format!("<{}>", known.element.name))).collect()
}

/// The ways that a choice offers.
fn describe_choice(choice: &'static Choice, schema: Schema) -> String {
    let mut ways: Vec<String> = Vec::new();
    for form in choice.forms.iter().filter(|form| form.span.has(schema)) {
        let attributes = form.attributes.iter().filter(|known| known.must_be(schema));
        let children =
            form.children.iter().filter(|known| known.required && known.span.has(schema));
        let way = attributes
            .map(|known| known.name.to_owned())
            .chain(children.map(|known| format!("<{}>", known.element.name)))
            .collect::<Vec<_>>()
            .join(" and ");
        if !way.is_empty() && !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways.join(", or ")
}
