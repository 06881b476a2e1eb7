//! What every daemon's event loop stands on: the clock, timers, signals, the log and the user it runs as.
//!
//! A daemon is `run(name, main)`: one thread, one loop that waits for whatever comes next (a client's request, a ring
//! event, a timer), hands it to its machine and carries out the outputs in order.
//!
//! The ring's daemon needs more: real time ([`schedule`], [`lock_memory`], [`ScheduleWatch`]), a log that never waits
//! ([`Journal`]), and numbers that outlive it ([`StateDirectory`]).
//!
//! It knows no machine and no protocol.

mod clock;
mod detach;
mod journal;
mod log;
mod pam;
mod password;
mod pid_file;
mod privilege;
mod realtime;
mod run;
mod schedule_watch;
mod service_manager;
mod signals;
mod state_directory;
mod timers;
mod users;
mod words;

pub use clock::{Clock, processor_time};
pub use detach::{detach, detach_telling};
pub use journal::{
    Facility, Journal, JournalError, JournalSettings, Severity, SubsystemSettings, TimestampForm,
};
pub use log::{LogSettings, init_log};
pub use pam::{PamError, check_password};
pub use password::ask_password;
pub use pid_file::{PidFile, PidFileError};
pub use privilege::{PrivilegeError, become_user};
pub use realtime::{RealtimeNotice, RealtimeSettings, RootGroup, lock_memory, schedule};
pub use run::{Termination, run};
pub use schedule_watch::{Lateness, ScheduleWatch, wall_milliseconds};
pub use service_manager::{notify_ready, notify_stopping};
pub use signals::{SignalEvent, Signals};
pub use state_directory::{Recalled, Remembered, StateDirectory, Stored};
pub use timers::TimerQueue;
pub use users::{group_names, group_number, user_name, user_number};
pub use words::{time_in_words, utc_offset_seconds};
