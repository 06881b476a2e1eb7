//! The files that make a node: its own copies of host directories, and what is written into them.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    command::host,
    settings::{SERVICE_ADDRESS, node_address, node_name},
};

/// Directories of which a node has its own, and whether it starts from the host's content.
pub(crate) const PRIVATE: [(&str, Start); 11] = [
    ("etc", Start::Copy),
    ("root", Start::Empty),
    ("var/log", Start::Empty),
    ("var/lib/pacemaker", Start::Skeleton),
    ("var/lib/corosync", Start::Skeleton),
    ("var/lib/pcsd", Start::Skeleton),
    ("var/lib/pcs", Start::Skeleton),
    ("var/lib/nginx", Start::Skeleton),
    ("var/lib/heartbeat", Start::Skeleton),
    ("var/spool", Start::Empty),
    ("var/www/html", Start::Empty),
];

/// What a private directory holds in the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// Everything that the host's has.
    Copy,
    /// The host's directories with their owners, without files.
    Skeleton,
    /// Nothing.
    Empty,
}

/// The entries of `directory` that a node has for itself.
pub(crate) fn private_below(directory: &str) -> Vec<String> {
    let below = |(path, _): &(&str, Start)| {
        path.strip_prefix(directory)?.strip_prefix('/').map(str::to_owned)
    };
    PRIVATE.iter().filter_map(below).collect()
}

/// Makes the disk of a machine: one directory for each of [`PRIVATE`].
pub(crate) fn make_disk(disk: &Path) -> Result<()> {
    for (path, start) in PRIVATE {
        let (source, target) = (Path::new("/").join(path), disk.join(path));
        fs::create_dir_all(&target)?;
        if !source.is_dir() {
            continue;
        }
        match start {
            Start::Copy => {
                host("cp", &["-a", &format!("{}/.", source.display()), &text(&target)], "")?;
            }
            Start::Skeleton => copy_directories(&source, &target)?,
            Start::Empty => copy_owner(&source, &target)?,
        }
    }
    for name in ["pacemaker", "corosync", "cluster", "pcsd", "nginx", "crmsh"] {
        fs::create_dir_all(disk.join("var/log").join(name))?;
    }
    let etc = disk.join("etc");
    ensure_cluster_user(&etc)?;
    let owner = cluster_user(&etc);
    let state = disk.join("var/lib/pacemaker");
    let below = ["cib", "pengine", "cores", "blackbox"].map(|name| state.join(name));
    for path in below.iter().chain([&state, &disk.join("var/log/pacemaker")]) {
        fs::create_dir_all(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o770))?;
        if let Some((user, group)) = owner {
            chown(path, Some(user), Some(group))?;
        }
    }
    Ok(())
}

/// Adds the user that the daemons run as, with the ids that distributions reserve for it. The host has it only when a
/// pacemaker package was installed.
fn ensure_cluster_user(etc: &Path) -> Result<()> {
    for (file, name, line) in [
        ("group", "haclient", "haclient:x:189:"),
        (
            "passwd",
            "hacluster",
            "hacluster:x:189:189:cluster user:/var/lib/pacemaker:/usr/sbin/nologin",
        ),
        ("shadow", "hacluster", "hacluster:!!:17101::::::"),
    ] {
        let path = etc.join(file);
        let text = fs::read_to_string(&path).unwrap_or_default();
        if !text.lines().any(|l| l.split(':').next() == Some(name)) {
            let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            fs::write(&path, format!("{text}{end}{line}\n"))?;
        }
    }
    Ok(())
}

fn copy_directories(source: &Path, target: &Path) -> Result<()> {
    copy_owner(source, target)?;
    for entry in fs::read_dir(source)?.flatten().filter(|e| e.file_type().is_ok_and(|t| t.is_dir()))
    {
        let below = target.join(entry.file_name());
        fs::create_dir_all(&below)?;
        copy_directories(&entry.path(), &below)?;
    }
    Ok(())
}

fn copy_owner(source: &Path, target: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let from = source.metadata()?;
    chown(target, Some(from.uid()), Some(from.gid()))?;
    fs::set_permissions(target, from.permissions())?;
    Ok(())
}

/// The user and group ids of `hacluster:haclient`, where the host has them.
fn cluster_user(etc: &Path) -> Option<(u32, u32)> {
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(etc.join(file)).ok()?;
        let line = text.lines().find(|l| l.split(':').next() == Some(name))?.to_owned();
        line.split(':').nth(2)?.parse().ok()
    };
    Some((field("passwd", "hacluster")?, field("group", "haclient")?))
}

/// Names and addresses: the same on every machine of the network, plus the machine's own name.
pub(crate) fn write_names(etc: &Path, name: &str, nodes: usize) -> Result<()> {
    let mut hosts = "127.0.0.1\tlocalhost.localdomain\tlocalhost\n".to_owned();
    for number in 1..=nodes {
        let (address, node) = (node_address(number), node_name(number));
        hosts.push_str(&format!("{address}\t{node}.example.com\t{node}\n"));
    }
    hosts.push_str(&format!("{SERVICE_ADDRESS}\tha-web.example.com\tha-web\n"));
    fs::write(etc.join("hosts"), hosts)?;
    fs::write(etc.join("hostname"), format!("{name}\n"))?;
    // All clocks show UTC, so that times in logs can be compared.
    let _ = fs::remove_file(etc.join("localtime"));
    Ok(())
}

/// The ring's configuration and both keys.
pub(crate) fn write_cluster(etc: &Path, configuration: &str, key: &[u8]) -> Result<()> {
    fs::create_dir_all(etc.join("corosync"))?;
    fs::create_dir_all(etc.join("pacemaker"))?;
    fs::write(etc.join("corosync/corosync.conf"), configuration)?;
    let secret = etc.join("corosync/authkey");
    fs::write(&secret, key)?;
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o400))?;
    let shared = etc.join("pacemaker/authkey");
    fs::write(&shared, key)?;
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o640))?;
    if let Some((_, group)) = cluster_user(etc) {
        chown(&shared, None, Some(group))?;
    }
    Ok(())
}

/// The page of this node's web server, and a configuration of nginx that serves only that.
pub(crate) fn write_web_server(disk: &Path, name: &str, number: usize) -> Result<()> {
    let pages = disk.join("var/www/html");
    if pages.is_dir() {
        fs::write(
            pages.join("index.html"),
            format!("node{number} - {name} : nginx - It Works!\n"),
        )?;
    }
    let nginx = disk.join("etc/nginx");
    if nginx.is_dir() {
        fs::write(nginx.join("nginx.conf"), NGINX_CONF).context("cannot write nginx.conf")?;
    }
    Ok(())
}

const NGINX_CONF: &str = "\
user www-data;
worker_processes 1;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
events { worker_connections 768; }
http {
    access_log off;
    server {
        listen 80;
        root /var/www/html;
        index index.html;
    }
}
";

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Where a machine's disk is.
pub(crate) fn disk_path(directory: &Path, node: &str) -> PathBuf {
    directory.join("nodes").join(node).join("disk")
}
