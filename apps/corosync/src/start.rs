//! From the configuration to a running daemon.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use conf::{CgroupMove, IpcType, ProcessPriority, Settings};
use links::Links;
use runtime::{
    Clock, Journal, PidFile, PidFileError, RealtimeSettings, RootGroup, Severity, StateDirectory,
    Termination,
};
use tokio::runtime::Builder;
use wire::{exec::Service, qb};

use crate::{
    configure::Configuration,
    daemon::{Daemon, Parts},
    exit::Exit,
    journal,
    load::{Loaded, load},
    transport::{Plain, Transport},
};

/// Where the daemon keeps its files, unless configuration or environment say otherwise.
const STATE_DIRECTORY: &str = "/var/lib/corosync";
/// How long the last lines of the log may take.
const LOG_LIMIT: Duration = Duration::from_secs(2);

/// Says what is wrong with a configuration.
pub(crate) fn test(path: &Path) -> Exit {
    let loaded = match read(path) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    for warning in &loaded.warnings {
        complain(&format!("{}: warning: {warning}", path.display()));
    }
    match quorum::Quorum::new(&loaded.configuration.quorum()) {
        Ok(_) => Exit::Normal,
        Err(error) => {
            complain(&format!("{}: {error}", path.display()));
            Exit::Configuration
        }
    }
}

/// A configuration that can be used on this host. Goes to the state directory, as whatever is written later goes there.
fn read(path: &Path) -> Result<Loaded, Exit> {
    let loaded = load(path).map_err(|error| {
        complain(&error.to_string());
        if error.is_about_log() { Exit::LogConfiguration } else { Exit::Configuration }
    })?;
    let settings = &loaded.configuration.settings;
    journal::settings(&settings.logging).check_files().map_err(|error| {
        complain(&error.to_string());
        Exit::LogConfiguration
    })?;
    let state = state_directory(settings);
    std::env::set_current_dir(&state).map_err(|error| {
        complain(&format!("Cannot chdir to state directory {}. {error}", state.display()));
        Exit::StateDirectory
    })?;
    Ok(loaded)
}

/// Is a node of the ring until asked to end.
pub(crate) fn run(path: &Path, lock: &Path, in_foreground: bool) -> Exit {
    let loaded = match read(path) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let settings = &loaded.configuration.settings;
    let (log, state) = (journal::settings(&settings.logging), state_directory(settings));
    if !in_foreground && let Err(error) = runtime::detach() {
        complain(&format!("cannot go into the background: {error}"));
        return Exit::Fork;
    }
    let journal = match Journal::start(log) {
        Ok(journal) => journal,
        Err(error) => {
            complain(&format!("the log cannot be started: {error}"));
            return Exit::Log;
        }
    };
    journal.take_tracing();
    let exit = with_log(path, lock, loaded, &state, &journal);
    match exit {
        Exit::Normal => {
            journal.log("MAIN", Severity::Notice, "Corosync Cluster Engine exiting normally");
        }
        other => {
            let text = format!("Corosync Cluster Engine exiting with status {}", other.code());
            journal.log("MAIN", Severity::Error, text);
        }
    }
    journal.flush(LOG_LIMIT);
    exit
}

fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

fn state_directory(settings: &Settings) -> PathBuf {
    settings
        .system
        .state_dir
        .clone()
        .or_else(|| std::env::var_os("STATE_DIRECTORY").map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from(STATE_DIRECTORY))
}

fn with_log(path: &Path, lock: &Path, loaded: Loaded, state: &Path, journal: &Journal) -> Exit {
    let text = format!("Corosync Cluster Engine {} starting up", crate::COROSYNC_VERSION);
    journal.log("MAIN", Severity::Notice, text);
    for warning in &loaded.warnings {
        journal.log("MAIN", Severity::Warning, warning);
    }
    let _pid_file = match PidFile::lock(lock) {
        Ok(file) => file,
        Err(error) => {
            journal.log("MAIN", Severity::Error, &error);
            return match error {
                PidFileError::AlreadyRunning => Exit::AlreadyRunning,
                PidFileError::System { .. } => Exit::Lock,
            };
        }
    };
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            journal.log("MAIN", Severity::Error, format!("no event loop: {error}"));
            return Exit::Fatal;
        }
    };
    runtime.block_on(async {
        let mut termination = match Termination::new() {
            Ok(termination) => termination,
            Err(error) => {
                journal.log("MAIN", Severity::Error, format!("signals cannot be watched: {error}"));
                return Exit::Fatal;
            }
        };
        match daemon(path, loaded, state, journal) {
            Ok(daemon) => {
                let exit = daemon.run(termination.requested()).await;
                if exit == Exit::Normal {
                    let text = "Unloading all Corosync service engines.";
                    journal.log("SERV", Severity::Notice, text);
                }
                exit
            }
            Err(exit) => exit,
        }
    })
}

/// Makes the daemon of its parts. Must be called within the event loop.
fn daemon(path: &Path, loaded: Loaded, state: &Path, journal: &Journal) -> Result<Daemon, Exit> {
    let fail = |exit: Exit, text: &dyn std::fmt::Display| {
        journal.log("MAIN", Severity::Error, text);
        exit
    };
    let configuration = loaded.configuration;
    let node = configuration.node();
    let files = StateDirectory::open(state).map_err(|error| fail(Exit::StateDirectory, &error))?;
    let ring_sequence =
        files.ring_sequence(node).map_err(|error| fail(Exit::RingNumber, &error))?;
    let expected_votes =
        files.expected_votes().map_err(|error| fail(Exit::StateDirectory, &error))?;
    let seed = random_seed().map_err(|error| fail(Exit::Fatal, &error))?;
    let quorum = quorum::Quorum::new(&configuration.quorum())
        .map_err(|error| fail(Exit::Configuration, &error))?;
    let transport = transport(&configuration, seed);
    let name = match configuration.settings.totem.transport {
        conf::Transport::Knet => "Kronosnet",
        conf::Transport::Udpu => "UDP/IP Unicast",
        conf::Transport::Udp => "UDP/IP Multicast",
    };
    journal.log("TOTEM", Severity::Notice, format!("Initializing transport ({name})."));
    if let Transport::Links(_) = transport
        && let Some(crypto) = configuration.links(seed).crypto
    {
        crypto.check().map_err(|error| fail(Exit::Configuration, &error))?;
    }
    for notice in runtime::schedule(realtime(&configuration.settings)) {
        journal.log("MAIN", notice.severity(), notice);
    }
    if let Err(notice) = runtime::lock_memory() {
        journal.log("MAIN", notice.severity(), notice);
    }
    let watcher = crate::farewell::start()
        .inspect_err(|error| {
            let text =
                format!("nobody will say goodbye for this node should it be killed: {error}");
            journal.log("MAIN", Severity::Warning, text);
        })
        .ok();
    let services = services(&configuration.settings);
    let ipc = match configuration.settings.system.ipc_type {
        IpcType::Native | IpcType::SharedMemory => qb::Transport::SharedMemory,
        IpcType::Socket => qb::Transport::Socket,
    };
    let endpoints = crate::endpoints::Endpoints::bind(&services, ipc, &configuration.allowed())
        .map_err(|error| fail(Exit::Service, &error))?;
    for service in &services {
        let text = format!("Service engine loaded: {} [{}]", service.full_name(), service.number());
        journal.log("SERV", Severity::Notice, text);
    }
    Ok(Daemon::new(Parts {
        clock: Clock::start(),
        path: path.to_owned(),
        keys: loaded.keys,
        configuration,
        journal: journal.clone(),
        transport,
        quorum,
        endpoints,
        services,
        files,
        ring_sequence: ring_sequence.or_zero(),
        expected_votes: expected_votes.or_zero(),
        seed: u64::from_ne_bytes(seed[..8].try_into().unwrap_or_default()),
        watcher,
    }))
}

/// The services that there are, as the original has them: votes only where they are configured.
fn services(settings: &Settings) -> Vec<Service> {
    Service::ALL
        .into_iter()
        .filter(|service| *service != Service::Votequorum || settings.quorum.votequorum)
        .collect()
}

fn transport(configuration: &Configuration, seed: [u8; 32]) -> Transport {
    match configuration.settings.totem.transport {
        conf::Transport::Knet => Transport::Links(Box::new(Links::new(configuration.links(seed)))),
        conf::Transport::Udpu | conf::Transport::Udp => Transport::Plain(Plain::new(
            configuration.plain_peers(),
            configuration.group(),
            configuration.settings.totem.block_unlisted,
        )),
    }
}

fn random_seed() -> io::Result<[u8; 32]> {
    let mut seed = [0; 32];
    let mut filled = 0;
    while filled < seed.len() {
        filled +=
            rustix::rand::getrandom(&mut seed[filled..], rustix::rand::GetRandomFlags::empty())?;
    }
    Ok(seed)
}

fn realtime(settings: &Settings) -> RealtimeSettings {
    let system = &settings.system;
    RealtimeSettings {
        round_robin: system.sched_rr,
        nice: match system.priority {
            ProcessPriority::Unchanged => 0,
            ProcessPriority::Max => i32::MIN,
            ProcessPriority::Min => i32::MAX,
            ProcessPriority::Nice(nice) => nice,
        },
        root_group: match system.move_to_root_cgroup {
            CgroupMove::No => RootGroup::No,
            CgroupMove::Yes => RootGroup::Yes,
            CgroupMove::Auto => RootGroup::Automatic,
        },
    }
}
