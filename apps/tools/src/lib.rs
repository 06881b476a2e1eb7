//! The command line tools: one module per command, each with its options on top and what it does below.
//!
//! A tool does what it is asked and ends: no event loop, no threads. It reports through [`output::Output`], which prints
//! text as it comes or one XML document at the end, and ends with a [`vocab::ToolExit`].

mod attrd_updater;
mod cibadmin;
mod cibsecret;
mod crm_attribute;
mod crm_diff;
mod crm_error;
mod crm_failcount;
mod crm_master;
mod crm_mon;
mod crm_node;
mod crm_report;
mod crm_resource;
mod crm_rule;
mod crm_shadow;
mod crm_simulate;
mod crm_standby;
mod crm_ticket;
mod crm_verify;
mod crmadmin;
mod frame;
mod iso8601;
mod node_target;
mod option_list;
pub mod output;
mod patch_text;
mod schema;
mod stonith_admin;

pub use crm_mon::TOP;

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
pub const TOOLS: &[Tool] = &[
    attrd_updater::TOOL,
    cibadmin::TOOL,
    cibsecret::TOOL,
    crm_attribute::TOOL,
    crm_diff::TOOL,
    crm_error::TOOL,
    crm_failcount::TOOL,
    crm_master::TOOL,
    crm_mon::TOOL,
    crm_node::TOOL,
    crm_report::TOOL,
    crm_resource::TOOL,
    crm_rule::TOOL,
    crm_shadow::TOOL,
    crm_simulate::TOOL,
    crm_simulate::PTEST,
    crm_standby::TOOL,
    crm_ticket::TOOL,
    crm_verify::TOOL,
    crmadmin::TOOL,
    iso8601::TOOL,
    stonith_admin::TOOL,
];
