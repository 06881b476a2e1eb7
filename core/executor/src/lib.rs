//! Carries out operations on this node's resources: one at a time for each resource, each within its time, the recurring
//! ones again and again.
//!
//! ```text
//! Request ─► queue of the resource ─► Run ─► (agent) ─► Finished ─► Executed event ─► recurring: timer ─► queue
//! ```
//!
//! It knows nothing of processes, sockets or D-Bus: it says what to run and is told how it ended. Operations of fence devices
//! go to the fencer, through an output too. Start from [`Executor`] and [`Input`].

mod input;
mod machine;
mod note;
mod operation;
mod outcome;
mod output;
mod resource;

pub use input::{ClientId, Input, RunId, Timer};
pub use machine::Executor;
pub use note::Note;
pub use outcome::{Ended, Failure, FenceEnd, Outcome, interpret};
pub use output::{FenceTask, Output, Run, Strength};
