//! Starting the daemons' processes, watching them and looking whether they answer.

use std::{
    io,
    os::{fd::OwnedFd, unix::process::ExitStatusExt},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use ipc::xml::AsyncXmlClient;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, pidfd_open},
};
use supervisor::{Daemon, Exit, Health, Input, Signal};
use tokio::{
    process::Command,
    sync::mpsc,
    task::spawn_local,
    time::{sleep, timeout},
};

/// How long a daemon may take to accept a connection before it counts as silent.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a process that is no child of this one is looked at.
const WATCH_INTERVAL: Duration = Duration::from_millis(250);

/// The daemons' processes; what happens to them comes out as inputs of the supervisor.
#[derive(Debug)]
pub(crate) struct Children {
    environment: Vec<(String, String)>,
    inputs: mpsc::UnboundedSender<Input>,
    keep_stderr: bool,
}

impl Children {
    /// No process yet. Every daemon gets the launcher's environment and `environment` besides.
    pub(crate) fn new(
        environment: Vec<(String, String)>,
        inputs: mpsc::UnboundedSender<Input>,
    ) -> Self {
        let keep_stderr =
            std::env::var("PCMK_stderr").is_ok_and(|text| vocab::parse_boolean(&text) == Ok(true));
        Self { environment, inputs, keep_stderr }
    }

    /// Starts a daemon: this binary under its name.
    pub(crate) fn spawn(&self, daemon: Daemon, again: bool) {
        let input = match self.start(daemon, again) {
            Ok(pid) => Input::Spawned { daemon, pid },
            Err(error) => Input::SpawnFailed { daemon, reason: error.to_string() },
        };
        self.report(input);
    }

    fn start(&self, daemon: Daemon, again: bool) -> io::Result<u32> {
        // By this path the binary that runs is found even after another was put in its place.
        let mut command = Command::new("/proc/self/exe");
        command
            .arg0(daemon.name())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("PCMK_service", daemon.name())
            .env("HA_service", daemon.name())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(if self.keep_stderr { Stdio::inherit() } else { Stdio::null() })
            // Signals from a terminal are for the launcher, which then stops its daemons in order.
            .process_group(0);
        if again {
            command.env("PCMK_respawned", "true");
        }
        let mut child = command.spawn()?;
        let pid = child.id().ok_or_else(|| io::Error::other("it ended at once"))?;
        let inputs = self.inputs.clone();
        spawn_local(async move {
            let exit = child.wait().await.map_or(Exit::Unknown, exit);
            // Nobody listens only once the launcher ends.
            let _ = inputs.send(Input::Exited { daemon, pid, exit });
        });
        Ok(pid)
    }

    /// Looks for daemons that run already, and watches those it finds.
    pub(crate) async fn find(&self) -> Vec<(Daemon, u32)> {
        let mut found = Vec::new();
        for daemon in Daemon::ALL {
            if let Some(pid) = listener(daemon).await {
                self.watch(daemon, pid);
                found.push((daemon, pid));
            }
        }
        found
    }

    /// Reports the end of a process that is not a child of this one.
    fn watch(&self, daemon: Daemon, pid: u32) {
        let inputs = self.inputs.clone();
        spawn_local(async move {
            if let Ok(handle) = process_handle(pid) {
                while !has_ended(&handle) {
                    sleep(WATCH_INTERVAL).await;
                }
            }
            let _ = inputs.send(Input::Exited { daemon, pid, exit: Exit::Unknown });
        });
    }

    /// Sends a signal.
    pub(crate) fn kill(&self, daemon: Daemon, pid: u32, signal: Signal) {
        let number = match signal {
            Signal::Terminate => rustix::process::Signal::TERM,
            Signal::Abort => rustix::process::Signal::SEGV,
            Signal::Kill => rustix::process::Signal::KILL,
        };
        let sent = process_id(pid).and_then(|pid| Ok(rustix::process::kill_process(pid, number)?));
        if let Err(error) = sent {
            tracing::error!("could not stop {daemon}, process {pid}: {error}");
        }
    }

    /// Looks whether the process answers at the daemon's endpoint.
    pub(crate) fn check(&self, daemon: Daemon, pid: u32) {
        let inputs = self.inputs.clone();
        spawn_local(async move {
            let health =
                if listener(daemon).await == Some(pid) { Health::Good } else { Health::Silent };
            let _ = inputs.send(Input::Checked { daemon, pid, health });
        });
    }

    fn report(&self, input: Input) {
        let _ = self.inputs.send(input);
    }
}

/// The process that answers at a daemon's endpoint.
async fn listener(daemon: Daemon) -> Option<u32> {
    match timeout(CHECK_TIMEOUT, AsyncXmlClient::connect(daemon.endpoint())).await {
        Ok(Ok(connection)) => Some(connection.server().pid),
        Ok(Err(error)) => {
            tracing::trace!("{daemon}: {error}");
            None
        }
        Err(_) => None,
    }
}

fn process_id(pid: u32) -> io::Result<Pid> {
    i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| io::Error::other("no process has this number"))
}

/// Stands for the process even after its number went to another one.
fn process_handle(pid: u32) -> io::Result<OwnedFd> {
    Ok(pidfd_open(process_id(pid)?, PidfdFlags::empty())?)
}

/// A handle of a process is readable once it has ended; one that cannot be asked leaves nothing to wait for.
fn has_ended(handle: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(handle, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec::default())).map_or(true, |ready| ready > 0)
}

fn exit(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Status(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    }
}
