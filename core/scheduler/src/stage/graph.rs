//! Actions that have to be carried out become the graph.

mod attributes;
mod build;
mod dot;
mod prune;

pub(crate) use dot::dot;

use transition::Graph;

use crate::plan::Plan;

pub(crate) fn run(plan: &mut Plan<'_>, transition: i32) -> Graph {
    build::Builder::new(plan).build(transition)
}
