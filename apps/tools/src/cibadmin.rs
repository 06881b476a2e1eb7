//! `cibadmin`: reads and changes the CIB.

mod access;
mod input;
mod options;

use std::{ffi::OsString, process::ExitCode, sync::Arc, time::Duration};

use client::cib::{CallOptions, Cib, CibError, Failure, Operation, Request};
use vocab::{NodeName, ToolExit};
use xml::{Element, Node};

use self::{access::ShownAccess, options::Options};
use crate::{
    frame::{self, Stop},
    output::{Format, Output},
    schema,
};

/// This tool.
pub(crate) const TOOL: crate::Tool =
    crate::Tool { name: "cibadmin", summary: "Read and change the cluster's configuration", main };

/// What `--force` is demanded with.
const DANGEROUS: &str = "The supplied command is considered dangerous. To prevent accidental destruction of the \
                         cluster, the --force flag is required in order to proceed.";
/// How much of what is wrong with a document is told.
const PROBLEMS_SHOWN: usize = 10;
/// How long an answer may take unless `--timeout` says otherwise, in seconds.
const TIMEOUT_SECONDS: i32 = 30;

/// What the tool is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    /// An operation of the CIB.
    Ask(Operation),
    /// The operation that removes, on all that an expression finds.
    DeleteAll,
    /// To print an empty CIB.
    Empty,
    /// To print the digest that stands beside the CIB on disk.
    DigestOnDisk,
    /// To print the digest that nodes compare.
    DigestOnWire,
}

impl Command {
    /// Whether it can do harm that nobody meant.
    const fn is_dangerous(self) -> bool {
        matches!(self, Self::DeleteAll | Self::Ask(Operation::Erase | Operation::Upgrade))
    }

    /// Whether an expression can say what it works on, so that no XML is needed.
    const fn takes_expression(self) -> bool {
        matches!(self, Self::DeleteAll | Self::Ask(Operation::Delete))
    }

    /// Whether it works with XML.
    const fn needs_input(self) -> bool {
        match self {
            Self::DeleteAll | Self::DigestOnDisk | Self::DigestOnWire => true,
            Self::Ask(operation) => matches!(
                operation,
                Operation::Create
                    | Operation::Modify
                    | Operation::ApplyPatch
                    | Operation::Replace
                    | Operation::Delete
            ),
            Self::Empty => false,
        }
    }
}

fn main(args: Vec<OsString>) -> ExitCode {
    frame::run(&TOOL, &args, run)
}

fn run(options: &Options, output: &mut Output) -> Result<ToolExit, Stop> {
    let command = options.command();
    if command.is_dangerous() && !options.force {
        return Err(Stop::new(DANGEROUS, ToolExit::Unsafe));
    }
    let asks = command == Command::Ask(Operation::Query);
    let access = match &options.show_access {
        Some(form) if asks => Some(ShownAccess::wanted(form, options.user.as_deref(), output)?),
        Some(_) | None => None,
    };
    let by_expression = command.takes_expression() && options.xpath.is_some();
    let data = match command.needs_input() && !by_expression {
        true => Some(input::read(options, command.takes_expression())?),
        false => None,
    };
    match (command, data) {
        (Command::Empty, _) => {
            let mut empty = cib::empty(1);
            if let Some(schema) = options.empty.as_ref().and_then(Option::as_ref) {
                empty.set("validate-with", schema);
            }
            tell(&empty, output);
            Ok(ToolExit::Ok)
        }
        (Command::DigestOnDisk, Some(data)) => Ok(tell_digest(xml::digest::on_disk(&data), output)),
        (Command::DigestOnWire, Some(data)) => {
            Ok(tell_digest(xml::digest::versioned(&data), output))
        }
        (_, data) => {
            warn_of_scope(options, output);
            let request = request(options, command, data, access.is_some(), output.verbosity() > 0);
            ask(options, request, access, output)
        }
    }
}

fn ask(
    options: &Options,
    request: Request,
    access: Option<ShownAccess>,
    output: &mut Output,
) -> Result<ToolExit, Stop> {
    let upgrades = request.operation == Operation::Upgrade;
    let mut connection = Cib::open(TOOL.name).map_err(|error| {
        let mut message = format!("Could not connect to the CIB API: {}", error.failure());
        if matches!(error, CibError::File { .. } | CibError::Corrupt { .. }) {
            message = format!("{message}: {error}");
        }
        Stop::new(message, error.exit())
    })?;
    connection.set_timeout(timeout(options, output));
    if upgrades && let Ok(cib) = connection.query(None, CallOptions::SCOPE_LOCAL) {
        schema::tell_upgrade(&cib, output.verbosity());
    }
    let answer = match connection.call(request) {
        Ok(answer) => answer,
        Err(CibError::Failed { failure: Failure::SchemaUnchanged, .. }) if upgrades => {
            output.line(format!("Upgrade unnecessary: {}", Failure::SchemaUnchanged));
            return Ok(ToolExit::Ok);
        }
        Err(error) => {
            let exit = error.exit();
            let message = match &error {
                CibError::Failed { failure, .. } => format!("CIB API call failed: {failure}"),
                _ => error.to_string(),
            };
            output.error(message);
            if let CibError::Failed { output: Some(refused), .. } = error {
                tell_refused(&refused, output);
            }
            return Ok(exit);
        }
    };
    let Some(answer) = answer else { return Ok(ToolExit::Ok) };
    match access {
        Some(access) if answer.name() == "cib" => access.tell(&answer, output)?,
        Some(_) | None => tell_found(&answer, options.node_path, output),
    }
    Ok(ToolExit::Ok)
}

fn request(
    options: &Options,
    command: Command,
    data: Option<Element>,
    as_oneself: bool,
    verbose: bool,
) -> Request {
    let operation = match command {
        Command::Ask(operation) => operation,
        Command::DeleteAll => Operation::Delete,
        Command::Empty | Command::DigestOnDisk | Command::DigestOnWire => Operation::Noop,
    };
    let is = |other: Operation| operation == other;
    let mut request = Request::new(operation);
    request.section = options.xpath.clone().or_else(|| options.scope.clone());
    request.data = data.map(|mut data| {
        if is(Operation::Replace) && data.name() == "cib" {
            // Who replaces everything does not mean to remove the status.
            data.child_or_new("status");
        }
        Arc::new(data)
    });
    let flags = [
        (CallOptions::VERBOSE, verbose),
        (CallOptions::XPATH, options.xpath.is_some()),
        (CallOptions::MULTIPLE, command == Command::DeleteAll),
        (CallOptions::SCORE_UPDATE, is(Operation::Modify)),
        (CallOptions::CAN_CREATE, is(Operation::Modify) && options.allow_create),
        (CallOptions::XPATH_ADDRESS, is(Operation::Query) && options.node_path),
        (CallOptions::NO_CHILDREN, is(Operation::Query) && options.no_children),
        (CallOptions::SCOPE_LOCAL, options.local || is(Operation::Query)),
        (CallOptions::QUORUM_OVERRIDE, options.force),
    ];
    for (flag, _) in flags.iter().filter(|(_, is_set)| *is_set) {
        request.options = request.options | *flag;
    }
    if !as_oneself {
        request.user.clone_from(&options.user);
    }
    match &options.node {
        Some(node) => {
            request.options = request.options.without(CallOptions::SCOPE_LOCAL);
            request.on(NodeName::from(node.as_str()))
        }
        None => request,
    }
}

fn timeout(options: &Options, output: &mut Output) -> Duration {
    let seconds = options.timeout.unwrap_or(TIMEOUT_SECONDS);
    let seconds = u64::try_from(seconds).ok().filter(|&seconds| seconds > 0).unwrap_or_else(|| {
        output.remark(format!("Timeout must be positive, defaulting to {TIMEOUT_SECONDS}"));
        u64::from(TIMEOUT_SECONDS.unsigned_abs())
    });
    Duration::from_secs(seconds)
}

fn warn_of_scope(options: &Options, output: &mut Output) {
    let Some(scope) = options.scope.as_deref().filter(|_| options.xpath.is_none()) else { return };
    if cib::section::Section::named(Some(scope)) == cib::section::Section::All {
        output.remark(format!(
            "Invalid value '{scope}' for '--scope'. Operation will apply to the entire CIB"
        ));
    }
}

fn tell_digest(digest: String, output: &mut Output) -> ToolExit {
    output.line(&digest);
    output.element(Element::new("md5-sum").with("digest", digest));
    ToolExit::Ok
}

fn tell_found(found: &Element, paths_only: bool, output: &mut Output) {
    if paths_only && found.name() == "xpath-query" && output.format() != Format::Xml {
        for path in found.children_named("xpath-query-path").filter_map(Element::id) {
            output.line(path);
        }
    } else {
        tell(found, output);
    }
}

/// Tells what was refused: the objects that could not be created; of a whole document what is wrong with it, and the
/// document itself, with line numbers, only to who wants to know more.
fn tell_refused(refused: &Element, output: &mut Output) {
    if refused.name() != "cib" {
        return tell(refused, output);
    }
    let problems = ::schema::check(refused);
    for problem in problems.iter().take(PROBLEMS_SHOWN) {
        output.remark(format!("wrong: {problem}"));
    }
    if let Some(more @ 1..) = problems.len().checked_sub(PROBLEMS_SHOWN) {
        output.remark(format!("and {more} more (crm_verify shows all)"));
    }
    if output.verbosity() > 0 {
        for (number, line) in refused.to_pretty().lines().enumerate() {
            output.remark(format!("{:4} {line}", number + 1));
        }
    }
}

fn tell(document: &Element, output: &mut Output) {
    let text = document.to_pretty();
    output.text(&text);
    tell_verbatim(text, output);
}

fn tell_verbatim(text: String, output: &mut Output) {
    let mut element = Element::new("output");
    element.push(Node::Text(text.into()));
    output.element(element);
}
