//! Whether one link works: pings out, answers in, and the doubt in between.

use std::{collections::VecDeque, time::Duration};

use machine::Instant;

use crate::LinkSettings;

/// Pings whose answers are still waited for; older ones are given up.
const UNANSWERED_MAX: usize = 16;
/// The shortest time between pings that are sent before it is time for one.
const HURRY: Duration = Duration::from_millis(20);
/// So many pings in a row must stay unanswered until a doubtful link counts as down.
const TRIAL_PINGS: u8 = 3;

/// Asks the other end again and again, and judges by its answers.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    precision: u32,
    pong_count: u8,
    next_ping: Instant,
    last_ping: Option<Instant>,
    /// When the pings were sent that nobody has answered yet. An answer to anything else is old or made up.
    unanswered: VecDeque<Instant>,
    state: State,
    average_us: u64,
    samples: u32,
}

#[derive(Debug)]
enum State {
    /// So many answers came since it went down.
    Down { answers: u8 },
    Up {
        answered: Instant,
        /// Somebody said that nobody listens there.
        trial: Option<Trial>,
    },
}

#[derive(Debug)]
struct Trial {
    since: Instant,
    sent: u8,
    next: Instant,
}

/// What an answer meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It answers no ping that waits.
    Unasked,
    /// The link is as it was.
    Counted,
    /// The link works now.
    CameUp,
}

/// What has to be done now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    /// Send a ping and say so with [`Heartbeat::sent`].
    pub(crate) ping: bool,
    /// The link works no longer.
    pub(crate) went_down: bool,
}

impl Heartbeat {
    pub(crate) fn new(now: Instant, settings: &LinkSettings) -> Self {
        let mut heartbeat = Self {
            interval: Duration::ZERO,
            timeout: Duration::ZERO,
            precision: 1,
            pong_count: 1,
            next_ping: now,
            last_ping: None,
            unanswered: VecDeque::new(),
            state: State::Down { answers: 0 },
            average_us: 0,
            samples: 0,
        };
        heartbeat.set(settings);
        heartbeat.next_ping = now;
        heartbeat
    }

    /// New times and counts; the link stays as it is.
    pub(crate) fn set(&mut self, settings: &LinkSettings) {
        // Zero would mean pinging without end.
        self.interval = settings.ping_interval.max(Duration::from_millis(1));
        self.timeout = settings.ping_timeout.max(self.interval);
        self.precision = settings.ping_precision.max(1);
        self.pong_count = settings.pong_count;
        if let Some(last) = self.last_ping {
            self.next_ping = self.next_ping.min(last + self.interval);
        }
    }

    pub(crate) const fn is_up(&self) -> bool {
        matches!(self.state, State::Up { .. })
    }

    /// The average time from ping to answer.
    pub(crate) const fn latency(&self) -> Duration {
        Duration::from_micros(self.average_us)
    }

    /// How many answers the average is over.
    pub(crate) const fn samples(&self) -> u32 {
        self.samples
    }

    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// When to call [`Heartbeat::run`] next.
    pub(crate) fn due(&self) -> Instant {
        match &self.state {
            State::Down { .. } => self.next_ping,
            State::Up { answered, trial } => {
                let due = self.next_ping.min(*answered + self.tolerance());
                trial.as_ref().map_or(due, |trial| due.min(trial.next))
            }
        }
    }

    /// Finds out what time it is for. A ping that is nearly due goes out now, so that many links wake the node once.
    pub(crate) fn run(&mut self, now: Instant) -> Step {
        let mut step = Step::default();
        let gap = self.trial_gap();
        let tolerance = self.tolerance();
        if let State::Up { answered, trial } = &mut self.state {
            if now >= *answered + tolerance {
                step.went_down = true;
            } else if let Some(trial) = trial
                && now >= trial.next
            {
                if trial.sent < TRIAL_PINGS {
                    trial.sent += 1;
                    trial.next = now + gap;
                    step.ping = true;
                } else {
                    step.went_down = true;
                }
            }
        }
        if step.went_down {
            self.state = State::Down { answers: 0 };
        }
        step.ping |= now + self.interval / 16 >= self.next_ping;
        step
    }

    /// A ping was sent.
    pub(crate) fn sent(&mut self, now: Instant) {
        self.last_ping = Some(now);
        self.next_ping = now + self.interval;
        while self.unanswered.len() >= UNANSWERED_MAX {
            self.unanswered.pop_front();
        }
        self.unanswered.push_back(now);
    }

    /// An answer to the ping of `asked` came.
    pub(crate) fn answered(&mut self, now: Instant, asked: Instant) -> Answer {
        let Some(at) = self.unanswered.iter().position(|&ping| ping == asked) else {
            return Answer::Unasked;
        };
        self.unanswered.remove(at);
        let latency = now.since(asked);
        if latency > self.timeout {
            return Answer::Unasked;
        }
        self.average(latency);
        let hurry = HURRY.min(self.interval);
        match &mut self.state {
            State::Up { answered, trial } => {
                *answered = now;
                if trial.as_ref().is_some_and(|trial| asked >= trial.since) {
                    *trial = None;
                }
                Answer::Counted
            }
            State::Down { answers } if *answers < self.pong_count => {
                *answers += 1;
                // It seems to be there: no need to wait a whole interval to be sure.
                self.next_ping = self.next_ping.min(now + hurry);
                Answer::Counted
            }
            State::Down { .. } => {
                self.state = State::Up { answered: now, trial: None };
                Answer::CameUp
            }
        }
    }

    /// The other end asked. If we think it is not there, it is worth a ping.
    pub(crate) fn heard(&mut self, now: Instant) {
        if !self.is_up() {
            let earliest = self.last_ping.map_or(now, |last| last + HURRY.min(self.interval));
            self.next_ping = self.next_ping.min(earliest.max(now));
        }
    }

    /// Anybody said that nobody listens there: asks at once, and only believes silence.
    pub(crate) fn doubt(&mut self, now: Instant) {
        // Whoever can make up such messages must not make us ping without end.
        let next = self.last_ping.map_or(now, |last| (last + HURRY / 2).max(now));
        if let State::Up { trial: trial @ None, .. } = &mut self.state {
            *trial = Some(Trial { since: now, sent: 0, next });
        }
    }

    fn tolerance(&self) -> Duration {
        self.timeout + self.latency() * 2
    }

    fn trial_gap(&self) -> Duration {
        (self.latency() * 2).max(HURRY).min(self.timeout)
    }

    fn average(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX / 2);
        self.samples = (self.samples + 1).min(self.precision);
        let samples = u64::from(self.samples);
        self.average_us = (self.average_us.saturating_mul(samples - 1) + micros) / samples;
    }
}
