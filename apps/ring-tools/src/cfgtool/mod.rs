//! `corosync-cfgtool`: shows links and nodes, and tells the ring's daemon to read its settings again, to exit, or to end
//! another node's.

mod links;
mod text;

use std::{ffi::OsString, net::IpAddr, process::ExitCode};

use ring::{
    RingError,
    blocking::{Cfg, ShutdownKind},
};
use vocab::NodeId;

use crate::{
    getopt::{self, Long},
    number::node_number,
    print::{complain, say},
};

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "corosync-cfgtool",
    summary: "show the ring's links, and manage its daemon",
    main,
};

/// Stands for the option that has no letter.
const FORCE: char = 'f';

const LONG: &[Long] = &[
    Long { name: "if", letter: 'i' },
    Long { name: "status", letter: 's' },
    Long { name: "nodes", letter: 'n' },
    Long { name: "brief", letter: 'b' },
    Long { name: "reload", letter: 'R' },
    Long { name: "reopen", letter: 'L' },
    Long { name: "kill", letter: 'k' },
    Long { name: "address", letter: 'a' },
    Long { name: "shutdown", letter: 'H' },
    Long { name: "force", letter: FORCE },
];

/// What Corosync 3 shows, whatever is asked for with `-i`: it reads that option and looks at it no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Help,
    Links,
    Nodes,
    Reload,
    ReopenLogs,
    Kill(NodeId),
    ShutDown,
    Addresses(NodeId),
}

/// A failure: what is shown, and the exit code.
#[derive(Debug)]
struct Failure(String, u8);

fn main(arguments: Vec<OsString>) -> ExitCode {
    let mut action = Action::Help;
    let mut brief = false;
    let mut shutdown = ShutdownKind::Request;
    for option in getopt::parse(arguments, "i:snbrRLk:a:hH", LONG).options {
        let (letter, argument) = match option {
            Ok(option) => option,
            Err(problem) => {
                complain(problem);
                return ExitCode::FAILURE;
            }
        };
        action = match letter {
            's' => Action::Links,
            'n' => Action::Nodes,
            'R' => Action::Reload,
            'L' => Action::ReopenLogs,
            'H' => Action::ShutDown,
            'k' | 'a' => {
                let Some(node) = node_number(&argument).map(NodeId) else {
                    complain("The nodeid was not valid, try a positive number");
                    return ExitCode::FAILURE;
                };
                if letter == 'k' { Action::Kill(node) } else { Action::Addresses(node) }
            }
            _ => {
                brief |= letter == 'b';
                if letter == FORCE {
                    shutdown = ShutdownKind::Regardless;
                }
                action
            }
        };
    }
    match run(action, brief, shutdown) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(problem, exit)) => {
            complain(problem);
            ExitCode::from(exit)
        }
    }
}

fn run(action: Action, brief: bool, shutdown: ShutdownKind) -> Result<(), Failure> {
    match action {
        Action::Help => say(USAGE),
        Action::Links => return links::show_links(brief),
        Action::Nodes => return links::show_nodes(),
        Action::Reload => {
            say("Reloading corosync.conf...");
            // This failure is worded and numbered in its own way in the original.
            let what = "Could not initialize corosync configuration API error";
            let mut cfg =
                Cfg::connect().map_err(|error| Failure(format!("{what} {}", words(&error)), 1))?;
            cfg.reload().map_err(|error| refused("Could not reload configuration", &error))?;
            say("Done");
        }
        Action::ReopenLogs => {
            let what = "Could not initialize corosync configuration API error";
            let mut cfg =
                Cfg::connect().map_err(|error| Failure(format!("{what} {}", words(&error)), 1))?;
            cfg.reopen_logs()
                .map_err(|error| refused("Could not reopen corosync logging files", &error))?;
        }
        Action::Kill(node) => {
            say(format_args!("Killing node {node}"));
            connect()?.kill_node(node, "Killed by corosync-cfgtool").map_err(|error| {
                Failure(format!("Could not kill node (error = {})", words(&error)), 1)
            })?;
        }
        Action::ShutDown => {
            let mut cfg = connect()?;
            say("Shutting down corosync");
            if let Err(error) = cfg.shut_down(shutdown) {
                // The original ends well all the same.
                complain(format_args!("Could not shutdown (error = {})", error.status().0));
            }
        }
        Action::Addresses(node) => {
            let addresses = connect()?.node_addresses(node).map_err(|_| {
                // As a number with a sign, as in the original.
                let number = node.0.cast_signed();
                Failure(format!("Could not get node address for nodeid {number}"), 1)
            })?;
            say(address_line(&addresses));
        }
    }
    Ok(())
}

fn connect() -> Result<Cfg, Failure> {
    Cfg::connect().map_err(|error| {
        let status = error.status().0;
        Failure(format!("Could not initialize corosync configuration API error {status}"), 1)
    })
}

/// A request that was refused; the exit code is the number of the reason.
fn refused(what: &str, error: &RingError) -> Failure {
    let status = error.status();
    Failure(format!("{what}. Error {status}"), u8::try_from(status.0).unwrap_or(1))
}

fn words(error: &RingError) -> String {
    error.status().to_string()
}

/// A node's addresses; of those that are not set, the blank before them.
fn address_line(addresses: &[IpAddr]) -> String {
    let mut line = String::new();
    for (index, address) in addresses.iter().enumerate() {
        if !address.is_unspecified() {
            if index != 0 {
                line.push(' ');
            }
            line.push_str(&address.to_string());
        }
    }
    line
}

const USAGE: &str = "\
corosync-cfgtool [[-i <interface ip>] [-b] -s] [-R] [-L] [-k nodeid] [-a nodeid] [-h] [-H]

A tool for displaying and configuring active parameters within corosync.
options:
\t-i\tFinds only information about the specified interface IP address or link id when used with -s..
\t-s\tDisplays the status of the current links on this node.
\t-n\tDisplays the status of the connected nodes and their links.
\t-b\tDisplays the brief status of the current links on this node when used with -s.
\t-R\tTell all instances of corosync in this cluster to reload corosync.conf.
\t-L\tTell corosync to reopen all logging files.
\t-k\tKill a node identified by node id.
\t-a\tDisplay the IP address(es) of a node
\t-h\tPrint basic usage.
\t-H\tShutdown corosync cleanly on this node.
\t\t--force will shut down corosync regardless of daemon vetos";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_not_set_are_left_out() {
        let addresses = ["10.0.0.1", "0.0.0.0", "10.0.2.1"].map(|text| text.parse().unwrap());
        assert_eq!(address_line(&addresses), "10.0.0.1 10.0.2.1");
        assert_eq!(address_line(&[]), "");
    }
}
