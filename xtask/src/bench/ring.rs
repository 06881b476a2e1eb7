//! The ring alone: what it carries, what it costs, how fast it notices.

use std::{
    process::Stdio,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use rustix::process::Signal;

use super::{figures::Column, measures::mebibytes};
use crate::{
    bed::{Bed, LIMIT},
    ring::{load::Latency, watch::Watch},
    stack::Software,
    timeline::milliseconds,
};

const SIZES: [usize; 4] = [1, 64, 1_024, 65_536];
/// How long the ring is loaded for one figure of what it carries.
const LOAD: Duration = Duration::from_secs(3);
/// How long an idle ring is watched.
const IDLE: Duration = Duration::from_secs(10);
/// The pause between messages that are not sent back to back.
const PAUSE: Duration = Duration::from_millis(20);
const TOKENS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// Everything, on three nodes with nothing above the ring.
pub(crate) fn all(software: &Software, repeat: usize, figures: &mut Column<'_>) -> Result<()> {
    let name = format!("bench-{}", std::process::id());
    let bed = Bed::boot(software.cluster(&name, 3))?;
    bed.form_ring()?;
    idle(&bed, figures)?;
    for _ in 0..repeat {
        for size in SIZES {
            for senders in [1, 3] {
                carried(&bed, size, senders, figures)?;
            }
            // A hundred is few for a hundredth part, but a pause takes its time.
            latency(&bed, size, 1_000, Duration::ZERO, figures)?;
            latency(&bed, size, 150, PAUSE, figures)?;
        }
    }
    drop(bed);
    for token in TOKENS {
        detection(software, token, repeat, figures)?;
    }
    Ok(())
}

fn idle(bed: &Bed, figures: &mut Column<'_>) -> Result<()> {
    let nodes = bed.cluster.live();
    // What belongs to the start must not be counted: the search for the largest packet takes some seconds.
    std::thread::sleep(IDLE);
    let before = (cpu_time(bed)?, packets(bed)?);
    std::thread::sleep(IDLE);
    let after = (cpu_time(bed)?, packets(bed)?);
    let node_seconds = IDLE.as_secs_f64() * nodes.len() as f64;
    let cpu = (after.0 - before.0).as_secs_f64() / node_seconds * 100.0;
    figures.add("idle: CPU of a node's daemon", "%", cpu);
    figures.add("idle: packets sent by a node", "1/s", (after.1 - before.1) / node_seconds);
    for node in &nodes {
        let daemon = bed.ring_daemon(node)?;
        figures.add("idle: RSS of the daemon", "MiB", mebibytes(daemon.resident_kib()?));
        figures.add("idle: PSS of the daemon", "MiB", mebibytes(daemon.proportional_kib()?));
    }
    Ok(())
}

/// The processor time of all daemons together.
fn cpu_time(bed: &Bed) -> Result<Duration> {
    bed.cluster.live().iter().map(|node| bed.ring_daemon(node)?.cpu_time()).sum()
}

/// The packets that all nodes together have sent.
fn packets(bed: &Bed) -> Result<f64> {
    let of_node = |node: &String| -> Result<f64> {
        let path = format!("/proc/{}/net/dev", bed.cluster.node(node)?.pid());
        let text = std::fs::read_to_string(path)?;
        let line = text.lines().find(|l| l.contains("eth0:")).context("no eth0")?;
        // Eight columns of what was received, then bytes and packets that were sent.
        Ok(line.split_whitespace().nth(10).context("a short line")?.parse()?)
    };
    bed.cluster.live().iter().map(of_node).sum()
}

fn carried(bed: &Bed, size: usize, senders: usize, figures: &mut Column<'_>) -> Result<()> {
    let nodes = bed.cluster.live();
    let helper = bed.cluster.helper().display().to_string();
    let (size_word, time) = (size.to_string(), LOAD.as_millis().to_string());
    let before = cpu_time(bed)?;
    let words = [&helper, "ring-load", size_word.as_str(), time.as_str()];
    let outputs = bed.everywhere(&nodes[..senders], &words)?;
    let spent = cpu_time(bed)? - before;
    let (mut messages, mut rate) = (0.0, 0.0);
    for output in outputs {
        let (count, microseconds) = output.trim().split_once(' ').context(output.clone())?;
        let (count, microseconds): (f64, f64) = (count.parse()?, microseconds.parse()?);
        messages += count;
        rate += count / microseconds * 1e6;
    }
    let who = if senders == 1 { "1 sender" } else { "3 senders" };
    figures.rate(&format!("{who}, {size} B: carried"), "msg/s", rate);
    let each = spent.as_secs_f64() * 1e6 / messages.max(1.0);
    figures.add(&format!("{who}, {size} B: CPU of all daemons"), "µs/msg", each);
    Ok(())
}

fn latency(
    bed: &Bed,
    size: usize,
    count: usize,
    pause: Duration,
    figures: &mut Column<'_>,
) -> Result<()> {
    let nodes = bed.cluster.live();
    let helper = bed.cluster.helper().display().to_string();
    // A message of one byte has no room for the time at which it was sent.
    let listeners = if size >= 8 { &nodes[1..] } else { &[] };
    let members = (listeners.len() + 1).to_string();
    let (size_word, count) = (size.to_string(), count.to_string());
    let mut running = Vec::new();
    for node in listeners {
        let words = [&helper, "ring-listen", count.as_str()];
        let mut command = bed.cluster.node(node)?.command(&words).into_command();
        running.push(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?);
    }
    let pause_word = pause.as_micros().to_string();
    let words = [helper.as_str(), "ring-latency", &members, &size_word, &count, &pause_word];
    let own: Latency = bed.run(&nodes[0], &words)?.stdout.trim().parse()?;
    let how = if pause.is_zero() { "back to back" } else { "every 20 ms" };
    add_latency(&format!("{size} B {how}: back at the sender"), own, figures);
    for child in running {
        let output = child.wait_with_output()?;
        let there: Latency = String::from_utf8_lossy(&output.stdout).trim().parse()?;
        add_latency(&format!("{size} B {how}: at another node"), there, figures);
    }
    Ok(())
}

fn add_latency(row: &str, latency: Latency, figures: &mut Column<'_>) {
    let microseconds = |time: Duration| time.as_secs_f64() * 1e6;
    figures.add(&format!("{row}, p50"), "µs", microseconds(latency.half));
    figures.add(&format!("{row}, p99"), "µs", microseconds(latency.ninety_nine_of_hundred));
}

/// How long it takes until all others have a membership without a node whose daemon was killed, or that was cut off.
fn detection(
    software: &Software,
    token: Duration,
    repeat: usize,
    figures: &mut Column<'_>,
) -> Result<()> {
    let mut settings = software.cluster(&format!("bench-{}", std::process::id()), 3);
    settings.token = Some(token);
    let bed = Bed::boot(settings)?;
    bed.form_ring()?;
    let nodes = bed.cluster.node_names();
    for round in 0..repeat {
        let victim = &nodes[round % nodes.len()];
        let took = noticed(&bed, victim, || {
            bed.ring_daemon(victim)?.signal(Signal::KILL)?;
            Ok(SystemTime::now())
        })?;
        let row = format!("token {} ms: daemon killed to membership", token.as_millis());
        figures.add(&row, "ms", took);
        bed.cluster.start_ring(victim)?;
        bed.wait_ring(&nodes, true)?;

        let took = noticed(&bed, victim, || {
            bed.cluster.cut(victim)?;
            Ok(SystemTime::now())
        })?;
        let row = format!("token {} ms: node cut off to membership", token.as_millis());
        figures.add(&row, "ms", took);
        bed.cluster.heal(victim)?;
        bed.wait_ring(&nodes, true)?;
    }
    Ok(())
}

/// Milliseconds from a blow to the last new membership of the others.
fn noticed(bed: &Bed, victim: &str, blow: impl Fn() -> Result<SystemTime>) -> Result<f64> {
    let number = bed.number(victim)?;
    let nodes = bed.cluster.node_names();
    let others = nodes.iter().filter(|n| *n != victim);
    let watches = others.map(|n| Watch::start(&bed.cluster, n)).collect::<Result<Vec<_>>>()?;
    let at = blow()?;
    let mut last = at;
    for watch in &watches {
        last = last.max(watch.wait(LIMIT, |m| !m.members.contains(&number))?.at);
    }
    Ok(milliseconds(at, last))
}
