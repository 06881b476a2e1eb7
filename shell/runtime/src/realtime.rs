use std::{fs, io, path::Path};

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::journal::Severity;

/// The root control group, in the first version of control groups and in the second.
const ROOT_GROUPS: [(&str, &str); 2] = [
    ("/sys/fs/cgroup/cpu/cpu.rt_runtime_us", "/sys/fs/cgroup/cpu/tasks"),
    ("/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/cgroup.procs"),
];

/// How the process is to be scheduled (`system` in `corosync.conf`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RealtimeSettings {
    /// Whether to ask for real time (`sched_rr`).
    pub round_robin: bool,
    /// The priority without real time (`priority`), from -20 to 19; what is beyond counts as the end.
    pub nice: i32,
    /// Whether to leave the control group first (`move_to_root_cgroup`).
    pub root_group: RootGroup,
}

/// Whether the process moves itself to the root control group, since some kernels permit real time nowhere else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RootGroup {
    /// It stays where it is.
    No,
    /// It moves.
    Yes,
    /// It moves if real time is not permitted where it is.
    #[default]
    Automatic,
}

impl Default for RealtimeSettings {
    fn default() -> Self {
        Self { round_robin: true, nice: 0, root_group: RootGroup::default() }
    }
}

/// Something that was not permitted; `Display` is the line for the log. Nothing of it is a reason to stop.
#[derive(Debug, thiserror::Error)]
pub enum RealtimeNotice {
    /// The process is not scheduled in real time.
    #[error("Could not set SCHED_RR at priority {priority}: {}", words(source))]
    RoundRobin {
        /// The priority that was asked for.
        priority: i32,
        /// What the system said.
        source: io::Error,
    },
    /// The process's priority stays as it was.
    #[error("Could not set priority {nice}: {}", words(source))]
    Nice {
        /// The priority that was asked for.
        nice: i32,
        /// What the system said.
        source: io::Error,
    },
    /// The process stays in its control group.
    #[error("Can't move to the root control group by {file}: {}", words(source))]
    RootGroup {
        /// The file that was written to.
        file: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The limit of locked memory stays as it was; memory is not locked.
    #[error("Could not increase RLIMIT_MEMLOCK, not locking memory: {}", words(source))]
    MemoryLimit {
        /// What the system said.
        source: io::Error,
    },
    /// The process's memory is not locked: it may have to wait for the disk.
    #[error("Could not lock memory of service to avoid page faults: {}", words(source))]
    Memory {
        /// What the system said.
        source: io::Error,
    },
}

impl RealtimeNotice {
    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        Severity::Warning
    }
}

/// An error of the system as C writes it: the words and the number.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    format!("{text} ({})", error.raw_os_error().unwrap_or(0))
}

/// Has the calling thread scheduled as told, which must be the one that runs the event loop. Threads and processes that it
/// starts later are scheduled as any other. Without permission it goes on with the best that is permitted.
pub fn schedule(settings: RealtimeSettings) -> Vec<RealtimeNotice> {
    let mut notices = Vec::new();
    if settings.root_group == RootGroup::Yes {
        notices.extend(move_to_root_group().err());
    }
    let mut nice = settings.nice;
    if settings.round_robin {
        let mut result = set_round_robin();
        if result.is_err() && settings.root_group == RootGroup::Automatic {
            notices.extend(move_to_root_group().err());
            result = set_round_robin();
        }
        // With real time the other priority means nothing; without, the best there is has to do.
        nice = if result.is_ok() { 0 } else { i32::MIN };
        notices.extend(result.err());
    }
    if nice != 0 {
        let clamped = nice.clamp(-20, 19);
        if let Err(error) = rustix::process::setpriority_process(None, clamped) {
            notices.push(RealtimeNotice::Nice { nice: clamped, source: error.into() });
        }
    }
    notices
}

/// Keeps all memory of the process, that of the future included, out of reach of paging.
pub fn lock_memory() -> Result<(), RealtimeNotice> {
    let unlimited = Rlimit { current: None, maximum: None };
    setrlimit(Resource::Memlock, unlimited)
        .map_err(|error| RealtimeNotice::MemoryLimit { source: error.into() })?;
    // SAFETY: a plain system call on numbers.
    match unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE) } {
        0 => Ok(()),
        _ => Err(RealtimeNotice::Memory { source: io::Error::last_os_error() }),
    }
}

fn set_round_robin() -> Result<(), RealtimeNotice> {
    // SAFETY: a plain system call on a number.
    let priority = unsafe { libc::sched_get_priority_max(libc::SCHED_RR) };
    // SAFETY: zeros are valid for this plain structure.
    let mut parameters: libc::sched_param = unsafe { std::mem::zeroed() };
    parameters.sched_priority = priority;
    let policy = libc::SCHED_RR | libc::SCHED_RESET_ON_FORK;
    // SAFETY: the parameters live during the call.
    match unsafe { libc::sched_setscheduler(0, policy, &parameters) } {
        0 => Ok(()),
        _ => Err(RealtimeNotice::RoundRobin { priority, source: io::Error::last_os_error() }),
    }
}

/// Moves the process to the root control group; does nothing where there are no control groups.
fn move_to_root_group() -> Result<(), RealtimeNotice> {
    let known = ROOT_GROUPS.into_iter().find(|(mark, _)| Path::new(mark).exists());
    let Some((_, file)) = known else { return Ok(()) };
    fs::write(file, format!("{}\n", std::process::id()))
        .map_err(|source| RealtimeNotice::RootGroup { file, source })
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn notices_are_c_s_lines() {
        let source = || io::Error::from_raw_os_error(libc::EPERM);
        assert_eq!(
            RealtimeNotice::RoundRobin { priority: 99, source: source() }.to_string(),
            "Could not set SCHED_RR at priority 99: Operation not permitted (1)"
        );
        assert_eq!(
            RealtimeNotice::MemoryLimit { source: source() }.to_string(),
            "Could not increase RLIMIT_MEMLOCK, not locking memory: Operation not permitted (1)"
        );
    }

    /// Real time may be permitted here or not; either way it is clear which.
    #[test]
    fn either_it_is_real_time_or_there_is_a_notice() {
        thread::spawn(|| {
            let settings = RealtimeSettings { root_group: RootGroup::No, ..Default::default() };
            let notices = schedule(settings);
            // SAFETY: a plain system call on a number.
            let policy = unsafe { libc::sched_getscheduler(0) } & !libc::SCHED_RESET_ON_FORK;
            let is_refused =
                notices.iter().any(|one| matches!(one, RealtimeNotice::RoundRobin { .. }));
            assert_eq!(policy == libc::SCHED_RR, !is_refused, "{notices:?}");
            // SAFETY: as above.
            let child = thread::spawn(|| unsafe { libc::sched_getscheduler(0) }).join().unwrap();
            assert_eq!(child, libc::SCHED_OTHER, "threads started later are not in real time");
        })
        .join()
        .unwrap();
    }
}
