//! `crm_mon`: shows how the cluster is.

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use client::{
    cib::{Backend, CallOptions, Cib, CibError, NotificationKind},
    fencer::Fencer,
    launcher::Launcher,
};
use messages::fencing::{HistoryEntry, OperationState};
use present::{FenceEvent, FenceState, Sections, Show, Status};
use vocab::ToolExit;

use crate::{
    frame::{self, exit_code},
    output::{Format, Output, OutputOptions},
};

/// This tool.
pub(crate) const TOOL: crate::Tool =
    crate::Tool { name: "crm_mon", summary: "Show the state of the cluster", main };

#[derive(Debug, clap::Args)]
struct Options {
    /// Form of the output: console (default), text, xml or none
    #[arg(long, value_name = "FORMAT", default_value = "console")]
    output_as: Form,
    /// File to write to instead of standard output ("-")
    #[arg(long, value_name = "DEST")]
    output_to: Option<PathBuf>,
    /// Use more formatting in text output (always done)
    #[arg(long, hide = true)]
    text_fancy: bool,
    /// Sections to show besides the usual ones; "list" names them
    #[arg(short = 'I', long, value_name = "SECTIONS")]
    include: Vec<String>,
    /// Sections to leave out
    #[arg(short = 'U', long, value_name = "SECTIONS")]
    exclude: Vec<String>,
    /// Show only this node
    #[arg(long, value_name = "NODE")]
    node: Option<String>,
    /// Show only this resource
    #[arg(long, value_name = "RSC")]
    resource: Option<String>,
    /// Show resources below the node they run on
    #[arg(short = 'n', long)]
    group_by_node: bool,
    /// Show inactive resources
    #[arg(short = 'r', long)]
    inactive: bool,
    /// Show fail counts
    #[arg(short = 'f', long)]
    failcounts: bool,
    /// Show the history of operations
    #[arg(short = 'o', long)]
    operations: bool,
    /// Show the history of operations with their times
    #[arg(short = 't', long)]
    timing_details: bool,
    /// Show tickets
    #[arg(short = 'c', long)]
    tickets: bool,
    /// Show the history of fencing: 0 nothing, 1 failed and pending, 2 and succeeded, 3 everything
    #[arg(short = 'm', long, value_name = "LEVEL", num_args = 0..=1, require_equals = false, default_missing_value = "2")]
    fence_history: Option<u8>,
    /// Show location constraints that forbid a node, those whose id begins so
    #[arg(short = 'L', long, value_name = "PREFIX", num_args = 0..=1, default_missing_value = "")]
    neg_locations: Option<String>,
    /// Show node attributes
    #[arg(short = 'A', long)]
    show_node_attributes: bool,
    /// Leave out the summary
    #[arg(short = 'D', long)]
    hide_headers: bool,
    /// Show ids of nodes and every instance of clones
    #[arg(short = 'R', long)]
    show_detail: bool,
    /// Count resources instead of listing them
    #[arg(short = 'b', long)]
    brief: bool,
    /// Show operations under way (always done)
    #[arg(short = 'j', long, hide = true)]
    pending: bool,
    /// Say in one line whether all is well
    #[arg(short = 's', long)]
    simple_status: bool,
    /// Seconds, or a number with a unit, after which to look again at the latest
    #[arg(short = 'i', long, value_name = "TIMESPEC", default_value = "5s")]
    interval: String,
    /// Show the state once and end
    #[arg(short = '1', long)]
    one_shot: bool,
    /// Show the state as XML (use --output-as=xml)
    #[arg(short = 'X', long, hide = true)]
    as_xml: bool,
    /// Show the state as plain text (use --output-as=text)
    #[arg(short = 'N', long, hide = true)]
    disable_ncurses: bool,
    /// Say less
    #[arg(short = 'Q', long, hide = true)]
    quiet: bool,
}

/// Forms of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Console,
    Text,
    Xml,
    None,
}

fn main(args: Vec<OsString>) -> ExitCode {
    let options: Options = match frame::parse(&TOOL, &args) {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    let show = match show(&options) {
        Ok(show) => show,
        Err(message) => return complain(&message, ToolExit::Usage),
    };
    let interval = match vocab::parse_duration(&options.interval) {
        Ok(interval) => interval.max(Duration::from_millis(100)),
        Err(error) => return complain(&error.to_string(), ToolExit::Usage),
    };
    let form = form(&options);
    let live = form == Form::Console && !options.one_shot && !options.simple_status;
    if live && io::stdout().is_terminal() {
        return watch(&show, interval);
    }
    once(&options, &args, form, &show)
}

fn complain(message: &str, exit: ToolExit) -> ExitCode {
    let _ = writeln!(io::stderr(), "crm_mon: {message}");
    exit_code(exit)
}

fn form(options: &Options) -> Form {
    if options.as_xml {
        Form::Xml
    } else if options.disable_ncurses && options.output_as == Form::Console {
        Form::Text
    } else {
        options.output_as
    }
}

fn show(options: &Options) -> Result<Show, String> {
    let is_xml = form(options) == Form::Xml;
    let mut sections = if is_xml { Sections::ALL } else { Sections::TEXT };
    apply(&mut sections, &options.include, true, is_xml)?;
    apply(&mut sections, &options.exclude, false, is_xml)?;
    for (asked, section) in [
        (options.failcounts, &mut sections.fail_counts),
        (options.operations || options.timing_details, &mut sections.operations),
        (options.tickets, &mut sections.tickets),
        (options.neg_locations.is_some(), &mut sections.bans),
        (options.show_node_attributes, &mut sections.attributes),
    ] {
        *section |= asked;
    }
    match options.fence_history {
        None => {}
        Some(0) => sections.set_fencing(false),
        Some(1) => {
            sections.fencing_failed = true;
            sections.fencing_pending = true;
        }
        Some(2 | 3) => sections.set_fencing(true),
        Some(level) => return Err(format!("fence history level {level} is not 0, 1, 2 or 3")),
    }
    if options.hide_headers {
        sections.set_summary(false);
    }
    let mut show = Show::new(sections, frame::utc_offset_seconds());
    show.detail.group_by_node = options.group_by_node;
    show.detail.inactive = options.inactive || is_xml;
    show.detail.timing = options.timing_details || is_xml;
    show.detail.brief = options.brief;
    show.detail.full = options.show_detail;
    show.detail.failure_detail = options.show_detail;
    show.detail.always_list_resources = !is_xml;
    show.nodes.extend(options.node.clone());
    show.resources.extend(options.resource.clone());
    show.ban_prefix = options.neg_locations.clone().unwrap_or_default();
    Ok(show)
}

/// Applies lists of section names in the order in which they were given.
fn apply(
    sections: &mut Sections,
    lists: &[String],
    shown: bool,
    is_xml: bool,
) -> Result<(), String> {
    for name in lists.iter().flat_map(|list| list.split(',')).map(str::trim) {
        match name {
            "all" => *sections = if shown { Sections::ALL } else { Sections::NONE },
            "none" => *sections = if shown { Sections::NONE } else { Sections::ALL },
            "default" if shown => {
                let maintained = if is_xml { Sections::ALL } else { Sections::TEXT };
                *sections = maintained;
            }
            name if name.starts_with("bans:") => {
                return Err("name the prefix of bans with --neg-locations=PREFIX".to_owned());
            }
            name if sections.set(name, shown) => {}
            name => {
                return Err(format!(
                    "there is no section '{name}': use all, attributes, bans, counts, dc, default, failcounts, \
                     failures, fencing, fencing-failed, fencing-pending, fencing-succeeded, maint-mode, nodes, none, \
                     operations, options, resources, stack, summary, tickets, times"
                ));
            }
        }
    }
    Ok(())
}

/// How long the launcher may take to say how it is.
const LAUNCHER_TIMEOUT: Duration = Duration::from_secs(30);

/// Why nothing can be shown.
struct Unreachable {
    message: String,
    exit: ToolExit,
}

impl From<CibError> for Unreachable {
    fn from(error: CibError) -> Self {
        Self { exit: error.exit(), message: error.to_string() }
    }
}

/// Everything that can be found out about the cluster now.
fn gather(connection: &mut Cib, show: &Show) -> Result<Status, Unreachable> {
    let launcher = if is_live()? { Some(launcher()?) } else { None };
    let cib = connection.query(None, CallOptions::SCOPE_LOCAL)?;
    let (model, _) = model::Model::build_at(&cib, frame::local_time());
    let mut status = Status::of(&model, &cib);
    let sections = show.sections;
    let fencing = sections.fencing_failed || sections.fencing_pending || sections.fencing_succeeded;
    if launcher.is_some() && fencing {
        // A fencer that does not answer is no reason to show nothing else.
        status.fencing = Fencer::connect(TOOL.name)
            .and_then(|mut fencer| fencer.history(None))
            .ok()
            .map(|entries| entries.into_iter().map(fence_event).collect());
    }
    status.launcher = launcher;
    Ok(status)
}

fn is_live() -> Result<bool, Unreachable> {
    Ok(!matches!(Backend::from_environment()?, Backend::File(_)))
}

fn launcher() -> Result<present::Launcher, Unreachable> {
    let unreachable = |error: client::launcher::LauncherError| Unreachable {
        message: error.to_string(),
        exit: ToolExit::Disconnect,
    };
    let mut launcher = Launcher::connect(TOOL.name).map_err(unreachable)?;
    let (state, updated) = launcher.state(LAUNCHER_TIMEOUT).map_err(unreachable)?;
    Ok(present::Launcher { state: state.to_string(), updated })
}

fn fence_event(entry: HistoryEntry) -> FenceEvent {
    let state = match entry.state {
        OperationState::Done => FenceState::Done,
        OperationState::Failed => FenceState::Failed,
        OperationState::Query | OperationState::Executing | OperationState::Duplicate => {
            FenceState::Pending
        }
    };
    FenceEvent {
        action: entry.action,
        target: entry.target.to_string(),
        delegate: entry.delegate,
        client: entry.client.unwrap_or_default(),
        origin: entry.origin.map(|node| node.to_string()).unwrap_or_default(),
        completed: (state != FenceState::Pending).then_some(entry.completed),
        reason: entry.outcome.reason,
        state,
    }
}

fn once(options: &Options, args: &[OsString], form: Form, show: &Show) -> ExitCode {
    let output = OutputOptions {
        output_as: match form {
            Form::Console | Form::Text => Format::Text,
            Form::Xml => Format::Xml,
            Form::None => Format::None,
        },
        output_to: options.output_to.clone(),
        text_fancy: options.text_fancy,
    };
    let mut output = match Output::open(TOOL.name, &output, args) {
        Ok(output) => output,
        Err(exit) => return exit,
    };
    let found = Cib::open(TOOL.name)
        .map_err(Unreachable::from)
        .and_then(|mut connection| gather(&mut connection, show));
    let status = match found {
        Ok(status) => status,
        Err(Unreachable { message, exit }) => {
            output.error(format!("Connection to cluster failed: {message}"));
            return output.finish(exit);
        }
    };
    if options.simple_status {
        let (line, exit) = simple(&status);
        output.line(line);
        return output.finish(exit);
    }
    output.text(&present::to_text(&status, show));
    if output.format() == Format::Xml {
        for element in present::to_xml(&status, show) {
            output.element(element);
        }
    }
    output.finish(ToolExit::Ok)
}

/// Whether all is well, in one line that monitoring programs understand.
fn simple(status: &Status) -> (String, ToolExit) {
    let offline: Vec<&str> =
        status.nodes.iter().filter(|node| !node.online).map(|node| node.name.as_str()).collect();
    if status.dc.is_none() || !offline.is_empty() {
        let mut problems: Vec<String> = Vec::new();
        if status.dc.is_none() {
            problems.push("No DC".to_owned());
        }
        if !offline.is_empty() {
            let list: Vec<String> =
                offline.iter().map(|name| format!("offline node: {name}")).collect();
            problems.push(list.join(" "));
        }
        return (format!("CLUSTER WARN: {}", problems.join(", ")), ToolExit::Error);
    }
    let count =
        |fits: &dyn Fn(&present::Node) -> bool| status.nodes.iter().filter(|n| fits(n)).count();
    let standby = count(&|node| node.standby);
    let maintenance = count(&|node| node.maintenance && !node.standby);
    let online = status.nodes.len() - standby - maintenance;
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let some = |n: usize, word: &str| {
        if n == 0 { String::new() } else { format!(", {n} {word} node{}", plural(n)) }
    };
    let resources = status.counts.resources;
    let line = format!(
        "CLUSTER OK: {online} node{} online{}{}, {resources} resource instance{} configured",
        plural(online),
        some(standby, "standby"),
        some(maintenance, "maintenance"),
        plural(resources),
    );
    (line, ToolExit::Ok)
}

/// Shows the state again and again: after each change, and at the latest after `interval`.
fn watch(show: &Show, interval: Duration) -> ExitCode {
    let mut connection = None;
    loop {
        let result = match &mut connection {
            Some(connection) => gather(connection, show),
            None => connect().map_err(Unreachable::from).and_then(|mut new| {
                let status = gather(&mut new, show);
                connection = Some(new);
                status
            }),
        };
        let text = match result {
            Ok(status) => present::to_text(&status, show),
            Err(Unreachable { message, .. }) => {
                connection = None;
                format!("Not connected to the cluster: {message}\n")
            }
        };
        // Clears the screen and starts in its upper left corner.
        if write!(io::stdout(), "\x1b[2J\x1b[H{text}").and_then(|()| io::stdout().flush()).is_err()
        {
            return exit_code(ToolExit::Ok);
        }
        match &mut connection {
            Some(open) => {
                if open.next_notification(interval).is_err() {
                    connection = None;
                }
            }
            None => std::thread::park_timeout(interval),
        }
    }
}

fn connect() -> Result<Cib, CibError> {
    let mut connection = Cib::open(TOOL.name)?;
    connection.subscribe(NotificationKind::Diff)?;
    Ok(connection)
}
