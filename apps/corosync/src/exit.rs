use std::process::ExitCode;

/// How the daemon ended. The numbers are those of the original, which service managers and scripts know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// As it should.
    Normal,
    /// A wrong argument.
    Usage,
    /// It could not go into the background.
    Fork,
    /// What the configuration says about the log cannot be used.
    LogConfiguration,
    /// The configuration cannot be used.
    Configuration,
    /// The log could not be opened.
    Log,
    /// Something without which nothing works.
    Fatal,
    /// There is no state directory.
    StateDirectory,
    /// The lock file cannot be written.
    Lock,
    /// Another one is running.
    AlreadyRunning,
    /// A service could not be set up.
    Service,
    /// The ring's number cannot be stored.
    RingNumber,
}

impl Exit {
    /// The status of the process.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Normal => 0,
            Self::Usage => 1,
            Self::Fork => 4,
            Self::LogConfiguration => 7,
            Self::Configuration => 8,
            Self::Log => 9,
            Self::Fatal => 15,
            Self::StateDirectory => 16,
            Self::Lock => 17,
            Self::AlreadyRunning => 18,
            Self::Service => 20,
            Self::RingNumber => 21,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
