//! Transitions: the graph of actions that the scheduler hands to the controller, and its XML form.
//!
//! [`Graph`] is plain data; [`codec`] reads and writes it; [`walker`] carries it out.

mod attributes;
pub mod codec;
mod graph;
pub mod walker;

pub use attributes::{Attributes, Iter as AttributesIter};
pub use codec::GraphError;
pub use graph::{
    Action, ActionId, ActionKind, ActionNode, Graph, NodeMaintenance, Primitive, Setting, Synapse,
};
