//! `pacemaker-execd`: carries out operations on this node's resources for the controller and other clients.
//!
//! One loop around [`executor::Executor`]: clients' requests, ends of agents, the fencer's answers and timers go in, what the
//! machine wants done is done in order.

mod daemon;
mod fencing;
mod units;

use std::{ffi::OsString, process::ExitCode};

use ipc::{Access, xml::XmlServer};
use process::{AgentDirectories, Runner};
use runtime::{Clock, LogSettings, Termination};
use vocab::ToolExit;

use crate::daemon::Daemon;

/// The daemon's name in the log and in `ps`.
const NAME: &str = "pacemaker-execd";

/// The name clients connect to.
const ENDPOINT: &str = "lrmd";

/// Runs the daemon until it is asked to end.
pub fn main(args: Vec<OsString>) -> ExitCode {
    if let Some(exit) = runtime_arguments(&args) {
        return exit;
    }
    runtime::init_log(&LogSettings::from_environment(NAME));
    runtime::run(async {
        match listen() {
            Ok((server, termination)) => {
                let runner = Runner::new(AgentDirectories::from_environment(), log_variables());
                Daemon::new(server, runner, Clock::start()).run(termination).await
            }
            Err(error) => {
                tracing::error!("cannot listen as {ENDPOINT}: {error}");
                // Another executor is at work, most likely: a restart would not help.
                ToolExit::Fatal
            }
        }
    })
}

fn listen() -> std::io::Result<(XmlServer, Termination)> {
    Ok((XmlServer::bind(ENDPOINT, Access::Cluster)?, Termination::new()?))
}

/// Deals with what is on the command line; `None` if the daemon is to run.
fn runtime_arguments(args: &[OsString]) -> Option<ExitCode> {
    use std::io::Write;
    let text = match args.get(1)?.to_str() {
        Some("--version" | "-$") => format!("{NAME} {}\n", vocab::PRODUCT_VERSION),
        Some("--help" | "-?") => format!("usage: {NAME} [--help|--version]\n"),
        _ => {
            let word = args.get(1)?.to_string_lossy();
            let _ = writeln!(std::io::stderr(), "{NAME}: unknown argument '{word}'");
            return Some(ExitCode::from(64));
        }
    };
    let written = std::io::stdout().write_all(text.as_bytes());
    Some(if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The variables that tell agents where the log is: those of `ocf_log` and friends.
fn log_variables() -> Vec<(String, String)> {
    let setting = |name: &str, default: &str| {
        let value = std::env::var(format!("PCMK_{name}")).unwrap_or_else(|_| default.to_owned());
        (value != "none" && !value.is_empty()).then_some(value)
    };
    let facility = setting("logfacility", "daemon");
    let file = setting("logfile", "/var/log/pacemaker/pacemaker.log");
    let debug = std::env::var("PCMK_debug").is_ok_and(|value| {
        vocab::parse_boolean(&value).unwrap_or_else(|_| value.split(',').any(|name| name == NAME))
    });
    let mut variables = Vec::new();
    let mut set = |name: &str, value: Option<&String>| {
        if let Some(value) = value {
            for prefix in ["PCMK_", "HA_"] {
                variables.push((format!("{prefix}{name}"), value.clone()));
            }
        }
    };
    set("LOGFACILITY", facility.as_ref());
    set("LOGFILE", file.as_ref());
    if debug {
        set("DEBUGLOG", file.as_ref());
        set("debug", Some(&"1".to_owned()));
    }
    // Agents ask for it to tell whether a cluster manager runs them.
    variables.push(("PCMK_service".to_owned(), NAME.to_owned()));
    variables
}
