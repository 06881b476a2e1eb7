//! What a CIB may be: one table of elements, attributes and values for every schema, what follows from it, and the way from
//! old schemas to new ones.
//!
//! ```text
//! table (data) ──▶ validate: is a document right, and if not, what is wrong and what would be right
//!              ──▶ Content:  the same after a change, by looking at what changed
//!              ──▶ walk:     the table for whoever writes it down
//! upgrade: a document of an old schema ──▶ the same of a newer one, with what was lost on the way
//! ```
//!
//! It knows nothing of what options mean or how a CIB is changed. Start from [`validate()`], [`Content`] and [`upgrade()`].

mod content;
mod element;
mod explain;
mod problem;
#[cfg(test)]
mod random;
mod shape;
mod table;
pub mod upgrade;
mod validate;
mod value;
mod version;
mod walk;

pub use content::Content;
pub use problem::{Fault, Place, Problem};
pub use shape::{Attribute, Child, Choice, ElementType, Form, Most, Span, Word};
pub use table::CIB;
pub use upgrade::upgrade;
pub use upgrade::{Event, Note, Severity, Upgrade};
pub use validate::{astray, check, is_valid, validate};
pub use value::{Target, Type};
pub use version::{Follows, Schema};
pub use walk::{Entry, walk};
