//! `cargo xtask made-up`: plans for made-up clusters, ours beside those of another `crm_simulate`.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::Builder,
};

use anyhow::{Context, Result, bail};
use clusters::random;

use super::{WorkDirectory, compare, in_parallel};
use crate::{
    arguments::{Arguments, range},
    console,
    stack::{Profile, Software},
};

/// What both made of one cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// The same, but for versions.
    Same,
    /// Another graph that leads to the same: actions have other numbers, or some are left out that never run.
    SameEffect,
    /// Other scores, actions or results.
    Different,
    /// The other one was ended by a signal.
    PeerDied,
}

/// `made-up --peer FILE --seeds A..B [--binary FILE]`
pub(crate) fn command(mut arguments: Arguments) -> Result<()> {
    let peer = arguments.option("--peer")?.context("--peer FILE is missing: a crm_simulate")?;
    let seeds = arguments.option("--seeds")?.context("--seeds A..B is missing")?;
    let seeds: Vec<u64> = range(&seeds)?.collect();
    let mut software = Software::take(&mut arguments)?;
    if let Some(word) = arguments.words()?.first() {
        bail!("what is {word:?}? usage: made-up --peer FILE --seeds A..B [--binary FILE]");
    }
    let binary = software.build(Profile::Development)?;
    let work = WorkDirectory::new("cardea-made-up.")?;
    let tools = Tools { ours: binary, peer: PathBuf::from(peer), folder: &work.path };
    let verdicts = in_parallel(&seeds, |&seed| tools.judge(seed));
    let mut of_each: Vec<(Verdict, Vec<u64>)> =
        [Verdict::Same, Verdict::SameEffect, Verdict::Different, Verdict::PeerDied]
            .map(|verdict| (verdict, Vec::new()))
            .into();
    for (seed, verdict) in seeds.iter().zip(verdicts) {
        let verdict = verdict.with_context(|| format!("seed {seed}"))?;
        if let Some((_, found)) = of_each.iter_mut().find(|(v, _)| *v == verdict) {
            found.push(*seed);
        }
    }
    for (verdict, found) in of_each {
        let what = match verdict {
            Verdict::Same => "planned the same",
            Verdict::SameEffect => "another graph with the same effect",
            Verdict::Different => "planned differently",
            Verdict::PeerDied => "the other one died",
        };
        let seeds: Vec<String> = found.iter().map(u64::to_string).collect();
        let named = if verdict == Verdict::Same { String::new() } else { seeds.join(" ") };
        console::detail(format!("{}: {what} {named}", found.len()).trim_end());
    }
    Ok(())
}

struct Tools<'a> {
    ours: PathBuf,
    peer: PathBuf,
    folder: &'a Path,
}

impl Tools<'_> {
    fn judge(&self, seed: u64) -> Result<Verdict> {
        let input = self.folder.join(format!("{seed}.xml"));
        let maker = Builder::new().stack_size(random::STACK_BYTES);
        let cib = maker.spawn(move || random::cib(seed).to_pretty())?;
        let cib = cib.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        fs::write(&input, cib).with_context(|| input.display().to_string())?;
        let mut own = Command::new(&self.ours);
        own.arg("crm_simulate");
        let ours = self.play(own, &input, "ours")?.context("ours was ended by a signal")?;
        let Some(theirs) = self.play(Command::new(&self.peer), &input, "theirs")? else {
            return Ok(Verdict::PeerDied);
        };
        for file in ["xml", "ours", "theirs"] {
            // Whatever is left goes with the folder.
            let _ = fs::remove_file(input.with_extension(file));
        }
        Ok(if compare::difference(&theirs.told, &ours.told).is_some() {
            Verdict::Different
        } else if compare::difference(&theirs.graph, &ours.graph).is_some() {
            Verdict::SameEffect
        } else {
            Verdict::Same
        })
    }

    fn play(&self, mut command: Command, input: &Path, whose: &str) -> Result<Option<Played>> {
        let graph = input.with_extension(whose);
        command.arg("-x").arg(input).arg("-G").arg(&graph).args(["-S", "-s", "-U"]);
        command.env("LC_ALL", "C").stdin(Stdio::null()).stderr(Stdio::null());
        let output = command.output().with_context(|| format!("{command:?}"))?;
        // A plan that cannot be carried out to its end makes a code, not a signal.
        if output.status.code().is_none() {
            return Ok(None);
        }
        // There is none for a cluster that is refused.
        let text = match fs::read_to_string(&graph) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            read => read.with_context(|| graph.display().to_string())?,
        };
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(Some(Played { told, graph: compare::without_versions(&text) }))
    }
}

/// What a plan is, and what it leads to.
struct Played {
    told: String,
    graph: String,
}
