//! Decides what has to be done so that the cluster becomes what its configuration says.
//!
//! ```text
//! Model ─► findings ─► health ─► constraints ─► location ─► implicit ─► drift ─► allocate
//!                                                                              │
//! Schedule{graph, scores, report} ◄─ graph ◄─ ordering ◄─ fencing ◄─ actions ◄─┘
//! ```
//!
//! [`schedule`] is a function of its arguments: no clock, no files, no XML. Each stage fills tables for the next ones;
//! the few ways back are listed in the `pipeline` module. It never carries anything out.
//!
//! Orderings lead from action to action by recursion: call it on a thread with [`STACK_BYTES`] of stack.

mod pipeline;
mod plan;
mod reason;
mod report;
mod request;
mod stage;
mod table;
mod told;

use model::Model;

pub use reason::ActionReason;
pub use report::{PlannedAction, ResourceOutcome, Schedule, ScoreLine, ScoreStage};
pub use request::Request;
pub use told::{Amounts, CapacityLine, SecretsDiffer};

/// Stack that a thread needs to plan for the largest clusters.
pub const STACK_BYTES: usize = 256 << 20;

/// Makes a plan.
pub fn schedule(model: &Model, request: &Request) -> Schedule {
    pipeline::run(model, request)
}
