//! The CIB: what queries and changes take, with the tools and over one connection, in a small cluster and with large documents.

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use client::cib::{CallOptions, Cib};
use clusters::large::{Large, Status};
use xml::Element;

use super::{figures::Column, measures, processor};
use crate::{
    bed::{Bed, LIMIT},
    stack::Software,
};

/// How long one connection writes for one figure.
const WRITING: Duration = Duration::from_secs(3);
/// How often a command runs for one figure.
const RUNS: usize = 100;
/// The same, for commands on large documents.
const FEW_RUNS: usize = 5;

/// A cluster with 100 resources; then large documents in files.
pub(super) fn all(software: &Software, repeat: usize, figures: &mut Column<'_>) -> Result<()> {
    let bed = measures::formed(software)?;
    let node = bed.any()?;
    small(&bed, &node, repeat, figures)?;
    large(&bed, &node, figures)
}

/// Three nodes, a hundred resources that run, all daemons.
fn small(bed: &Bed, node: &str, repeat: usize, figures: &mut Column<'_>) -> Result<()> {
    measures::create_dummies(bed, 100)?;
    bed.wait_started("M99")?;
    bed.wait_idle()?;
    for (name, words) in [
        ("3 × 100: cibadmin -Q", &["cibadmin", "-Q"][..]),
        ("3 × 100: crm_mon -1", &["crm_mon", "-1"]),
        ("3 × 100: crm_attribute, an option set", &["crm_attribute", "-n", "bench", "-v", "COUNT"]),
        ("any tool: --version", &["cibadmin", "--version"]),
    ] {
        report(&timed(bed, node, RUNS, words)?, name, figures);
    }
    for _ in 0..repeat {
        let rate = helper(bed, node, &["cib-writes", &WRITING.as_millis().to_string()])?;
        figures.rate("3 × 100: writes over one connection", "1/s", rate.trim().parse()?);
        let words = ["cibadmin", "-M", "-X", &change("COUNT").to_compact()];
        let runs = timed(bed, node, RUNS, &words)?;
        let all: Duration = runs.wall.iter().sum();
        figures.rate(
            "3 × 100: writes with a cibadmin each",
            "1/s",
            RUNS as f64 / all.as_secs_f64(),
        );
    }
    // The C daemon has a second process while it writes to the disk.
    let daemon = netns::wait_until("the CIB's daemon alone", LIMIT, || {
        bed.cluster.node(node)?.daemon("pacemaker-based")
    })?;
    figures.add(
        "3 × 100: RSS of pacemaker-based",
        "MiB",
        measures::mebibytes(daemon.resident_kib()?),
    );
    Ok(())
}

/// Tools without a daemon, on a file with the state of a cluster of 16 nodes and 1,000 resources; differences of a
/// document of 3 MB.
fn large(bed: &Bed, node: &str, figures: &mut Column<'_>) -> Result<()> {
    let running = bed.cluster.node(node)?;
    let place = |name: &str| (format!("/run/{name}"), running.live_file(&format!("/run/{name}")));
    let (cib, at) = place("bench-1000.xml");
    fs::write(&at, state_of(1_000)?)?;
    let cib = format!("CIB_file={cib}");
    for (name, words) in [
        ("16 × 1,000, a file: cibadmin -Q", &["env", &cib, "cibadmin", "-Q"][..]),
        ("16 × 1,000, a file: crm_mon -1", &["env", &cib, "crm_mon", "-1"]),
        (
            "16 × 1,000, a file: an option set",
            &["env", &cib, "cibadmin", "-M", "-X", &change("COUNT").to_compact()],
        ),
    ] {
        report(&timed(bed, node, FEW_RUNS, words)?, name, figures);
    }

    let (before, before_at) = place("bench-before.xml");
    let (after, after_at) = place("bench-after.xml");
    let (patch, patch_at) = place("bench-patch.xml");
    let text = state_of(260)?;
    fs::write(&before_at, &text)?;
    let changed =
        text.replace("resource-stickiness\" value=\"1\"", "resource-stickiness\" value=\"2\"");
    fs::write(&after_at, changed.replacen("epoch=\"10\"", "epoch=\"11\"", 1))?;
    let compare = ["crm_diff", "--cib", "--original", &before, "--new", &after];
    report(&timed(bed, node, FEW_RUNS, &compare)?, "3 MB: crm_diff of an option", figures);
    // It ends with 1 where there is a difference.
    let made = bed.cluster.exec(node, &compare)?;
    fs::write(&patch_at, &made.stdout)?;
    figures.add("3 MB: size of that patch", "bytes", made.stdout.len() as f64);
    let apply = ["crm_diff", "--cib", "--original", &before, "--patch", &patch];
    report(&timed(bed, node, FEW_RUNS, &apply)?, "3 MB: crm_diff, patch applied", figures);
    Ok(())
}

/// A steady cluster of 16 nodes and so many resources, in a document that Debian's tools change too.
fn state_of(resources: usize) -> Result<String> {
    let mut text = Vec::new();
    Large::groups(16, resources, Status::Steady).write(&mut text)?;
    let text = String::from_utf8(text)?;
    Ok(text.replacen(r#"crm_feature_set="3.20.5""#, r#"crm_feature_set="3.16.1""#, 1))
}

/// A change of one option.
fn change(value: &str) -> Element {
    let pair =
        Element::new("nvpair").with("id", "bench").with("name", "bench").with("value", value);
    let set =
        Element::new("cluster_property_set").with("id", "cib-bootstrap-options").with_child(pair);
    Element::new("cib").with_child(
        Element::new("configuration").with_child(Element::new("crm_config").with_child(set)),
    )
}

/// What runs of a command took.
struct Runs {
    wall: Vec<Duration>,
    /// Of all together.
    cpu: Duration,
}

fn report(runs: &Runs, name: &str, figures: &mut Column<'_>) {
    for wall in &runs.wall {
        figures.time(name, *wall);
    }
    let each = runs.cpu.as_secs_f64() * 1_000.0 / runs.wall.len() as f64;
    figures.add(&format!("{name}, processor time"), "ms", each);
}

/// Runs a command on a node so many times, and says how long it took there.
fn timed(bed: &Bed, node: &str, runs: usize, words: &[&str]) -> Result<Runs> {
    let count = runs.to_string();
    let said = helper(bed, node, &[&["run-times", &count], words].concat())?;
    let mut numbers = said.split_whitespace().map(|word| Ok(Duration::from_micros(word.parse()?)));
    let cpu = numbers.next().context("nothing was measured")??;
    Ok(Runs { cpu, wall: numbers.collect::<Result<_>>()? })
}

/// Runs a part of this program on a node.
fn helper(bed: &Bed, node: &str, words: &[&str]) -> Result<String> {
    let program = bed.cluster.helper().display().to_string();
    let output = bed.run(node, &[&[program.as_str()], words].concat())?;
    Ok(output.stdout)
}

/// `cib-writes MILLISECONDS`: changes one option for so long, and prints how many changes a second there were.
pub(super) fn writes(words: &[String]) -> Result<()> {
    let [milliseconds] = words else { bail!("usage: cib-writes MILLISECONDS") };
    let duration = Duration::from_millis(milliseconds.parse()?);
    let mut cib = Cib::open("bench")?;
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < duration {
        count += 1;
        cib.modify(None, change(&count.to_string()), CallOptions::NONE)?;
    }
    println!("{:.1}", f64::from(count) / start.elapsed().as_secs_f64());
    Ok(())
}

/// `run-times COUNT COMMAND...`: runs a command, in which `COUNT` is replaced by the number of the run, and prints the
/// microseconds of processor time of all runs together, and then those that each run took.
pub(super) fn run_times(words: &[String]) -> Result<()> {
    let [count, program, rest @ ..] = words else { bail!("usage: run-times COUNT COMMAND...") };
    let before = processor::of_children()?;
    let mut wall = Vec::new();
    for run in 0..count.parse::<usize>()? {
        let words = rest.iter().map(|word| word.replace("COUNT", &run.to_string()));
        let start = Instant::now();
        let output = Command::new(program)
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .output()
            .with_context(|| program.clone())?;
        wall.push(start.elapsed());
        // A difference that is found is no failure.
        if !matches!(output.status.code(), Some(0 | 1)) {
            bail!("{words:?}: {}", String::from_utf8_lossy(&output.stderr), words = rest);
        }
    }
    println!("{}", (processor::of_children()? - before).as_micros());
    for time in wall {
        println!("{}", time.as_micros());
    }
    Ok(())
}
