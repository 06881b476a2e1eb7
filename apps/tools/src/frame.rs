use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use clap::CommandFactory;
use vocab::{PRODUCT_VERSION, ToolExit};

/// Options that every tool has.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Common {
    /// Show this text and end
    #[arg(short = '?', long, action = clap::ArgAction::Help, required = false)]
    help: Option<bool>,
    /// Show this text and end
    #[arg(long = "help-all", action = clap::ArgAction::Help, required = false, hide = true)]
    help_all: Option<bool>,
    /// Show the version and end
    #[arg(short = '$', long)]
    version: bool,
    /// Say more about what is done; may be given several times
    #[arg(short = 'V', long, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// A tool's options, with those that every tool has.
pub(crate) trait Options: clap::Args {
    /// Those that every tool has.
    fn common(&self) -> &Common;
}

/// Reads a tool's command line. `Err` is the exit status of a run that ends here: with help, a version, or a complaint.
pub(crate) fn parse<T: Options>(tool: &crate::Tool, args: &[OsString]) -> Result<T, ExitCode> {
    let command = T::augment_args(Bare::command())
        .name(tool.name)
        .about(tool.summary)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args_override_self(true);
    let parsed =
        command.try_get_matches_from(args).and_then(|mut m| T::from_arg_matches_mut(&mut m));
    match parsed {
        Ok(options) if options.common().version => {
            let _ = writeln!(io::stdout(), "Cardea {PRODUCT_VERSION}, speaks Pacemaker 2.1.5");
            Err(ExitCode::SUCCESS)
        }
        Ok(options) => Ok(options),
        Err(error) if !error.use_stderr() => {
            let _ = error.print();
            Err(ExitCode::SUCCESS)
        }
        Err(error) => {
            let _ = write!(io::stderr(), "{}: {error}", tool.name);
            Err(exit_code(ToolExit::Usage))
        }
    }
}

/// Says why a tool ends before it has an output.
pub(crate) fn complain(tool: &crate::Tool, message: &str, exit: ToolExit) -> ExitCode {
    let _ = writeln!(io::stderr(), "{}: {message}", tool.name);
    exit_code(exit)
}

/// The exit status as the system wants it.
pub(crate) fn exit_code(exit: ToolExit) -> ExitCode {
    ExitCode::from(u8::try_from(exit.code()).unwrap_or(1))
}

/// Seconds that local time is ahead of UTC now.
pub(crate) fn utc_offset_seconds() -> i32 {
    jiff::Zoned::now().offset().seconds()
}

/// The time now.
pub(crate) fn now() -> vocab::Timestamp {
    vocab::Timestamp(jiff::Timestamp::now().as_second())
}

/// The time now, and how it is shown here.
pub(crate) fn local_time() -> rules::LocalTime {
    rules::LocalTime { moment: now(), utc_offset_seconds: utc_offset_seconds() }
}

/// A command without options of its own, to hang a tool's options on.
#[derive(clap::Parser)]
struct Bare;
