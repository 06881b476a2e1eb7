use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

/// A process of a node, as the host sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its process id, as the host counts.
    pub pid: i32,
    /// The last part of its first argument: daemons are known by that.
    pub name: String,
}

impl Process {
    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// When it is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(self.pid).context("no process")?;
        kill_process(pid, signal).with_context(|| format!("{} [{}]", self.name, self.pid))
    }

    /// The file that it executes, with all links followed.
    ///
    /// # Errors
    ///
    /// When it is gone.
    pub fn executable(&self) -> Result<PathBuf> {
        fs::read_link(format!("/proc/{}/exe", self.pid)).with_context(|| self.name.clone())
    }

    /// Resident memory in KiB.
    ///
    /// # Errors
    ///
    /// When it is gone.
    pub fn resident_kib(&self) -> Result<u64> {
        self.status_field("VmRSS:")
    }

    /// Memory in KiB, with what is shared divided by the number of those who share it.
    ///
    /// # Errors
    ///
    /// When it is gone.
    pub fn proportional_kib(&self) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid))?;
        field(&text, "Pss:").with_context(|| format!("no Pss of process {}", self.pid))
    }

    /// How long its threads that live have been running on a processor.
    ///
    /// # Errors
    ///
    /// When it is gone.
    pub fn cpu_time(&self) -> Result<Duration> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.pid))?;
        let nanoseconds = threads.flatten().filter_map(|thread| {
            // A thread that ends in between is left out.
            let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<u64>().ok()
        });
        Ok(Duration::from_nanos(nanoseconds.sum()))
    }

    /// Memory in KiB that no other process shares.
    ///
    /// # Errors
    ///
    /// When it is gone.
    pub fn private_kib(&self) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid))?;
        let of = |name: &str| field(&text, name).unwrap_or(0);
        Ok(of("Private_Clean:") + of("Private_Dirty:"))
    }

    fn status_field(&self, name: &str) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        field(&text, name).with_context(|| format!("no {name} of process {}", self.pid))
    }
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|l| l.starts_with(name))?;
    line[name.len()..].split_whitespace().next()?.parse().ok()
}

/// All processes in the PID namespace of `pid1`, by process id.
pub(crate) fn of_namespace(pid1: i32) -> Vec<Process> {
    let namespace = |pid: i32| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
    let Some(wanted) = namespace(pid1) else { return Vec::new() };
    let mut found: Vec<Process> = numbers()
        .into_iter()
        .filter(|pid| namespace(*pid) == Some(wanted.clone()))
        .map(|pid| Process { pid, name: name_of(pid) })
        .collect();
    found.sort_by_key(|p| p.pid);
    found
}

fn numbers() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|e| e.file_name().to_str()?.parse().ok()).collect()
}

fn name_of(pid: i32) -> String {
    // A process that ends in between has an empty name, which matches no daemon.
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let first = command.split(|b| *b == 0).next().unwrap_or_default();
    let path = PathBuf::from(String::from_utf8_lossy(first).into_owned());
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
