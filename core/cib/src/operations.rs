//! The operations on a CIB, as functions from a document to a document: for the daemon and, offline, for tools.
//!
//! Each changes the document it is given or fails; after a failure the document is to be thrown away. That costs
//! nothing, since a copy shares everything with its original. [`crate::Document::perform`] is the whole of an operation: it adds
//! what must be true of every change (version, schema, patch set).

mod bump;
mod create;
mod data;
mod delete;
mod erase;
mod merge;
mod modify;
mod patch;
mod places;
mod query;
mod replace;
mod select;
mod sight;
mod upgrade;

pub use bump::bump;
pub(crate) use create::create_seen;
pub use create::{Created, Refused, create};
pub use delete::delete;
pub(crate) use delete::delete_seen;
pub use erase::erase;
pub use modify::modify;
pub(crate) use modify::modify_seen;
pub(crate) use patch::apply_guarded_patch;
pub use patch::apply_patch;
pub(crate) use query::bare;
pub use query::query;
pub(crate) use replace::replace_seen;
pub use replace::{Provenance, replace};
pub(crate) use select::select_with;
pub(crate) use sight::Sight;
pub use upgrade::upgrade;

use messages::cib::CallOptions;

/// How an operation changed the document, as far as the version depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// The version grows as the content tells.
    Content,
    /// The version grows even if the content is as before.
    Always,
    /// Something was added, and nothing else happened that Pacemaker 2.1.5 sees as a change of the configuration. Since the
    /// versions on all nodes must grow alike, it must not be one here either.
    Unnoticed {
        /// Whether it is seen as a change at all.
        seen: bool,
    },
}

impl Trace {
    /// Something was added by copying it as a whole, with all its attributes.
    pub(crate) fn copied(new: &xml::Element) -> Self {
        Self::Unnoticed { seen: merge::has_attributes(new) }
    }

    /// Something was added or merged piece by piece.
    pub(crate) const fn merged(noticed: bool) -> Self {
        if noticed { Self::Content } else { Self::Unnoticed { seen: false } }
    }
}

/// What part of a CIB an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A section by name; none is the whole CIB.
    Section(Option<&'a str>),
    /// What an XPath expression finds: attributes and texts stand for the element they are in.
    XPath(&'a str),
}

impl<'a> Target<'a> {
    /// What a request's section means under its options.
    pub const fn of(section: Option<&'a str>, options: CallOptions) -> Self {
        match section {
            Some(expression) if options.has(CallOptions::XPATH) => Self::XPath(expression),
            other => Self::Section(other),
        }
    }
}
