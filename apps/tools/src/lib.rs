//! The command line tools: one module per command, each with its options on top and what it does below.
//!
//! A tool does what it is asked and ends: no event loop, no threads. It reports through [`output::Output`], which prints
//! text as it comes or one XML document at the end, and ends with a [`vocab::ToolExit`].

mod cibadmin;
mod crm_mon;
mod crm_resource;
mod frame;
pub mod output;

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
pub const TOOLS: &[Tool] = &[cibadmin::TOOL, crm_mon::TOOL, crm_resource::TOOL];
