use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

/// Where the state of all clusters of this machine is.
pub(crate) fn root() -> PathBuf {
    std::env::temp_dir().join("cardea-netns")
}

pub(crate) fn lock_path(directory: &Path) -> PathBuf {
    directory.join("lock")
}

/// The file with the process id of a node's PID 1, as the host counts.
pub(crate) fn pid_path(directory: &Path, node: &str) -> PathBuf {
    directory.join("nodes").join(node).join("pid")
}

/// Removes the state of clusters whose program is gone, and returns their names. Clusters that are running stay.
///
/// # Errors
///
/// When a directory cannot be read or removed.
pub fn remove_leftovers() -> Result<Vec<String>> {
    let mut removed = Vec::new();
    let Ok(entries) = fs::read_dir(root()) else { return Ok(removed) };
    for entry in entries {
        let directory = entry?.path();
        if is_running(&directory) {
            continue;
        }
        kill_nodes(&directory);
        remove_state(&directory)?;
        removed.push(directory.file_name().unwrap_or_default().to_string_lossy().into_owned());
    }
    Ok(removed)
}

/// Removes a state directory, unless something is mounted below it here: then it would not be ours alone.
pub(crate) fn remove_state(directory: &Path) -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").context("/proc/self/mountinfo")?;
    let below = format!(" {}/", directory.display());
    if let Some(mount) = mounts.lines().find(|line| line.contains(&below)) {
        bail!("{} is not removed, since it has a mount: {mount}", directory.display());
    }
    match fs::remove_dir_all(directory) {
        // Somebody else cleans up at the same time.
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", directory.display()))
        }
        _ => Ok(()),
    }
}

/// Whether the keeper of this state directory is alive.
pub(crate) fn is_running(directory: &Path) -> bool {
    match File::open(lock_path(directory)).map(|lock| lock.try_lock()) {
        Ok(Err(TryLockError::WouldBlock)) => true,
        Ok(_) | Err(_) => false,
    }
}

/// The process id, as the host counts, of PID 1 of a node (or the client) in the named cluster of another process.
///
/// # Errors
///
/// When no such cluster runs, or the node is switched off or unknown.
pub fn running_node(cluster: &str, node: &str) -> Result<(PathBuf, Pid)> {
    let directory = root().join(cluster);
    if !is_running(&directory) {
        bail!("no cluster named {cluster:?} is running");
    }
    let names = node_names(&directory);
    if !names.iter().any(|name| name == node) {
        bail!("no node {node:?}; there are: {}", names.join(", "));
    }
    match living_pid(&directory, node) {
        Some(pid) => Ok((directory, pid)),
        None => bail!("{node} is switched off"),
    }
}

fn node_names(directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory.join("nodes")) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The nodes whose PID 1 is alive.
pub(crate) fn living_nodes(directory: &Path) -> Vec<String> {
    let mut names = node_names(directory);
    names.retain(|name| living_pid(directory, name).is_some());
    names
}

pub(crate) fn kill_nodes(directory: &Path) {
    for pid in node_names(directory).iter().filter_map(|name| living_pid(directory, name)) {
        // It may end by itself in between.
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// The recorded process, if it is still the one that was recorded: its command line must name the state directory.
fn living_pid(directory: &Path, node: &str) -> Option<Pid> {
    let text = fs::read_to_string(pid_path(directory, node)).ok()?;
    let pid = Pid::from_raw(text.trim().parse().ok()?)?;
    let command = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).ok()?;
    let command = String::from_utf8_lossy(&command);
    let ours = command.contains("netns-init") && command.contains(&*directory.to_string_lossy());
    ours.then_some(pid)
}
