//! How much a ring carries and how long it takes.

use std::{
    fmt,
    str::FromStr,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use ring::{Cpg, CpgEvent};

use super::{block_on, numbers};

const GROUP: &str = "ring-load";
/// Messages and bytes that a sender has under way: more than the ring takes at a time.
const WINDOW: (usize, usize) = (4_000, 4 << 20);
/// The bytes of a time stamp in a message.
const STAMP: usize = 8;

/// `ring-load SIZE MILLISECONDS`: sends for so long as fast as the ring takes, and prints messages and microseconds.
pub(super) fn throughput(words: &[String]) -> Result<()> {
    let [size, milliseconds] = numbers(words, "ring-load SIZE MILLISECONDS")?;
    let duration = Duration::from_millis(milliseconds);
    let (messages, took) = block_on(send_all(usize::try_from(size)?, duration))?;
    println!("{messages} {}", took.as_micros());
    Ok(())
}

async fn send_all(size: usize, duration: Duration) -> Result<(u64, Duration)> {
    let mut cpg = Cpg::join(GROUP).await?;
    let message = vec![0x5a; size];
    let window = WINDOW.0.min(WINDOW.1 / size.max(1)).max(2);
    let (start, own) = (Instant::now(), std::process::id());
    let (mut under_way, mut delivered) = (0, 0);
    while start.elapsed() < duration {
        while under_way < window {
            cpg.multicast(&message)?;
            under_way += 1;
        }
        if let CpgEvent::Delivered { sender, .. } = cpg.next().await?
            && sender.node == cpg.local_node()
            && sender.pid == own
        {
            under_way -= 1;
            delivered += 1;
        }
    }
    Ok((delivered, start.elapsed()))
}

/// What a message took on its way, over many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Latency {
    pub(crate) half: Duration,
    pub(crate) ninety_nine_of_hundred: Duration,
}

impl Latency {
    fn of(mut samples: Vec<Duration>) -> Result<Self> {
        samples.sort();
        let at = |part: usize| samples.get(samples.len() * part / 100).copied();
        let (half, most) = (at(50), at(99));
        let half = half.context("nothing was measured")?;
        Ok(Self { half, ninety_nine_of_hundred: most.unwrap_or(half) })
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.half.as_nanos(), self.ninety_nine_of_hundred.as_nanos())
    }
}

impl FromStr for Latency {
    type Err = anyhow::Error;

    fn from_str(line: &str) -> Result<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [half, most] = words[..] else { bail!("no latency: {line:?}") };
        let time = |word: &str| -> Result<Duration> { Ok(Duration::from_nanos(word.parse()?)) };
        Ok(Self { half: time(half)?, ninety_nine_of_hundred: time(most)? })
    }
}

/// `ring-latency MEMBERS SIZE COUNT PAUSE`: waits for the members, then sends one message after the other, each when the
/// one before has come back and after so many microseconds, and prints what they took.
pub(super) fn latency(words: &[String]) -> Result<()> {
    let [members, size, count, pause] = numbers(words, "ring-latency MEMBERS SIZE COUNT PAUSE")?;
    let pause = Duration::from_micros(pause);
    let samples = block_on(async {
        let mut cpg = Cpg::join(GROUP).await?;
        wait_members(&mut cpg, usize::try_from(members)?).await?;
        let mut message = vec![0; usize::try_from(size)?];
        let mut samples = Vec::new();
        for _ in 0..count {
            let start = Instant::now();
            if let Some(stamp) = message.get_mut(..STAMP) {
                stamp.copy_from_slice(&now().to_ne_bytes());
            }
            cpg.multicast(&message)?;
            while !matches!(cpg.next().await?, CpgEvent::Delivered { .. }) {}
            samples.push(start.elapsed());
            if !pause.is_zero() {
                // Not the runtime's clock, which has steps of a millisecond.
                std::thread::sleep(pause);
            }
        }
        Ok(samples)
    })?;
    println!("{}", Latency::of(samples)?);
    Ok(())
}

/// `ring-listen COUNT`: waits for so many messages and prints what they took to come here; all nodes have one clock.
pub(super) fn listen(words: &[String]) -> Result<()> {
    let [count] = numbers(words, "ring-listen COUNT")?;
    let samples = block_on(async {
        let mut cpg = Cpg::join(GROUP).await?;
        let mut samples = Vec::new();
        while (samples.len() as u64) < count {
            if let CpgEvent::Delivered { bytes, .. } = cpg.next().await? {
                let stamp = bytes.first_chunk::<STAMP>().context("a message without time")?;
                samples
                    .push(Duration::from_nanos(now().saturating_sub(u64::from_ne_bytes(*stamp))));
            }
        }
        Ok(samples)
    })?;
    println!("{}", Latency::of(samples)?);
    Ok(())
}

async fn wait_members(cpg: &mut Cpg, wanted: usize) -> Result<()> {
    loop {
        if let CpgEvent::Membership { members, .. } = cpg.next().await?
            && members.len() == wanted
        {
            return Ok(());
        }
    }
}

/// Nanoseconds of the machine's clock.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_end() {
        let samples = (1..=200).rev().map(Duration::from_millis).collect();
        let latency = Latency::of(samples).expect("many");
        assert_eq!(latency.half, Duration::from_millis(101));
        assert_eq!(latency.ninety_nine_of_hundred, Duration::from_millis(199));
        assert_eq!(latency.to_string().parse::<Latency>().expect("its own line"), latency);
        assert!(Latency::of(Vec::new()).is_err());
    }
}
