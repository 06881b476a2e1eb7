//! The log of a daemon that must never wait: lines go into a queue, a thread of its own writes them.
//!
//! Files, syslog and standard error look as those of C's corosync. A queue that is full drops lines and says later how many.

mod bridge;
mod format;
mod queue;
mod settings;
mod writer;

use std::{
    fmt::Display,
    io,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use queue::{Line, Queue};
pub use settings::{
    Facility, JournalError, JournalSettings, Severity, SubsystemSettings, TimestampForm,
};

/// A handle to the log; copies write to the same.
#[derive(Clone, Debug)]
pub struct Journal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: RwLock<Arc<JournalSettings>>,
    /// The most talkative level of all subsystems, for a quick answer.
    least_severe: AtomicU8,
    queue: Arc<Queue>,
}

impl Journal {
    /// Starts the writing thread. It does not live through a fork: detach first.
    pub fn start(settings: JournalSettings) -> io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let theirs = Arc::clone(&queue);
        thread::Builder::new().name("log".to_owned()).spawn(move || writer::run(&theirs))?;
        let journal = Self {
            shared: Arc::new(Shared {
                settings: RwLock::default(),
                least_severe: AtomicU8::new(0),
                queue,
            }),
        };
        journal.reconfigure(settings);
        Ok(journal)
    }

    /// Uses other settings from now on; what was logged before is still written by the old ones.
    pub fn reconfigure(&self, settings: JournalSettings) {
        let least_severe = settings.least_severe() as u8;
        *self.shared.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
        self.shared.least_severe.store(least_severe, Ordering::Relaxed);
    }

    /// Whether a message of that level is written anywhere.
    pub fn is_enabled(&self, subsystem: &str, severity: Severity) -> bool {
        severity as u8 <= self.shared.least_severe.load(Ordering::Relaxed)
            && self.settings().of(subsystem).takes(severity)
    }

    /// Logs a message of a subsystem (`TOTEM`, `QUORUM`, …); never waits for a file or another program.
    pub fn log(&self, subsystem: &str, severity: Severity, message: impl Display) {
        if severity as u8 > self.shared.least_severe.load(Ordering::Relaxed) {
            return;
        }
        let settings = self.settings();
        if settings.of(subsystem).takes(severity) {
            self.shared.queue.push(Line {
                time: SystemTime::now(),
                severity,
                subsystem: subsystem.to_owned(),
                text: message.to_string(),
                settings,
            });
        }
    }

    /// Opens all files anew before the next line, as after they were moved away.
    pub fn reopen(&self) {
        self.shared.queue.ask_to_reopen();
    }

    /// Waits until everything logged so far is written, at most `limit`. For the end of a daemon.
    pub fn flush(&self, limit: Duration) {
        self.shared.queue.wait_until_written(limit);
    }

    /// Lines that were dropped since the queue was full.
    pub fn dropped(&self) -> u64 {
        self.shared.queue.dropped()
    }

    /// Takes what the process says through `tracing` too: the target is the subsystem if it is in capitals, else it is `MAIN`.
    /// Levels are those of [`crate::init_log`]: `info!` is a notice, `debug!` an info, `trace!` a debug message.
    pub fn take_tracing(&self) {
        bridge::install(self.clone());
    }

    fn settings(&self) -> Arc<JournalSettings> {
        Arc::clone(&self.shared.settings.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue.close();
    }
}

#[cfg(test)]
mod tests;
