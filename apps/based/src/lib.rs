//! `pacemaker-based`: keeps this node's copy of the CIB, the same as on all other nodes.
//!
//! One loop around [`cib::Replica`]: clients' requests, messages of the group, timers and finished writes go in, what the
//! machine wants done is done in order.

mod arguments;
mod daemon;
mod effects;
mod endpoints;
mod metadata;
mod remote;
mod ring_side;

use std::{ffi::OsString, path::Path, process::ExitCode};

use runtime::{Clock, LogSettings, Termination};
use vocab::{NodeId, NodeName, ToolExit};

use arguments::{Arguments, Asked};
use daemon::Daemon;
use endpoints::Endpoints;
use ring_side::RingSide;

/// The daemon's name in the log and in `ps`.
const NAME: &str = "pacemaker-based";
/// The user and group whose files the CIB's are.
const USER: &str = "hacluster";
const GROUP: &str = "haclient";
/// This node's name where there is no cluster.
const ALONE: &str = "localhost";

/// Runs the daemon until it is asked to end.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let arguments = match Arguments::parse(&args) {
        Ok(Asked::Run(arguments)) => arguments,
        Ok(Asked::Print(text)) => return print(&text),
        Err(problem) => {
            complain(&format!("{NAME}: {problem}\n"));
            return ExitCode::from(64);
        }
    };
    let mut log = LogSettings::from_environment(NAME);
    if arguments.verbose {
        log.level = log.level.max(tracing::Level::DEBUG);
    }
    runtime::init_log(&log);
    runtime::run(run(arguments))
}

fn print(text: &str) -> ExitCode {
    use std::io::Write;
    let written = std::io::stdout().write_all(text.as_bytes());
    if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn complain(text: &str) {
    use std::io::Write;
    // Without standard error there is nobody to tell.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

async fn run(arguments: Arguments) -> ToolExit {
    let termination = match Termination::new() {
        Ok(termination) => termination,
        Err(error) => {
            tracing::error!("signals cannot be watched: {error}");
            return ToolExit::OsError;
        }
    };
    tracing::info!("Starting Pacemaker CIB manager");
    // The ring lets root in, so it is joined before root's rights are given up.
    let ring = if arguments.stand_alone {
        None
    } else {
        match RingSide::join().await {
            Ok(ring) => Some(ring),
            Err(error) => {
                tracing::error!("the cluster cannot be joined: {error}");
                return ToolExit::Fatal;
            }
        }
    };
    if let Err(error) = runtime::become_user(USER, GROUP) {
        tracing::error!("cannot become user {USER}: {error}");
        return ToolExit::Fatal;
    }
    let root = arguments.root.as_path();
    if let Err(error) = writable(root) {
        tracing::error!("{} cannot be used: {error}", root.display());
        complain(&format!("{NAME}: {}: {error}\n", root.display()));
        return ToolExit::Fatal;
    }
    let (local, local_id) = match &ring {
        Some(ring) => (ring.local_name().clone(), ring.local_id()),
        None => (NodeName::from(ALONE), NodeId(1)),
    };
    let endpoints = match Endpoints::bind() {
        Ok(endpoints) => endpoints,
        Err(error) => {
            tracing::error!("cannot listen, perhaps another CIB manager is active: {error}");
            return ToolExit::Fatal;
        }
    };
    match Daemon::start(&arguments, local, local_id, endpoints, ring, Clock::start()) {
        Ok(daemon) => daemon.run(termination).await,
        Err(error) => {
            tracing::error!("the writer could not be started: {error}");
            ToolExit::OsError
        }
    }
}

/// Whether files can be made in a directory.
fn writable(directory: &Path) -> std::io::Result<()> {
    use rustix::fs::{Access, access};
    Ok(access(directory, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)?)
}
