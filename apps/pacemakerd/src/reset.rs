//! Resets the host, when something is so wrong that going on would be worse.

use std::{env, fs, os::unix::fs::MetadataExt};

use rustix::system::{RebootCommand, reboot};

/// The inode number of the process namespace that a system starts with, fixed by the kernel.
const FIRST_PID_NAMESPACE: u64 = 0xEFFF_FFFC;

/// What `PCMK_panic_action` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Action {
    crash: bool,
    sync: bool,
}

impl Action {
    fn from_setting(setting: Option<&str>) -> Self {
        match setting {
            Some("crash") => Self { crash: true, sync: false },
            Some("sync-crash") => Self { crash: true, sync: true },
            Some("sync-reboot") => Self { crash: false, sync: true },
            Some(_) | None => Self { crash: false, sync: false },
        }
    }
}

/// Resets the host at once. Returns only if that cannot be done.
pub(crate) fn reset() {
    let setting = env::var("PCMK_panic_action").ok();
    let action = Action::from_setting(setting.as_deref());
    if let Some(namespace) = foreign_namespace() {
        tracing::error!("not resetting the host: this is not its own {namespace} namespace");
        return;
    }
    tracing::error!("Panicking the system directly");
    if action.sync {
        rustix::fs::sync();
    }
    // Not from within a container: the kernel would reset the container's host.
    if namespace_id("/proc/self/ns/pid") == Some(FIRST_PID_NAMESPACE) {
        let key = if action.crash { "c\n" } else { "b\n" };
        if let Err(error) = fs::write("/proc/sysrq-trigger", key) {
            tracing::warn!("/proc/sysrq-trigger: {error}");
        }
    }
    if let Err(error) = reboot(RebootCommand::Restart) {
        tracing::error!("the system cannot be reset: {error}");
    }
}

/// A namespace that the launcher does not share with the first process. A launcher that was put aside on purpose, to try
/// a cluster out on one host, must not take the host down.
fn foreign_namespace() -> Option<&'static str> {
    ["pid", "net", "mnt"].into_iter().find(|name| {
        let own = namespace_id(&format!("/proc/self/ns/{name}"));
        own.is_none() || own != namespace_id(&format!("/proc/1/ns/{name}"))
    })
}

fn namespace_id(path: &str) -> Option<u64> {
    fs::metadata(path).ok().map(|metadata| metadata.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings() {
        assert_eq!(Action::from_setting(None), Action { crash: false, sync: false });
        assert_eq!(Action::from_setting(Some("sync-crash")), Action { crash: true, sync: true });
        assert_eq!(Action::from_setting(Some("reboot")), Action { crash: false, sync: false });
    }
}
