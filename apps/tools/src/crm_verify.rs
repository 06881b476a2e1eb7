//! `crm_verify`: looks for mistakes in a CIB.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use client::cib::{CallOptions, Cib};
use model::{Model, Problem, Severity};
use vocab::ToolExit;
use xml::{Element, Limits};

use crate::{
    frame::{self, Common},
    output::{Output, OutputOptions},
    schema,
};

/// This tool.
pub(crate) const TOOL: crate::Tool =
    crate::Tool { name: "crm_verify", summary: "Look for mistakes in a configuration", main };

#[derive(Debug, clap::Args)]
struct Options {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    output: OutputOptions,
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

impl frame::Options for Options {
    fn common(&self) -> &Common {
        &self.common
    }
}

/// A run that ends here: what to say, and the exit status.
struct Stop(String, ToolExit);

fn main(args: Vec<OsString>) -> ExitCode {
    let options: Options = match frame::parse(&TOOL, &args) {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    let mut output = match Output::open(TOOL.name, &options.output, &args) {
        Ok(output) => output,
        Err(exit) => return exit,
    };
    let exit = match run(&options, &mut output) {
        Ok(()) => ToolExit::Ok,
        Err(Stop(message, exit)) => {
            if !options.quiet {
                output.error(message);
            }
            exit
        }
    };
    output.finish(exit)
}

fn run(options: &Options, output: &mut Output) -> Result<(), Stop> {
    let mut cib = read(&options.source)?;
    if cib.name() != "cib" {
        let message =
            "This tool can only check complete configurations (i.e. those starting with <cib>).";
        return Err(Stop(message.to_owned(), ToolExit::Protocol));
    }
    if let Some(path) = &options.save_xml {
        std::fs::write(path, cib.to_pretty()).map_err(|error| {
            Stop(format!("{}: {error}", path.display()), ToolExit::CannotCreate)
        })?;
    }
    cib.child_or_new("status");
    let problems = problems(&cib);
    let verbose = options.common.verbose;
    for problem in &problems {
        // Who does not ask for more is only told whether there is something.
        let level = if problem.severity == Severity::Notice { 2 } else { 1 };
        if verbose >= level && !options.quiet {
            output.remark(format!("{}: {problem}", word(problem.severity)));
        }
    }
    let worst = problems.iter().map(|problem| problem.severity).max();
    let verdict = match worst {
        Some(Severity::Error) => "Errors found during check: config not valid",
        Some(Severity::Warning) => "Warnings found during check: config may not be valid",
        Some(Severity::Notice) | None => return Ok(()),
    };
    let hint = if verbose == 0 { "\n-V may provide more details" } else { "" };
    Err(Stop(format!("{verdict}{hint}"), ToolExit::Config))
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Notice => "notice",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// What is wrong with a CIB. One that breaks its schema is not looked into any further.
fn problems(cib: &Element) -> Vec<Problem> {
    let error = |text: String| Problem { severity: Severity::Error, text };
    if let Err(violation) = schema::check(cib) {
        let verdict = "CIB did not pass schema validation";
        return vec![error(violation), error(verdict.to_owned())];
    }
    let (_, problems) = Model::build_at(cib, frame::local_time());
    problems
}

fn read(source: &Source) -> Result<Element, Stop> {
    if source.live_check {
        return Cib::open(TOOL.name)
            .and_then(|mut cib| cib.query(None, CallOptions::SCOPE_LOCAL))
            .map(|cib| Element::clone(&cib))
            .map_err(|error| Stop(format!("CIB query failed: {error}"), error.exit()));
    }
    let unreadable = |what: String, error: &dyn std::fmt::Display| {
        Stop(format!("Couldn't parse input {what}: {error}"), ToolExit::NoInput)
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
        let message = "No configuration source specified.  Use --help for usage information.";
        Err(Stop(message.to_owned(), ToolExit::NoInput))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(configuration: &str) -> Vec<(Severity, String)> {
        let cib = xml::parse(&format!(
            "<cib validate-with='pacemaker-3.9' admin_epoch='0' epoch='1' num_updates='0'>\
             <configuration>{configuration}</configuration><status/></cib>"
        ))
        .unwrap();
        problems(&cib).into_iter().map(|problem| (problem.severity, problem.text)).collect()
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
        assert_eq!(problems.last().unwrap().1, "CIB did not pass schema validation");
    }
}
