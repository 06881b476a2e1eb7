use std::{
    io::{BufRead, BufReader, IsTerminal, Read},
    process::{Command, Stdio},
    sync::mpsc,
};

use anyhow::{Context, Result};
use netns::{Ring, Stack};

use super::{Count, Outcome, Stage};
use crate::{
    corpus, packages, scenarios,
    stack::{self, Profile, Software},
    tidy,
};

/// All stages in the order in which they run.
#[rustfmt::skip]
pub(super) const ALL: &[Stage] = &[
    Stage { name: "fmt", about: "the code is formatted", slow: false, run: fmt },
    Stage { name: "tidy", about: "floors, sizes, words, reasons", slow: false, run: tidy_rules },
    Stage { name: "clippy", about: "no warnings, the purity wall stands", slow: false, run: clippy },
    Stage { name: "unit", about: "tests of all crates", slow: false, run: unit },
    Stage { name: "corpus", about: "Pacemaker's regression corpora through our tools", slow: false, run: corpora },
    Stage { name: "docs", about: "the documentation builds", slow: false, run: docs },
    Stage { name: "deny", about: "licences and sources of what comes from outside", slow: false, run: deny },
    Stage { name: "scenarios", about: "clusters of real processes in namespaces", slow: true, run: clusters },
    Stage { name: "scenarios-corosync", about: "our daemons on Debian's ring", slow: true, run: clusters_on_corosync },
];

/// How many lines of a failed command are shown again at the end.
const TAIL: usize = 60;

fn fmt() -> Result<Outcome> {
    single(stack::cargo(&["fmt", "--all", "--check"]))
}

fn clippy() -> Result<Outcome> {
    single(stack::cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))
}

fn docs() -> Result<Outcome> {
    let words = ["doc", "--workspace", "--no-deps", "--document-private-items", "--quiet"];
    let mut command = stack::cargo(&words);
    command.env("RUSTDOCFLAGS", "-D warnings");
    single(command)
}

fn deny() -> Result<Outcome> {
    let there = stack::cargo(&["deny", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !there {
        let installed = single(stack::cargo(&["install", "--locked", "cargo-deny"]))?;
        if installed.count.failed > 0 {
            return Ok(installed);
        }
    }
    // Nothing is fetched: the question is what the lock file names, and advisories are another matter.
    single(stack::cargo(&[
        "deny",
        "--offline",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))
}

fn tidy_rules() -> Result<Outcome> {
    let problems = tidy::check()?;
    problems.iter().for_each(|p| println!("{p}"));
    let count = Count { passed: usize::from(problems.is_empty()), failed: problems.len() };
    let note = match problems.len() {
        0 => "nothing untidy".to_owned(),
        number => format!("{number} untidy places"),
    };
    Ok(Outcome { count, note, tail: problems })
}

fn unit() -> Result<Outcome> {
    if netns::require_root().is_ok() {
        // Tests beside the originals leave out what is not there at a desk; as root nothing has to be left out.
        packages::ensure_all()?;
    }
    let (succeeded, lines) =
        run(stack::cargo(&["test", "--workspace", "--no-fail-fast", "--quiet"]))?;
    let mut count = Count::default();
    for line in lines.iter().filter(|l| l.contains("test result:")) {
        count.passed += number_before(line, " passed");
        count.failed += number_before(line, " failed");
    }
    if !succeeded && count.failed == 0 {
        count.failed = 1;
    }
    let note = format!("{} tests passed, {} failed", count.passed, count.failed);
    Ok(Outcome { count, note, tail: failures(&lines) })
}

fn corpora() -> Result<Outcome> {
    let summary = corpus::run_all()?;
    let count = Count { passed: summary.held, failed: summary.lost };
    Ok(Outcome { count, note: summary.note, tail: Vec::new() })
}

fn clusters() -> Result<Outcome> {
    run_scenarios(&scenarios::required(), Software::new(Stack::Cardea))
}

fn clusters_on_corosync() -> Result<Outcome> {
    run_scenarios(
        &scenarios::on_either_ring(),
        Software::new(Stack::Cardea).with_ring(Ring::Corosync),
    )
}

fn run_scenarios(wanted: &[&scenarios::Scenario], mut software: Software) -> Result<Outcome> {
    netns::require_root()?;
    packages::ensure_all()?;
    software.build(Profile::Development)?;
    let summary = scenarios::run(wanted, &software)?;
    let count = Count { passed: summary.passed.len(), failed: summary.failed.len() };
    let mut note = format!("{} scenarios passed, {} failed", count.passed, count.failed);
    if count.failed > 0 {
        note.push_str(&format!(": {}", summary.failed.join(", ")));
    }
    Ok(Outcome { count, note, tail: Vec::new() })
}

/// A command that is one check.
fn single(command: Command) -> Result<Outcome> {
    let (succeeded, mut lines) = run(command)?;
    let count = Count { passed: usize::from(succeeded), failed: usize::from(!succeeded) };
    let note = if succeeded { "passed" } else { "failed" }.to_owned();
    Ok(Outcome { count, note, tail: lines.split_off(lines.len().saturating_sub(TAIL)) })
}

/// Runs a command and shows what it prints while it prints it; gives whether it succeeded and all its lines.
fn run(mut command: Command) -> Result<(bool, Vec<String>)> {
    let color = if std::io::stdout().is_terminal() { "always" } else { "never" };
    command.env("CARGO_TERM_COLOR", color);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot run cargo")?;
    let (sender, receiver) = mpsc::channel();
    let streams: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|s| Box::new(s) as Box<dyn Read + Send>),
        child.stderr.take().map(|s| Box::new(s) as Box<dyn Read + Send>),
    ];
    for stream in streams.into_iter().flatten() {
        let sender = sender.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(std::io::Result::ok) {
                // The receiver lives until both streams have ended.
                let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
            }
        });
    }
    drop(sender);
    let mut lines = Vec::new();
    for line in receiver {
        println!("{line}");
        lines.push(line);
    }
    Ok((child.wait()?.success(), lines))
}

/// The number that stands before `word` in a line like `12 passed; 0 failed`.
fn number_before(line: &str, word: &str) -> usize {
    let before = line.split(word).next().filter(|before| before.len() < line.len());
    before.and_then(|b| b.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

/// The part of a test run that tells what went wrong.
fn failures(lines: &[String]) -> Vec<String> {
    let first = lines.iter().position(|l| l.starts_with("error") || l.trim() == "failures:");
    let from = first.unwrap_or_else(|| lines.len().saturating_sub(TAIL));
    lines[from..].iter().take(3 * TAIL).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_test_run() {
        let line = "test result: ok. 12 passed; 3 failed; 0 ignored; 0 measured";
        assert_eq!((number_before(line, " passed"), number_before(line, " failed")), (12, 3));
        assert_eq!(number_before("nothing", " passed"), 0);
    }
}
