use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::{cluster::RunningNode, leftovers};

/// A machine that is switched on.
pub(crate) struct Node {
    /// `unshare`, the parent of PID 1.
    parent: Child,
    /// PID 1 ends when this does.
    lifeline: Option<ChildStdin>,
    pub(crate) running: RunningNode,
}

impl Node {
    /// Starts PID 1 of the machine, whose disk exists. It has no network yet and runs no service.
    pub(crate) fn boot(helper: &Path, directory: &Path, name: &str) -> Result<Self> {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new("unshare");
        command.args(["--net", "--mount", "--uts", "--ipc", "--pid", "--fork"]);
        command.arg(helper).arg("netns-init").arg(directory).arg(name);
        // A group of its own, so that Ctrl-C at a terminal reaches only the program.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let console = leftovers::pid_path(directory, name).with_file_name("console");
        command.stderr(File::create(&console)?);
        let mut parent = command.spawn().context("cannot run unshare (package util-linux)")?;
        let lifeline = parent.stdin.take();
        let stdout = parent.stdout.take().context("PID 1 has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let pid = line.trim().strip_prefix("ready ").and_then(|p| Pid::from_raw(p.parse().ok()?));
        let Some(pid) = pid else {
            bail!(
                "{name} did not boot: {}",
                fs::read_to_string(console).unwrap_or_default().trim()
            );
        };
        fs::write(leftovers::pid_path(directory, name), pid.to_string())?;
        Ok(Self { parent, lifeline, running: RunningNode::new(directory, name, pid) })
    }

    /// Kills every process of the machine at once; returns when they are gone.
    pub(crate) fn kill(mut self) -> Result<()> {
        let pid = self.running.pid();
        let handle = pidfd_open(pid, PidfdFlags::empty()).context("PID 1 is gone")?;
        pidfd_send_signal(&handle, Signal::KILL)?;
        self.end();
        Ok(())
    }

    fn end(&mut self) {
        self.lifeline = None;
        // Started by us and not waited for yet.
        let _ = self.parent.wait();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if self.lifeline.is_some() {
            self.end();
        }
    }
}
