//! `crm_rule`: tells whether rules of a configuration are in effect.

use std::{ffi::OsString, path::Path, process::ExitCode};

use client::cib::{CallOptions, Cib};
use rules::{CalendarTime, CheckError, LocalTime, Standing};
use vocab::ToolExit;
use xml::{Element, Limits};

use crate::{
    frame::{self, Stop},
    output::Output,
};

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "crm_rule",
    summary: "Tell whether rules of the configuration are in effect",
    main,
};

#[derive(Debug, clap::Args)]
struct Options {
    /// Tell whether the rules are in effect
    #[arg(short = 'c', long)]
    check: bool,
    /// Where the rules are, instead of the cluster's CIB; "-" is standard input
    #[arg(short = 'X', long, value_name = "XML", allow_hyphen_values = true)]
    xml_text: Option<String>,
    /// When, instead of now
    #[arg(short = 'd', long, value_name = "DATE", allow_hyphen_values = true)]
    date: Option<String>,
    /// Id of a rule; may be given several times
    #[arg(short = 'r', long = "rule", value_name = "ID", allow_hyphen_values = true)]
    rules: Vec<String>,
}

fn main(args: Vec<OsString>) -> ExitCode {
    frame::run(&TOOL, &args, run)
}

fn run(options: &Options, output: &mut Output) -> Result<ToolExit, Stop> {
    if !options.check {
        return Err(Stop::usage("No mode operation given"));
    }
    if options.rules.is_empty() {
        return Err(Stop::usage("--check requires use of --rule="));
    }
    let time = time(options.date.as_deref(), output)?;
    let document = document(options.xml_text.as_deref(), output)?;
    // The last rule that is not in effect decides.
    let mut exit = ToolExit::Ok;
    for id in &options.rules {
        let found = rules::check(&document, id, time);
        tell(output, id, &found);
        match exit_of(&found) {
            ToolExit::Ok => {}
            failed => exit = failed,
        }
    }
    Ok(exit)
}

fn time(text: Option<&str>, output: &mut Output) -> Result<LocalTime, Stop> {
    let now = frame::local_time();
    let Some(text) = text else { return Ok(now) };
    CalendarTime::parse(text).map(|time| time.at(now)).map_err(|error| {
        output.aside(format!("error: {error}"));
        Stop::new(format!("Invalid date specified: '{text}'"), ToolExit::DataError)
    })
}

/// Where the rules are.
fn document(text: Option<&str>, output: &mut Output) -> Result<Element, Stop> {
    let mut unreadable = |what: String, error: &dyn std::fmt::Display| {
        output.aside(format!("error: {error}"));
        Stop::new(format!("Couldn't parse input {what}"), ToolExit::DataError)
    };
    match text {
        Some("-") => disk::read_document(Path::new("-"))
            .map_err(|error| unreadable("from STDIN".to_owned(), &error)),
        Some(text) => xml::parse_bytes(text.as_bytes(), Limits::DOCUMENT)
            .map_err(|error| unreadable(format!("string: {text}"), &error)),
        None => Cib::open(TOOL.name)
            .and_then(|mut cib| cib.query(None, CallOptions::SCOPE_LOCAL))
            .map(|cib| Element::clone(&cib))
            .map_err(|error| Stop::new(format!("CIB query failed: {error}"), error.exit())),
    }
}

fn tell(output: &mut Output, id: &str, found: &Result<Standing, CheckError>) {
    let code = exit_of(found).code();
    output.element(Element::new("rule-check").with("rule-id", id).with("rc", code));
    match found {
        Ok(Standing::InEffect) => output.line(format!("Rule {id} is still in effect")),
        Ok(Standing::Satisfied) => output.line(format!("Rule {id} satisfies conditions")),
        Ok(Standing::NotYet) => output.line(format!("Rule {id} has not yet taken effect")),
        Ok(Standing::Expired) => output.line(format!("Rule {id} is expired")),
        Err(why) => {
            output.remark(format!("Could not determine whether rule {id} is in effect: {why}"));
        }
    }
}

fn exit_of(found: &Result<Standing, CheckError>) -> ToolExit {
    match found {
        Ok(Standing::InEffect | Standing::Satisfied) => ToolExit::Ok,
        Ok(Standing::NotYet) => ToolExit::NotYetInEffect,
        Ok(Standing::Expired) => ToolExit::Expired,
        Err(CheckError::NotFound) => ToolExit::NoSuch,
        Err(CheckError::Ambiguous) => ToolExit::Multiple,
        Err(
            CheckError::WithoutDate
            | CheckError::SeveralDates
            | CheckError::Recurring
            | CheckError::Moon,
        ) => ToolExit::UnimplementedFeature,
        Err(CheckError::Unreadable(_)) => ToolExit::Config,
    }
}
