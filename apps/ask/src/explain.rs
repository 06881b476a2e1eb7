//! `cardea explain`: why a resource is where it is, or is not, and what would change that.
//!
//! It reads, plans and tells; nothing is sent to the cluster but the question for its CIB.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{CommandFactory, FromArgMatches};
use client::cib::{CallOptions, Cib};
use rules::LocalTime;
use schema::{Follows, Schema};
use vocab::{Timestamp, ToolExit};
use xml::Element;

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "explain",
    summary: "Why a resource is where it is, or is stopped, and what would change that",
    main,
};

/// Tell why a resource is where it is, is not elsewhere, or is stopped, and what would change that
///
/// What would change it was tried: the configuration is changed in memory and planned again. Nothing is changed.
#[derive(Debug, clap::Parser)]
#[command(
    name = "explain",
    bin_name = "cardea explain",
    disable_version_flag = true,
    args_override_self = true
)]
#[command(
    after_help = "Exit status: 0 if there is an answer, 64 for a wrong command line, 65 and 66 for bad and missing \
input, 105 if there is no such resource or node, others as crm_error lists them."
)]
struct Options {
    /// The resource: a primitive, group, clone or bundle
    #[arg(value_name = "RESOURCE")]
    resource: String,
    /// Ask about one node only, and show what the score on it is made of
    #[arg(long, short = 'N', value_name = "NODE")]
    node: Option<String>,
    /// Look at the CIB in a file, not at that of the running cluster; "-" for standard input
    #[arg(long, value_name = "CIB")]
    file: Option<PathBuf>,
    /// Form of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output_as: Format,
}

/// In which form the answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Text for people.
    Text,
    /// One JSON document: an `explain::Explanation`.
    Json,
}

/// A run that ends early: with a complaint and a status.
#[derive(Debug)]
struct Stop(String, ToolExit);

fn main(args: Vec<OsString>) -> ExitCode {
    let parsed = Options::command().try_get_matches_from(args);
    let options = match parsed.and_then(|matches| Options::from_arg_matches(&matches)) {
        Ok(options) => options,
        Err(error) if !error.use_stderr() => {
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => return complain(&error.to_string(), ToolExit::Usage),
    };
    // Plans follow their orderings by recursion, which needs more stack than the main thread has.
    let thread = std::thread::Builder::new().stack_size(scheduler::STACK_BYTES);
    match thread.spawn(move || run(&options)).map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(text))) => {
            // A reader that has gone away (a pipe to "head") is no error of ours.
            let _ = io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Ok(Ok(Err(Stop(message, exit)))) => complain(&message, exit),
        Ok(Err(_)) => exit_code(ToolExit::Software),
        Err(error) => complain(&error.to_string(), ToolExit::OsError),
    }
}

fn run(options: &Options) -> Result<String, Stop> {
    let cib = match &options.file {
        Some(path) => file(path)?,
        None => live()?,
    };
    let cib = of_today(cib)?;
    let now = time(options, &cib);
    let (resource, node) = (options.resource.as_str(), options.node.as_deref());
    let explanation =
        ::explain::explain_document(&cib, now, options.file.is_some(), resource, node)
            .map_err(|unknown| Stop(unknown.to_string(), ToolExit::NoSuch))?;
    match options.output_as {
        Format::Text => Ok(explanation.to_string()),
        Format::Json => serde_json::to_string_pretty(&explanation)
            .map(|json| json + "\n")
            .map_err(|error| Stop(error.to_string(), ToolExit::Software)),
    }
}

/// A CIB that follows a schema of before 3.0 as the cluster would read it.
fn of_today(cib: Element) -> Result<Element, Stop> {
    let old = match (Follows::of(&cib), Schema::from_name("pacemaker-3.0")) {
        (Follows::Schema(schema), Some(first)) => schema < first,
        _ => false,
    };
    if !old {
        return Ok(cib);
    }
    schema::upgrade(&cib, Schema::NEWEST).result.map(|(cib, _)| cib).map_err(|_| {
        let message =
            "the CIB follows a schema of before 3.0, and cannot be brought to a newer one";
        Stop(message.to_owned(), ToolExit::Config)
    })
}

fn live() -> Result<Element, Stop> {
    let connected = Cib::open(TOOL.name);
    let answer = connected.and_then(|mut cib| cib.query(None, CallOptions::SCOPE_LOCAL));
    let cib = answer.map_err(|error| {
        let message =
            format!("cannot read the cluster's CIB ({error}); for one in a file use --file");
        Stop(message, error.exit())
    })?;
    Ok(Element::clone(&cib))
}

fn file(path: &Path) -> Result<Element, Stop> {
    let cib = disk::read_document(path).map_err(|error| {
        let exit = match error {
            disk::DocumentError::Read(_) => ToolExit::NoInput,
            disk::DocumentError::Parse(_) | disk::DocumentError::Compression(_) => {
                ToolExit::DataError
            }
        };
        Stop(format!("{}: {error}", path.display()), exit)
    })?;
    if cib.name() == "cib" {
        return Ok(cib);
    }
    let message = format!("{}: it is <{}>, not <cib>", path.display(), cib.name());
    Err(Stop(message, ToolExit::DataError))
}

/// A saved CIB may say when it was taken; then that is the time of the answer.
fn time(options: &Options, cib: &Element) -> LocalTime {
    let now = jiff::Zoned::now();
    let recorded = options
        .file
        .as_ref()
        .and_then(|_| cib.attr("execution-date")?.trim().parse().ok())
        .map(Timestamp);
    LocalTime {
        moment: recorded.unwrap_or(Timestamp(now.timestamp().as_second())),
        utc_offset_seconds: now.offset().seconds(),
    }
}

fn complain(message: &str, exit: ToolExit) -> ExitCode {
    let _ = writeln!(io::stderr(), "explain: {}", message.trim_end());
    exit_code(exit)
}

fn exit_code(exit: ToolExit) -> ExitCode {
    ExitCode::from(u8::try_from(exit.code()).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(file: &Path, resource: &str, format: Format) -> Result<String, Stop> {
        run(&Options {
            resource: resource.to_owned(),
            node: None,
            file: Some(file.to_owned()),
            output_as: format,
        })
    }

    /// A CIB that the core's own cases have an answer for.
    fn stopped() -> PathBuf {
        let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/explain/tests/cases");
        cases.join("target-role-own.xml")
    }

    #[test]
    fn the_answer_comes_as_text_and_as_json() {
        let text = asked(&stopped(), "web", Format::Text).unwrap();
        assert!(text.starts_with("web is being stopped on node1: target-role"), "{text}");
        let json = asked(&stopped(), "web", Format::Json).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["resource"], "web");
        assert_eq!(json["verdict"]["verdict"], "stopped");
        assert_eq!(json["causes"][0]["cause"], "target-role");
        assert_eq!(json["causes"][0]["place"]["id"], "web-target-role");
        assert_eq!(json["remedies"][0]["changes"][0]["change"], "enable");
    }

    #[test]
    fn what_is_not_there_has_its_own_status() {
        let Stop(message, exit) = asked(&stopped(), "wbe", Format::Text).unwrap_err();
        assert!(message.contains("did you mean web"), "{message}");
        assert_eq!(exit, ToolExit::NoSuch);
        let Stop(_, exit) = asked(Path::new("/no/such.xml"), "web", Format::Text).unwrap_err();
        assert_eq!(exit, ToolExit::NoInput);
    }

    #[test]
    fn the_command_line_is_sound() {
        Options::command().debug_assert();
    }
}
