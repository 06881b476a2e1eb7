//! The stages, in the order in which they run.

pub(crate) mod actions;
pub(crate) mod allocate;
mod bundle;
pub(crate) mod colocation;
pub(crate) mod constraints;
pub(crate) mod drift;
pub(crate) mod fencing;
pub(crate) mod findings;
pub(crate) mod graph;
pub(crate) mod health;
pub(crate) mod implicit;
pub(crate) mod location;
pub(crate) mod ordering;
