//! Drop-in files that make systemd leave a unit to the cluster.
//!
//! The order "before pacemaker" never starts anything, but at shutdown it is reversed: systemd does not stop the unit while the
//! cluster is still there to do it.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Where drop-ins live that go with the next boot.
pub(crate) const RUNTIME_UNITS: &str = "/run/systemd/system";

const FILE: &str = "50-pacemaker.conf";

/// The directory of a unit's drop-ins.
fn directory(root: &Path, unit: &str) -> PathBuf {
    root.join(format!("{unit}.d"))
}

/// Writes the unit's drop-in.
pub(crate) fn create(root: &Path, unit: &str) -> io::Result<()> {
    let directory = directory(root, unit);
    fs::create_dir_all(&directory)?;
    let mut text = format!(
        "[Unit]\nDescription=Cluster Controlled {}\nBefore=pacemaker.service pacemaker_remote.service\n",
        unit.strip_suffix(".service").unwrap_or(unit)
    );
    if unit.ends_with(".service") {
        text.push_str("\n[Service]\nRestart=no\n");
    }
    let path = directory.join(FILE);
    fs::write(&path, text)?;
    // systemd warns about drop-ins that not everybody can read.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644))
}

/// Removes the unit's drop-in; `false` if there was none.
pub(crate) fn remove(root: &Path, unit: &str) -> io::Result<bool> {
    match fs::remove_file(directory(root, unit).join(FILE)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drop_in_comes_and_goes() {
        let root = std::env::temp_dir().join(format!("systemd-{}", std::process::id()));
        create(&root, "nginx.service").unwrap();
        let text = fs::read_to_string(root.join("nginx.service.d/50-pacemaker.conf")).unwrap();
        assert!(text.contains("Before=pacemaker.service") && text.contains("Restart=no"), "{text}");
        create(&root, "data.mount").unwrap();
        let text = fs::read_to_string(root.join("data.mount.d/50-pacemaker.conf")).unwrap();
        assert!(!text.contains("[Service]"), "a mount has no such section: {text}");
        assert!(remove(&root, "nginx.service").unwrap());
        assert!(!remove(&root, "nginx.service").unwrap());
        fs::remove_dir_all(root).unwrap();
    }
}
