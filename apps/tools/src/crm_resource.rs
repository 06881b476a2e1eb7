//! `crm_resource`: asks about resources, moves them, changes their parameters, cleans up after failures.

mod agents;
mod attribute;
mod change;
mod clear;
mod command;
mod cts;
mod digests;
mod execute;
mod forget;
mod history;
mod locate;
mod location;
mod restart;
mod session;
mod wait;
mod why;

use std::{ffi::OsString, process::ExitCode, thread, time::Duration};

use client::cib::{Operation, Request};
use vocab::ToolExit;
use xml::Element;

use crate::{frame, option_list, output::Output};
use command::{Chosen, Command};
use session::{Session, Stop};

/// This tool.
pub(crate) const TOOL: crate::Tool =
    crate::Tool { name: "crm_resource", summary: "Ask about resources and act on them", main };

#[derive(Debug, clap::Args)]
struct Options {
    #[command(flatten)]
    command: Chosen,
    /// The resource
    #[arg(short = 'r', long, value_name = "ID")]
    resource: Option<String>,
    /// The node
    #[arg(short = 'N', long, short_alias = 'H', alias = "host-uname", value_name = "NAME")]
    node: Option<String>,
    /// With --set-parameter and --constraints, follow colocations
    #[arg(long)]
    recursive: bool,
    /// Name of the resource's element (primitive, group, clone, bundle), for --delete
    #[arg(short = 't', long, value_name = "ELEMENT")]
    resource_type: Option<String>,
    /// Value for --set-parameter
    #[arg(short = 'v', long, value_name = "VALUE", allow_hyphen_values = true)]
    parameter_value: Option<String>,
    /// Use a meta-attribute instead of a parameter
    #[arg(short = 'm', long, overrides_with_all = ["utilization", "element"])]
    meta: bool,
    /// Use a utilization attribute instead of a parameter
    #[arg(short = 'z', long, overrides_with_all = ["meta", "element"])]
    utilization: bool,
    /// Use an attribute of the resource's element instead of a parameter
    #[arg(long, overrides_with_all = ["meta", "utilization"])]
    element: bool,
    /// Id of the set of attributes to use
    #[arg(short = 's', long, value_name = "ID")]
    set_name: Option<String>,
    /// Id of the attribute to use
    #[arg(short = 'i', long, value_name = "ID")]
    nvpair: Option<String>,
    /// Only failures of this operation, for --cleanup
    #[arg(short = 'n', long, value_name = "OPERATION")]
    operation: Option<String>,
    /// Interval of that operation
    #[arg(short = 'I', long, value_name = "INTERVAL")]
    interval: Option<String>,
    /// The standard of an agent, with --validate
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    /// The agent, with --validate
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
    /// The provider of an agent, with --validate
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,
    /// A parameter, with --validate and an agent
    #[arg(long, value_name = "NAME=VALUE")]
    option: Vec<String>,
    /// How long the constraint of --move or --ban holds, as an ISO 8601 duration
    #[arg(short = 'u', long, value_name = "TIMESPEC")]
    lifetime: Option<String>,
    /// Concern only the promoted role
    #[arg(long, alias = "master")]
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
    /// With --list-options, show advanced and deprecated options too (as XML they always are)
    #[arg(long)]
    all: bool,
    /// Parameters that count before configured ones, with --digests, --validate and --force-...
    #[arg(value_name = "NAME=VALUE")]
    remainder: Vec<String>,
}

impl Options {
    /// How long `--timeout` says to wait, if it is given.
    fn timeout(&self) -> Result<Option<Duration>, Stop> {
        let Some(text) = self.timeout.as_deref() else { return Ok(None) };
        vocab::parse_duration(text)
            .map(Some)
            .map_err(|_| Stop::usage("Error parsing option --timeout"))
    }

    /// Whether what was given makes sense together.
    fn check(&self) -> Result<(), Stop> {
        let command = &self.command.0;
        if self.expired && *command != Command::Clear {
            return Err(Stop::usage("--expired requires --clear or -U"));
        }
        if !command.takes_parameters() && !self.remainder.is_empty() {
            let count = self.remainder.len();
            let words = self.remainder.iter().enumerate();
            let lines = words.map(|(index, word)| format!("\n[{} of {count}] {word}", index + 1));
            let list: String = lines.collect();
            return Err(Stop::usage(format!("non-option ARGV-elements:{list}")));
        }
        parameters(&self.remainder)?;
        self.timeout()?;
        let described = execute::is_described(self);
        if described && self.resource.is_some() {
            return Err(Stop::usage(
                "--class, --agent, and --provider cannot be used with -r/--resource",
            ));
        }
        if described && !matches!(command, Command::Execute { .. }) {
            return Err(Stop::usage(
                "--class, --agent, and --provider can only be used with --validate and --force-*",
            ));
        }
        if !described && !self.option.is_empty() {
            return Err(Stop::usage("--option must be used with --validate and without -r"));
        }
        let exempt = described || self.expired;
        if command.needs_resource() && !exempt && self.resource.is_none() {
            return Err(session::no_resource());
        }
        if command.needs_node() && self.node.is_none() {
            return Err(Stop::usage("Must supply a node name with -N/--node"));
        }
        Ok(())
    }
}

/// Names and values from words like `NAME=VALUE`.
fn parameters(words: &[String]) -> Result<Vec<(String, String)>, Stop> {
    let pair = |word: &String| match word.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Stop::usage(format!("Error parsing '{word}' as a name=value pair"))),
    };
    words.iter().map(pair).collect()
}

/// Runs this tool, for one that is another name for a part of it.
pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    frame::run(&TOOL, &args, run)
}

fn run(options: &Options, output: &mut Output) -> Result<ToolExit, Stop> {
    options.check()?;
    match &options.command.0 {
        Command::ListOptions(kind) => {
            let fencing = kind == "fencing";
            let list = if fencing { ::options::FENCING_LIST } else { ::options::PRIMITIVE_LIST };
            option_list::show(&list, options.all, output);
        }
        Command::ListStandards => agents::standards(output)?,
        Command::ListProviders => agents::providers(output)?,
        Command::ListAgents(spec) => agents::agents(output, spec)?,
        Command::ListAlternatives(name) => agents::alternatives(output, name)?,
        Command::ShowMetadata(spec) => agents::metadata(output, spec)?,
        Command::Execute { action, level } if execute::is_described(options) => {
            return execute::described(options, output, *action, *level);
        }
        Command::Wait => wait::wait(options, output)?,
        _ => return with_cib(&mut Session::open(options, output)?),
    }
    Ok(ToolExit::Ok)
}

/// Carries out a command that is about the cluster's resources.
fn with_cib(session: &mut Session<'_>) -> Result<ToolExit, Stop> {
    let options = session.options;
    match &options.command.0 {
        Command::List => locate::list(session)?,
        Command::ListRaw => locate::list_ids(session)?,
        Command::ListForTests => cts::list(session)?,
        Command::ListOperations { all } => history::list(session, *all)?,
        Command::QueryXml { raw } => locate::query(session, *raw)?,
        Command::GetParameter(name) => attribute::get(session, name)?,
        Command::SetParameter(name) => change::set(session, name)?,
        Command::DeleteParameter(name) => change::delete(session, name)?,
        Command::Locate => locate::locate(session)?,
        Command::Constraints { stack } => constraints(session, *stack || options.recursive)?,
        Command::Why => why::why(session)?,
        Command::Cleanup => forget::forget(session, true)?,
        Command::Refresh => forget::forget(session, false)?,
        Command::Move => location::relocate(session)?,
        Command::Ban => location::ban(session)?,
        Command::Clear => clear::clear(session)?,
        Command::Delete => delete(session)?,
        Command::Fail => forget::fail(session)?,
        Command::Restart => restart::restart(session)?,
        Command::Digests => digests::show(session)?,
        Command::Execute { action, level } => {
            return execute::configured(session, *action, *level);
        }
        Command::ListOptions(_)
        | Command::ListStandards
        | Command::ListProviders
        | Command::ListAgents(_)
        | Command::ListAlternatives(_)
        | Command::ShowMetadata(_)
        | Command::Wait => {}
    }
    Ok(ToolExit::Ok)
}

/// Shows the locations and colocations of the resource: of the whole it is part of, unless `--force` says otherwise.
fn constraints(session: &mut Session<'_>, recursively: bool) -> Result<(), Stop> {
    let mut key = session.key()?;
    if !session.options.force {
        key = forget::collective(&session.model, key);
    }
    let text = present::constraint_text(&session.model, key, recursively);
    session.output.text(&text);
    let elements = present::constraint_elements(&session.model, key, recursively);
    session.output.element(Element::new("constraints").with_children(elements));
    Ok(())
}

/// Deletes the resource from the configuration.
fn delete(session: &mut Session<'_>) -> Result<(), Stop> {
    let id = session.requested()?;
    let Some(kind) = session.options.resource_type.as_deref() else {
        return Err(Stop::usage("You need to specify a resource type with -t"));
    };
    let wanted = Element::new(kind).with("id", id);
    let request = Request::change(Operation::Delete, Some("resources"), wanted)
        .with_options(session.call_options());
    session.cib.call(request).map_err(|error| {
        Stop::new(error.exit(), format!("Could not delete resource {id}: {error}"))
    })?;
    Ok(())
}

/// Does what makes plans: they follow their orderings by recursion, which needs more stack than the main thread has.
fn planning<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Stop> {
    thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(scheduler::STACK_BYTES);
        let thread = builder
            .spawn_scoped(scope, work)
            .map_err(|error| Stop::new(ToolExit::OsError, error.to_string()))?;
        thread.join().map_err(|_| Stop::failed(ToolExit::Software))
    })
}
