use std::{fmt, time::Duration};

use machine::Instant;

/// Notices that the event loop did not get on for too long: the host was busy or asleep, or one input took too long.
///
/// The loop says what it begins with [`Self::begin`]; a timer that fires every [`Self::interval`] calls [`Self::check`].
#[derive(Debug)]
pub struct ScheduleWatch {
    token: Duration,
    /// When it was last checked, and what counted as too long then.
    checked: Option<(Instant, Duration)>,
    handling: Option<(&'static str, Instant)>,
    /// The input since the last check that took longest.
    longest: Option<(&'static str, Duration)>,
}

/// The event loop was late; `Display` is C's line for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lateness {
    /// When it was noticed, in milliseconds since 1970.
    pub noticed_at_ms: u64,
    /// How long nothing happened.
    pub delay: Duration,
    /// What would have been fine.
    pub threshold: Duration,
    /// The input that took longest meanwhile, and how long; if that is most of `delay` it is the reason, else the process did
    /// not run.
    pub longest: Option<(&'static str, Duration)>,
}

impl ScheduleWatch {
    /// For a ring whose token may be away that long.
    pub const fn new(token: Duration) -> Self {
        Self { token, checked: None, handling: None, longest: None }
    }

    /// The token's time has changed; counts from the next check on.
    pub const fn set_token(&mut self, token: Duration) {
        self.token = token;
    }

    /// How often to check.
    pub fn interval(&self) -> Duration {
        self.token / 3
    }

    /// The loop begins to deal with an input, which ends what it did before.
    pub fn begin(&mut self, now: Instant, what: &'static str) {
        self.end(now);
        self.handling = Some((what, now));
    }

    /// The loop waits for the next input.
    pub fn end(&mut self, now: Instant) {
        if let Some((what, since)) = self.handling.take() {
            let took = now - since;
            if self.longest.is_none_or(|(_, longest)| took > longest) {
                self.longest = Some((what, took));
            }
        }
    }

    /// Whether it is too long since the last check.
    pub fn check(&mut self, now: Instant, wall_ms: u64) -> Option<Lateness> {
        let threshold = self.token * 4 / 5;
        let last = self.checked.replace((now, threshold));
        let longest = self.longest.take();
        let (before, threshold) = last?;
        let delay = now - before;
        (delay > threshold).then_some(Lateness {
            noticed_at_ms: wall_ms,
            delay,
            threshold,
            longest,
        })
    }
}

impl Lateness {
    /// A second line for the log, if an input of the daemon's own was the reason.
    pub fn reason(&self) -> Option<String> {
        let (what, took) = self.longest?;
        (took * 2 > self.delay)
            .then(|| format!("The delay was in handling {what}, which took {:.4} ms", ms(took)))
    }
}

impl fmt::Display for Lateness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, delay, threshold) = (self.noticed_at_ms, ms(self.delay), ms(self.threshold));
        write!(
            f,
            "Corosync main process was not scheduled (@{at}) for {delay:.4} ms (threshold is {threshold:.4} ms). \
             Consider token timeout increase."
        )
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The wall-clock time in milliseconds since 1970.
pub fn wall_milliseconds() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::START + Duration::from_millis(ms)
    }

    #[test]
    fn a_pause_is_told_in_c_s_words() {
        let mut watch = ScheduleWatch::new(Duration::from_millis(1000));
        assert_eq!(watch.interval(), Duration::from_nanos(333_333_333));
        assert_eq!(watch.check(at(5000), 0), None, "nothing to compare with");
        assert_eq!(watch.check(at(5800), 0), None);
        let late = watch.check(at(13_434), 1_700_000_000_123).unwrap();
        assert_eq!(
            late.to_string(),
            "Corosync main process was not scheduled (@1700000000123) for 7634.0000 ms (threshold is 800.0000 ms). \
             Consider token timeout increase."
        );
        assert_eq!(late.reason(), None);
        assert_eq!(watch.check(at(13_500), 0), None);
    }

    #[test]
    fn what_took_most_of_the_time_is_named() {
        let mut watch = ScheduleWatch::new(Duration::from_millis(1000));
        watch.check(at(0), 0);
        watch.begin(at(100), "a packet");
        watch.begin(at(110), "a cmap request");
        watch.end(at(1110));
        watch.begin(at(1120), "a timer");
        let late = watch.check(at(1121), 0).unwrap();
        assert_eq!(
            late.reason().unwrap(),
            "The delay was in handling a cmap request, which took 1000.0000 ms"
        );
        watch.end(at(1122));
        let late = watch.check(at(3000), 0).unwrap();
        assert_eq!(late.longest, Some(("a timer", Duration::from_millis(2))));
        assert_eq!(late.reason(), None);
    }

    #[test]
    fn another_token_counts_from_the_next_check_on() {
        let mut watch = ScheduleWatch::new(Duration::from_millis(1000));
        watch.check(at(0), 0);
        watch.set_token(Duration::from_millis(10_000));
        assert!(watch.check(at(1000), 0).is_some());
        assert_eq!(watch.check(at(3000), 0), None);
    }
}
