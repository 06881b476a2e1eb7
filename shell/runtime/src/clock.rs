use std::time::{Duration, SystemTime, UNIX_EPOCH};

use machine::Instant;
use vocab::Timestamp;

/// The two clocks of a process. Copy it freely: all copies agree.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: tokio::time::Instant,
    /// Time since the host was started, at `start`: so that the time of a process that is started anew goes on.
    offset: Duration,
}

impl Clock {
    /// A clock whose monotonic time counts from the start of the host.
    pub fn start() -> Self {
        let since_boot = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        Self { start: tokio::time::Instant::now(), offset: duration(since_boot) }
    }

    /// Monotonic time.
    pub fn now(&self) -> Instant {
        Instant::START + self.offset + self.start.elapsed()
    }

    /// Wall-clock time in whole seconds.
    pub fn wall(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX))
    }

    /// The event loop's own instant for one of ours.
    pub fn tokio(&self, at: Instant) -> tokio::time::Instant {
        self.start + at.since(Instant::START).saturating_sub(self.offset)
    }
}

/// The processor time that this process has used. Elections count it as the age of a daemon.
pub fn processor_time() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    duration(used)
}

fn duration(time: rustix::time::Timespec) -> Duration {
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_does_not_go_back() {
        let before = processor_time();
        let mut sum = 0_u64;
        while processor_time() == before {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(processor_time() > before);
    }
}
