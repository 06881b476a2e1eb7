use std::time::Duration;

use machine::TimerToken;
use vocab::ToolExit;

use crate::{Daemon, Note};

/// What the administrator decided.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// Reset the host when a daemon dies, rather than start it again (`PCMK_fail_fast`).
    pub fail_fast: bool,
    /// SBD watches this host.
    pub with_sbd: bool,
    /// Start the daemons only when SBD asks, and end only when SBD knows that all is down
    /// (`SBD_SYNC_RESOURCE_STARTUP`). Means nothing without SBD.
    pub wait_for_sbd: bool,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Status(i32),
    /// By a signal of this number.
    Signal(i32),
    /// It was not our child: only that it ended is known.
    Unknown,
}

/// What a look at a daemon's endpoint showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// The process that was started answers.
    Good,
    /// Nobody answers, or another process does.
    Silent,
}

/// What is sent to a process to make it end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// "Stop in an orderly manner."
    Terminate,
    /// As before, but it took too long: die, and leave a core file to learn from.
    Abort,
    /// Die at once.
    Kill,
}

/// The supervisor's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Look at the next daemon.
    Check,
    /// Start a daemon again that died right after its start.
    Respawn(Daemon),
    /// A daemon that was told to stop had its time.
    Escalate(Daemon),
    /// Say again which daemon is waited for.
    Remind,
}

/// Everything that can happen to the supervisor.
#[derive(Clone, Debug)]
pub enum Input {
    /// The ring is there and these daemons already run, left over from an earlier launcher.
    Begin {
        /// The daemons and their processes.
        found: Vec<(Daemon, u32)>,
    },
    /// A daemon was started.
    Spawned {
        /// Which.
        daemon: Daemon,
        /// Its process.
        pid: u32,
    },
    /// A daemon could not be started.
    SpawnFailed {
        /// Which.
        daemon: Daemon,
        /// Why, for people.
        reason: String,
    },
    /// A daemon ended.
    Exited {
        /// Which.
        daemon: Daemon,
        /// Its process.
        pid: u32,
        /// How.
        exit: Exit,
    },
    /// The answer to [`Output::Check`].
    Checked {
        /// Which daemon.
        daemon: Daemon,
        /// The process that was meant.
        pid: u32,
        /// What was found.
        health: Health,
    },
    /// The ring is gone.
    RingLost,
    /// The ring is back.
    RingBack,
    /// SBD asked how far we are.
    SbdAsked,
    /// SBD was told that all is down.
    SbdInformed,
    /// Stop everything: a signal came, or a privileged client asked.
    Stop,
    /// A timer fired.
    Timer {
        /// Which.
        timer: Timer,
        /// Which arming.
        token: TimerToken,
    },
}

/// Everything that the supervisor asks of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Start a daemon.
    Spawn {
        /// Which.
        daemon: Daemon,
        /// It is not the first start, which the daemon may want to know (`PCMK_respawned`).
        again: bool,
    },
    /// Send a signal.
    Kill {
        /// To which daemon.
        daemon: Daemon,
        /// Its process.
        pid: u32,
        /// What to send.
        signal: Signal,
    },
    /// Find out whether the process answers at the daemon's endpoint, and say so with [`Input::Checked`].
    Check {
        /// Which daemon.
        daemon: Daemon,
        /// Its process.
        pid: u32,
    },
    /// Fire [`Input::Timer`] later.
    Arm {
        /// Which timer.
        timer: Timer,
        /// To be given back.
        token: TimerToken,
        /// When, from now.
        after: Duration,
    },
    /// Reset the host at once.
    Panic,
    /// Ask the ring to stop as well: this node must stay down.
    StopRing,
    /// End with this status. Nothing follows.
    Exit(ToolExit),
    /// For the log.
    Note(Note),
}
