use std::collections::BTreeMap;

/// Says which arming of a timer a firing belongs to.
///
/// Each arming gets a new token. A firing whose token is not the current one is stale and means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerToken(u64);

/// A machine's own book of its armed timers, by name `K`.
///
/// The machine arms (`let token = timers.arm(K)`), asks the shell with an output of its own that carries `token`, and
/// passes each firing through [`Timers::fired`]: `true` means "this is the one I armed last".
#[derive(Clone, Debug)]
pub struct Timers<K> {
    last: u64,
    armed: BTreeMap<K, TimerToken>,
}

impl<K: Ord> Timers<K> {
    /// No timer armed.
    pub const fn new() -> Self {
        Self { last: 0, armed: BTreeMap::new() }
    }

    /// Arms the timer anew; an earlier arming of the same name becomes stale.
    #[must_use = "the token has to be sent to the shell with the request for the timer"]
    pub fn arm(&mut self, name: K) -> TimerToken {
        self.last += 1;
        let token = TimerToken(self.last);
        self.armed.insert(name, token);
        token
    }

    /// Forgets the timer: its firing, should it come, is stale.
    pub fn disarm(&mut self, name: &K) {
        self.armed.remove(name);
    }

    /// Whether the timer is armed.
    pub fn is_armed(&self, name: &K) -> bool {
        self.armed.contains_key(name)
    }

    /// Takes note of a firing. `true` if it belongs to the last arming, which is thereby over.
    pub fn fired(&mut self, name: &K, token: TimerToken) -> bool {
        let current = self.armed.get(name) == Some(&token);
        if current {
            self.armed.remove(name);
        }
        current
    }
}

impl<K: Ord> Default for Timers<K> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_arming_counts_and_only_once() {
        let mut timers = Timers::new();
        let first = timers.arm("election");
        let second = timers.arm("election");
        assert!(!timers.fired(&"election", first));
        assert!(timers.fired(&"election", second));
        assert!(!timers.fired(&"election", second));
    }

    #[test]
    fn a_disarmed_timer_is_stale() {
        let mut timers = Timers::new();
        let token = timers.arm(1);
        timers.disarm(&1);
        assert!(!timers.is_armed(&1));
        assert!(!timers.fired(&1, token));
    }
}
