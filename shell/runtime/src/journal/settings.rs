use std::{collections::BTreeMap, fmt, fs::OpenOptions, io, path::PathBuf};

/// How bad it is; the first is the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Severity {
    /// `emerg`
    Emergency = 0,
    /// `alert`
    Alert,
    /// `crit`
    Critical,
    /// `error`
    Error,
    /// `warning`
    Warning,
    /// `notice`
    Notice,
    /// `info`
    Info,
    /// `debug`
    Debug,
    /// `trace`
    Trace,
}

impl Severity {
    /// All, the worst first.
    pub const ALL: [Self; 9] = [
        Self::Emergency,
        Self::Alert,
        Self::Critical,
        Self::Error,
        Self::Warning,
        Self::Notice,
        Self::Info,
        Self::Debug,
        Self::Trace,
    ];

    /// The name in `corosync.conf` and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Emergency => "emerg",
            Self::Alert => "alert",
            Self::Critical => "crit",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// The level that has this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == name)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The number by which syslog sorts messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facility(u8);

impl Facility {
    /// What daemons use.
    pub const DAEMON: Self = Self(3);

    /// The facility that has this name in `corosync.conf`.
    pub fn from_name(name: &str) -> Option<Self> {
        let names = [
            "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron",
            "authpriv", "ftp",
        ];
        let local = || name.strip_prefix("local")?.parse().ok().filter(|&n: &u8| n < 8);
        names
            .iter()
            .zip(0..)
            .find_map(|(&known, number)| (known == name).then_some(Self(number)))
            .or_else(|| local().map(|number| Self(16 + number)))
    }

    /// The facility that has this number in syslog, 0 to 23; others count as a daemon's.
    pub const fn from_number(number: u8) -> Self {
        if number < 24 { Self(number) } else { Self::DAEMON }
    }

    /// The number in front of a message.
    pub(super) const fn with(self, severity: u8) -> u32 {
        self.0 as u32 * 8 + severity as u32
    }
}

/// What stands in front of a line (`logging.timestamp`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampForm {
    /// Nothing.
    Off,
    /// The time in seconds.
    Seconds,
    /// The time in milliseconds.
    #[default]
    Milliseconds,
}

/// Where one subsystem's messages go. Standard error takes what the file would take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubsystemSettings {
    /// The file; `None` for none.
    pub file: Option<PathBuf>,
    /// The least severe level for file and standard error.
    pub file_level: Severity,
    /// The least severe level for syslog.
    pub syslog_level: Severity,
}

impl SubsystemSettings {
    /// Whether a message of that level goes anywhere.
    pub(super) fn takes(&self, severity: Severity) -> bool {
        severity <= self.file_level.max(self.syslog_level)
    }
}

impl Default for SubsystemSettings {
    fn default() -> Self {
        Self { file: None, file_level: Severity::Info, syslog_level: Severity::Info }
    }
}

/// Where messages go and how they look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalSettings {
    /// The daemon's name in each line.
    pub program: String,
    /// The host's name in each line.
    pub host: String,
    /// For all subsystems that are not named below.
    pub default: SubsystemSettings,
    /// For subsystems, by their name in capitals.
    pub subsystems: BTreeMap<String, SubsystemSettings>,
    /// Whether standard error gets messages too.
    pub to_stderr: bool,
    /// Whether syslog gets messages too.
    pub to_syslog: bool,
    /// How syslog sorts them.
    pub facility: Facility,
    /// What stands in front of a line.
    pub timestamp: TimestampForm,
    /// Where syslog listens.
    pub syslog_socket: PathBuf,
}

impl Default for JournalSettings {
    /// Standard error and syslog, from `info` on.
    fn default() -> Self {
        Self {
            program: "corosync".to_owned(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            default: SubsystemSettings::default(),
            subsystems: BTreeMap::new(),
            to_stderr: true,
            to_syslog: true,
            facility: Facility::DAEMON,
            timestamp: TimestampForm::default(),
            syslog_socket: PathBuf::from("/dev/log"),
        }
    }
}

/// Why a log cannot be written as configured.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file cannot be opened.
    #[error("Can't open logfile '{}' for reason: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl JournalSettings {
    /// Tries whether all files can be opened, making those that do not exist.
    pub fn check_files(&self) -> Result<(), JournalError> {
        let all = std::iter::once(&self.default).chain(self.subsystems.values());
        for path in all.filter_map(|subsystem| subsystem.file.as_ref()) {
            OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .map_err(|source| JournalError::File { path: path.clone(), source })?;
        }
        Ok(())
    }

    pub(super) fn of(&self, subsystem: &str) -> &SubsystemSettings {
        self.subsystems.get(subsystem).unwrap_or(&self.default)
    }

    pub(super) fn least_severe(&self) -> Severity {
        std::iter::once(&self.default)
            .chain(self.subsystems.values())
            .map(|subsystem| subsystem.file_level.max(subsystem.syslog_level))
            .max()
            .unwrap_or(Severity::Info)
    }
}
