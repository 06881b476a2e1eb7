//! `cardea plan`: what a change of the configuration would do, before anybody makes it.
//!
//! It reads, plans and tells; nothing is sent to the cluster but the question for its CIB.

mod input;
mod words;

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{CommandFactory, FromArgMatches};
use preview::{Look, Preview, Situation, Warning};
use vocab::ToolExit;
use xml::Element;

/// The name it is called by, after `cardea`.
pub const NAME: &str = "plan";

/// What it is for.
pub const SUMMARY: &str =
    "What a change of the configuration would do: what stops, moves and starts, and why";

/// With `--exit-status`: the change has effects, but nothing that runs is disturbed.
pub const EXIT_EFFECTS: u8 = 10;

/// With `--exit-status`: something that runs stops, moves, restarts, is recovered or demoted, or a node is fenced.
pub const EXIT_DISTURBS: u8 = 20;

/// Carries out a command of pcs on a CIB in memory: the arguments are those behind `pcs`. A command that fails has
/// complained already and gives its exit status.
pub type Edit = fn(&mut Element, Vec<String>) -> Result<(), ExitCode>;

/// Show what a change of the configuration would do, before it is made
///
/// The change is a new configuration, a patch, commands of pcs, or several of them, which are put together in this order.
/// Nothing is changed.
#[derive(Debug, clap::Parser)]
#[command(name = NAME, bin_name = "cardea plan", disable_version_flag = true, args_override_self = true)]
#[command(
    after_help = "Exit status: 0 if the question could be answered; with --exit-status 0 if the change has no \
effect on nodes and resources, 10 if it has and nothing that runs is disturbed, 20 if something that runs stops, moves, \
restarts or is demoted or a node is fenced. 64 for a wrong command line, 65 and 66 for bad and missing input, 78 for a \
change that the cluster would refuse, others as crm_error lists them."
)]
struct Options {
    /// The new configuration: a whole CIB, of which only the configuration counts, or its section alone; "-" for standard
    /// input
    #[arg(value_name = "NEW.xml")]
    new: Option<PathBuf>,
    /// Apply a patch, as crm_diff makes them
    #[arg(long, value_name = "DIFF.xml", conflicts_with = "new")]
    patch: Option<PathBuf>,
    /// Carry out a command of pcs, as in --pcs 'resource disable db'; may be given several times
    #[arg(long, value_name = "COMMAND", action = clap::ArgAction::Append)]
    pcs: Vec<String>,
    /// Start from the CIB in a file, not from that of the running cluster
    #[arg(long, value_name = "BASE.xml")]
    file: Option<PathBuf>,
    /// Form of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output_as: Format,
    /// File for the transition as XML
    #[arg(long, value_name = "FILE")]
    graph: Option<PathBuf>,
    /// File for the transition as a picture (Graphviz)
    #[arg(long, value_name = "FILE")]
    dot: Option<PathBuf>,
    /// Tell by the exit status what the change would do
    #[arg(long)]
    exit_status: bool,
}

/// In which form the answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Text for people, coloured on a terminal.
    Text,
    /// One JSON document: a `preview::Preview`.
    Json,
}

/// A run that ends early.
#[derive(Debug)]
enum Stop {
    /// With a complaint and a status.
    Because(String, ToolExit),
    /// What failed has complained already.
    Said(ExitCode),
}

impl Stop {
    fn new(exit: ToolExit, message: impl Into<String>) -> Self {
        Self::Because(message.into(), exit)
    }
}

/// Runs `cardea plan` with the arguments of its command line, its name first.
pub fn main(args: Vec<OsString>, edit: Edit) -> ExitCode {
    let parsed = Options::command().try_get_matches_from(args);
    let options = match parsed.and_then(|matches| Options::from_arg_matches(&matches)) {
        Ok(options) => options,
        Err(error) if !error.use_stderr() => {
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => return complain(&error.to_string(), ToolExit::Usage),
    };
    if options.new.is_none() && options.patch.is_none() && options.pcs.is_empty() {
        let message = "there is no change: give a new configuration, --patch or --pcs";
        return complain(message, ToolExit::Usage);
    }
    // Plans follow their orderings by recursion, which needs more stack than the main thread has.
    let thread = std::thread::Builder::new().stack_size(scheduler::STACK_BYTES);
    match thread.spawn(move || run(&options, edit)).map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(exit))) => exit,
        Ok(Ok(Err(Stop::Because(message, exit)))) => complain(&message, exit),
        Ok(Ok(Err(Stop::Said(exit)))) => exit,
        Ok(Err(_)) => exit_code(ToolExit::Software),
        Err(error) => complain(&error.to_string(), ToolExit::OsError),
    }
}

fn run(options: &Options, edit: Edit) -> Result<ExitCode, Stop> {
    let input = input::read(options, edit)?;
    let plan = |cib: Element, dot: bool| Situation::new(cib, input.now, input.sanitized, dot);
    let before = plan(input.before, false);
    let after = plan(input.after, options.dot.is_some());
    let mut preview = preview::preview(&before, &after);
    if let Some((given, current)) = input.older {
        preview.warnings.insert(0, Warning::OlderVersion { given, current });
    }
    if let Some(path) = &options.graph {
        save(path, &transition::codec::to_element(&after.plan.graph).to_pretty())?;
    }
    if let (Some(path), Some(dot)) = (&options.dot, &after.plan.dot) {
        save(path, dot)?;
    }
    let text = match options.output_as {
        Format::Text => {
            let coloured = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            preview::to_text(&preview, if coloured { Look::Coloured } else { Look::Plain })
        }
        Format::Json => {
            let json = serde_json::to_string_pretty(&preview);
            json.map_err(|error| Stop::new(ToolExit::Software, error.to_string()))? + "\n"
        }
    };
    // A reader that has gone away (a pipe to "head") is no error of ours.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(status(options, &preview))
}

fn status(options: &Options, preview: &Preview) -> ExitCode {
    if !options.exit_status || preview.is_quiet() {
        ExitCode::SUCCESS
    } else if preview.disturbs() {
        ExitCode::from(EXIT_DISTURBS)
    } else {
        ExitCode::from(EXIT_EFFECTS)
    }
}

fn save(path: &Path, text: &str) -> Result<(), Stop> {
    std::fs::write(path, text).map_err(|error| {
        Stop::new(ToolExit::CannotCreate, format!("cannot write {}: {error}", path.display()))
    })
}

fn complain(message: &str, exit: ToolExit) -> ExitCode {
    let _ = writeln!(io::stderr(), "{NAME}: {}", message.trim_end());
    exit_code(exit)
}

fn exit_code(exit: ToolExit) -> ExitCode {
    ExitCode::from(u8::try_from(exit.code()).unwrap_or(1))
}
