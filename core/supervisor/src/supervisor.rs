use std::{collections::BTreeMap, time::Duration};

use machine::{Instant, Outbox, Timers};
use messages::launcher::LauncherState;
use vocab::ToolExit;

use crate::{Daemon, Exit, Health, Input, Note, Output, Settings, Signal, Timer};

/// One daemon is looked at this often, in turn.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// So many silent looks in a row are one too many.
const CHECK_RETRIES: u32 = 5;
/// A daemon that dies more often than this is left dead.
const MAX_RESPAWN: u32 = 100;
/// How long a daemon may take to stop. The controller may take as long as it needs: it waits for the whole cluster, and
/// ends its waiting itself.
const STOP_TIMEOUT: Duration = Duration::from_secs(180);
/// How often a daemon that takes its time to stop is mentioned.
const REMINDER: Duration = Duration::from_secs(30);
/// A daemon that lived shorter is not started again at once, so that one that cannot start does not keep the host busy.
const SHORT_LIFE: Duration = Duration::from_secs(1);

/// What is known of one daemon.
#[derive(Debug, Default)]
struct Child {
    pid: Option<u32>,
    started: Instant,
    deaths: u32,
    silent: u32,
    needs_ring_back: bool,
    /// It is not to be started again: it is being stopped, or died too often, or said so.
    retired: bool,
}

/// The machine that looks after the daemons.
#[derive(Debug)]
pub struct Supervisor {
    settings: Settings,
    state: LauncherState,
    children: BTreeMap<Daemon, Child>,
    /// The daemon that is being stopped; those before it still run.
    stopping: Option<Daemon>,
    last_checked: Daemon,
    last_good: Instant,
    has_ring: bool,
    fatal: bool,
    sbd_informed: bool,
    ended: bool,
    timers: Timers<Timer>,
}

impl Supervisor {
    /// A supervisor that has not begun.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            state: LauncherState::Init,
            children: Daemon::ALL.into_iter().map(|d| (d, Child::default())).collect(),
            stopping: None,
            last_checked: Daemon::Controld,
            last_good: Instant::START,
            has_ring: true,
            fatal: false,
            sbd_informed: false,
            ended: false,
            timers: Timers::new(),
        }
    }

    /// How far it is.
    pub fn state(&self) -> LauncherState {
        self.state
    }

    /// When a daemon was last seen in good health, which SBD wants to be recent.
    pub fn last_good(&self) -> Instant {
        self.last_good
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Instant, input: Input, out: &mut Outbox<Output>) {
        match input {
            Input::Begin { found } => self.begin(now, found, out),
            Input::Spawned { daemon, pid } => self.on_spawned(now, daemon, pid, out),
            Input::SpawnFailed { daemon, reason } => {
                out.push(Output::Note(Note::NotStarted(daemon, reason)));
                self.child(daemon).started = now;
                self.after_death(now, daemon, out);
            }
            Input::Exited { daemon, pid, exit } => self.on_exit(now, daemon, pid, exit, out),
            Input::Checked { daemon, pid, health } => self.on_check(now, daemon, pid, health, out),
            Input::RingLost => {
                if self.has_ring {
                    self.has_ring = false;
                    out.push(Output::Note(Note::RingLost));
                }
            }
            Input::RingBack => self.on_ring_back(out),
            Input::SbdAsked => {
                if self.state == LauncherState::WaitForPing {
                    self.start_all(now, out);
                }
            }
            Input::SbdInformed => {
                self.sbd_informed = true;
                self.continue_stop(now, out);
            }
            Input::Stop => self.stop(now, out),
            Input::Timer { timer, token } => {
                if self.timers.fired(&timer, token) {
                    self.on_timer(now, timer, out);
                }
            }
        }
    }

    fn child(&mut self, daemon: Daemon) -> &mut Child {
        self.children.entry(daemon).or_default()
    }

    fn arm(&mut self, timer: Timer, after: Duration, out: &mut Outbox<Output>) {
        let token = self.timers.arm(timer);
        out.push(Output::Arm { timer, token, after });
    }

    fn is_stopping(&self) -> bool {
        self.state >= LauncherState::ShuttingDown
    }

    fn begin(&mut self, now: Instant, found: Vec<(Daemon, u32)>, out: &mut Outbox<Output>) {
        if self.state != LauncherState::Init {
            return;
        }
        self.last_good = now;
        for (daemon, pid) in found {
            let child = self.child(daemon);
            child.pid = Some(pid);
            child.started = now;
            out.push(Output::Note(Note::Adopted(daemon, pid)));
        }
        if self.settings.with_sbd && self.settings.wait_for_sbd {
            self.state = LauncherState::WaitForPing;
        } else {
            self.start_all(now, out);
        }
    }

    fn start_all(&mut self, now: Instant, out: &mut Outbox<Output>) {
        self.state = LauncherState::StartingDaemons;
        for daemon in Daemon::ALL {
            if self.child(daemon).pid.is_none() {
                out.push(Output::Spawn { daemon, again: false });
            }
        }
        self.arm(Timer::Check, CHECK_INTERVAL, out);
        self.finish_start(now);
    }

    fn finish_start(&mut self, now: Instant) {
        let all = self.children.values().all(|child| child.pid.is_some() || child.deaths > 0);
        if self.state == LauncherState::StartingDaemons && all {
            self.state = LauncherState::Running;
            self.last_good = now;
        }
    }

    fn on_spawned(&mut self, now: Instant, daemon: Daemon, pid: u32, out: &mut Outbox<Output>) {
        let child = self.child(daemon);
        child.pid = Some(pid);
        child.started = now;
        child.silent = 0;
        out.push(Output::Note(Note::Started(daemon, pid)));
        self.finish_start(now);
        // The order to stop came while the process was being made: its turn comes, or is now.
        if self.stopping == Some(daemon) {
            self.continue_stop(now, out);
        }
    }

    fn on_exit(
        &mut self,
        now: Instant,
        daemon: Daemon,
        pid: u32,
        exit: Exit,
        out: &mut Outbox<Output>,
    ) {
        if self.child(daemon).pid != Some(pid) {
            return;
        }
        out.push(Output::Note(Note::Ended(daemon, pid, exit)));
        let code = match exit {
            Exit::Status(status) => ToolExit::from_code(status),
            Exit::Signal(_) | Exit::Unknown => None,
        };
        let reset = code == Some(ToolExit::Panic);
        if reset || code == Some(ToolExit::Fatal) {
            let note = if reset { Note::WantsReset(daemon) } else { Note::Fatal(daemon) };
            out.push(Output::Note(note));
            self.child(daemon).retired = true;
            self.fatal = true;
            if reset {
                out.push(Output::Panic);
            }
            self.child(daemon).pid = None;
            self.stop(now, out);
        }
        self.after_death(now, daemon, out);
    }

    /// A daemon is down: go on stopping, or start it again.
    fn after_death(&mut self, now: Instant, daemon: Daemon, out: &mut Outbox<Output>) {
        let has_ring = self.has_ring;
        let fail_fast = self.settings.fail_fast;
        let child = self.child(daemon);
        child.pid = None;
        child.silent = 0;
        child.deaths += 1;
        if child.deaths > MAX_RESPAWN && !child.retired {
            child.retired = true;
            out.push(Output::Note(Note::GaveUp(daemon)));
        }
        let short_life = now.since(child.started) < SHORT_LIFE;
        let retired = child.retired;
        self.finish_start(now);
        if self.is_stopping() {
            self.continue_stop(now, out);
        } else if retired {
            // Nothing more to do for it.
        } else if fail_fast {
            out.push(Output::Note(Note::FailFast(daemon)));
            out.push(Output::Panic);
        } else if daemon.needs_ring() && !has_ring {
            self.child(daemon).needs_ring_back = true;
            out.push(Output::Note(Note::WaitingForRing(daemon)));
        } else if short_life {
            self.arm(Timer::Respawn(daemon), SHORT_LIFE, out);
        } else {
            self.respawn(daemon, out);
        }
    }

    fn respawn(&mut self, daemon: Daemon, out: &mut Outbox<Output>) {
        out.push(Output::Note(Note::Respawning(daemon)));
        out.push(Output::Spawn { daemon, again: true });
    }

    fn on_check(
        &mut self,
        now: Instant,
        daemon: Daemon,
        pid: u32,
        health: Health,
        out: &mut Outbox<Output>,
    ) {
        let stopping = self.is_stopping();
        let child = self.child(daemon);
        if child.pid != Some(pid) || (stopping && child.retired) {
            return;
        }
        if health == Health::Good {
            child.silent = 0;
            self.last_good = now;
            return;
        }
        child.silent += 1;
        let silent = child.silent;
        if silent < CHECK_RETRIES {
            // It may be starting still: progress enough for SBD.
            self.last_good = now;
            out.push(Output::Note(Note::Silent(daemon, silent)));
        } else {
            child.silent = 0;
            out.push(Output::Note(Note::KillingSilent(daemon)));
            out.push(Output::Kill { daemon, pid, signal: Signal::Kill });
        }
    }

    fn on_ring_back(&mut self, out: &mut Outbox<Output>) {
        if self.has_ring {
            return;
        }
        self.has_ring = true;
        out.push(Output::Note(Note::RingBack));
        for daemon in Daemon::ALL {
            let stopping = self.is_stopping();
            let child = self.child(daemon);
            if std::mem::take(&mut child.needs_ring_back) && child.pid.is_none() && !stopping {
                self.respawn(daemon, out);
            }
        }
    }

    fn on_timer(&mut self, now: Instant, timer: Timer, out: &mut Outbox<Output>) {
        match timer {
            Timer::Check => {
                self.check_next(now, out);
                self.arm(Timer::Check, CHECK_INTERVAL, out);
            }
            Timer::Respawn(daemon) => {
                if !self.is_stopping() && self.child(daemon).pid.is_none() {
                    self.respawn(daemon, out);
                }
            }
            Timer::Escalate(daemon) => {
                if let Some(pid) = self.child(daemon).pid {
                    out.push(Output::Note(Note::Forcing(daemon)));
                    out.push(Output::Kill { daemon, pid, signal: Signal::Abort });
                }
            }
            Timer::Remind => {
                if let Some(daemon) = self.stopping
                    && let Some(pid) = self.child(daemon).pid
                {
                    out.push(Output::Note(Note::StillWaiting(daemon, pid)));
                    self.arm(Timer::Remind, REMINDER, out);
                }
            }
        }
    }

    fn check_next(&mut self, now: Instant, out: &mut Outbox<Output>) {
        let daemon = self.last_checked.next().unwrap_or(Daemon::Based);
        self.last_checked = daemon;
        let child = self.child(daemon);
        match child.pid {
            Some(pid) => out.push(Output::Check { daemon, pid }),
            // Down on purpose is as good as alive.
            None if child.retired && child.deaths <= MAX_RESPAWN => self.last_good = now,
            None => {}
        }
    }

    fn stop(&mut self, now: Instant, out: &mut Outbox<Output>) {
        if self.is_stopping() {
            return;
        }
        out.push(Output::Note(Note::ShuttingDown));
        self.state = LauncherState::ShuttingDown;
        self.continue_stop(now, out);
    }

    /// Stops the last daemon that runs; when it is down, the one before.
    fn continue_stop(&mut self, now: Instant, out: &mut Outbox<Output>) {
        if !self.is_stopping() {
            return;
        }
        for daemon in Daemon::ALL.into_iter().rev() {
            self.stopping = Some(daemon);
            let child = self.child(daemon);
            let told = std::mem::replace(&mut child.retired, true);
            let Some(pid) = child.pid else { continue };
            if !told {
                out.push(Output::Note(Note::Stopping(daemon, pid)));
                out.push(Output::Kill { daemon, pid, signal: Signal::Terminate });
                if daemon != Daemon::Controld {
                    self.arm(Timer::Escalate(daemon), STOP_TIMEOUT, out);
                }
                self.arm(Timer::Remind, REMINDER, out);
            }
            return;
        }
        self.stopping = None;
        self.finish_stop(now, out);
    }

    fn finish_stop(&mut self, now: Instant, out: &mut Outbox<Output>) {
        if self.ended {
            return;
        }
        if self.state != LauncherState::ShutdownComplete {
            self.state = LauncherState::ShutdownComplete;
            self.last_good = now;
            out.push(Output::Note(Note::ShutdownComplete));
            if self.must_wait_for_sbd() {
                out.push(Output::Note(Note::WaitingForSbd));
            }
        }
        if self.must_wait_for_sbd() {
            return;
        }
        self.ended = true;
        if self.fatal {
            out.push(Output::Note(Note::StayingDown));
            out.push(Output::StopRing);
            out.push(Output::Exit(ToolExit::Fatal));
        } else {
            out.push(Output::Exit(ToolExit::Ok));
        }
    }

    fn must_wait_for_sbd(&self) -> bool {
        !self.fatal && self.settings.with_sbd && self.settings.wait_for_sbd && !self.sbd_informed
    }
}

#[cfg(test)]
mod tests;
