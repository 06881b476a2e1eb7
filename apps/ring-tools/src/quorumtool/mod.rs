//! `corosync-quorumtool`: shows who is in the partition and whether it has quorum, and changes votes.

mod services;
mod text;

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use ring::RingError;
use vocab::NodeId;
use wire::corosync::{Status, votequorum};

use crate::{
    getopt,
    number::{node_number, whole_number},
    print::{complain, say},
};
use services::{Provider, Services};
use text::{Order, Shape};

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "corosync-quorumtool",
    summary: "show quorum and votes, and change votes",
    main,
};

/// The version of Corosync whose tool this one stands for.
const COROSYNC_VERSION: &str = "3.1.7";
const NOT_QUORATE: u8 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Nodes,
    Status,
    SetVotes(u32),
    SetExpected(u32),
    Monitor,
    UnregisterDevice,
}

#[derive(Debug)]
struct Options {
    action: Action,
    /// Whose votes are to be changed; the local node's if none is given.
    node: Option<NodeId>,
    shape: Shape,
}

/// What is left to do once the options are read.
enum Plan {
    Run(Options),
    Version,
    Usage(ExitCode),
    Complain(&'static str),
}

fn main(arguments: Vec<OsString>) -> ExitCode {
    let program = arguments.first().map_or_else(Default::default, |name| name.to_string_lossy());
    let program = program.into_owned();
    match read_options(arguments) {
        Plan::Version => {
            say(format_args!("corosync-quorumtool version: {COROSYNC_VERSION}"));
            ExitCode::SUCCESS
        }
        Plan::Usage(exit) => {
            say(format_args!("usage: \n{program} <options>\n{USAGE}"));
            exit
        }
        Plan::Complain(problem) => {
            complain(problem);
            ExitCode::FAILURE
        }
        Plan::Run(options) => match run(&options) {
            Ok(exit) => exit,
            Err(problem) => {
                complain(problem);
                ExitCode::FAILURE
            }
        },
    }
}

fn read_options(arguments: Vec<OsString>) -> Plan {
    let mut action = Action::Status;
    let mut node = None;
    let mut shape = Shape::default();
    for option in getopt::parse(arguments, "VHaslpmfe:v:hin:o:", &[]).options {
        let (letter, argument) = match option {
            Ok(option) => option,
            Err(problem) => {
                complain(problem);
                return Plan::Usage(ExitCode::FAILURE);
            }
        };
        let votes = |least: i64| {
            whole_number(&argument, least..=i32::MAX.into()).and_then(|votes| votes.try_into().ok())
        };
        match letter {
            'f' => action = Action::UnregisterDevice,
            's' => action = Action::Status,
            'm' => action = Action::Monitor,
            'l' => action = Action::Nodes,
            'a' => shape.all_addresses = true,
            'i' => shape.numeric_addresses = true,
            'H' => shape.hexadecimal = true,
            'p' => shape.parsable = true,
            'e' => match votes(1) {
                Some(votes) => action = Action::SetExpected(votes),
                None => return Plan::Complain(WRONG_EXPECTED),
            },
            'v' => match votes(0) {
                Some(votes) => action = Action::SetVotes(votes),
                None => return Plan::Complain(WRONG_VOTES),
            },
            'n' => match node_number(&argument) {
                Some(number) => node = Some(NodeId(number)),
                None => return Plan::Complain("The nodeid was not valid, try a positive number"),
            },
            'o' => match argument.to_str() {
                Some("a") => shape.order = Order::AsTold,
                Some("i") => shape.order = Order::Number,
                Some("n") => shape.order = Order::Name,
                _ => return Plan::Complain(WRONG_ORDER),
            },
            'V' => return Plan::Version,
            _ => return Plan::Usage(ExitCode::SUCCESS),
        }
    }
    Plan::Run(Options { action, node, shape })
}

const WRONG_EXPECTED: &str = "New expected votes value was not valid, try a positive number";
const WRONG_VOTES: &str = "New votes value was not valid, try a positive number or zero";
const WRONG_ORDER: &str =
    "Invalid ordering option. valid orders are a(address), i(node ID) or n(name)";

fn run(options: &Options) -> Result<ExitCode, String> {
    let mut services = Services::connect()?;
    let shape = &options.shape;
    match options.action {
        Action::Nodes => {
            let change = services.current()?;
            // A reader that has gone away is no error of ours.
            let _ = print(&services.membership_block(&change.members, shape));
        }
        Action::Status => return show_status(&mut services, shape),
        Action::Monitor => return monitor(&mut services, shape),
        Action::SetVotes(votes) => {
            let local = services.local;
            let node = options.node.unwrap_or(local);
            let provider = services.votes("You cannot change node votes")?;
            provider.set_votes(node, votes).map_err(|error| {
                let reason = words(&error);
                format!("Unable to set votes {votes} for nodeid: {node}: {reason}")
            })?;
        }
        Action::SetExpected(votes) => {
            let provider = services.votes("You cannot change expected votes")?;
            provider.set_expected(votes).map_err(failed("Unable to set expected votes"))?;
        }
        Action::UnregisterDevice => unregister_device(&mut services)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn show_status(services: &mut Services, shape: &Shape) -> Result<ExitCode, String> {
    let is_quorate =
        services.quorum.is_quorate().map_err(failed("Unable to get cluster quorate status"))?;
    let mut change = services.current()?;
    change.quorate = is_quorate;
    let representative = match &mut services.provider {
        Provider::Votes(votes) => {
            votes.follow(false).map_err(failed("Unable to start votequorum status tracking"))?;
            let membership =
                votes.wait().map_err(failed("Unable to dispatch votequorum status"))?;
            Some(membership.representative)
        }
        // The original asks all the same, without a connection.
        Provider::None => {
            let status = Status::BAD_HANDLE;
            return Err(format!("Unable to start votequorum status tracking: {status}"));
        }
        Provider::Other(_) => None,
    };
    let (text, result) = services.status_block(&change, representative, shape);
    let _ = print(&text);
    result.map_err(failed("Unable to get node info"))?;
    Ok(if is_quorate { ExitCode::SUCCESS } else { ExitCode::from(NOT_QUORATE) })
}

/// Shows every change until the ring's daemon or the reader is gone.
fn monitor(services: &mut Services, shape: &Shape) -> Result<ExitCode, String> {
    if !services.quorum.has_provider() {
        say("\nQuorum is not configured - cannot monitor");
        return show_status(services, shape);
    }
    let lost = failed("Unable to dispatch quorum status");
    services.quorum.follow(true).map_err(failed("Unable to start quorum status tracking"))?;
    if let Provider::Votes(votes) = &mut services.provider {
        votes.follow(true).map_err(failed("Unable to start votequorum status tracking"))?;
    }
    let mut membership: Option<ring::blocking::VotesChange> = None;
    loop {
        let change = services.quorum.wait().map_err(&lost)?;
        if let Provider::Votes(votes) = &mut services.provider {
            // Both services tell of a new ring, and only one of them of new votes.
            while membership.as_ref().is_none_or(|seen| seen.ring_sequence < change.ring_sequence) {
                let wait = votes.wait();
                membership = Some(wait.map_err(failed("Unable to dispatch votequorum status"))?);
            }
        }
        let representative = membership.as_ref().map(|seen| seen.representative);
        let (text, result) = services.status_block(&change, representative, shape);
        if print(&format!("{text}\n")).is_err() {
            return Ok(ExitCode::FAILURE);
        }
        if let Err(error) = result {
            complain(format_args!("Unable to get node info: {}", words(&error)));
            return Err(format!("Unable to display quorum data: {}", words(&error)));
        }
    }
}

fn unregister_device(services: &mut Services) -> Result<(), String> {
    let local = services.local;
    let votes = services.votes("You cannot unregister quorum device")?;
    let info = votes.info(local).map_err(failed("Unable to get quorum device info"))?;
    if info.flags & votequorum::INFO_DEVICE_REGISTERED == 0 {
        return Ok(());
    }
    votes.unregister_device(&info.device_name).map_err(failed("Unable to unregister quorum device"))
}

fn words(error: &RingError) -> String {
    error.status().to_string()
}

fn failed(what: &'static str) -> impl Fn(RingError) -> String {
    move |error| format!("{what}: {}", words(&error))
}

/// Prints at once; an error if nobody reads any more.
fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout();
    output.write_all(text.as_bytes())?;
    output.flush()
}

const USAGE: &str = "
  options:

  -s             show quorum status
  -m             constantly monitor quorum status
  -l             list nodes
  -a             show all names or addresses for each node
  -p             when used with -s or -l, generates machine parsable output
  -v <votes>     change the number of votes for a node (*)
  -n <nodeid>    optional nodeid of node for -v
  -e <expected>  change expected votes for the cluster (*)
  -H             show nodeids in hexadecimal rather than decimal
  -i             show node IP addresses instead of the resolved name
  -o <a|n|i>     order by [a] IP address (default), [n] name, [i] nodeid
  -f             forcefully unregister a quorum device *DANGEROUS* (*)
  -h             show this help text
  -V             show version and exit

  (*) Starred items only work if votequorum is the quorum provider for corosync
";
