use machine::TimerToken;

use super::*;

/// A host on which every daemon starts at once.
struct Host {
    supervisor: Supervisor,
    now: Instant,
    next_pid: u32,
    running: BTreeMap<Daemon, u32>,
    armed: Vec<(Timer, TimerToken, Instant)>,
    signals: Vec<(Daemon, Signal)>,
    checks: Vec<(Daemon, u32)>,
    spawned: Vec<(Daemon, bool)>,
    other: Vec<Output>,
}

impl Host {
    fn new(settings: Settings) -> Self {
        Self {
            supervisor: Supervisor::new(settings),
            now: Instant::START,
            next_pid: 100,
            running: BTreeMap::new(),
            armed: Vec::new(),
            signals: Vec::new(),
            checks: Vec::new(),
            spawned: Vec::new(),
            other: Vec::new(),
        }
    }

    fn started() -> Self {
        let mut host = Self::new(Settings::default());
        host.feed(Input::Begin { found: Vec::new() });
        host.pass(Duration::from_secs(10));
        host
    }

    fn feed(&mut self, input: Input) {
        let mut out = Outbox::new();
        self.supervisor.handle(self.now, input, &mut out);
        for output in out.drain() {
            match output {
                Output::Spawn { daemon, again } => {
                    self.spawned.push((daemon, again));
                    self.next_pid += 1;
                    self.running.insert(daemon, self.next_pid);
                    self.feed(Input::Spawned { daemon, pid: self.next_pid });
                }
                Output::Kill { daemon, pid, signal } => {
                    assert_eq!(self.running.get(&daemon), Some(&pid));
                    self.signals.push((daemon, signal));
                }
                Output::Check { daemon, pid } => self.checks.push((daemon, pid)),
                Output::Arm { timer, token, after } => {
                    self.armed.push((timer, token, self.now + after));
                }
                Output::Panic | Output::StopRing | Output::Exit(_) => self.other.push(output),
                Output::Note(_) => {}
            }
        }
    }

    /// Lets time go by; every check finds a daemon in good health.
    fn pass(&mut self, duration: Duration) {
        self.pass_with(duration, Health::Good);
    }

    fn pass_with(&mut self, duration: Duration, health: Health) {
        let end = self.now + duration;
        while let Some(index) = (0..self.armed.len())
            .filter(|i| self.armed[*i].2 <= end)
            .min_by_key(|i| self.armed[*i].2)
        {
            let (timer, token, at) = self.armed.remove(index);
            self.now = at;
            self.feed(Input::Timer { timer, token });
            for (daemon, pid) in std::mem::take(&mut self.checks) {
                self.feed(Input::Checked { daemon, pid, health });
            }
        }
        self.now = end;
    }

    fn exit(&mut self, daemon: Daemon, exit: Exit) {
        let pid = self.running.remove(&daemon).expect("it runs");
        self.feed(Input::Exited { daemon, pid, exit });
    }
}

#[test]
fn daemons_start_in_order_and_stop_in_reverse() {
    let mut host = Host::started();
    let names: Vec<_> = host.spawned.iter().map(|(daemon, again)| (*daemon, *again)).collect();
    assert_eq!(names, Daemon::ALL.map(|daemon| (daemon, false)));
    assert_eq!(host.supervisor.state(), LauncherState::Running);

    host.feed(Input::Stop);
    assert_eq!(host.supervisor.state(), LauncherState::ShuttingDown);
    for daemon in Daemon::ALL.into_iter().rev() {
        assert_eq!(host.signals.pop(), Some((daemon, Signal::Terminate)));
        assert!(host.signals.is_empty(), "one at a time");
        host.feed(Input::Stop);
        host.exit(daemon, Exit::Status(0));
    }
    assert_eq!(host.supervisor.state(), LauncherState::ShutdownComplete);
    assert_eq!(host.other, [Output::Exit(ToolExit::Ok)]);
    assert_eq!(host.spawned.len(), 6, "nothing is started again while stopping");
}

#[test]
fn a_daemon_that_dies_is_started_again() {
    let mut host = Host::started();
    host.exit(Daemon::Attrd, Exit::Signal(9));
    assert_eq!(host.spawned.last(), Some(&(Daemon::Attrd, true)));
    // Dying again right away, it has to wait.
    host.exit(Daemon::Attrd, Exit::Status(1));
    assert!(!host.running.contains_key(&Daemon::Attrd));
    host.pass(SHORT_LIFE);
    assert!(host.running.contains_key(&Daemon::Attrd));
}

#[test]
fn a_daemon_that_keeps_dying_is_left_alone() {
    let mut host = Host::started();
    for _ in 0..=MAX_RESPAWN {
        host.pass(SHORT_LIFE * 2);
        host.exit(Daemon::Fenced, Exit::Status(1));
    }
    host.pass(SHORT_LIFE * 5);
    assert!(!host.running.contains_key(&Daemon::Fenced));
    let starts = host.spawned.iter().filter(|(daemon, _)| *daemon == Daemon::Fenced).count();
    assert_eq!(starts, 1 + MAX_RESPAWN as usize);
}

#[test]
fn a_fatal_exit_stops_everything_and_the_ring() {
    let mut host = Host::started();
    host.exit(Daemon::Based, Exit::Status(100));
    for daemon in Daemon::ALL.into_iter().skip(1).rev() {
        assert_eq!(host.signals.pop(), Some((daemon, Signal::Terminate)));
        host.exit(daemon, Exit::Status(0));
    }
    assert_eq!(host.other, [Output::StopRing, Output::Exit(ToolExit::Fatal)]);
}

#[test]
fn a_daemon_can_ask_for_a_reset() {
    let mut host = Host::started();
    host.exit(Daemon::Controld, Exit::Status(101));
    assert_eq!(host.other, [Output::Panic]);
    assert_eq!(host.signals, [(Daemon::Schedulerd, Signal::Terminate)]);
}

#[test]
fn fail_fast_resets_instead_of_respawning() {
    let mut host = Host::new(Settings { fail_fast: true, ..Settings::default() });
    host.feed(Input::Begin { found: Vec::new() });
    host.exit(Daemon::Execd, Exit::Signal(11));
    assert_eq!(host.other, [Output::Panic]);
    assert_eq!(host.spawned.len(), 6);
}

#[test]
fn a_silent_daemon_is_killed_after_five_looks() {
    let mut host = Host::started();
    let turn = CHECK_INTERVAL * 6;
    host.pass_with(turn * (CHECK_RETRIES - 1), Health::Silent);
    assert_eq!(host.signals, []);
    let good = host.supervisor.last_good();
    host.pass_with(turn, Health::Silent);
    assert_eq!(host.signals.len(), 6);
    assert!(host.signals.iter().all(|(_, signal)| *signal == Signal::Kill));
    assert!(host.supervisor.last_good() <= good + CHECK_INTERVAL);
}

#[test]
fn one_good_look_forgives() {
    let mut host = Host::started();
    let turn = CHECK_INTERVAL * 6;
    host.pass_with(turn * 4, Health::Silent);
    host.pass(turn);
    host.pass_with(turn * 4, Health::Silent);
    assert_eq!(host.signals, []);
}

#[test]
fn only_the_controller_may_take_its_time_to_stop() {
    let mut host = Host::started();
    host.feed(Input::Stop);
    host.pass(STOP_TIMEOUT * 2);
    assert_eq!(host.signals, [(Daemon::Controld, Signal::Terminate)]);
    host.exit(Daemon::Controld, Exit::Status(0));
    host.pass(STOP_TIMEOUT);
    assert_eq!(
        host.signals[1..],
        [(Daemon::Schedulerd, Signal::Terminate), (Daemon::Schedulerd, Signal::Abort)]
    );
}

#[test]
fn without_the_ring_only_some_daemons_are_started_again() {
    let mut host = Host::started();
    host.feed(Input::RingLost);
    for daemon in [Daemon::Based, Daemon::Execd, Daemon::Controld] {
        host.exit(daemon, Exit::Status(102));
    }
    assert_eq!(host.spawned[6..], [(Daemon::Execd, true)]);
    host.feed(Input::RingBack);
    assert_eq!(host.spawned[7..], [(Daemon::Based, true), (Daemon::Controld, true)]);
}

#[test]
fn running_daemons_are_adopted() {
    let mut host = Host::new(Settings::default());
    host.running.insert(Daemon::Execd, 7);
    host.feed(Input::Begin { found: vec![(Daemon::Execd, 7)] });
    assert!(host.spawned.iter().all(|(daemon, _)| *daemon != Daemon::Execd));
    assert_eq!(host.supervisor.state(), LauncherState::Running);
    host.pass(Duration::from_secs(2));
    host.exit(Daemon::Execd, Exit::Unknown);
    assert_eq!(host.spawned.last(), Some(&(Daemon::Execd, true)));
}

#[test]
fn sbd_starts_and_ends_the_run() {
    let settings = Settings { with_sbd: true, wait_for_sbd: true, ..Settings::default() };
    let mut host = Host::new(settings);
    host.feed(Input::Begin { found: Vec::new() });
    assert_eq!(host.supervisor.state(), LauncherState::WaitForPing);
    assert_eq!(host.spawned, []);
    host.feed(Input::SbdAsked);
    assert_eq!(host.supervisor.state(), LauncherState::Running);
    host.feed(Input::Stop);
    for daemon in Daemon::ALL.into_iter().rev() {
        host.exit(daemon, Exit::Status(0));
    }
    assert_eq!(host.supervisor.state(), LauncherState::ShutdownComplete);
    assert_eq!(host.other, []);
    host.feed(Input::SbdInformed);
    assert_eq!(host.other, [Output::Exit(ToolExit::Ok)]);
}

#[test]
fn the_end_of_an_earlier_process_means_nothing() {
    let mut host = Host::started();
    let pid = host.running[&Daemon::Based];
    host.exit(Daemon::Based, Exit::Signal(9));
    host.feed(Input::Exited { daemon: Daemon::Based, pid, exit: Exit::Status(100) });
    assert_eq!(host.other, []);
    assert_eq!(host.supervisor.state(), LauncherState::Running);
}
