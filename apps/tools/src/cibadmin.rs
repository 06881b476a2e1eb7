//! `cibadmin`: reads and changes the CIB.

use std::{
    ffi::OsString,
    io::{self, Read},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use client::cib::{CallOptions, Cib, CibError, Failure, Operation, Request};
use vocab::{NodeName, ToolExit};
use xml::{Element, Limits, Node};

use crate::{frame, output::Output};

/// This tool.
pub(crate) const TOOL: crate::Tool =
    crate::Tool { name: "cibadmin", summary: "Read and change the cluster's configuration", main };

/// What `--force` is demanded with.
const DANGEROUS: &str = "The supplied command is considered dangerous. To prevent accidental destruction of the \
                         cluster, the --force flag is required in order to proceed.";

#[derive(Debug, clap::Args)]
struct Options {
    #[command(flatten)]
    command: Commands,
    #[command(flatten)]
    data: Data,
    /// Work on one section: configuration, nodes, resources, constraints, crm_config, rsc_defaults, op_defaults, acls,
    /// fencing-topology, tags, alerts or status
    #[arg(short = 'o', long, visible_alias = "obj_type", value_name = "SECTION")]
    scope: Option<String>,
    /// Work on what this XPath expression finds
    #[arg(short = 'A', long, value_name = "XPATH", conflicts_with = "scope")]
    xpath: Option<String>,
    /// With --xpath, print the paths of what is found
    #[arg(short = 'e', long)]
    node_path: bool,
    /// With --query, leave out what is inside
    #[arg(short = 'n', long)]
    no_children: bool,
    /// With --modify, create what is not there
    #[arg(short = 'c', long)]
    allow_create: bool,
    /// Do it although it is dangerous
    #[arg(short = 'f', long)]
    force: bool,
    /// Seconds to wait for an answer
    #[arg(short = 't', long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Show or change what this user may (root and hacluster only)
    #[arg(short = 'U', long, value_name = "USER")]
    user: Option<String>,
    /// With --query and --user, mark what may be read and written
    #[arg(short = 'S', long, value_name = "FORM", num_args = 0..=1, require_equals = true)]
    show_access: Option<Option<String>>,
    /// Ask the local node only
    #[arg(short = 'l', long)]
    local: bool,
    /// Ask this node
    #[arg(
        short = 'N',
        long,
        visible_alias = "host",
        value_name = "NODE",
        conflicts_with = "local"
    )]
    node: Option<String>,
    /// Wait for the answer (always done)
    #[arg(short = 's', long, hide = true)]
    sync_call: bool,
    /// With --modify, take NAME="NAME++" and NAME="NAME+=N" for a sum (always done)
    #[arg(long, hide = true)]
    score: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Commands {
    /// Print the CIB, a section, or what --xpath finds
    #[arg(short = 'Q', long)]
    query: bool,
    /// Add what must not be there yet
    #[arg(short = 'C', long)]
    create: bool,
    /// Merge into what is there
    #[arg(short = 'M', long)]
    modify: bool,
    /// Apply a patch set
    #[arg(short = 'P', long)]
    patch: bool,
    /// Put something in the place of what is there
    #[arg(short = 'R', long)]
    replace: bool,
    /// Remove the first object like the given one, or what --xpath finds first
    #[arg(short = 'D', long)]
    delete: bool,
    /// Remove all that --xpath finds
    #[arg(short = 'd', long)]
    delete_all: bool,
    /// Empty the CIB
    #[arg(short = 'E', long)]
    erase: bool,
    /// Raise the epoch
    #[arg(short = 'B', long)]
    bump: bool,
    /// Upgrade to the latest schema
    #[arg(short = 'u', long)]
    upgrade: bool,
    /// Print an empty CIB
    #[arg(short = 'a', long)]
    empty: bool,
    /// Print the digest that stands beside the CIB on disk
    #[arg(short = '5', long)]
    md5_sum: bool,
    /// Print the digest that nodes compare
    #[arg(short = '6', long)]
    md5_sum_versioned: bool,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Data {
    /// XML to use
    #[arg(short = 'X', long, value_name = "XML")]
    xml_text: Option<String>,
    /// File with the XML to use
    #[arg(short = 'x', long, value_name = "FILE")]
    xml_file: Option<PathBuf>,
    /// Read the XML to use from standard input
    #[arg(short = 'p', long)]
    xml_pipe: bool,
}

/// A run that ends here: what to say, and the exit status.
struct Stop {
    message: String,
    exit: ToolExit,
    /// What the CIB gave back with its refusal.
    refused: Option<Arc<Element>>,
}

impl Stop {
    fn new(message: impl Into<String>, exit: ToolExit) -> Self {
        Self { message: message.into(), exit, refused: None }
    }
}

impl From<CibError> for Stop {
    fn from(error: CibError) -> Self {
        let exit = error.exit();
        match error {
            CibError::Failed { failure, output } => {
                Self { message: format!("CIB API call failed: {failure}"), exit, refused: output }
            }
            _ => Self::new(error.to_string(), exit),
        }
    }
}

fn main(args: Vec<OsString>) -> ExitCode {
    frame::run(&TOOL, &args, |options, output| match run(options, output) {
        Ok(()) => ToolExit::Ok,
        Err(Stop { message, exit, refused }) => {
            output.error(message);
            if let Some(refused) = refused {
                tell_refused(&refused, output);
            }
            exit
        }
    })
}

fn run(options: &Options, output: &mut Output) -> Result<(), Stop> {
    if options.show_access.is_some() {
        let message = "--show-access is not implemented yet";
        return Err(Stop::new(message, ToolExit::UnimplementedFeature));
    }
    let command = &options.command;
    let dangerous =
        command.erase || command.upgrade || (command.delete_all && options.xpath.is_none());
    if dangerous && !options.force {
        return Err(Stop::new(DANGEROUS, ToolExit::Unsafe));
    }
    if command.empty {
        tell(&cib::empty(1), output);
        return Ok(());
    }
    if command.md5_sum || command.md5_sum_versioned {
        let Some(document) = input(&options.data)? else {
            let message = "give the XML with --xml-text, --xml-file or --xml-pipe";
            return Err(Stop::new(message, ToolExit::Usage));
        };
        let digest = if command.md5_sum {
            xml::digest::on_disk(&document)
        } else {
            xml::digest::versioned(&document)
        };
        output.line(&digest);
        output.element(Element::new("md5-sum").with("digest", digest));
        return Ok(());
    }
    let request = request(options)?;
    let mut connection = Cib::open(TOOL.name)?;
    if let Some(seconds) = options.timeout {
        connection.set_timeout(Duration::from_secs(seconds));
    }
    let answer = match connection.call(request) {
        Err(CibError::Failed { failure: Failure::SchemaUnchanged, .. }) if command.upgrade => {
            output.line(format!("Upgrade unnecessary: {}", Failure::SchemaUnchanged));
            return Ok(());
        }
        other => other?,
    };
    if let Some(answer) = answer.filter(|_| command.query) {
        if options.node_path {
            tell_paths(&mut connection, options, output)?;
        } else {
            tell(&answer, output);
        }
    }
    Ok(())
}

fn request(options: &Options) -> Result<Request, Stop> {
    let command = &options.command;
    let section = options.scope.as_deref();
    let data = input(&options.data)?;
    let mut request = match (&options.xpath, data) {
        (Some(expression), data) => {
            let mut request = Request::query_xpath(expression);
            request.data = data.map(Into::into);
            request
        }
        (None, Some(data)) => Request::change(Operation::Query, section, data),
        (None, None) => Request::query(section),
    };
    request.operation = if command.query {
        Operation::Query
    } else if command.create {
        Operation::Create
    } else if command.modify {
        Operation::Modify
    } else if command.patch {
        Operation::ApplyPatch
    } else if command.replace {
        Operation::Replace
    } else if command.erase {
        Operation::Erase
    } else if command.bump {
        Operation::Bump
    } else if command.upgrade {
        Operation::Upgrade
    } else {
        Operation::Delete
    };
    let needs_data = command.create
        || command.modify
        || command.patch
        || command.replace
        || (command.delete && options.xpath.is_none());
    if needs_data && request.data.is_none() {
        let message = "this needs XML: give it with --xml-text, --xml-file or --xml-pipe";
        return Err(Stop::new(message, ToolExit::Usage));
    }
    let flags = [
        (CallOptions::NO_CHILDREN, options.no_children),
        (CallOptions::CAN_CREATE, options.allow_create),
        (CallOptions::SCOPE_LOCAL, options.local || command.query),
        (CallOptions::MULTIPLE, command.delete_all),
        (CallOptions::QUORUM_OVERRIDE, options.force),
    ];
    for (flag, _) in flags.iter().filter(|(_, is_set)| *is_set) {
        request.options = request.options | *flag;
    }
    request.user.clone_from(&options.user);
    if let Some(node) = &options.node {
        request.options = request.options.without(CallOptions::SCOPE_LOCAL);
        request = request.on(NodeName::from(node.as_str()));
    }
    Ok(request)
}

/// The XML given on the command line, in a file or on standard input.
fn input(data: &Data) -> Result<Option<Element>, Stop> {
    let (text, from) = if let Some(text) = &data.xml_text {
        (text.clone().into_bytes(), "input string".to_owned())
    } else if let Some(path) = &data.xml_file {
        (read(path)?, path.display().to_string())
    } else if data.xml_pipe {
        let mut text = Vec::new();
        io::stdin()
            .read_to_end(&mut text)
            .map_err(|error| Stop::new(format!("standard input: {error}"), ToolExit::NoInput))?;
        (text, "STDIN".to_owned())
    } else {
        return Ok(None);
    };
    xml::parse_bytes(&text, Limits::DOCUMENT).map(Some).map_err(|error| {
        Stop::new(format!("Couldn't parse input from {from}: {error}"), ToolExit::Config)
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Stop> {
    std::fs::read(path)
        .map_err(|error| Stop::new(format!("{}: {error}", path.display()), ToolExit::NoInput))
}

/// Tells the path of each element that `--xpath` finds in the whole CIB.
fn tell_paths(connection: &mut Cib, options: &Options, output: &mut Output) -> Result<(), Stop> {
    let Some(expression) = &options.xpath else {
        return Err(Stop::new("--node-path needs --xpath", ToolExit::Usage));
    };
    let bad = |error: &dyn std::fmt::Display| Stop::new(error.to_string(), ToolExit::NoSuch);
    let expression = xml::xpath::Expr::parse(expression).map_err(|error| bad(&error))?;
    let document = connection.query(None, CallOptions::SCOPE_LOCAL)?;
    let found = expression.select_elements(&document).map_err(|error| bad(&error))?;
    for (path, _) in found {
        let path = xml::node_path_string(&document, &path);
        output.line(&path);
        output.element(Element::new("xpath-query-path").with("path", path));
    }
    Ok(())
}

/// Tells what was refused: the objects that could not be created; the whole document, with line numbers, only to who wants
/// to know more.
fn tell_refused(refused: &Element, output: &mut Output) {
    if refused.name() != "cib" {
        tell(refused, output);
    } else if output.verbosity() > 0 {
        for (number, line) in refused.to_pretty().lines().enumerate() {
            output.remark(format!("{:4} {line}", number + 1));
        }
    }
}

fn tell(document: &Element, output: &mut Output) {
    let text = document.to_pretty();
    output.text(&text);
    let mut element = Element::new("output");
    element.push(Node::Text(text.into()));
    output.element(element);
}
