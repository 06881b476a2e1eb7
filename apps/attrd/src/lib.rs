//! `pacemaker-attrd`: keeps the transient attributes of all nodes.
//!
//! One loop around [`attributes::AttributeManager`]: clients' requests, messages of the group, answers of the CIB and
//! timers go in, what the machine wants done is done in order.

mod cib_side;
mod daemon;
mod endpoint;
mod ring_side;

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use runtime::{LogSettings, Termination};
use vocab::{PRODUCT_VERSION, ToolExit};

use cib_side::CibSide;
use daemon::Daemon;
use endpoint::Endpoint;
use ring_side::RingSide;

/// The daemon's name in the log and in `ps`.
const NAME: &str = "pacemaker-attrd";
/// The user and group as which it runs once it is in the ring.
const USER: &str = "hacluster";
const GROUP: &str = "haclient";

/// Runs the daemon until it is asked to end; the first argument is the name it was called by.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let mut verbose = false;
    for argument in args.iter().skip(1) {
        match argument.to_str() {
            Some("-V" | "--verbose") => verbose = true,
            Some("-$" | "--version") => {
                let _ = writeln!(io::stdout(), "Pacemaker 2.1.5\nCardea {PRODUCT_VERSION}");
                return ExitCode::SUCCESS;
            }
            Some("-?" | "--help") => {
                let _ = writeln!(
                    io::stdout(),
                    "{NAME} - daemon for managing Pacemaker node attributes\n\n\
                     Usage: {NAME} [-V] [--version]"
                );
                return ExitCode::SUCCESS;
            }
            _ => {
                let argument = argument.to_string_lossy();
                let _ = writeln!(io::stderr(), "{NAME}: unknown argument '{argument}'");
                return ExitCode::from(64);
            }
        }
    }
    let mut log = LogSettings::from_environment(NAME);
    if verbose {
        log.level = log.level.max(tracing::Level::DEBUG);
    }
    runtime::init_log(&log);
    runtime::run(run())
}

async fn run() -> ToolExit {
    let mut termination = match Termination::new() {
        Ok(termination) => termination,
        Err(error) => {
            tracing::error!("signals cannot be watched: {error}");
            return ToolExit::OsError;
        }
    };
    tracing::info!("Starting Pacemaker node attribute manager");
    tokio::select! {
        exit = connect_and_serve() => exit,
        () = termination.requested() => ToolExit::Ok,
    }
}

async fn connect_and_serve() -> ToolExit {
    // The CIB first: from then on every message and request can be dealt with at once.
    let mut cib = match CibSide::connect().await {
        Ok(cib) => cib,
        Err(error) => {
            tracing::error!("Connection to the CIB manager failed: {error}");
            return ToolExit::Fatal;
        }
    };
    // The ring lets root in, so it is joined before root's rights are given up.
    let ring = match RingSide::join().await {
        Ok(ring) => ring,
        Err(error) => {
            tracing::error!("Cluster connection failed: {error}");
            return ToolExit::Disconnect;
        }
    };
    if let Err(error) = runtime::become_user(USER, GROUP) {
        tracing::error!("cannot become user {USER}: {error}");
        return ToolExit::Fatal;
    }
    // No value is known here yet, and the CIB shall say the same.
    if let Err(error) = cib.erase(ring.local_name()).await {
        tracing::warn!("could not clear transient attributes in the CIB: {error}");
    }
    match Endpoint::bind() {
        Ok(endpoint) => Daemon::new(cib, ring, endpoint).run().await,
        Err(error) => {
            tracing::error!("cannot listen, perhaps another attribute manager is active: {error}");
            ToolExit::Error
        }
    }
}
