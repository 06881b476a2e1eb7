use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::Mutex,
};

use tracing::{Event, Level, Subscriber, field::Visit};
use tracing_subscriber::{Layer, layer::Context, prelude::*};

/// Where a daemon's log goes and how much of it.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// The daemon's name, in front of each message.
    pub name: &'static str,
    /// The detail log shared by all daemons; `None` for none.
    pub file: Option<PathBuf>,
    /// Whether messages also go to standard error.
    pub to_stderr: bool,
    /// The least severe level that is written.
    pub level: Level,
}

impl LogSettings {
    /// The settings that the environment asks for with Pacemaker's names: `PCMK_logfile` (default
    /// `/var/log/pacemaker/pacemaker.log`, `none` for none), `PCMK_debug` (a boolean or a list of daemons), `PCMK_stderr`.
    pub fn from_environment(name: &'static str) -> Self {
        let set = |variable: &str| std::env::var(variable).ok();
        let file = match set("PCMK_logfile").as_deref() {
            Some("none" | "/dev/null") => None,
            Some(path) if path.starts_with('/') => Some(PathBuf::from(path)),
            _ => Some(PathBuf::from("/var/log/pacemaker/pacemaker.log")),
        };
        let debug = set("PCMK_debug").is_some_and(|value| {
            vocab::parse_boolean(&value).unwrap_or_else(|_| value.split(',').any(|d| d == name))
        });
        let to_stderr = set("PCMK_stderr").is_some_and(|v| vocab::parse_boolean(&v) == Ok(true));
        Self { name, file, to_stderr, level: if debug { Level::DEBUG } else { Level::INFO } }
    }
}

/// Starts the log. A log file that cannot be opened is reported on standard error and done without.
pub fn init_log(settings: &LogSettings) {
    let file = settings.file.as_ref().and_then(|path| {
        let opened = OpenOptions::new().create(true).append(true).mode(0o660).open(path);
        opened
            .inspect_err(|error| {
                // The log is not there yet: standard error is the only place left.
                let _ = writeln!(io::stderr(), "{}: {}: {error}", settings.name, path.display());
            })
            .ok()
    });
    let to_stderr = settings.to_stderr;
    let layer =
        Lines { name: settings.name, level: settings.level, to_stderr, file: file.map(Mutex::new) };
    // A second call in one process (tests do that) keeps the first log.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

/// Writes each event as one line: time, host and process, level in Pacemaker's words, message, fields.
struct Lines {
    name: &'static str,
    level: Level,
    to_stderr: bool,
    file: Option<Mutex<File>>,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= self.level
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Message::default();
        event.record(&mut message);
        let level = match *event.metadata().level() {
            Level::ERROR => "error",
            Level::WARN => "warning",
            Level::INFO => "notice",
            Level::DEBUG => "info",
            Level::TRACE => "debug",
        };
        let name = self.name;
        let pid = std::process::id();
        let text = &message.0;
        if let Some(file) = &self.file {
            let line = format!("{} {name} [{pid}] {level}: {text}\n", utc_now());
            if let Ok(mut file) = file.lock() {
                // A full disk must not stop a daemon.
                let _ = file.write_all(line.as_bytes());
            }
        }
        if self.to_stderr {
            let _ = writeln!(io::stderr(), "{name}[{pid}]: {level}: {text}");
        }
    }
}

/// Bytes of a message that are kept: more than any message of ours has, as long as nobody's names and values are in it that
/// were made to fill the disk.
const MESSAGE_MAX: usize = 4096;

/// The text of one event, as it may stand in a line: not longer than [`MESSAGE_MAX`], and without characters that would end the
/// line, or that a terminal would obey.
#[derive(Default)]
pub(crate) struct Message(pub(crate) String);

impl Visit for Message {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        use fmt::Write;
        // Writing fails where the message is cut off.
        let _ = match (field.name(), self.0.is_empty()) {
            ("message", _) => write!(self, "{value:?}"),
            (name, true) => write!(self, "{name}={value:?}"),
            (name, false) => write!(self, " {name}={value:?}"),
        };
    }
}

impl fmt::Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if self.0.len() >= MESSAGE_MAX {
                if !self.0.ends_with('…') {
                    self.0.push('…');
                }
                return Err(fmt::Error);
            }
            match character {
                '\t' => self.0.push('\t'),
                control if control.is_control() => self.0.extend(control.escape_default()),
                other => self.0.push(other),
            }
        }
        Ok(())
    }
}

/// The time in UTC with microseconds, as `2026-11-20T15:10:49.123456Z`.
fn utc_now() -> String {
    let since_epoch =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let (year, month, day) = civil_date(i64::try_from(since_epoch.as_secs() / 86_400).unwrap_or(0));
    let second = since_epoch.as_secs() % 86_400;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60,
        since_epoch.subsec_micros()
    )
}

/// The date of a day counted from 1970-01-01, by counting whole 400-year cycles from 0000-03-01.
fn civil_date(days_since_epoch: i64) -> (i64, i64, i64) {
    let day = days_since_epoch + 719_468;
    let cycle = day.div_euclid(146_097);
    let day_of_cycle = day.rem_euclid(146_097);
    let year_of_cycle = (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524
        - day_of_cycle / 146_096)
        / 365;
    let day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_cycle + cycle * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_of_bounded_length() {
        use fmt::Write;
        let mut message = Message::default();
        let name = "a\nJan 1 root: all is well\u{1b}[2J";
        write!(message, "<{name}>: ä\tb").unwrap();
        assert_eq!(message.0, "<a\\nJan 1 root: all is well\\u{1b}[2J>: ä\tb");
        let long = "ä".repeat(1 << 20);
        assert!(write!(message, "{long}").is_err());
        assert!(write!(message, "{long}").is_err());
        assert!(message.0.len() < MESSAGE_MAX + 10 && message.0.ends_with("ä…"));
    }

    #[test]
    fn dates() {
        assert_eq!(civil_date(0), (1970, 1, 1));
        assert_eq!(civil_date(11_016), (2000, 2, 29));
        assert_eq!(civil_date(20_777), (2026, 11, 20));
    }
}
