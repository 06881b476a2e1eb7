//! The cluster as a document describes it: options, nodes, resources, constraints and what nodes recorded, each typed,
//! with everything that follows from them without a decision: who is online, what runs where and in which role, what has
//! failed, what is blocked.
//!
//! ```text
//! CIB + time ──► Model::build ──► Model (frozen) ──► scheduler, status tools
//!                                └► problems
//! ```
//!
//! It never decides anything: no placement, no actions. What the history demands is listed as [`Finding`]s. Start from
//! [`Model`] and [`Model::build`].

mod allowed;
mod arena;
pub mod attributes;
mod build;
pub mod constraint;
mod document;
pub mod history;
mod model;
pub mod node;
pub mod options;
mod problem;
mod reason;
pub mod resource;
mod sort;

pub use allowed::{Allowed, AllowedNodes, ProbeMode};
pub use arena::{Arena, Key, NodeKey, ResourceKey};
pub use build::from_template;
pub use model::{
    ClearReason, Finding, Model, ScoreChange, Ticket, can_fence, current_among, current_node,
};
pub use node::{Node, NodeKind, NodeState};
pub use options::Options;
pub use problem::{Problem, Severity};
pub use reason::{FenceReason, ScoreReason, Shortage};
pub use resource::{Resource, ResourceState, Variant};
pub use sort::merge_sort;
