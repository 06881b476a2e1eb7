//! What the table is written in.

use crate::{Schema, value::Type};

/// From which schema to which something is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first schema with it.
    pub since: Schema,
    /// The last schema with it.
    pub until: Schema,
}

/// One word that a value can be.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// The word.
    pub text: &'static str,
    /// When it counts.
    pub span: Span,
}

/// An attribute.
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// What it can be.
    pub kind: Type,
    /// When it must be there, if ever.
    pub required: Option<Span>,
    /// When it may be there.
    pub span: Span,
}

/// An element inside another.
#[derive(Clone, Copy, Debug)]
pub struct Child {
    /// What it is.
    pub element: &'static ElementType,
    /// Whether there must be one.
    pub required: bool,
    /// How many there may be.
    pub most: Most,
    /// Where it stands among the others, if their order counts.
    pub place: u8,
    /// When it may be there.
    pub span: Span,
}

/// How many of a child there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Most {
    /// As many as one likes.
    Any,
    /// One.
    One,
    /// One, until a schema allows only that: until then as many as one likes.
    OneSince(Schema),
}

/// Attributes and children that go together.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// The attributes.
    pub attributes: &'static [Attribute],
    /// The elements inside.
    pub children: &'static [Child],
    /// What there are several ways to say.
    pub choices: &'static [Choice],
    /// Whether there must be at least one of the children.
    pub filled: bool,
    /// When it may be used.
    pub span: Span,
}

/// Several ways to say a thing, of which one has to be taken.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// The ways.
    pub forms: &'static [Form],
    /// When one has to be taken; at other times the thing may be left unsaid.
    pub required: Option<Span>,
}

/// An element: where it stands is said by those that contain it.
#[derive(Debug)]
pub struct ElementType {
    /// Its name.
    pub name: &'static str,
    /// What it is made of.
    pub form: Form,
    /// When the order of its children counts, if ever.
    pub ordered: Option<Span>,
    /// Whether anything may be in it.
    pub open: bool,
}

impl Span {
    /// In every schema.
    pub const ALWAYS: Self = Self { since: Schema::OLDEST, until: Schema::NEWEST };

    /// Whether the schema is one of them.
    pub fn has(self, schema: Schema) -> bool {
        self.since <= schema && schema <= self.until
    }

    pub(crate) const fn since(since: Schema) -> Self {
        Self { since, ..Self::ALWAYS }
    }

    pub(crate) const fn until(until: Schema) -> Self {
        Self { until, ..Self::ALWAYS }
    }
}

impl Word {
    pub(crate) const fn since(self, since: Schema) -> Self {
        Self { span: Span { since, ..self.span }, ..self }
    }

    pub(crate) const fn until(self, until: Schema) -> Self {
        Self { span: Span { until, ..self.span }, ..self }
    }
}

impl Attribute {
    pub(crate) const fn since(self, since: Schema) -> Self {
        Self { span: Span { since, ..self.span }, ..self }
    }

    pub(crate) const fn until(self, until: Schema) -> Self {
        Self { span: Span { until, ..self.span }, ..self }
    }

    pub(crate) const fn required_since(self, since: Schema) -> Self {
        Self { required: Some(Span::since(since)), ..self }
    }

    pub(crate) fn must_be(&self, schema: Schema) -> bool {
        self.required.is_some_and(|span| span.has(schema)) && self.span.has(schema)
    }
}

impl Child {
    pub(crate) const fn since(self, since: Schema) -> Self {
        Self { span: Span { since, ..self.span }, ..self }
    }

    pub(crate) const fn until(self, until: Schema) -> Self {
        Self { span: Span { until, ..self.span }, ..self }
    }

    pub(crate) const fn at(self, place: u8) -> Self {
        Self { place, ..self }
    }

    pub(crate) const fn one_since(self, schema: Schema) -> Self {
        Self { most: Most::OneSince(schema), ..self }
    }

    /// Whether there may be only one.
    pub fn is_single(&self, schema: Schema) -> bool {
        match self.most {
            Most::Any => false,
            Most::One => true,
            Most::OneSince(since) => since <= schema,
        }
    }
}

impl Form {
    pub(crate) const fn since(self, since: Schema) -> Self {
        Self { span: Span { since, ..self.span }, ..self }
    }

    pub(crate) const fn until(self, until: Schema) -> Self {
        Self { span: Span { until, ..self.span }, ..self }
    }

    pub(crate) const fn filled(self) -> Self {
        Self { filled: true, ..self }
    }

    pub(crate) const fn choosing(self, choices: &'static [Choice]) -> Self {
        Self { choices, ..self }
    }

    /// Whether an attribute of that name belongs to it, in any schema.
    pub(crate) fn mentions(&self, attribute: &str) -> bool {
        self.attributes.iter().any(|known| known.name == attribute)
            || self.forms().any(|form| form.mentions(attribute))
    }

    /// Whether an element of that name belongs into it, in any schema.
    pub(crate) fn mentions_child(&self, child: &str) -> bool {
        self.children.iter().any(|known| known.element.name == child)
            || self.forms().any(|form| form.mentions_child(child))
    }

    fn forms(&self) -> impl Iterator<Item = &'static Self> {
        self.choices.iter().flat_map(|choice| choice.forms)
    }
}

impl ElementType {
    pub(crate) const fn in_order(self) -> Self {
        Self { ordered: Some(Span::ALWAYS), ..self }
    }

    pub(crate) const fn in_order_until(self, until: Schema) -> Self {
        Self { ordered: Some(Span::until(until)), ..self }
    }
}

/// A word of every schema.
pub(crate) const fn word(text: &'static str) -> Word {
    Word { text, span: Span::ALWAYS }
}

/// An attribute that has to be there.
pub(crate) const fn must(name: &'static str, kind: Type) -> Attribute {
    Attribute { name, kind, required: Some(Span::ALWAYS), span: Span::ALWAYS }
}

/// An attribute that may be there.
pub(crate) const fn may(name: &'static str, kind: Type) -> Attribute {
    Attribute { name, kind, required: None, span: Span::ALWAYS }
}

const fn child(element: &'static ElementType, required: bool, most: Most) -> Child {
    Child { element, required, most, place: 0, span: Span::ALWAYS }
}

/// As many of these as one likes.
pub(crate) const fn any(element: &'static ElementType) -> Child {
    child(element, false, Most::Any)
}

/// At least one of these.
pub(crate) const fn some(element: &'static ElementType) -> Child {
    child(element, true, Most::Any)
}

/// Exactly one of these.
pub(crate) const fn one(element: &'static ElementType) -> Child {
    child(element, true, Most::One)
}

/// At most one of these.
pub(crate) const fn optional(element: &'static ElementType) -> Child {
    child(element, false, Most::One)
}

/// Attributes and children, without choices.
pub(crate) const fn form(attributes: &'static [Attribute], children: &'static [Child]) -> Form {
    Form { attributes, children, choices: &[], filled: false, span: Span::ALWAYS }
}

/// One of these has to be taken.
pub(crate) const fn one_of(forms: &'static [Form]) -> Choice {
    Choice { forms, required: Some(Span::ALWAYS) }
}

/// At most one of these may be taken.
pub(crate) const fn at_most_one_of(forms: &'static [Form]) -> Choice {
    Choice { forms, required: None }
}

/// One of these has to be taken until a schema, in later ones none need be.
pub(crate) const fn one_of_until(until: Schema, forms: &'static [Form]) -> Choice {
    Choice { forms, required: Some(Span::until(until)) }
}

/// An element whose children may be in any order.
pub(crate) const fn element(name: &'static str, form: Form) -> ElementType {
    ElementType { name, form, ordered: None, open: false }
}
