//! `crm_ticket`: shows and changes tickets, the permissions of a site to run something.

mod change;
mod show;
mod ticket;

use std::{ffi::OsString, process::ExitCode};

use client::cib::{CallOptions, Cib, CibError};
use vocab::ToolExit;

use crate::{
    frame::{self, Stop},
    output::Output,
    schema,
};

/// This tool.
pub(crate) const TOOL: crate::Tool =
    crate::Tool { name: "crm_ticket", summary: "Show and change tickets of this site", main };

#[derive(Debug, clap::Args)]
struct Options {
    #[command(flatten)]
    question: Question,
    #[command(flatten)]
    change: Change,
    /// The ticket
    #[arg(short = 't', long, value_name = "ID")]
    ticket: Option<String>,
    /// With --get-attr, what to show if there is no such attribute
    #[arg(short = 'd', long, value_name = "VALUE")]
    default: Option<String>,
    /// Do it although it is dangerous
    #[arg(short = 'f', long)]
    force: bool,
    /// Show only the value (always done)
    #[arg(short = 'Q', long, hide = true)]
    quiet: bool,
    /// Take the CIB to look at from this file
    #[arg(short = 'x', long, value_name = "FILE", hide = true)]
    xml_file: Option<std::path::PathBuf>,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Question {
    /// Show tickets
    #[arg(short = 'l', long)]
    info: bool,
    /// Show tickets with all that is known of them
    #[arg(short = 'L', long)]
    details: bool,
    /// Show the names of tickets
    #[arg(short = 'w', long)]
    raw: bool,
    /// Show the XML of tickets
    #[arg(short = 'q', long)]
    query_xml: bool,
    /// Show the constraints on tickets
    #[arg(short = 'c', long)]
    constraints: bool,
    /// Show an attribute of a ticket
    #[arg(short = 'G', long, value_name = "ATTRIBUTE")]
    get_attr: Option<String>,
    /// Forget all that is known of a ticket
    #[arg(short = 'C', long)]
    cleanup: bool,
}

#[derive(Debug, clap::Args)]
struct Change {
    /// Grant a ticket to this site (needs --force)
    #[arg(short = 'g', long)]
    grant: bool,
    /// Take a ticket away from this site (needs --force)
    #[arg(short = 'r', long)]
    revoke: bool,
    /// Put a ticket in standby: what depends on it stops without the policies of its loss
    #[arg(short = 's', long)]
    standby: bool,
    /// Take a ticket out of standby
    #[arg(short = 'a', long)]
    activate: bool,
    /// Set an attribute of a ticket
    #[arg(short = 'S', long, value_name = "ATTRIBUTE")]
    set_attr: Vec<String>,
    /// With --set-attr, its value
    #[arg(short = 'v', long, value_name = "VALUE")]
    attr_value: Vec<String>,
    /// Remove an attribute of a ticket
    #[arg(short = 'D', long, value_name = "ATTRIBUTE")]
    delete_attr: Vec<String>,
}

/// What the CIB refused.
fn refused(doing: &str, error: &CibError) -> Stop {
    Stop::new(format!("{doing}: {}", error.failure()), error.exit())
}

fn main(args: Vec<OsString>) -> ExitCode {
    frame::run(&TOOL, &args, run)
}

fn run(options: &Options, output: &mut Output) -> Result<(), Stop> {
    let mut cib =
        Cib::open(TOOL.name).map_err(|error| refused("Could not connect to the CIB", &error))?;
    let document = match &options.xml_file {
        Some(path) => disk::read_document(path)
            .map_err(|error| Stop::new(format!("{}: {error}", path.display()), ToolExit::NoInput))?
            .into(),
        None => cib
            .query(None, CallOptions::SCOPE_LOCAL)
            .map_err(|error| refused("Could not get local CIB", &error))?,
    };
    let document = schema::of_today(document).map_err(|why| Stop::new(why, ToolExit::Config))?;
    let question = &options.question;
    let wanted = options.ticket.as_deref();
    if question.info || question.details || question.raw {
        show::list(&document, options, output)
    } else if question.query_xml {
        show::states(&document, wanted, output)
    } else if question.constraints {
        show::constraints(&document, wanted, output)
    } else if let Some(name) = &question.get_attr {
        let Some(ticket) = wanted else {
            return Err(Stop::new("Must supply ticket ID with -t".to_owned(), ToolExit::NoSuch));
        };
        show::attribute(&document, ticket, name, options.default.as_deref(), output)
    } else if question.cleanup {
        change::forget(&mut cib, &document, must_be_named(wanted)?, options.force, output)
    } else {
        change::attributes(&mut cib, &document, options, output)
    }
}

fn must_be_named(ticket: Option<&str>) -> Result<&str, Stop> {
    ticket.ok_or_else(|| Stop::usage("Must supply ticket ID with -t"))
}
