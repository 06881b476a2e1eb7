//! The ring in virtual time: many seeds, one failure again, a failure made small.

use std::{fs, path::PathBuf};

use ::sim::ring::{self, Recording};
use anyhow::{Context, Result, bail};

use crate::{
    arguments::{Arguments, range},
    stack,
};

/// Recordings that a search for a smaller one tries.
const TRIES: usize = 3_000;
/// Lines of what happened that are shown.
const LINES: usize = 120;

const USAGE: &str = "\
usage: cargo xtask sim run --seeds A..B    all seeds from A to before B; recordings of failures are kept
       cargo xtask sim record SEED FILE    the recording of a seed, whether it fails or not
       cargo xtask sim replay FILE         a recording again, with the last of what happens in words
       cargo xtask sim shrink FILE         the smallest part of a recording that fails, in FILE.small";

/// `cargo xtask sim`
pub(crate) fn command(mut arguments: Arguments) -> Result<()> {
    let seeds = arguments.option("--seeds")?;
    let words = arguments.words()?;
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match (words.as_slice(), seeds) {
        (["run"], Some(seeds)) => run(&seeds),
        (["record", seed, file], None) => {
            let seed = seed.parse().with_context(|| format!("{seed:?} is no seed"))?;
            let run = ring::run_seed(seed, |_| {});
            tell(&run.outcome);
            save(&PathBuf::from(file), &run.recording)
        }
        (["replay", file], None) => replay(&load(file)?),
        (["shrink", file], None) => shrink(file),
        _ => bail!("{USAGE}"),
    }
}

fn run(seeds: &str) -> Result<()> {
    let seeds = range(seeds)?;
    let (mut failed, mut steps, mut deliveries, mut memberships) = (0, 0, 0, 0);
    for seed in seeds.clone() {
        let run = ring::run_seed(seed, |_| {});
        steps += run.outcome.steps;
        deliveries += run.outcome.deliveries;
        memberships += run.outcome.memberships;
        if let Some(violation) = &run.outcome.violation {
            failed += 1;
            let file = stack::root().join(format!("target/sim/ring-{seed}.txt"));
            println!("seed {seed}: {violation}");
            save(&file, &run.recording)?;
        }
    }
    println!(
        "{} runs, {failed} failed; {steps} things happened, {deliveries} deliveries, {memberships} memberships",
        seeds.end.saturating_sub(seeds.start)
    );
    if failed > 0 {
        bail!("{failed} seeds failed");
    }
    Ok(())
}

fn replay(recording: &Recording) -> Result<()> {
    let outcome = ring::replay(recording, true, |_| {});
    let first = outcome.lines.len().saturating_sub(LINES);
    outcome.lines[first..].iter().for_each(|line| println!("{line}"));
    tell(&outcome);
    if outcome.violation.is_some() {
        bail!("the recording still fails");
    }
    Ok(())
}

fn shrink(file: &str) -> Result<()> {
    let recording = load(file)?;
    let Some(shrunk) = ring::shrink(&recording, TRIES, |_| {}) else {
        bail!("nothing is wrong with the run in {file}");
    };
    println!(
        "{} of {} events and {} of {} fates of packets are needed ({} tries)",
        shrunk.recording.events.len(),
        recording.events.len(),
        shrunk.recording.fates.len(),
        recording.fates.len(),
        shrunk.tries
    );
    save(&PathBuf::from(format!("{file}.small")), &shrunk.recording)
}

fn tell(outcome: &ring::Outcome) {
    match &outcome.violation {
        Some(violation) => println!("{violation}"),
        None => println!("everything held"),
    }
    println!(
        "{} things happened until {:?}, {} deliveries, {} memberships, hash {:016x}",
        outcome.steps, outcome.end, outcome.deliveries, outcome.memberships, outcome.hash
    );
}

fn load(file: &str) -> Result<Recording> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
    text.parse().with_context(|| file.to_owned())
}

fn save(file: &PathBuf, recording: &Recording) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, recording.to_string())
        .with_context(|| format!("cannot write {}", file.display()))?;
    println!("recorded in {}", file.display());
    Ok(())
}
