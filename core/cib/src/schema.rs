//! What must be true of a CIB for the cluster to be safe with it: known elements, unique ids, references that lead
//! somewhere. Values of options are not looked at.

mod content;
mod name;
mod structure;

pub use content::Content;
pub use name::SchemaName;

/// Why a CIB does not conform to its schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The schema that the CIB names is not known.
    #[error("there is no schema \"{0}\"")]
    UnknownSchema(String),
    /// An element is where it must not be.
    #[error("<{child}> must not be in <{parent}>")]
    Misplaced {
        /// The element it is in.
        parent: String,
        /// The element.
        child: String,
    },
    /// Something that must be there is not.
    #[error("<{element}> has no {what}")]
    Incomplete {
        /// The element that lacks something.
        element: String,
        /// What it lacks.
        what: &'static str,
    },
    /// An attribute's value is none of those it can have.
    #[error("{attribute}=\"{value}\" makes no sense in <{element}>")]
    Value {
        /// The element.
        element: String,
        /// The attribute.
        attribute: String,
        /// Its value.
        value: String,
    },
    /// Two elements have the same id.
    #[error("the id \"{0}\" is there more than once")]
    DuplicateId(String),
    /// Something refers to an element that does not exist.
    #[error("there is nothing with the id \"{0}\", to which something refers")]
    Dangling(String),
}
