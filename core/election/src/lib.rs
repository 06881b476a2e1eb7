//! How nodes agree on one of them: the DC among controllers, the writer among attribute managers.
//!
//! Every node may call an election by sending a vote that says who it is and how old. Who hears the vote of a better
//! candidate sends a no-vote back and has lost; who hears the vote of a worse one calls an election of its own. A node has
//! won when every active peer has conceded, or when nobody has beaten it for a while.
//!
//! ```text
//!            Begin / worse vote heard
//!   Idle ───────────────────────────────► Running ──all conceded, or time is up──► Won
//!    ▲                                       │
//!    └──────────── Lost ◄──better vote heard─┘
//! ```
//!
//! Better is: older feature set, then greater age, then the name that comes first. The age is frozen while an election
//! goes on, so that any two nodes compare the same two numbers and come to opposite conclusions.
//!
//! It knows nothing of what is elected, nor how ballots look on the wire. Start from [`Election`] and [`Input`].

mod ballot;
mod election;

pub use ballot::{Age, Ballot, Choice};
pub use election::{Election, Input, Output, Settings, Status};
