//! The XML that the cluster's documents and messages are made of: a tree, its text form, paths into it, digests, and the
//! difference between two trees.
//!
//! The tree is persistent: children are shared, so a copy of a whole document costs one reference count, and a change
//! copies only the elements on the way to it. Keeping the old version for a rollback or a comparison is therefore free.
//!
//! It knows XML, not what is written in it. Start from [`Element`] and [`parse()`].

mod attributes;
pub mod digest;
mod element;
mod parse;
pub mod patchset;
mod path;
mod write;
pub mod xpath;

pub use attributes::Attributes;
pub use element::{Descendants, Element, Elements, Node};
pub use parse::{Limits, ParseError, Position, Problem, parse, parse_bytes, parse_with};
pub use path::{NodePath, node_path_string};
