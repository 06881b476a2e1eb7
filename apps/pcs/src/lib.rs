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

use std::{cell::RefCell, ffi::OsString, process::ExitCode, rc::Rc};

use options::{OptionsError, parse};
use session::{Session, Stop};
use source::Source;
use xml::Element;

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

/// Carries out a command on a CIB in memory, as `-f` does on one in a file: the arguments are those behind `pcs`. Only
/// commands that change a configuration are taken. What there is to say goes to the standard error output, as ever; `Err` is
/// the status to end with after a complaint.
pub fn edit(cib: &mut Element, arguments: Vec<String>) -> Result<(), ExitCode> {
    const CHANGING: [&str; 5] = ["constraint", "node", "property", "resource", "stonith"];
    // These print what there is, where somebody else's output may be on its way.
    const LISTING: [&str; 9] = [
        "agents",
        "config",
        "describe",
        "failcount",
        "help",
        "list",
        "providers",
        "show",
        "status",
    ];
    let complain = |text: &str| {
        session::complain(&format!("Error: {text}"));
        Err(ExitCode::FAILURE)
    };
    let mut parsed = match parse(arguments) {
        Ok(parsed) => parsed,
        Err(error) => return complain(&error.to_string()),
    };
    for warning in std::mem::take(&mut parsed.warnings) {
        session::complain(&format!("Deprecation Warning: {warning}"));
    }
    let words = std::mem::take(&mut parsed.words);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let changes = match words.as_slice() {
        [command, what, ..] => CHANGING.contains(command) && !LISTING.contains(what),
        [_] | [] => false,
    };
    if !changes {
        return complain(&format!("'pcs {}' is no change of the configuration", words.join(" ")));
    }
    // Commands that do not understand -f refuse it, and with it documents in memory.
    if parsed.give("-f", "document in memory").is_err() {
        return complain("option -f cannot be used here");
    }
    let document = Rc::new(RefCell::new(cib.clone()));
    let source = Source::Memory(Rc::clone(&document));
    let mut session = Session { options: parsed, source };
    match run(&mut session, &words) {
        Ok(()) => {
            cib.clone_from(&document.borrow());
            Ok(())
        }
        Err(stop) => Err(stop.explain(&words)),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn after(line: &str) -> Result<String, ExitCode> {
        let mut cib = xml::parse(
            "<cib epoch='1'><configuration><crm_config/><nodes><node id='1' uname='n1'/></nodes>\
             <resources><primitive id='r' class='ocf' provider='p' type='t'/></resources>\
             <constraints/></configuration></cib>",
        )
        .unwrap();
        edit(&mut cib, line.split_whitespace().map(str::to_owned).collect())?;
        Ok(cib.to_compact())
    }

    #[test]
    fn a_document_in_memory_is_changed() {
        let text = after("resource disable r").unwrap();
        assert!(text.contains(r#"name="target-role" value="Stopped""#), "{text}");
        let text = after("constraint location r avoids n1 --force").unwrap();
        assert!(text.contains(r#"score="-INFINITY""#), "{text}");
    }

    #[test]
    fn what_would_reach_beyond_the_document_is_refused() {
        for line in [
            "cluster stop --all",
            "cluster cib-push other.xml",
            "status",
            "resource cleanup r",
            "resource agents",
            "resource config",
            "property",
            "stonith fence n1",
            "resource disable r -f other.xml",
            "resource disable r --wait",
            "resource help",
            "",
        ] {
            assert!(after(line).is_err(), "{line}");
        }
    }
}
