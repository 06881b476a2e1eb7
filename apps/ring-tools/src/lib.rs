//! The ring's command line tools: one module per command, each with its options on top and what it does below.
//!
//! They print what Corosync 3.1's print and end as those end, whichever daemon runs the ring.

mod cfgtool;
mod cmapctl;
mod cpgtool;
mod getopt;
mod keygen;
mod number;
mod print;
mod quorumtool;

use std::{ffi::OsString, process::ExitCode};

/// One tool: the name it is called by, what it is for, and what it does.
pub struct Tool {
    /// The name it is called by.
    pub name: &'static str,
    /// What it is for, in half a sentence.
    pub summary: &'static str,
    /// Runs it; the first argument is the name it was called by.
    pub main: fn(Vec<OsString>) -> ExitCode,
}

/// Every tool, by name.
pub const TOOLS: &[Tool] =
    &[cfgtool::TOOL, cmapctl::TOOL, cpgtool::TOOL, keygen::TOOL, quorumtool::TOOL];
