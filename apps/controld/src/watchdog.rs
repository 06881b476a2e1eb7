use std::{fs, path::Path};

/// Where SBD says which process it is.
const PID_FILE: &str = "/run/sbd.pid";

/// Whether SBD runs on this host and so looks after a watchdog.
pub(crate) fn is_served() -> bool {
    let Ok(text) = fs::read_to_string(PID_FILE) else { return false };
    let Ok(pid) = text.trim().parse::<u32>() else { return false };
    fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("comm"))
        .is_ok_and(|name| name.trim() == "sbd")
}
