use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use machine::{Instant, TimerToken};
use runtime::Clock;
use tokio::time::Sleep;

/// The timers of all machines, one of each kind `K`: arming it again puts it off.
///
/// Some are armed anew thousands of times a second; what was armed before must leave nothing behind.
#[derive(Debug)]
pub(crate) struct Deadlines<K> {
    clock: Clock,
    armed: BTreeMap<K, (Instant, TimerToken)>,
    /// Wakes the loop.
    sleep: Pin<Box<Sleep>>,
    wakes_at: Instant,
}

impl<K: Copy + Ord> Deadlines<K> {
    /// No timer armed. Needs the event loop to be there.
    pub(crate) fn new(clock: Clock) -> Self {
        let far = clock.now() + Duration::from_secs(3600);
        Self {
            clock,
            armed: BTreeMap::new(),
            sleep: Box::pin(tokio::time::sleep_until(clock.tokio(far))),
            wakes_at: far,
        }
    }

    /// Arms a timer to fire `after` that time from now, in place of an earlier arming.
    pub(crate) fn arm(&mut self, kind: K, token: TimerToken, after: Duration) {
        self.armed.insert(kind, (self.clock.now() + after, token));
    }

    /// A timer that is due; wakes the task when there is one.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<(K, TimerToken)> {
        loop {
            let earliest = self.armed.iter().min_by_key(|(_, (at, _))| *at);
            let Some((&kind, &(at, token))) = earliest else { return Poll::Pending };
            if at <= self.clock.now() {
                self.armed.remove(&kind);
                return Poll::Ready((kind, token));
            }
            if at != self.wakes_at {
                self.wake_at(at);
            }
            if self.sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            // What has been reached once would be reached at once again.
            self.wakes_at = Instant::START;
        }
    }

    fn wake_at(&mut self, at: Instant) {
        self.wakes_at = at;
        self.sleep.as_mut().reset(self.clock.tokio(at));
    }
}

#[cfg(test)]
mod tests {
    use machine::Timers;

    use super::*;

    async fn next(deadlines: &mut Deadlines<&'static str>) -> (&'static str, TimerToken) {
        std::future::poll_fn(|cx| deadlines.poll_next(cx)).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_that_is_armed_again_fires_once_and_later() {
        let mut tokens = Timers::new();
        let mut deadlines = Deadlines::new(Clock::start());
        let mut arm = |deadlines: &mut Deadlines<_>, name: &'static str, seconds| {
            let token = tokens.arm(name);
            deadlines.arm(name, token, Duration::from_secs(seconds));
            token
        };
        arm(&mut deadlines, "a", 1);
        let b = arm(&mut deadlines, "b", 2);
        let a = arm(&mut deadlines, "a", 3);
        assert_eq!(next(&mut deadlines).await, ("b", b));
        assert_eq!(next(&mut deadlines).await, ("a", a));
        assert!(deadlines.armed.is_empty());
        let c = arm(&mut deadlines, "c", 1);
        assert_eq!(next(&mut deadlines).await, ("c", c));
    }
}
