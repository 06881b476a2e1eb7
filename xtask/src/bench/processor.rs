//! Processor time, as the kernel counts it: in hundredths of a second.

use std::{fs, time::Duration};

use anyhow::{Context, Result};

/// Processor time of all processes that were started here and have ended: `cutime` and `cstime`.
pub(super) fn of_children() -> Result<Duration> {
    let text = fs::read_to_string("/proc/self/stat")?;
    times(&text, 13).context("/proc/self/stat has other fields than it should")
}

/// Processor time of a process itself: `utime` and `stime`.
pub(super) fn of_process(stat: &str) -> Option<Duration> {
    times(stat, 11)
}

/// The sum of two times, the first of which has so many fields between itself and the name in parentheses.
fn times(stat: &str, before: usize) -> Option<Duration> {
    const TICKS_PER_SECOND: u64 = 100;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(before);
    let mut number = || fields.next()?.parse::<u64>().ok();
    let ticks = number()? + number()?;
    Some(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_kernel_are_read() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 100 200 0 0 11 12 30 4 20 0 1 0 99 1 2";
        assert_eq!(times(stat, 13), Some(Duration::from_millis(340)));
        assert_eq!(of_process(stat), Some(Duration::from_millis(230)));
        assert_eq!(times("7 (a) S 1", 13), None);
    }
}
