//! `crm_shadow`: makes copies of the CIB that tools work on instead of the cluster's, shows them, and puts them back.

mod run;

use std::{ffi::OsString, process::ExitCode};

use crate::frame;

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "crm_shadow",
    summary: "Change a copy of the configuration, look at it, and put it in force",
    main,
};

#[derive(Debug, clap::Args)]
struct Options {
    #[command(flatten)]
    command: Commands,
    /// Do it although something is overwritten or removed
    #[arg(short = 'f', long)]
    force: bool,
    /// Do not start a shell that works on the copy
    #[arg(short = 'b', long)]
    batch: bool,
    /// With --commit, put the whole CIB in force, with its status
    #[arg(short = 'a', long)]
    all: bool,
    /// With --create-empty, the schema of the copy
    #[arg(short = 'v', long, value_name = "SCHEMA")]
    validate_with: Option<String>,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Commands {
    /// Say which copy is worked on
    #[arg(short = 'w', long)]
    which: bool,
    /// Show the copy that is worked on
    #[arg(short = 'p', long)]
    display: bool,
    /// Show how the copy that is worked on differs from the cluster's CIB
    #[arg(short = 'd', long)]
    diff: bool,
    /// Say in which file the copy is that is worked on
    #[arg(short = 'F', long)]
    file: bool,
    /// Copy the cluster's CIB
    #[arg(short = 'c', long, value_name = "NAME")]
    create: Option<String>,
    /// Make a copy that configures nothing
    #[arg(short = 'e', long, value_name = "NAME")]
    create_empty: Option<String>,
    /// Put a copy in force (needs --force)
    #[arg(short = 'C', long, value_name = "NAME")]
    commit: Option<String>,
    /// Remove a copy (needs --force)
    #[arg(short = 'D', long, value_name = "NAME")]
    delete: Option<String>,
    /// Edit the copy that is worked on with $EDITOR
    #[arg(short = 'E', long)]
    edit: bool,
    /// Copy the cluster's CIB again into a copy that is there (needs --force)
    #[arg(short = 'r', long, value_name = "NAME")]
    reset: Option<String>,
    /// Work on another copy
    #[arg(short = 's', long, value_name = "NAME")]
    switch: Option<String>,
}

fn main(args: Vec<OsString>) -> ExitCode {
    frame::run(&TOOL, &args, run::run)
}
