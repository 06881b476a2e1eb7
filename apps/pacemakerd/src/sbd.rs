//! Whether SBD watches this host.

use std::{env, fs};

/// Whether the SBD daemon runs here.
pub(crate) fn is_running() -> bool {
    let by_file = fs::read_to_string("/run/sbd.pid").ok().is_some_and(|pid| is_sbd(pid.trim()));
    by_file
        || fs::read_dir("/proc").is_ok_and(|entries| {
            entries.flatten().any(|entry| {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                name.bytes().all(|byte| byte.is_ascii_digit()) && is_sbd(&name)
            })
        })
}

fn is_sbd(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_end() == "sbd")
}

/// Whether the daemons start only when SBD asks.
pub(crate) fn synchronises_startup() -> bool {
    env::var("SBD_SYNC_RESOURCE_STARTUP").is_ok_and(|text| vocab::parse_boolean(&text) == Ok(true))
}
