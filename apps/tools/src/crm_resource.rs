//! `crm_resource`: asks about resources, moves them, changes their parameters, cleans up after failures.

mod agents;
mod attribute;
mod forget;
mod history;
mod locate;
mod location;
mod target;
mod wait;

use std::{ffi::OsString, process::ExitCode, sync::Arc, time::Duration};

use client::cib::{CallOptions, Cib, CibError};
use present::Status;
use vocab::ToolExit;
use xml::Element;

use crate::{frame, output::Output};

/// This tool.
pub(crate) const TOOL: crate::Tool =
    crate::Tool { name: "crm_resource", summary: "Ask about resources and act on them", main };

#[derive(Debug, clap::Args)]
struct Options {
    #[command(flatten)]
    command: Commands,
    /// The resource
    #[arg(short = 'r', long, value_name = "ID")]
    resource: Option<String>,
    /// The node
    #[arg(
        short = 'N',
        long,
        visible_short_alias = 'H',
        visible_alias = "host-uname",
        value_name = "NAME"
    )]
    node: Option<String>,
    /// Name of the resource's element (primitive, group, clone, bundle), for --delete
    #[arg(short = 't', long, value_name = "ELEMENT")]
    resource_type: Option<String>,
    /// Value for --set-parameter
    #[arg(short = 'v', long, value_name = "VALUE", allow_hyphen_values = true)]
    parameter_value: Option<String>,
    /// Use a meta-attribute instead of a parameter
    #[arg(short = 'm', long, conflicts_with = "utilization")]
    meta: bool,
    /// Use a utilization attribute instead of a parameter
    #[arg(short = 'z', long)]
    utilization: bool,
    /// Id of the set of attributes to use
    #[arg(short = 's', long, value_name = "ID")]
    set_name: Option<String>,
    /// Id of the attribute to use
    #[arg(short = 'i', long, value_name = "ID")]
    nvpair: Option<String>,
    /// Only failures of this operation, for --cleanup
    #[arg(short = 'n', long, value_name = "OPERATION", requires = "resource")]
    operation: Option<String>,
    /// Interval of that operation
    #[arg(short = 'I', long, value_name = "INTERVAL", requires = "operation")]
    interval: Option<String>,
    /// How long the constraint of --move or --ban holds, as an ISO 8601 duration
    #[arg(short = 'u', long, value_name = "TIMESPEC")]
    lifetime: Option<String>,
    /// Concern only the promoted role
    #[arg(long, visible_alias = "master")]
    promoted: bool,
    /// With --clear, only constraints whose time is over
    #[arg(short = 'e', long)]
    expired: bool,
    /// Seconds, or a number with a unit, to wait at most
    #[arg(short = 'T', long, value_name = "TIMESPEC")]
    timeout: Option<String>,
    /// Do it although something speaks against it
    #[arg(short = 'f', long)]
    force: bool,
    /// Say only what was asked for
    #[arg(short = 'Q', long)]
    quiet: bool,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Commands {
    /// List all resources with their state
    #[arg(short = 'L', long)]
    list: bool,
    /// List the ids of all resource instances
    #[arg(short = 'l', long)]
    list_raw: bool,
    /// List operations of active resources
    #[arg(short = 'O', long)]
    list_operations: bool,
    /// List all operations
    #[arg(short = 'o', long)]
    list_all_operations: bool,
    /// List the standards of agents
    #[arg(long)]
    list_standards: bool,
    /// List the providers of OCF agents
    #[arg(long)]
    list_ocf_providers: bool,
    /// List the agents of a standard, or of a standard and provider
    #[arg(long, value_name = "STD:PROV")]
    list_agents: Option<String>,
    /// List the providers of an OCF agent
    #[arg(long, value_name = "AGENT")]
    list_ocf_alternatives: Option<String>,
    /// Show the metadata of an agent
    #[arg(long, value_name = "SPEC")]
    show_metadata: Option<String>,
    /// Show the resource's configuration
    #[arg(short = 'q', long)]
    query_xml: bool,
    /// Show the resource's configuration as it was written
    #[arg(short = 'w', long)]
    query_xml_raw: bool,
    /// Show a parameter
    #[arg(short = 'g', long, value_name = "PARAM")]
    get_parameter: Option<String>,
    /// Show where the resource is
    #[arg(short = 'W', long)]
    locate: bool,
    /// Show the constraints of the resource
    #[arg(short = 'a', long)]
    constraints: bool,
    /// Show the constraints of the resource and of what it depends on
    #[arg(short = 'A', long)]
    stack: bool,
    /// Show why resources are not running
    #[arg(short = 'Y', long)]
    why: bool,
    /// Forget failures, so that they have no more effect
    #[arg(short = 'C', long)]
    cleanup: bool,
    /// Forget the history, so that the state is found out anew
    #[arg(short = 'R', long)]
    refresh: bool,
    /// Set a parameter
    #[arg(short = 'p', long, value_name = "PARAM")]
    set_parameter: Option<String>,
    /// Delete a parameter
    #[arg(short = 'd', long, value_name = "PARAM")]
    delete_parameter: Option<String>,
    /// Make the resource move, with a constraint
    #[arg(short = 'M', long = "move")]
    move_: bool,
    /// Keep the resource away from a node, with a constraint
    #[arg(short = 'B', long)]
    ban: bool,
    /// Remove the constraints that --move and --ban made
    #[arg(short = 'U', long)]
    clear: bool,
    /// Delete the resource from the configuration
    #[arg(short = 'D', long)]
    delete: bool,
    /// Tell the cluster that the resource failed
    #[arg(short = 'F', long)]
    fail: bool,
    /// Wait until the cluster has nothing left to do
    #[arg(long)]
    wait: bool,
    /// Restart the resource and what depends on it
    #[arg(long)]
    restart: bool,
}

/// A run that ends here: what to say, and the exit status.
#[derive(Debug)]
struct Stop {
    message: String,
    exit: ToolExit,
}

impl Stop {
    fn new(exit: ToolExit, message: impl Into<String>) -> Self {
        Self { message: message.into(), exit }
    }

    /// The operation failed for the reason that the exit status names.
    fn failed(exit: ToolExit) -> Self {
        Self::new(exit, format!("Error performing operation: {exit}"))
    }

    /// Something that was named does not exist.
    fn not_found(what: &str, name: &str) -> Self {
        let exit = ToolExit::NoSuch;
        Self::new(exit, format!("{what} '{name}' not found\nError performing operation: {exit}"))
    }

    fn not_implemented(what: &str) -> Self {
        Self::new(ToolExit::UnimplementedFeature, format!("{what} is not implemented yet"))
    }
}

impl From<Stop> for frame::Stop {
    fn from(stop: Stop) -> Self {
        Self::new(stop.message, stop.exit)
    }
}

impl From<CibError> for Stop {
    fn from(error: CibError) -> Self {
        Self::new(error.exit(), format!("Error performing operation: {error}"))
    }
}

/// What every command works with.
struct Session<'a> {
    options: &'a Options,
    output: &'a mut Output,
    cib: Cib,
    document: Arc<Element>,
    model: model::Model,
    status: Status,
}

impl Session<'_> {
    /// The resource that was named.
    fn resource_id(&self) -> Result<&str, Stop> {
        self.options
            .resource
            .as_deref()
            .ok_or_else(|| Stop::new(ToolExit::Usage, "Must supply a resource id with -r"))
    }

    /// The node that was named, if one was; an error if there is no such node.
    fn node(&self) -> Result<Option<&str>, Stop> {
        let Some(name) = self.options.node.as_deref() else { return Ok(None) };
        match self.status.nodes.iter().find(|node| node.name.eq_ignore_ascii_case(name)) {
            Some(node) => Ok(Some(&node.name)),
            None => Err(Stop::not_found("Node", name)),
        }
    }

    /// Options for a change of the configuration.
    fn call_options(&self) -> CallOptions {
        if self.options.force { CallOptions::QUORUM_OVERRIDE } else { CallOptions::NONE }
    }
}

/// Runs this tool, for one that is another name for a part of it.
pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    frame::run(&TOOL, &args, run)
}

fn run(options: &Options, output: &mut Output) -> Result<(), Stop> {
    let command = &options.command;
    if let Some(answer) = agents::answer(command, output) {
        return answer;
    }
    let mut cib = Cib::open(TOOL.name)?;
    let document = cib.query(None, CallOptions::SCOPE_LOCAL)?;
    let (model, _) = model::Model::build_at(&document, frame::local_time());
    let status = Status::of(&model, &document);
    let mut session = Session { options, output, cib, document, model, status };
    if command.list_raw {
        locate::list_ids(&mut session);
        Ok(())
    } else if command.list_operations || command.list_all_operations {
        history::list(&mut session, command.list_all_operations)
    } else if command.query_xml || command.query_xml_raw {
        locate::query(&mut session)
    } else if let Some(name) = &command.get_parameter {
        attribute::get(&mut session, name)
    } else if let Some(name) = &command.set_parameter {
        attribute::set(&mut session, name)
    } else if let Some(name) = &command.delete_parameter {
        attribute::delete(&mut session, name)
    } else if command.locate {
        locate::locate(&mut session)
    } else if command.why {
        locate::why(&mut session)
    } else if command.constraints || command.stack {
        location::show(&mut session, command.stack)
    } else if command.move_ {
        location::relocate(&mut session)
    } else if command.ban {
        location::ban(&mut session)
    } else if command.clear {
        location::clear(&mut session)
    } else if command.delete {
        target::delete(&mut session)
    } else if command.cleanup || command.refresh {
        forget::forget(&mut session)
    } else if command.fail {
        forget::fail(&mut session)
    } else if command.wait {
        wait::wait(&mut session)
    } else if command.restart {
        Err(Stop::not_implemented("--restart"))
    } else {
        locate::list(&mut session);
        Ok(())
    }
}

/// How long `--timeout` says to wait, if it is given.
fn timeout(options: &Options) -> Result<Option<Duration>, Stop> {
    options
        .timeout
        .as_deref()
        .map(|text| {
            vocab::parse_duration(text)
                .map_err(|error| Stop::new(ToolExit::Usage, error.to_string()))
        })
        .transpose()
}
