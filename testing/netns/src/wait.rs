use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};

/// How long the state of the processes is left alone between two looks. Looks are cheap (a tool, a file); this is well
/// below anything that a cluster does.
const PAUSE: Duration = Duration::from_millis(40);

/// Looks until `condition` gives a value, and gives up after `limit`.
///
/// A condition says what it saw instead through its error, and the last one is told when time is up: `Err` means "not
/// yet", never "stop".
///
/// # Errors
///
/// When `limit` has passed; the message names `what` and the last thing seen.
pub fn wait_until<T>(
    what: &str,
    limit: Duration,
    mut condition: impl FnMut() -> Result<T>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        let seen = match condition() {
            Ok(value) => return Ok(value),
            Err(seen) => seen,
        };
        if start.elapsed() > limit {
            bail!(anyhow!(
                "waited {} s in vain for this: {what}. Last seen: {seen:#}",
                limit.as_secs()
            ));
        }
        std::thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_first_value_and_names_what_it_waited_for() {
        let mut looks = 0;
        let value = wait_until("three looks", Duration::from_secs(60), || {
            looks += 1;
            if looks == 3 { Ok(looks) } else { bail!("look {looks}") }
        });
        assert_eq!(value.expect("the third look succeeds"), 3);

        let failed = wait_until("nothing", Duration::ZERO, || -> Result<()> { bail!("dark") });
        let message = failed.expect_err("no time is given").to_string();
        assert!(message.contains("nothing") && message.contains("dark"), "{message}");
    }
}
