//! How the launcher looks after the other daemons: starts them in order, starts again what dies, kills what hangs, and
//! stops them in the reverse order.
//!
//! ```text
//!   Init ──Begin, Found──► StartingDaemons ──all spawned──► Running ──Stop, or a fatal exit──► ShuttingDown
//!                 └► WaitForPing ──SBD asked──┘                          one daemon after another │
//!                                                                                        ShutdownComplete
//! ```
//!
//! It knows nothing of processes, signals' numbers or connections: those are outputs and inputs. Start from [`Supervisor`]
//! and [`Input`].

mod daemon;
mod interface;
mod note;
mod supervisor;

pub use daemon::Daemon;
pub use interface::{Exit, Health, Input, Output, Settings, Signal, Timer};
pub use note::{Note, Severity};
pub use supervisor::Supervisor;
