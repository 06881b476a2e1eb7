//! The latest times that the loop was late: the keys `stats.schedmiss.`.

use std::collections::VecDeque;

use cmap::{Value, statistics::scheduling_miss_prefix};
use runtime::Lateness;

/// How many are kept.
const KEPT: usize = 10;

/// When the loop was late, and how much.
#[derive(Debug, Default)]
pub(crate) struct Misses {
    /// The latest first: ms since 1970, and how long nothing happened, in ms.
    latest: VecDeque<(u64, f32)>,
}

impl Misses {
    /// It was late again.
    pub(crate) fn add(&mut self, lateness: &Lateness) {
        self.latest.truncate(KEPT - 1);
        self.latest.push_front((lateness.noticed_at_ms, lateness.delay.as_secs_f32() * 1000.0));
    }

    /// Begins anew.
    pub(crate) fn clear(&mut self) {
        self.latest.clear();
    }

    /// The keys and values.
    pub(crate) fn values(&self) -> impl Iterator<Item = (String, Value)> + '_ {
        self.latest.iter().enumerate().flat_map(|(index, &(timestamp, delay))| {
            let prefix = scheduling_miss_prefix(index);
            [
                (format!("{prefix}timestamp"), Value::U64(timestamp)),
                (format!("{prefix}delay"), Value::Float(delay)),
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_latest_is_first_and_ten_are_kept() {
        let mut misses = Misses::default();
        for second in 1..=12 {
            misses.add(&Lateness {
                noticed_at_ms: second,
                delay: Duration::from_millis(1500),
                threshold: Duration::from_millis(800),
                longest: None,
            });
        }
        let values: Vec<_> = misses.values().collect();
        assert_eq!(values.len(), 20);
        assert_eq!(values[0], ("stats.schedmiss.0.timestamp".to_owned(), Value::U64(12)));
        assert_eq!(values[1], ("stats.schedmiss.0.delay".to_owned(), Value::Float(1500.0)));
        assert_eq!(values[18], ("stats.schedmiss.9.timestamp".to_owned(), Value::U64(3)));
        misses.clear();
        assert_eq!(misses.values().count(), 0);
    }
}
