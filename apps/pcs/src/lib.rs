//! `pcs`: one command for the whole cluster.
//!
//! Words are parsed here, files and daemons are reached from here, and what users read is written here. What a command does
//! to a configuration is in core/cib-edit; nothing is run to do it, except agents that are asked what they are.

mod agents;
mod cluster;
mod constraint;
mod defaults;
mod listing;
mod node;
mod options;
mod property;
mod quorum;
mod resource;
mod rule;
mod services;
mod session;
mod source;
mod status;
mod stonith;
mod usage;
mod words;

use std::{ffi::OsString, process::ExitCode};

use options::{OptionsError, parse};
use session::{Session, Stop};

/// The release of pcs whose commands and texts these are.
const COMPATIBLE_WITH: &str = "0.11.5";

/// Runs `pcs` with the arguments of its command line, the program's name first.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let words = args.into_iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    let mut parsed = match parse(words.collect()) {
        Ok(parsed) => parsed,
        Err(error) => {
            session::complain(&format!("Error: {error}"));
            if matches!(error, OptionsError::Unknown(_) | OptionsError::Malformed(_)) {
                session::complain(&usage::overview());
            }
            return ExitCode::FAILURE;
        }
    };
    for warning in std::mem::take(&mut parsed.warnings) {
        session::complain(&format!("Deprecation Warning: {warning}"));
    }
    let missing = [("--debug", true), ("--fullhelp", true), ("--full", parsed.has("--version"))];
    for (option, concerned) in missing {
        if concerned && parsed.has(option) {
            return Stop::not_built(&format!("pcs {option}")).explain(&[]);
        }
    }
    if parsed.has("--version") {
        session::print(COMPATIBLE_WITH);
        return ExitCode::SUCCESS;
    }
    let help = parsed.has("--help") || parsed.has("-h");
    let words = std::mem::take(&mut parsed.words);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if help {
        let words: Vec<&str> = words.into_iter().filter(|word| *word != "help").collect();
        session::print(&usage::of(&words));
        return ExitCode::SUCCESS;
    }
    let mut session = Session::new(parsed);
    match run(&mut session, &words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => stop.explain(&words),
    }
}

fn run(session: &mut Session, words: &[&str]) -> Result<(), Stop> {
    let Some((command, rest)) = words.split_first() else { return Err(Stop::usage(&[])) };
    if rest.first() == Some(&"help") {
        session::print(&usage::of(&[&[*command], &rest[1..]].concat()));
        return Ok(());
    }
    match *command {
        "property" => property::run(session, rest),
        "resource" => resource::run(session, rest),
        "stonith" => stonith::run(session, rest),
        "constraint" => constraint::run(session, rest),
        "node" => node::run(session, rest),
        "cluster" => cluster::run(session, rest),
        "status" => status::run(session, rest),
        "quorum" => quorum::run(session, rest),
        "help" => {
            session::print(&usage::overview());
            Ok(())
        }
        "config" if matches!(rest, [] | ["show"]) => listing::config(session),
        "acl" | "alert" | "booth" | "client" | "config" | "dr" | "host" | "pcsd" | "qdevice"
        | "tag" => Err(Stop::not_built(&format!("pcs {command}"))),
        _ => Err(Stop::usage(&[])),
    }
}
