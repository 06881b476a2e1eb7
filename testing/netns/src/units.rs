use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, OpenOptions},
    os::unix::{net::UnixDatagram, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, WaitStatus, kill_process};

use crate::programs;

/// What is known of a unit's main process.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It says when it is ready, on the socket that the environment names.
    Notify,
    /// It is taken for ready at once, and is started again when it fails.
    Simple,
}

/// What a unit is.
struct Definition {
    name: &'static str,
    description: &'static str,
    kind: Kind,
    /// By its name in the node's `PATH`.
    program: &'static str,
    argument: Option<&'static str>,
    /// Asks the unit to stop, instead of SIGTERM.
    stop: Option<[&'static str; 3]>,
    /// Which unit it cannot do without.
    requires: Option<&'static str>,
    stop_limit: Duration,
}

const DEFINITIONS: [Definition; 2] = [
    Definition {
        name: "corosync",
        description: "Corosync Cluster Engine",
        kind: Kind::Notify,
        program: "corosync",
        argument: Some("-f"),
        stop: Some(["corosync-cfgtool", "-H", "--force"]),
        requires: None,
        stop_limit: Duration::from_secs(90),
    },
    Definition {
        name: "pacemaker",
        description: "Pacemaker High Availability Cluster Manager",
        kind: Kind::Simple,
        program: "pacemakerd",
        argument: None,
        stop: None,
        requires: Some("corosync"),
        stop_limit: Duration::from_secs(1_800),
    },
];

/// A unit as `systemctl` shows it.
pub(crate) struct Shown {
    pub(crate) description: &'static str,
    pub(crate) main_pid: Option<u32>,
    pub(crate) failed: bool,
    pub(crate) enabled: bool,
}

#[derive(Default)]
struct State {
    /// Main processes of the units that run.
    running: BTreeMap<&'static str, u32>,
    /// Units that failed and were not started again.
    failed: BTreeSet<&'static str>,
    /// Units that somebody wants to run.
    wanted: BTreeSet<&'static str>,
    /// When units were started again by themselves, for the limit.
    restarts: BTreeMap<&'static str, Vec<Instant>>,
    /// Children whose end somebody waits for.
    watched: BTreeSet<u32>,
    /// How those ended, until it is fetched.
    exits: BTreeMap<u32, WaitStatus>,
}

/// The services of a node: starts, watches and stops them.
pub(crate) struct Units {
    state: Mutex<State>,
    changed: Condvar,
    path: String,
}

/// Exit code with which pacemakerd says that it must not be started again.
const FATAL: i32 = 100;
const RESTART_PAUSE: Duration = Duration::from_secs(1);
const RESTARTS: usize = 5;
const RESTART_WINDOW: Duration = Duration::from_secs(25);
const ENABLED: &str = "/etc/netns-units";

impl Units {
    /// The units of a node whose programs are found by `path`.
    pub(crate) fn new(path: String) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), changed: Condvar::new(), path })
    }

    /// The names of all units, in the order in which they start.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        DEFINITIONS.iter().map(|d| d.name)
    }

    /// Starts every enabled unit.
    pub(crate) fn boot(&self) -> Result<()> {
        self.names().filter(|n| enabled_path(n).exists()).try_for_each(|name| self.start(name))
    }

    /// Starts a unit and what it requires; returns when it is ready.
    pub(crate) fn start(&self, name: &str) -> Result<()> {
        let definition = Self::definition(name)?;
        if let Some(required) = definition.requires {
            self.start(required)?;
        }
        let mut state = self.lock();
        if state.running.contains_key(definition.name) {
            return Ok(());
        }
        state.wanted.insert(definition.name);
        state.failed.remove(definition.name);
        let started = self.launch(definition, state);
        if started.is_err() {
            let mut state = self.lock();
            state.wanted.remove(definition.name);
            state.failed.insert(definition.name);
        }
        started
    }

    fn launch(&self, definition: &Definition, mut state: MutexGuard<'_, State>) -> Result<()> {
        let mut command = Command::new(programs::find(&self.path, definition.program)?);
        command.envs(environment_file(&format!("/etc/default/{}", definition.name)));
        command.args(definition.argument);
        let ready = match definition.kind {
            Kind::Simple => None,
            Kind::Notify => {
                let path = format!("/run/netns-notify-{}.sock", definition.name);
                // It is there after an earlier start.
                let _ = fs::remove_file(&path);
                command.env("NOTIFY_SOCKET", &path);
                Some(UnixDatagram::bind(&path).with_context(|| path)?)
            }
        };
        // The lock is held from before the start until the process is known: the reaper cannot be earlier.
        let pid = self.spawn(definition.name, command)?;
        state.watched.insert(pid);
        state.running.insert(definition.name, pid);
        drop(state);
        match ready {
            Some(socket) => self.wait_ready(definition, &socket, pid),
            None => Ok(()),
        }
    }

    fn wait_ready(&self, definition: &Definition, socket: &UnixDatagram, pid: u32) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(90);
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        let mut message = [0; 1_024];
        loop {
            match socket.recv(&mut message) {
                Ok(length) if message[..length].windows(7).any(|w| w == b"READY=1") => {
                    return Ok(());
                }
                // A message of another kind, or none yet.
                Ok(_) | Err(_) => {}
            }
            if self.lock().running.get(definition.name) != Some(&pid) {
                bail!("{} ended while it started", definition.name);
            }
            if Instant::now() > deadline {
                bail!("{} was not ready within 90 s", definition.name);
            }
        }
    }

    /// Stops what requires the unit, then the unit; returns when its main process is gone.
    pub(crate) fn stop(&self, name: &str) -> Result<()> {
        let definition = Self::definition(name)?;
        for dependent in DEFINITIONS.iter().filter(|d| d.requires == Some(definition.name)) {
            self.stop(dependent.name)?;
        }
        let mut state = self.lock();
        state.wanted.remove(definition.name);
        state.failed.remove(definition.name);
        let Some(&pid) = state.running.get(definition.name) else { return Ok(()) };
        match definition.stop {
            Some([program, arguments @ ..]) => {
                let mut command = Command::new(programs::find(&self.path, program)?);
                command.args(arguments);
                let helper = self.spawn(definition.name, command)?;
                state = self.wait_exit(state, helper, definition.stop_limit)?.1;
            }
            None => signal(pid, Signal::TERM),
        }
        let deadline = Instant::now() + definition.stop_limit;
        while state.running.get(definition.name) == Some(&pid) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("{name} did not stop within {} s", definition.stop_limit.as_secs());
            }
            state = self.wait_change(state, left);
        }
        Ok(())
    }

    /// Makes a unit start at boot, or not.
    pub(crate) fn enable(&self, name: &str, enabled: bool) -> Result<()> {
        Self::definition(name)?;
        let path = enabled_path(name);
        if enabled {
            fs::create_dir_all(ENABLED)?;
            fs::write(path, "")?;
        } else if path.exists() {
            fs::remove_file(path)?;
        }
        Ok(())
    }

    pub(crate) fn show(&self, name: &str) -> Result<Shown> {
        let definition = Self::definition(name)?;
        let state = self.lock();
        Ok(Shown {
            description: definition.description,
            main_pid: state.running.get(definition.name).copied(),
            failed: state.failed.contains(definition.name),
            enabled: enabled_path(name).exists(),
        })
    }

    /// Takes note that a child ended. Every child of PID 1 is told of here, most of them orphans of no interest.
    pub(crate) fn ended(self: &Arc<Self>, pid: Pid, status: WaitStatus) {
        let pid = u32::try_from(pid.as_raw_nonzero().get()).unwrap_or(0);
        let mut state = self.lock();
        if !state.watched.remove(&pid) {
            return;
        }
        let unit = state.running.iter().find(|(_, main)| **main == pid).map(|(name, _)| *name);
        match unit {
            None => {
                state.exits.insert(pid, status);
            }
            Some(name) => {
                state.running.remove(name);
                if state.wanted.contains(name) {
                    self.consider_restart(&mut state, name, status);
                }
            }
        }
        self.changed.notify_all();
    }

    /// systemd's `Restart=on-failure` with a limit, for the units that have a main process of ours.
    fn consider_restart(
        self: &Arc<Self>,
        state: &mut State,
        name: &'static str,
        status: WaitStatus,
    ) {
        let simple = DEFINITIONS.iter().any(|d| d.name == name && d.kind == Kind::Simple);
        let failed = !matches!(status.exit_status(), Some(0 | FATAL));
        let recent = state.restarts.entry(name).or_default();
        recent.retain(|at| at.elapsed() < RESTART_WINDOW);
        if !simple || !failed || recent.len() >= RESTARTS {
            state.wanted.remove(name);
            if failed {
                state.failed.insert(name);
            }
            return;
        }
        recent.push(Instant::now());
        let units = Arc::clone(self);
        std::thread::spawn(move || {
            std::thread::sleep(RESTART_PAUSE);
            if units.lock().wanted.contains(name)
                && let Err(error) = units.start(name)
            {
                eprintln!("{name}: {error:#}");
            }
        });
    }

    /// Starts a program as a child of PID 1. The caller holds the lock and is the one who waits for it.
    fn spawn(&self, unit: &str, mut command: Command) -> Result<u32> {
        let program = command.get_program().to_string_lossy().into_owned();
        // `Command` would wait for a child that could not execute it, and the reaper may be faster.
        if !Path::new(&program).exists() {
            bail!("{program}: no such program");
        }
        let log =
            OpenOptions::new().create(true).append(true).open(format!("/var/log/{unit}.out"))?;
        command.env("PATH", &self.path).process_group(0).current_dir("/");
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(command.spawn().with_context(|| program)?.id())
    }

    fn wait_exit<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        pid: u32,
        limit: Duration,
    ) -> Result<(WaitStatus, MutexGuard<'a, State>)> {
        state.watched.insert(pid);
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = state.exits.remove(&pid) {
                return Ok((status, state));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("process {pid} did not end within {} s", limit.as_secs());
            }
            state = self.wait_change(state, left);
        }
    }

    fn wait_change<'a>(
        &self,
        state: MutexGuard<'a, State>,
        limit: Duration,
    ) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, limit).unwrap_or_else(PoisonError::into_inner).0
    }

    fn definition(name: &str) -> Result<&'static Definition> {
        let found = DEFINITIONS.iter().find(|d| d.name == name);
        found.with_context(|| format!("Unit {name}.service not found."))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // PID 1 must not fail because one of its threads did.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn enabled_path(name: &str) -> PathBuf {
    Path::new(ENABLED).join(name)
}

fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // It may have ended by itself, which is what is wanted.
        let _ = kill_process(pid, signal);
    }
}

/// The assignments of a systemd `EnvironmentFile`, which may be missing.
fn environment_file(path: &str) -> Vec<(String, String)> {
    fs::read_to_string(path).map(|text| assignments(&text)).unwrap_or_default()
}

fn assignments(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim).filter(|l| !l.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.trim().into(), value.trim().trim_matches('"').into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_files_have_comments_and_quotes() {
        let text = "# PCMK_a=1\nPCMK_debug=yes\n VALGRIND_OPTS=\"--a=b --c\"\n\n";
        let expected = [("PCMK_debug", "yes"), ("VALGRIND_OPTS", "--a=b --c")];
        assert_eq!(assignments(text), expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }
}
