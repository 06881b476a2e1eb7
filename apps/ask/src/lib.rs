//! Questions that only a cluster with typed reasons can answer: why something is as it is, and what a change would do.

mod explain;
pub mod plan;

use std::{ffi::OsString, process::ExitCode};

/// One tool: the name it is called by, what it is for, and what it does.
pub struct Tool {
    /// The name it is called by, after `cardea`.
    pub name: &'static str,
    /// What it is for, in half a sentence.
    pub summary: &'static str,
    /// Runs it; the first argument is the name it was called by.
    pub main: fn(Vec<OsString>) -> ExitCode,
}

/// Every tool, by name.
pub const TOOLS: &[Tool] = &[explain::TOOL];
