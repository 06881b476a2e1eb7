use std::{collections::BTreeMap, fmt, path::PathBuf};

/// Where messages are logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logging {
    /// What time is in front of each message.
    pub timestamps: Timestamps,
    /// Whether the place in the source is.
    pub file_and_line: bool,
    /// Whether the function's name is.
    pub function_name: bool,
    /// Whether the last messages are kept in memory for a look after a crash.
    pub blackbox: bool,
    /// Whether messages go to the standard error output.
    pub to_stderr: bool,
    /// Whether they go to the system's log.
    pub to_syslog: bool,
    /// Whether they go to the file.
    pub to_file: bool,
    /// The file, whether or not messages go to it.
    pub file: Option<PathBuf>,
    /// The least important messages that go to the file.
    pub file_priority: Priority,
    /// What the system's log takes them for.
    pub syslog_facility: SyslogFacility,
    /// The least important messages that go to the system's log.
    pub syslog_priority: Priority,
    /// Whether there are more of them.
    pub debug: Debug,
    /// What is different for a part of the daemon, by its name.
    pub subsystems: BTreeMap<String, LoggingOverride>,
}

impl Default for Logging {
    fn default() -> Self {
        Self {
            timestamps: Timestamps::default(),
            file_and_line: false,
            function_name: false,
            blackbox: true,
            to_stderr: true,
            to_syslog: true,
            to_file: false,
            file: None,
            file_priority: Priority::Info,
            syslog_facility: SyslogFacility::Daemon,
            syslog_priority: Priority::Info,
            debug: Debug::Off,
            subsystems: BTreeMap::new(),
        }
    }
}

/// What is different for a part of the daemon; `None` is as for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoggingOverride {
    /// Whether messages go to the standard error output.
    pub to_stderr: Option<bool>,
    /// Whether they go to the system's log.
    pub to_syslog: Option<bool>,
    /// Whether they go to the file.
    pub to_file: Option<bool>,
    /// Another file.
    pub file: Option<PathBuf>,
    /// The least important messages that go to the file.
    pub file_priority: Option<Priority>,
    /// What the system's log takes them for.
    pub syslog_facility: Option<SyslogFacility>,
    /// The least important messages that go to the system's log.
    pub syslog_priority: Option<Priority>,
    /// Whether there are more of them. Not inherited: off where it is not said.
    pub debug: Debug,
}

/// What time is in front of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timestamps {
    /// None.
    Off,
    /// To the second.
    Seconds,
    /// To the millisecond.
    #[default]
    Milliseconds,
}

/// How much more than usual is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Debug {
    /// Nothing.
    #[default]
    Off,
    /// What helps to find errors.
    On,
    /// Everything.
    Trace,
}

/// How important a message is, as in syslog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// The system is unusable.
    Emergency,
    /// Something must be done at once.
    Alert,
    /// Critical.
    Critical,
    /// An error.
    Error,
    /// A warning.
    Warning,
    /// Normal, but worth a look.
    Notice,
    /// Information.
    Info,
    /// What helps to find errors.
    Debug,
}

impl Priority {
    pub(crate) const WORDS: &str = "emerg, alert, crit, err, warning, notice, info, debug";

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "emerg" => Self::Emergency,
            "alert" => Self::Alert,
            "crit" => Self::Critical,
            "err" => Self::Error,
            "warning" => Self::Warning,
            "notice" => Self::Notice,
            "info" => Self::Info,
            "debug" => Self::Debug,
            _ => return None,
        })
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Emergency => "emerg",
            Self::Alert => "alert",
            Self::Critical => "crit",
            Self::Error => "err",
            Self::Warning => "warning",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
        })
    }
}

/// What the system's log takes messages for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SyslogFacility {
    /// A daemon.
    #[default]
    Daemon,
    /// One of the other facilities, by the number that syslog has for it (`16` for `local0`).
    Other(u8),
}

impl SyslogFacility {
    pub(crate) const WORDS: &str = "daemon, local0 to local7, auth, authpriv, cron, ftp, kern, lpr, mail, news, syslog, user, uucp";

    /// The number that syslog has for it.
    pub fn number(self) -> u8 {
        match self {
            Self::Daemon => 3,
            Self::Other(number) => number,
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "daemon" => Self::Daemon,
            "kern" => Self::Other(0),
            "user" => Self::Other(1),
            "mail" => Self::Other(2),
            "auth" => Self::Other(4),
            "syslog" => Self::Other(5),
            "lpr" => Self::Other(6),
            "news" => Self::Other(7),
            "uucp" => Self::Other(8),
            "cron" => Self::Other(9),
            "authpriv" => Self::Other(10),
            "ftp" => Self::Other(11),
            _ => {
                let number: u8 = word.strip_prefix("local")?.parse().ok()?;
                if number > 7 {
                    return None;
                }
                Self::Other(16 + number)
            }
        })
    }
}
