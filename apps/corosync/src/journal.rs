//! What the section `logging` says, in the words of the log.

use conf::{Debug, Logging, LoggingOverride, Priority, Timestamps};
use runtime::{Facility, JournalSettings, Severity, SubsystemSettings, TimestampForm};

/// The settings of the log.
pub(crate) fn settings(logging: &Logging) -> JournalSettings {
    let default = SubsystemSettings {
        file: logging.file.clone().filter(|_| logging.to_file),
        file_level: level(logging.file_priority, logging.debug),
        syslog_level: level(logging.syslog_priority, logging.debug),
    };
    let subsystems = logging
        .subsystems
        .iter()
        .map(|(name, set)| (name.to_uppercase(), subsystem(logging, &default, set)));
    JournalSettings {
        subsystems: subsystems.collect(),
        default,
        to_stderr: logging.to_stderr,
        to_syslog: logging.to_syslog,
        facility: Facility::from_number(logging.syslog_facility.number()),
        timestamp: match logging.timestamps {
            Timestamps::Off => TimestampForm::Off,
            Timestamps::Seconds => TimestampForm::Seconds,
            Timestamps::Milliseconds => TimestampForm::Milliseconds,
        },
        ..JournalSettings::default()
    }
}

fn subsystem(
    all: &Logging,
    default: &SubsystemSettings,
    set: &LoggingOverride,
) -> SubsystemSettings {
    let to_file = set.to_file.unwrap_or(all.to_file);
    SubsystemSettings {
        file: set.file.clone().or_else(|| default.file.clone()).filter(|_| to_file),
        file_level: level(set.file_priority.unwrap_or(all.file_priority), set.debug),
        syslog_level: level(set.syslog_priority.unwrap_or(all.syslog_priority), set.debug),
    }
}

fn level(priority: Priority, debug: Debug) -> Severity {
    match debug {
        Debug::Trace => return Severity::Trace,
        Debug::On => return Severity::Debug,
        Debug::Off => {}
    }
    match priority {
        Priority::Emergency => Severity::Emergency,
        Priority::Alert => Severity::Alert,
        Priority::Critical => Severity::Critical,
        Priority::Error => Severity::Error,
        Priority::Warning => Severity::Warning,
        Priority::Notice => Severity::Notice,
        Priority::Info => Severity::Info,
        Priority::Debug => Severity::Debug,
    }
}
