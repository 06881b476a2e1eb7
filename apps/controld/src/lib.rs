//! `pacemaker-controld`: the node's part in the life of the cluster.
//!
//! One loop around [`controller::Controller`]: ring, clients, timers and the answers of the other daemons go in, what the
//! machine wants done is done in order. Each of the other daemons is talked to by a task of its own, so that none that is
//! slow holds up the rest; what one task is asked for, it does in order.

mod arguments;
mod attribute_side;
mod cib_side;
mod clients;
mod daemon;
mod effects;
mod executor_side;
mod fencer_side;
mod load;
mod metadata;
mod ring_side;
mod scheduler_side;
mod watchdog;

use std::{ffi::OsString, process::ExitCode};

use controller::{Settings, StartState};
use runtime::{Clock, LogSettings, Termination};
use vocab::{FEATURE_SET, ToolExit};

use arguments::Asked;
use clients::Clients;
use daemon::Daemon;
use ring_side::RingSide;

/// The daemon's name in the log and in `ps`.
const NAME: &str = "pacemaker-controld";
/// The user and group that the daemon runs as.
const USER: &str = "hacluster";
const GROUP: &str = "haclient";

/// Runs the daemon until the node leaves the cluster.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let verbose = match arguments::parse(&args) {
        Ok(Asked::Run { verbose }) => verbose,
        Ok(Asked::Print(text)) => return print(&text),
        Err(problem) => {
            complain(&format!("{NAME}: {problem}\n"));
            return ExitCode::from(64);
        }
    };
    let mut log = LogSettings::from_environment(NAME);
    if verbose {
        log.level = log.level.max(tracing::Level::DEBUG);
    }
    runtime::init_log(&log);
    runtime::run(run())
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

async fn run() -> ToolExit {
    let mut termination = match Termination::new() {
        Ok(termination) => termination,
        Err(error) => {
            tracing::error!("signals cannot be watched: {error}");
            return ToolExit::OsError;
        }
    };
    tracing::info!("Starting Pacemaker controller (feature set {FEATURE_SET})");
    // The ring lets root in, so it is joined before root's rights are given up.
    let joined = tokio::select! {
        joined = RingSide::join() => joined,
        () = termination.requested() => return ToolExit::Ok,
    };
    let ring = match joined {
        Ok(ring) => ring,
        Err(error) => {
            tracing::error!("the cluster cannot be joined: {error}");
            return ToolExit::Fatal;
        }
    };
    if let Err(error) = runtime::become_user(USER, GROUP) {
        tracing::error!("cannot become user {USER}: {error}");
        return ToolExit::Fatal;
    }
    let clients = match Clients::bind() {
        Ok(clients) => clients,
        Err(error) => {
            tracing::error!("cannot listen, perhaps another controller is active: {error}");
            return ToolExit::Fatal;
        }
    };
    let settings = Settings {
        node: ring.local_id(),
        name: ring.local_name().clone(),
        configured: ring.configured(),
        cluster_name: ring.cluster_name().map(str::to_owned),
        product_version: format!("{}-cardea", vocab::PRODUCT_VERSION),
        origin: uuid::Uuid::new_v4().to_string(),
        start_state: start_state(),
        have_watchdog: watchdog::is_served(),
        job_max: load::job_max(),
    };
    Daemon::new(settings, ring, clients, Clock::start()).run(termination).await
}

/// The state in which the environment wants the node to start.
fn start_state() -> Option<StartState> {
    match std::env::var("PCMK_node_start_state").ok()?.as_str() {
        "standby" => Some(StartState::Standby),
        "online" => Some(StartState::Online),
        "default" => None,
        other => {
            tracing::warn!(
                "ignoring PCMK_node_start_state={other}: use default, standby or online"
            );
            None
        }
    }
}
