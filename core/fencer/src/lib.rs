//! Fences nodes: knows the devices this node can use, finds out with the other fencers who can fence a target, and has the
//! best placed one do it.
//!
//! ```text
//! request ─► Operation ─► query to all fencers ─► offers ─► one fencer at a time: Command on a device ─► agent
//!                └──────────── result, told to all fencers and their clients ◄───────────────┘
//! ```
//!
//! An operation is the wish to fence a node, known to all fencers and led by the one that was asked. A command is one thing
//! for one agent to do here. It never calls a target fenced unless an agent, or a human, said so.
//!
//! It knows nothing of processes, sockets or files. Start from [`Fencer`] and [`Input`].

mod command;
mod configuration;
mod device;
mod input;
mod machine;
mod note;
mod operation;
mod output;
mod targets;
mod traits;

pub use configuration::Configuration;
pub use input::{AgentEnd, ClientId, Input, RunId, Settings, Timer};
pub use machine::Fencer;
pub use note::Note;
pub use output::{Output, Run};
pub use traits::Traits;
