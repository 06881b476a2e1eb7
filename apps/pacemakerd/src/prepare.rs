//! Directories, files and limits that the daemons expect.

use std::{
    env, fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown},
    path::Path,
};

use process::User;
use runtime::LogSettings;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The user as which the daemons run that need not be root.
const CLUSTER_USER: &str = "hacluster";

/// The cluster's user is not known on this host.
#[derive(Debug)]
pub(crate) struct NoClusterUser;

/// Makes the directories that are missing and gives them to the cluster's user.
pub(crate) fn directories() -> Result<User, NoClusterUser> {
    let user = User::named(CLUSTER_USER).ok_or(NoClusterUser)?;
    for path in [
        "/run/crm",
        "/var/lib/pacemaker",
        "/var/lib/pacemaker/cores",
        "/var/lib/pacemaker/blackbox",
        "/var/lib/pacemaker/pengine",
        "/var/lib/pacemaker/cib",
    ] {
        if let Err(error) = directory(Path::new(path), 0o750, user) {
            tracing::warn!("{path} cannot be prepared: {error}");
        }
    }
    Ok(user)
}

fn directory(path: &Path, mode: u32, user: User) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(mode).create(path)?;
    chown(path, Some(user.uid), Some(user.gid))
}

/// Makes the log file before any daemon does, so that all can write to it whoever they run as.
pub(crate) fn log_file(settings: &LogSettings) -> io::Result<()> {
    let (Some(path), Some(user)) = (&settings.file, User::named(CLUSTER_USER)) else {
        return Ok(());
    };
    if let Some(parent) = path.parent()
        && !parent.exists()
    {
        directory(parent, 0o770, user)?;
    }
    let mode = env::var("PCMK_logfile_mode")
        .ok()
        .and_then(|text| u32::from_str_radix(&text, 8).ok())
        .unwrap_or(0o660);
    let file = fs::OpenOptions::new().create(true).append(true).mode(mode).open(path)?;
    if file.metadata()?.is_file() {
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        chown(path, Some(user.uid), Some(user.gid))?;
    }
    Ok(())
}

/// Lets the daemons leave core files as large as they come.
pub(crate) fn core_limit() {
    let limit = getrlimit(Resource::Core);
    // No limit at all, where one can be had; else all that is allowed.
    let wishes = [
        Rlimit { current: None, maximum: None },
        Rlimit { current: limit.maximum, maximum: limit.maximum },
    ];
    if !wishes.into_iter().any(|wish| setrlimit(Resource::Core, wish).is_ok()) {
        tracing::info!("the system's limit on core files cannot be raised");
    }
}
