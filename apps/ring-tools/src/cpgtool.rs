//! `corosync-cpgtool`: shows the process groups and who is in them.

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use ring::{
    RingError,
    blocking::{Cfg, Groups},
};
use vocab::NodeId;

use crate::{
    getopt,
    print::{Escaped, base_name, complain},
};

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "corosync-cpgtool",
    summary: "show process groups and their members",
    main,
};

#[derive(Debug, Default)]
struct Options {
    /// What is between fields, instead of a table.
    delimiter: Option<u8>,
    names_only: bool,
    raw: bool,
}

fn main(arguments: Vec<OsString>) -> ExitCode {
    let program = base_name(&arguments);
    let mut options = Options::default();
    for option in getopt::parse(arguments, "hd:ne", &[]).options {
        match option {
            Ok(('d', argument)) => {
                let first = argument.as_encoded_bytes().first().copied();
                options.delimiter = first.or(options.delimiter);
            }
            Ok(('n', _)) => options.names_only = true,
            Ok(('e', _)) => options.raw = true,
            Ok(_) => {
                let _ = write!(io::stdout(), "{}", usage(&program));
                return ExitCode::SUCCESS;
            }
            Err(problem) => {
                complain(problem);
                return ExitCode::FAILURE;
            }
        }
    }
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            complain(problem);
            ExitCode::FAILURE
        }
    }
}

fn usage(program: &str) -> String {
    format!(
        "{program} [-d delimiter] [-e] [-n] [-h]\n\n\
         A tool for displaying cpg groups and members.\n\
         options:\n\
         \t-d\tDelimiter between fields.\n\
         \t-e\tDon't escape unprintable characters in group name.\n\
         \t-n\tDisplay only all existing group names.\n\
         \t-h\tDisplay this help.\n"
    )
}

fn run(options: &Options) -> Result<(), String> {
    let failed =
        |what: &'static str| move |error: RingError| format!("{what} error {}", error.status().0);
    let mut groups = Groups::connect().map_err(failed("Could not initialize corosync cpg API"))?;
    let mut cfg =
        Cfg::connect().map_err(failed("Could not initialize corosync configuration API"))?;
    let mut output = Vec::new();
    if options.names_only {
        let names = groups.names().map_err(failed("Cannot initialize cpg iterator"))?;
        show_names(options, &names, &mut output);
    } else {
        show_head(options, &mut output);
        let members = groups.members();
        let mut previous = Vec::new();
        for member in members.as_deref().unwrap_or_default() {
            let (node, pid) = (member.member.node, member.member.pid);
            if let Some(delimiter) = options.delimiter {
                put_name(options, &member.group, &mut output);
                put(&mut output, &[delimiter], pid.to_string(), &[delimiter], node.to_string());
            } else {
                if member.group != previous {
                    put_name(options, &member.group, &mut output);
                    output.push(b'\n');
                    previous.clone_from(&member.group);
                }
                let addresses = addresses(&mut cfg, node);
                let node = format!("{:>10} ({addresses})", node.0);
                put(&mut output, b"\t\t", format!("{pid:>10}"), b"\t", node);
            }
        }
        if let Err(error) = members {
            let _ = io::stdout().write_all(&output);
            return Err(failed("cpg iteration")(error));
        }
    }
    // A reader that has gone away is no error of ours.
    let _ = io::stdout().write_all(&output);
    Ok(())
}

fn show_names(options: &Options, names: &[Vec<u8>], output: &mut Vec<u8>) {
    for name in names {
        put_name(options, name, output);
        output.push(options.delimiter.unwrap_or(b'\n'));
    }
    if options.delimiter.is_some() {
        output.push(b'\n');
    }
}

fn show_head(options: &Options, output: &mut Vec<u8>) {
    match options.delimiter {
        Some(delimiter) => {
            output.extend_from_slice(b"GRP_NAME");
            put(output, &[delimiter], "PID".to_owned(), &[delimiter], "NODEID".to_owned());
        }
        None => output.extend_from_slice(
            format!("Group Name\t{:>10}\t{:>10}\n", "PID", "Node ID").as_bytes(),
        ),
    }
}

fn put(output: &mut Vec<u8>, before: &[u8], first: String, between: &[u8], second: String) {
    for part in [before, first.as_bytes(), between, second.as_bytes(), b"\n"] {
        output.extend_from_slice(part);
    }
}

fn put_name(options: &Options, name: &[u8], output: &mut Vec<u8>) {
    if options.raw {
        output.extend_from_slice(name);
    } else {
        output.extend_from_slice(Escaped(name).to_string().as_bytes());
    }
}

/// A node's addresses; of one that is not known, nothing.
fn addresses(cfg: &mut Cfg, node: NodeId) -> String {
    let addresses = cfg.node_addresses(node).unwrap_or_default();
    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    texts.join(" ")
}
