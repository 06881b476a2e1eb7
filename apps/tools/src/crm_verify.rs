//! `crm_verify`: looks for mistakes in a CIB.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use client::cib::{CallOptions, Cib};
use model::{Model, Problem, Severity};
use scheduler::Request;
use vocab::ToolExit;
use xml::{Element, Limits};

use crate::{
    frame,
    output::{Format, Output},
    schema,
};

/// This tool.
pub(crate) const TOOL: crate::Tool =
    crate::Tool { name: "crm_verify", summary: "Look for mistakes in a configuration", main };

#[derive(Debug, clap::Args)]
struct Options {
    #[command(flatten)]
    source: Source,
    /// Say nothing, only end with the result
    #[arg(short = 'q', long)]
    quiet: bool,
    /// File to write what was looked at to
    #[arg(short = 'S', long, value_name = "FILE")]
    save_xml: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Source {
    /// Look at the running cluster's CIB
    #[arg(short = 'L', long)]
    live_check: bool,
    /// Look at a file, which may be compressed with bzip2
    #[arg(short = 'x', long, value_name = "FILE")]
    xml_file: Option<PathBuf>,
    /// Look at this text
    #[arg(short = 'X', long, value_name = "XML")]
    xml_text: Option<String>,
    /// Look at standard input
    #[arg(short = 'p', long)]
    xml_pipe: bool,
}

/// A run that ends here.
enum Stop {
    /// The check could not be made: why, and the exit status.
    Failed(String, ToolExit),
    /// The check found something.
    Found(String),
}

fn main(args: Vec<OsString>) -> ExitCode {
    frame::run_planner(&TOOL, args, |options: &Options, output| match run(options, output) {
        Ok(()) => ToolExit::Ok,
        Err(Stop::Failed(message, exit)) => {
            output.error(message);
            exit
        }
        Err(Stop::Found(verdict)) => {
            if !options.quiet {
                output.remark(verdict);
            }
            ToolExit::Config
        }
    })
}

fn run(options: &Options, output: &mut Output) -> Result<(), Stop> {
    let mut cib = read(&options.source)?;
    if cib.name() != "cib" {
        output.remark(format!("Input is not a CIB (outermost element is {} not cib)", cib.name()));
        return Err(Stop::Found("Configuration invalid".to_owned()));
    }
    if let Some(path) = &options.save_xml {
        std::fs::write(path, cib.to_pretty()).map_err(|error| {
            Stop::Failed(format!("{}: {error}", path.display()), ToolExit::CannotCreate)
        })?;
    }
    cib.child_or_new("status");
    // Being quiet takes back one request to say more.
    let asked = output.verbosity().saturating_sub(options.quiet.into());
    // A document holds all there is to say.
    let verbose = if output.format() == Format::Xml { asked.max(1) } else { asked };
    let problems = problems(cib, asked);
    for problem in &problems {
        tell(output, problem, (asked, verbose));
    }
    let worst = problems.iter().map(|problem| problem.severity).max();
    let verdict = match worst {
        Some(Severity::Error) => "invalid",
        Some(Severity::Warning) => "may need attention",
        Some(Severity::Notice | Severity::Caution) | None => return Ok(()),
    };
    let hint = if verbose == 0 { " (-V may provide more detail)" } else { "" };
    Err(Stop::Found(format!("Configuration {verdict}{hint}")))
}

/// Says what is wrong, to who asked for that. `asked` and `verbose` are how often for more was asked, without and with what
/// the form of the output asks for.
fn tell(output: &mut Output, problem: &Problem, (asked, verbose): (u8, u8)) {
    match problem.severity {
        Severity::Error if verbose > 0 => output.remark(format!("error: {problem}")),
        Severity::Warning if verbose > 0 => output.remark(format!("warning: {problem}")),
        // What would be found in the log is no result of the check.
        Severity::Caution if asked > 0 => log_line("warning", problem),
        Severity::Notice if asked > 1 => log_line("notice", problem),
        _ => {}
    }
}

fn log_line(word: &str, problem: &Problem) {
    // Where log files have it from, for who looks for it there.
    let origin =
        if problem.text.starts_with("Fencing and") { "cluster_status" } else { "unpack_config" };
    let _ = writeln!(io::stderr(), "{origin} \t{word}: {problem}");
}

/// What is wrong with a CIB. One that breaks its schema may still have more to it, of which what can be made sense of is
/// looked at.
fn problems(mut cib: Element, verbosity: u8) -> Vec<Problem> {
    let error = |text: String| Problem { severity: Severity::Error, text };
    let mut problems: Vec<Problem> =
        ::schema::check(&cib).iter().map(|problem| error(problem.to_string())).collect();
    if problems.is_empty() {
        problems.extend(astray(&cib));
        match schema::newest(cib.clone(), verbosity) {
            Ok(newest) => cib = newest,
            Err(refused) => problems.extend([
                error(refused),
                error(format!(
                    "The cluster will NOT be able to use this configuration.\nPlease manually update the \
                     configuration to conform to the {} syntax.",
                    ::schema::Schema::NEWEST
                )),
            ]),
        }
    }
    let (model, found) = Model::build_at(&cib, frame::local_time());
    let plan = scheduler::schedule(&model, &Request::default());
    let mut known = BTreeSet::new();
    for problem in found.into_iter().chain(plan.problems) {
        if known.insert(problem.text.clone()) {
            problems.push(problem);
        }
    }
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        problems.push(error("CIB did not pass schema validation".to_owned()));
    }
    problems
}

/// References to elements of other kinds than they should be.
fn astray(cib: &Element) -> Vec<Problem> {
    let ::schema::Follows::Schema(schema) = ::schema::Follows::of(cib) else { return Vec::new() };
    let strays = ::schema::astray(cib, schema).into_iter();
    let caution =
        |stray: ::schema::Problem| Problem { severity: Severity::Caution, text: stray.to_string() };
    strays.map(caution).collect()
}

fn read(source: &Source) -> Result<Element, Stop> {
    if source.live_check {
        return Cib::open(TOOL.name)
            .and_then(|mut cib| cib.query(None, CallOptions::SCOPE_LOCAL))
            .map(|cib| Element::clone(&cib))
            .map_err(|error| Stop::Failed(format!("CIB query failed: {error}"), error.exit()));
    }
    let unreadable = |what: String, error: &dyn std::fmt::Display| {
        Stop::Failed(format!("Couldn't parse input {what}: {error}"), ToolExit::NoInput)
    };
    if let Some(path) = &source.xml_file {
        disk::read_document(path)
            .map_err(|error| unreadable(format!("file {}", path.display()), &error))
    } else if let Some(text) = &source.xml_text {
        xml::parse_bytes(text.as_bytes(), Limits::DOCUMENT)
            .map_err(|error| unreadable("string".to_owned(), &error))
    } else if source.xml_pipe {
        disk::read_document(Path::new("-"))
            .map_err(|error| unreadable("from STDIN".to_owned(), &error))
    } else {
        Err(Stop::Failed("No input specified".to_owned(), ToolExit::NoInput))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(configuration: &str) -> Vec<(Severity, String)> {
        let cib = xml::parse(&format!(
            "<cib validate-with='pacemaker-3.9' have-quorum='1' admin_epoch='0' epoch='1' num_updates='0'>\
             <configuration>{configuration}</configuration><status/></cib>"
        ))
        .unwrap();
        problems(cib, 0).into_iter().map(|problem| (problem.severity, problem.text)).collect()
    }

    #[test]
    fn a_cluster_that_fences_needs_something_to_fence_with() {
        let problems = found(
            "<crm_config/><nodes/><resources><primitive id='r' class='ocf' provider='p' type='t'/>\
             </resources><constraints/>",
        );
        assert_eq!(problems[0].0, Severity::Error);
        assert!(problems[0].1.starts_with("Resource start-up disabled"), "{problems:?}");
    }

    #[test]
    fn a_document_that_breaks_its_schema_is_invalid() {
        let problems = found("<crm_config/><nodes/><resources><nonsense id='x'/></resources>");
        assert!(problems.len() > 1, "it also says how: {problems:?}");
        assert_eq!(problems.last().unwrap().1, "CIB did not pass schema validation");
    }
}
