//! `crm_simulate`: shows what the cluster would do, and what would become of it.

mod input;
mod numbers;
mod profile;
mod report;
mod run;
mod xml_form;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use simulate::{Injections, NodeEvent, OperationResult, TicketEvent};

use crate::frame;

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "crm_simulate",
    summary: "Show what the cluster would do in response to events",
    main,
};

/// The name it had long ago.
pub(crate) const PTEST: crate::Tool = crate::Tool { name: "ptest", ..TOOL };

#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools)]
struct Options {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    events: Events,
    #[command(flatten)]
    artifacts: Artifacts,
    /// Make a plan and show it
    #[arg(short = 'R', long)]
    run: bool,
    /// Make a plan, pretend to carry it out and show what would become of the cluster
    #[arg(short = 'S', long)]
    simulate: bool,
    /// Like --simulate, and put what would become of the CIB into the input file
    #[arg(short = 'X', long)]
    in_place: bool,
    /// Show node attributes
    #[arg(short = 'A', long)]
    show_attrs: bool,
    /// Show fail counts
    #[arg(short = 'c', long)]
    show_failcounts: bool,
    /// Show the scores behind the plan
    #[arg(short = 's', long)]
    show_scores: bool,
    /// Show what resources need and what nodes have
    #[arg(short = 'U', long)]
    show_utilization: bool,
    /// Make a plan for each XML file in this directory and show how long that takes
    #[arg(short = 'P', long, value_name = "DIR")]
    profile: Option<PathBuf>,
    /// With --profile, make each plan so many times
    #[arg(short = 'N', long, value_name = "N", default_value_t = 1)]
    repeat: u32,
    /// Show operations under way (always done)
    #[arg(short = 'j', long, hide = true)]
    pending: bool,
    /// Show only what is essential
    #[arg(short = 'Q', long)]
    quiet: bool,
}

#[derive(Debug, clap::Args)]
struct Source {
    /// Start from the running cluster's CIB
    #[arg(short = 'L', long, group = "source")]
    live_check: bool,
    /// Start from a CIB in a file, which may be compressed with bzip2
    #[arg(short = 'x', long, value_name = "FILE", group = "source")]
    xml_file: Option<PathBuf>,
    /// Start from a CIB on standard input
    #[arg(short = 'p', long, group = "source")]
    xml_pipe: bool,
}

#[derive(Debug, clap::Args)]
struct Events {
    /// Pretend that a node comes online
    #[arg(short = 'u', long, value_name = "NODE")]
    node_up: Vec<String>,
    /// Pretend that a node goes offline
    #[arg(short = 'd', long, value_name = "NODE")]
    node_down: Vec<String>,
    /// Pretend that a node fails
    #[arg(short = 'f', long, value_name = "NODE")]
    node_fail: Vec<String>,
    /// Pretend the result of an operation before the plan is made: RESOURCE_TASK_MILLISECONDS@NODE=EXIT
    #[arg(short = 'i', long, value_name = "OPSPEC")]
    op_inject: Vec<OperationResult>,
    /// Let an operation of the plan fail: RESOURCE_TASK_MILLISECONDS@NODE=EXIT
    #[arg(short = 'F', long, value_name = "OPSPEC")]
    op_fail: Vec<OperationResult>,
    /// Pretend that it is this time (ISO 8601)
    #[arg(short = 't', long, value_name = "DATETIME")]
    set_datetime: Option<String>,
    /// Pretend that there is quorum, or not: 1 or 0
    #[arg(short = 'q', long, value_name = "QUORUM")]
    quorum: Option<String>,
    /// Pretend that nodes have a watchdog, or not: 1 or 0
    #[arg(short = 'w', long, value_name = "DEVICE")]
    watchdog: Option<String>,
    /// Pretend that a ticket is granted
    #[arg(short = 'g', long, value_name = "TICKET")]
    ticket_grant: Vec<String>,
    /// Pretend that a ticket is revoked
    #[arg(short = 'r', long, value_name = "TICKET")]
    ticket_revoke: Vec<String>,
    /// Pretend that a ticket is put in standby
    #[arg(short = 'b', long, value_name = "TICKET")]
    ticket_standby: Vec<String>,
    /// Pretend that a ticket is taken out of standby
    #[arg(short = 'e', long, value_name = "TICKET")]
    ticket_activate: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct Artifacts {
    /// File for the CIB as it is before the plan is made
    #[arg(short = 'I', long, value_name = "FILE")]
    save_input: Option<PathBuf>,
    /// File for the CIB as it would be afterwards
    #[arg(short = 'O', long, value_name = "FILE")]
    save_output: Option<PathBuf>,
    /// File for the plan as XML
    #[arg(short = 'G', long, value_name = "FILE")]
    save_graph: Option<PathBuf>,
    /// File for the plan as a picture (Graphviz)
    #[arg(short = 'D', long, value_name = "FILE")]
    save_dotfile: Option<PathBuf>,
    /// Show in the picture also what does not have to be done
    #[arg(short = 'a', long)]
    all_actions: bool,
}

impl Options {
    /// Whether the plan is to be carried out.
    fn simulates(&self) -> bool {
        self.simulate || self.in_place || !self.events.op_fail.is_empty()
    }

    /// Whether a plan is to be made.
    fn plans(&self) -> bool {
        self.run
            || self.show_scores
            || self.show_utilization
            || self.artifacts.save_graph.is_some()
            || self.artifacts.save_dotfile.is_some()
            || self.simulates()
    }

    fn injections(&self) -> Injections {
        let events = &self.events;
        let nodes = [
            (NodeEvent::Up, &events.node_up),
            (NodeEvent::Down, &events.node_down),
            (NodeEvent::Fail, &events.node_fail),
        ];
        let tickets = [
            (TicketEvent::Grant, &events.ticket_grant),
            (TicketEvent::Revoke, &events.ticket_revoke),
            (TicketEvent::Standby, &events.ticket_standby),
            (TicketEvent::Activate, &events.ticket_activate),
        ];
        Injections {
            quorum: events.quorum.clone(),
            watchdog: events.watchdog.clone(),
            nodes: each(&nodes),
            tickets: each(&tickets),
            operations: events.op_inject.clone(),
        }
    }
}

fn each<E: Copy>(lists: &[(E, &Vec<String>)]) -> Vec<(E, String)> {
    lists
        .iter()
        .flat_map(|(event, names)| names.iter().map(move |name| (*event, name.clone())))
        .collect()
}

fn main(args: Vec<OsString>) -> ExitCode {
    frame::run_planner(&TOOL, args, |options: &Options, output| match &options.profile {
        Some(directory) => profile::profile(options, directory, output),
        None => run::run(options, output),
    })
}
