//! PID 1 of a node.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::{
        fs::{PermissionsExt, symlink},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use rustix::{
    mount::{MountFlags, mount, mount_bind, mount_bind_recursive},
    process::{WaitOptions, wait},
};

use crate::{files, programs, units::Units};

/// Where PID 1 takes requests, inside the node.
pub(crate) const SOCKET: &str = "/run/netns-init.sock";

/// Sets up the node's view of the files, says `ready` and its process id as the host counts, and serves until the end
/// of standard input.
pub(crate) fn main(arguments: &[&str]) -> Result<()> {
    let [directory, name] = arguments else { bail!("usage: netns-init STATE-DIRECTORY NAME") };
    // The /proc that is mounted now is still the host's.
    let host_pid = fs::read_link("/proc/self").context("/proc/self")?;
    let directory = Path::new(directory);
    rustix::system::sethostname(name.as_bytes())?;
    arrange_files(directory, &files::disk_path(directory, name))?;

    let units = Units::new(programs::search_path(directory, name));
    start_reaper(&units)?;
    let listener = UnixListener::bind(SOCKET)?;
    std::thread::spawn({
        let units = Arc::clone(&units);
        move || serve(&listener, &units)
    });
    println!("ready {}", host_pid.display());
    std::io::stdout().flush()?;
    // Nothing is ever written: the read ends when the program that holds the cluster does. With PID 1 the kernel kills
    // every process of the node.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn arrange_files(directory: &Path, disk: &Path) -> Result<()> {
    let plain = MountFlags::empty();
    mount("proc", "/proc", "proc", plain, None).context("/proc")?;
    mount("tmpfs", "/run", "tmpfs", plain, Some(c"mode=755")).context("/run")?;
    mount("tmpfs", "/dev/shm", "tmpfs", plain, Some(c"mode=1777")).context("/dev/shm")?;
    // Interfaces of this network namespace; agents can do without.
    let _ = mount("sysfs", "/sys", "sysfs", plain, None);
    for (name, mode) in [
        ("lock", 0o1777),
        ("resource-agents", 0o1777),
        ("fence-agents", 0o1777),
        ("heartbeat/rsctmp", 0o1777),
        ("systemd/system", 0o755),
        ("user", 0o755),
    ] {
        let path = Path::new("/run").join(name);
        fs::create_dir_all(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
    }
    replace_entries(
        Path::new("/var/lib"),
        &disk.join("var/lib"),
        &files::private_below("var/lib"),
    )?;
    for (path, _) in files::PRIVATE.iter().filter(|(p, _)| !p.starts_with("var/lib/")) {
        let (own, target) = (disk.join(path), Path::new("/").join(path));
        if own.is_dir() && target.is_dir() {
            mount_bind(&own, &target).with_context(|| target.display().to_string())?;
        }
    }
    let agents = directory.join("ocf/resource.d");
    if agents.join("pacemaker").is_dir() {
        let names = vec!["pacemaker".to_owned()];
        replace_entries(Path::new("/usr/lib/ocf/resource.d"), &agents, &names)?;
    }
    let systemctl = Path::new("/usr/bin/systemctl");
    if systemctl.exists() {
        mount_bind(directory.join("tools/systemctl"), systemctl).context("systemctl")?;
    }
    Ok(())
}

/// Shows `own` in place of `target`. Entries of the target that are not among `names` are visible through it, so that
/// the host needs no mount point for those that it does not have.
fn replace_entries(target: &Path, own: &Path, names: &[String]) -> Result<()> {
    for entry in fs::read_dir(target).with_context(|| target.display().to_string())?.flatten() {
        let name = entry.file_name();
        if names.iter().any(|n| name == n.as_str()) {
            continue;
        }
        let (source, place) = (entry.path(), own.join(&name));
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            // It is there already after the first boot, and on a second node with shared agents.
            let _ = symlink(fs::read_link(&source)?, &place);
            continue;
        }
        if kind.is_dir() {
            fs::create_dir_all(&place)?;
        } else if !place.exists() {
            fs::write(&place, "")?;
        }
        mount_bind_recursive(&source, &place).with_context(|| place.display().to_string())?;
    }
    mount_bind_recursive(own, target).with_context(|| target.display().to_string())
}

/// Collects every child that ends. One child that never ends keeps the wait from failing for want of children.
fn start_reaper(units: &Arc<Units>) -> Result<()> {
    let units = Arc::clone(units);
    Command::new("sleep")
        .arg("infinity")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot run sleep")?;
    std::thread::spawn(move || {
        loop {
            if let Ok(Some((pid, status))) = wait(WaitOptions::empty()) {
                units.ended(pid, status);
            }
        }
    });
    Ok(())
}

fn serve(listener: &UnixListener, units: &Arc<Units>) {
    for stream in listener.incoming().flatten() {
        let units = Arc::clone(units);
        std::thread::spawn(move || {
            let mut line = String::new();
            if BufReader::new(&stream).read_line(&mut line).is_ok() {
                let reply = match answer(&units, line.trim()) {
                    Ok(text) => format!("ok {text}\n"),
                    Err(error) => format!("error {error:#}\n"),
                };
                // The client may have gone away.
                let _ = (&stream).write_all(reply.as_bytes());
            }
        });
    }
}

fn answer(units: &Units, request: &str) -> Result<String> {
    match request.split_whitespace().collect::<Vec<_>>()[..] {
        ["boot"] => units.boot()?,
        ["start", unit] => units.start(unit)?,
        ["stop", unit] => units.stop(unit)?,
        ["enable", unit] => units.enable(unit, true)?,
        ["disable", unit] => units.enable(unit, false)?,
        ["list"] => return Ok(units.names().collect::<Vec<_>>().join(" ")),
        ["show", unit] => {
            let shown = units.show(unit)?;
            let active = match (shown.main_pid, shown.failed) {
                (Some(_), _) => "active",
                (None, true) => "failed",
                (None, false) => "inactive",
            };
            let enabled = if shown.enabled { "enabled" } else { "disabled" };
            let pid = shown.main_pid.unwrap_or(0);
            return Ok(format!("{active} {enabled} {pid} {}", shown.description));
        }
        _ => bail!("unknown request {request:?}"),
    }
    Ok(String::new())
}

/// Sends one request to PID 1 through its socket and gives the text of the reply.
pub(crate) fn request(socket: &Path, request: &str) -> Result<String> {
    let mut stream = UnixStream::connect(socket)
        .with_context(|| format!("{} is not there", socket.display()))?;
    stream.write_all(format!("{request}\n").as_bytes())?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    match reply.trim_end().split_once(' ').unwrap_or((reply.trim_end(), "")) {
        ("ok", text) => Ok(text.to_owned()),
        ("error", text) => bail!("{text}"),
        _ => bail!("PID 1 ended while it answered"),
    }
}

/// The socket of a node's PID 1, from outside.
pub(crate) fn socket_of(host_pid: i32) -> PathBuf {
    PathBuf::from(format!("/proc/{host_pid}/root{SOCKET}"))
}
