use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use clap::{Args, CommandFactory, FromArgMatches, error::ErrorKind};
use vocab::{PRODUCT_VERSION, ToolExit};

use crate::{
    Tool,
    output::{Output, OutputOptions, PageOptions},
};

/// Options that every tool has.
#[derive(Args)]
struct Common {
    /// Show this text and end
    #[arg(short = '?', long, action = clap::ArgAction::Help, required = false)]
    help: Option<bool>,
    /// Show this text and end
    #[arg(long = "help-all", action = clap::ArgAction::Help, required = false, hide = true)]
    help_all: Option<bool>,
    /// Show the version and end
    #[arg(short = '$', long, action = clap::ArgAction::Version)]
    version: Option<bool>,
    /// Say more about what is done; may be given several times
    #[arg(short = 'V', long, action = clap::ArgAction::Count)]
    verbose: u8,
}

/// A tool's own options, with those that every tool has.
#[derive(Args)]
struct Framed<T: Args> {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    own: T,
}

/// The options of a tool with an output, `P` those for its form.
#[derive(Args)]
struct Reporting<P: Args, T: Args> {
    #[command(flatten)]
    output: P,
    #[command(flatten)]
    own: T,
}

/// Reads a tool's command line. `Err` is the exit status of a run that ends here: with help, a version, or a complaint.
pub(crate) fn parse<T: Args>(tool: &Tool, args: &[OsString]) -> Result<T, ExitCode> {
    framed(tool, args).map(|options: Framed<T>| options.own)
}

/// The same, with how often more was asked for.
pub(crate) fn parse_verbose<T: Args>(tool: &Tool, args: &[OsString]) -> Result<(T, u8), ExitCode> {
    framed(tool, args).map(|options: Framed<T>| (options.own, options.common.verbose))
}

fn framed<T: Args>(tool: &Tool, args: &[OsString]) -> Result<Framed<T>, ExitCode> {
    let command = Framed::<T>::augment_args(Bare::command())
        .name(tool.name)
        .about(tool.summary)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .version(PRODUCT_VERSION)
        .args_override_self(true);
    let parsed = command
        .try_get_matches_from(args)
        .and_then(|mut matches| Framed::from_arg_matches_mut(&mut matches));
    match parsed {
        Ok(options) => Ok(options),
        Err(error) if error.kind() == ErrorKind::DisplayVersion => {
            let _ = writeln!(io::stdout(), "Cardea {PRODUCT_VERSION}, speaks Pacemaker 2.1.5");
            Err(ExitCode::SUCCESS)
        }
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

/// A run that ends before its work is done: what to say, if anything, and the exit status.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) message: Option<String>,
    pub(crate) exit: ToolExit,
}

impl Stop {
    pub(crate) fn new(message: impl Into<String>, exit: ToolExit) -> Self {
        Self { message: Some(message.into()), exit }
    }

    /// The command line makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(message, ToolExit::Usage)
    }

    /// Everything has been said.
    pub(crate) fn silent(exit: ToolExit) -> Self {
        Self { message: None, exit }
    }
}

/// How a tool's work ends.
pub(crate) trait Outcome {
    /// Says what remains to be said; gives the exit status.
    fn settle(self, output: &mut Output) -> ToolExit;
}

impl Outcome for () {
    fn settle(self, _: &mut Output) -> ToolExit {
        ToolExit::Ok
    }
}

impl Outcome for ToolExit {
    fn settle(self, _: &mut Output) -> ToolExit {
        self
    }
}

impl<O: Outcome, E: Into<Stop>> Outcome for Result<O, E> {
    fn settle(self, output: &mut Output) -> ToolExit {
        match self.map_err(Into::into) {
            Ok(outcome) => outcome.settle(output),
            Err(Stop { message, exit }) => {
                if let Some(message) = message {
                    output.error(message);
                }
                exit
            }
        }
    }
}

/// Reads a tool's command line and opens its output. `Err` is the exit status of a run that ends here.
pub(crate) fn open<T: Args>(
    tool: &'static Tool,
    args: &[OsString],
) -> Result<(T, Output), ExitCode> {
    open_in_forms::<OutputOptions, T>(tool, args)
}

fn open_in_forms<P: Args + Into<OutputOptions>, T: Args>(
    tool: &'static Tool,
    args: &[OsString],
) -> Result<(T, Output), ExitCode> {
    let Framed { common, own: Reporting::<P, T> { output, own } } = framed(tool, args)?;
    Ok((own, Output::open(tool.name, &output.into(), args)?.with_verbosity(common.verbose)))
}

/// Runs a tool: reads its command line, opens its output, does its work and ends the output.
pub(crate) fn run<T: Args, O: Outcome>(
    tool: &'static Tool,
    args: &[OsString],
    work: impl FnOnce(&T, &mut Output) -> O,
) -> ExitCode {
    work_with(open(tool, args), work)
}

/// The same for a tool that makes pages, too.
pub(crate) fn run_with_pages<T: Args, O: Outcome>(
    tool: &'static Tool,
    args: &[OsString],
    work: impl FnOnce(&T, &mut Output) -> O,
) -> ExitCode {
    work_with(open_in_forms::<PageOptions, T>(tool, args), work)
}

fn work_with<T, O: Outcome>(
    opened: Result<(T, Output), ExitCode>,
    work: impl FnOnce(&T, &mut Output) -> O,
) -> ExitCode {
    let (options, mut output) = match opened {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    let exit = work(&options, &mut output).settle(&mut output);
    output.finish(exit)
}

/// Runs a tool that makes plans: they follow their orderings by recursion, which needs more stack than the main thread has.
pub(crate) fn run_planner<T: Args, O: Outcome>(
    tool: &'static Tool,
    args: Vec<OsString>,
    work: impl FnOnce(&T, &mut Output) -> O + Send + 'static,
) -> ExitCode {
    let thread = std::thread::Builder::new().stack_size(scheduler::STACK_BYTES);
    match thread.spawn(move || run(tool, &args, work)).map(std::thread::JoinHandle::join) {
        Ok(Ok(exit)) => exit,
        Ok(Err(_)) => exit_code(ToolExit::Software),
        Err(_) => exit_code(ToolExit::OsError),
    }
}

/// Says why a tool ends before it has an output.
pub(crate) fn complain(tool: &Tool, message: &str, exit: ToolExit) -> ExitCode {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_a_version_and_help_whatever_else_it_needs() {
        for tool in crate::TOOLS {
            for option in ["--version", "-$", "--help", "-?", "--help-all"] {
                let exit = (tool.main)(vec![tool.name.into(), option.into()]);
                assert_eq!(exit, ExitCode::SUCCESS, "{} {option}", tool.name);
            }
        }
    }
}
