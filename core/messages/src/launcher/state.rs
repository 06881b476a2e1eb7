use std::fmt;

/// How far the launcher is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum LauncherState {
    /// Looking around.
    #[default]
    Init,
    /// Starting the daemons.
    StartingDaemons,
    /// Waiting for SBD before it starts them.
    WaitForPing,
    /// All daemons were started.
    Running,
    /// Stopping the daemons.
    ShuttingDown,
    /// No daemon is left.
    ShutdownComplete,
}

impl LauncherState {
    /// Every state, in order.
    pub const ALL: [Self; 6] = [
        Self::Init,
        Self::StartingDaemons,
        Self::WaitForPing,
        Self::Running,
        Self::ShuttingDown,
        Self::ShutdownComplete,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::StartingDaemons => "starting_daemons",
            Self::WaitForPing => "wait_for_ping",
            Self::Running => "running",
            Self::ShuttingDown => "shutting_down",
            Self::ShutdownComplete => "shutdown_complete",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// What the tools print for it.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Init => "Initializing pacemaker",
            Self::StartingDaemons => "Pacemaker daemons are starting",
            Self::WaitForPing => "Waiting for startup trigger from SBD",
            Self::Running => "Pacemaker is running",
            Self::ShuttingDown => "Pacemaker daemons are shutting down",
            Self::ShutdownComplete => "Pacemaker daemons are shut down (reporting to SBD)",
        }
    }
}

impl fmt::Display for LauncherState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
