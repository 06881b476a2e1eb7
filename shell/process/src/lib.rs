//! Runs programs for the cluster: resource agents, fence agents, alert agents.
//!
//! Every program gets a process group of its own, so that it can be ended with all it started; its output is read as it
//! comes and kept only up to a limit; starting it blocks nobody. Start from [`Program`] and [`start`] for any program, and
//! from [`Runner`] for resource agents.
//!
//! It decides nothing: how long a program may run and what its end means is the business of core/executor and core/fencer.

mod agents;
mod capture;
mod environment;
mod exit_reason;
mod metadata;
mod program;
mod runner;
mod secrets;
mod text;
mod user;

pub use agents::{AgentDirectories, agent_path, list_agents, list_providers, list_standards};
pub use capture::{Capture, Keep};
pub use environment::agent_environment;
pub use exit_reason::exit_reason;
pub use metadata::{Metadata, MetadataError};
pub use program::{Exit, ExitKind, Handle, Order, Program, start, start_found};
pub use runner::Runner;
pub use secrets::{SECRETS_DIRECTORY, with_secrets};
pub use text::printable;
pub use user::User;
