//! `pacemaker-fenced`: fences nodes.
//!
//! One loop around [`fencer::Fencer`]: clients' requests, messages of the other fencers, what the CIB says about devices, ends
//! of fence agents and timers go in, what the machine wants done is done in order.

mod agents;
mod cib_watch;
mod daemon;
mod peers;

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use fencer::Settings;
use ipc::{Access, xml::XmlServer};
use options::daemon_metadata;
use runtime::{LogSettings, Termination};
use vocab::ToolExit;

use crate::{daemon::Daemon, peers::Peers};

/// The daemon's name in the log and in `ps`.
const NAME: &str = "pacemaker-fenced";

/// The name clients connect to, and that of the process group.
const ENDPOINT: &str = "stonith-ng";

/// Runs the daemon until it is asked to end or loses the ring.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let mut verbose = false;
    for argument in args.iter().skip(1) {
        let text = match argument.to_str() {
            Some("-V" | "--verbose") => {
                verbose = true;
                continue;
            }
            Some("--version" | "-$") => format!("{NAME} {}\n", vocab::PRODUCT_VERSION),
            Some("--help" | "-?") => format!("usage: {NAME} [-V] [--help|--version] [metadata]\n"),
            // How tools of before 2.1.8 ask for the parameters of every fence device.
            Some("metadata") => format!("{}\n", daemon_metadata(options::Daemon::Fencer)),
            _ => {
                let argument = argument.to_string_lossy();
                let _ = writeln!(io::stderr(), "{NAME}: unknown argument '{argument}'");
                return ExitCode::from(64);
            }
        };
        let written = io::stdout().write_all(text.as_bytes());
        return if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let mut log = LogSettings::from_environment(NAME);
    if verbose {
        log.level = log.level.max(tracing::Level::DEBUG);
    }
    runtime::init_log(&log);
    runtime::run(serve())
}

async fn serve() -> ToolExit {
    let mut termination = match Termination::new() {
        Ok(termination) => termination,
        Err(error) => {
            tracing::error!("signals cannot be watched: {error}");
            return ToolExit::OsError;
        }
    };
    let peers = tokio::select! {
        peers = Peers::join() => peers,
        () = termination.requested() => return ToolExit::Ok,
    };
    let peers = match peers {
        Ok(peers) => peers,
        Err(error) => {
            tracing::error!("cannot join the ring: {error}");
            return ToolExit::Disconnect;
        }
    };
    let server = match XmlServer::bind(ENDPOINT, Access::Cluster) {
        Ok(server) => server,
        Err(error) => {
            tracing::error!("cannot listen as {ENDPOINT}: {error}");
            // Another fencer is at work, most likely: a restart would not help.
            return ToolExit::Fatal;
        }
    };
    let instance = uuid::Uuid::new_v4();
    let settings = Settings {
        local: peers.local_name().clone(),
        instance: instance.to_string(),
        seed: instance.as_u64_pair().1,
    };
    Daemon::new(server, peers, settings).run(termination).await
}
