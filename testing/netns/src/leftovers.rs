use std::{
    ffi::OsStr,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::wait_until;

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

/// Ends the program that holds the named cluster, and says whether there was one. Returns when nothing is left of it.
///
/// # Errors
///
/// When it does not end.
pub fn end_running(cluster: &str) -> Result<bool> {
    let directory = root().join(cluster);
    if !is_running(&directory) {
        return Ok(false);
    }
    let text = fs::read_to_string(owner_path(&directory)).context("its owner is not known")?;
    let owner = Pid::from_raw(text.trim().parse()?).context("its owner is not known")?;
    let command = fs::read(format!("/proc/{owner}/cmdline")).unwrap_or_default();
    if !String::from_utf8_lossy(&command).contains("xtask") {
        bail!("process {owner} holds the cluster {cluster:?}, but it is none of ours");
    }
    kill_process(owner, Signal::TERM)?;
    wait_until("the end of the cluster", Duration::from_secs(60), || {
        if is_running(&directory) { bail!("its keeper is still there") } else { Ok(()) }
    })?;
    Ok(true)
}

/// Makes the state directory of a cluster that is about to start, so that it never exists without its owner's name:
/// another program that starts at the same time would take it for a leftover.
pub(crate) fn claim(cluster: &str) -> Result<PathBuf> {
    let directory = root().join(cluster);
    if is_running(&directory) {
        bail!("a cluster named {cluster:?} is running already");
    }
    if directory.exists() {
        kill_nodes(&directory);
        remove_state(&directory)?;
    }
    let unfinished = root().join(format!(".{cluster}-{}", std::process::id()));
    fs::create_dir_all(unfinished.join("nodes"))?;
    fs::write(owner_path(&unfinished), std::process::id().to_string())?;
    fs::rename(&unfinished, &directory).context("another cluster of this name is starting")?;
    Ok(directory)
}

/// Whether another program that lives has claimed the directory.
fn is_owned(directory: &Path) -> bool {
    let Ok(text) = fs::read_to_string(owner_path(directory)) else { return false };
    let owner = text.trim();
    let command = fs::read(format!("/proc/{owner}/cmdline")).unwrap_or_default();
    owner != std::process::id().to_string() && String::from_utf8_lossy(&command).contains("xtask")
}

/// The file with the process id of the program that holds the cluster.
fn owner_path(directory: &Path) -> PathBuf {
    directory.join("owner")
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
        let entry = entry?;
        let directory = entry.path();
        // A file is somebody else's.
        if !entry.file_type()?.is_dir() {
            continue;
        }
        // A directory that is being made has a dot in front; see `claim`.
        let name = entry.file_name();
        let unfinished = name.as_encoded_bytes().starts_with(b".") && !is_doomed(&name);
        if unfinished || is_running(&directory) || is_owned(&directory) {
            continue;
        }
        kill_nodes(&directory);
        remove_state(&directory)?;
        if !is_doomed(&name) {
            removed.push(name.to_string_lossy().into_owned());
        }
    }
    Ok(removed)
}

/// What the names of directories that are being removed begin with.
const DOOMED: &str = ".removed-";

fn is_doomed(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(DOOMED.as_bytes())
}

/// Removes a state directory, unless something is mounted below it here: then it would not be ours alone.
pub(crate) fn remove_state(directory: &Path) -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").context("/proc/self/mountinfo")?;
    let below = format!(" {}/", directory.display());
    if let Some(mount) = mounts.lines().find(|line| line.contains(&below)) {
        bail!("{} is not removed, since it has a mount: {mount}", directory.display());
    }
    // Out of the way first: the name may be taken again while the files are still being removed.
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let doomed = match is_doomed(name.as_ref().as_ref()) {
        true => directory.to_owned(),
        false => directory.with_file_name(format!("{DOOMED}{name}-{}", std::process::id())),
    };
    if doomed != directory && fs::rename(directory, &doomed).is_err() {
        // Somebody else did it at the same time.
        return Ok(());
    }
    match fs::remove_dir_all(doomed) {
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
pub(crate) fn running_node(cluster: &str, node: &str) -> Result<(PathBuf, Pid)> {
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
