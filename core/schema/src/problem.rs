use std::fmt;

use xml::Element;

/// What breaks a document's schema, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The element.
    pub place: Place,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Which element it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub element: Box<str>,
    /// Its id, if it has one.
    pub id: Option<Box<str>>,
}

/// What is wrong with an element, and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The document's root is not `<cib>`.
    #[error("a CIB starts with <cib>")]
    Root,
    /// The document does not say which schema it follows.
    #[error("validate-with is missing: the name of a schema, or none")]
    UnsaidSchema,
    /// The document names a schema that is not known.
    #[error("there is no schema \"{0}\"")]
    UnknownSchema(String),
    /// An element inside must not be there.
    #[error("<{child}> must not be in it; {allowed}")]
    Misplaced {
        /// The element inside.
        child: String,
        /// What may be there.
        allowed: String,
    },
    /// An attribute must not be there.
    #[error("there is no attribute {attribute}; {allowed}")]
    UnknownAttribute {
        /// The attribute.
        attribute: String,
        /// Which attributes there are.
        allowed: String,
    },
    /// An attribute must not be there beside others that are.
    #[error("{attribute} does not go with {beside}")]
    Clash {
        /// The attribute, or an element inside with its angle brackets.
        attribute: String,
        /// What it does not go with.
        beside: String,
    },
    /// An attribute must be there.
    #[error("{attribute} is missing: {allowed}")]
    MissingAttribute {
        /// The attribute.
        attribute: &'static str,
        /// What it can be.
        allowed: String,
    },
    /// An attribute's value is none of those it can have.
    #[error("{attribute}=\"{value}\" is not {allowed}")]
    Value {
        /// The attribute.
        attribute: String,
        /// Its value.
        value: String,
        /// What it can be.
        allowed: String,
    },
    /// An element must be inside.
    #[error("there is no {0} in it")]
    MissingChild(String),
    /// Only one of an element may be inside.
    #[error("there is more than one <{0}> in it")]
    TooMany(String),
    /// The elements inside are not in order.
    #[error("<{child}> must stand before <{after}>")]
    Order {
        /// The one that is too late.
        child: String,
        /// The one before which it belongs.
        after: String,
    },
    /// One of several things must be said, and none is.
    #[error("it needs {0}")]
    Unsaid(String),
    /// There is text where only elements may be.
    #[error("there is text in it")]
    Text,
    /// Another element before this has the same id.
    #[error("the id is that of another element, too")]
    DuplicateId,
    /// An attribute refers to an element that does not exist.
    #[error("{attribute}=\"{id}\": there is no element with that id; it should be {target}")]
    Dangling {
        /// The attribute.
        attribute: &'static str,
        /// To what it refers.
        id: String,
        /// What that should be.
        target: &'static str,
    },
    /// An attribute refers to an element of a kind that means nothing there. Schemas allow it.
    #[error("{attribute}=\"{id}\" is a <{found}>, and should be {target}")]
    Astray {
        /// The attribute.
        attribute: &'static str,
        /// To what it refers.
        id: Box<str>,
        /// What that is.
        found: Box<str>,
        /// What it should be.
        target: &'static str,
    },
}

impl Problem {
    /// Something that is wrong with an element.
    pub fn new(element: &Element, fault: Fault) -> Self {
        let place = Place { element: element.name().into(), id: element.id().map(Box::from) };
        Self { place, fault }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.fault)
    }
}

impl std::error::Error for Problem {}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            Some(id) => write!(f, "<{} id=\"{id}\">", self.element),
            None => write!(f, "<{}>", self.element),
        }
    }
}
