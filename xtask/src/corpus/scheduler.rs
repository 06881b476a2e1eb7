//! Cluster states, and for each the graph, its picture, all scores, and what `crm_simulate` says when it plays it.

use std::{
    fs,
    io::{Read, pipe},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use super::{Run, Tally, WorkDirectory, compare, in_parallel};
use crate::console;

/// Cases whose stored results are older than the scheduler that made the others; upstream does not run them either.
const STALE: [&str; 2] = ["bundle-interleave-down", "bundle-order-partial"];

/// Cases that are about a time of their own.
const TIMES: [(&str, &str); 4] = [
    ("date-1", "2005-020"),
    ("date-2", "2005-020T12:30"),
    ("date-3", "2005-020T11:30"),
    ("origin", "2014-05-07 00:28:00"),
];

/// What is compared, and the folder and the ending of the stored files.
const KINDS: [(&str, &str); 4] =
    [("graph", "exp"), ("dot", "dot"), ("scores", "scores"), ("summary", "summary")];

/// By kind, where a result differs from the stored one.
type Differences = [Option<String>; 4];

pub(super) fn run(run: &Run<'_>) -> Result<Vec<Tally>> {
    let cases: Vec<String> = names(&run.folder)?.into_iter().filter(|c| run.wants(c)).collect();
    if cases.is_empty() {
        bail!("no case is named like {}", run.filters.join(" "));
    }
    let work = Work(WorkDirectory::new("cardea-corpus.")?);
    let results: Vec<Differences> = in_parallel(&cases, |case| {
        work.case(run, case).unwrap_or_else(|error| KINDS.map(|_| Some(format!("{error:#}"))))
    });
    if run.differences {
        show(&cases, &results);
    }
    let tally = |(index, (kind, _)): (usize, (&'static str, &str))| {
        let differs = |result: &Differences| result[index].is_some();
        let pairs = cases.iter().zip(&results);
        let different: Vec<String> =
            pairs.filter(|(_, result)| differs(result)).map(|(case, _)| case.clone()).collect();
        Tally { kind, same: cases.len() - different.len(), of: cases.len(), different }
    };
    Ok(KINDS.into_iter().enumerate().map(tally).collect())
}

fn show(cases: &[String], results: &[Differences]) {
    for (case, result) in cases.iter().zip(results) {
        for ((kind, _), difference) in KINDS.iter().zip(result) {
            if let Some(difference) = difference {
                console::step(&format!("{case}: {kind}"));
                console::quote(difference);
            }
        }
    }
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let inputs = folder.join("xml");
    let entries = fs::read_dir(&inputs).with_context(|| inputs.display().to_string())?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|file| file.strip_suffix(".xml").map(str::to_owned))
        .filter(|name| !STALE.contains(&name.as_str()))
        .collect();
    names.sort();
    Ok(names)
}

/// Where the tool puts its files.
struct Work(WorkDirectory);

impl Work {
    /// Runs the tool twice, as upstream does: once for people, once for the files.
    fn case(&self, run: &Run<'_>, case: &str) -> Result<Differences> {
        let input = run.folder.join("xml").join(format!("{case}.xml"));
        let simulate = |words: &[&str]| {
            let mut command = Command::new(run.binary);
            command.arg("crm_simulate").arg("-x").arg(&input).args(words);
            if let Some((_, time)) = TIMES.iter().find(|(name, _)| *name == case) {
                command.args(["-t", time]);
            }
            command.env("LC_ALL", "C").env("CIB_shadow_dir", &self.0.path).stdin(Stdio::null());
            command
        };
        let summary = merged_output(simulate(&["-S"]))?;
        let (dot, graph) = (self.file(case, "dot"), self.file(case, "graph"));
        let names = [dot.display().to_string(), graph.display().to_string()];
        let output = simulate(&["-D", &names[0], "-G", &names[1], "-sSQ"])
            .output()
            .with_context(|| run.binary.display().to_string())?;
        if !output.status.success() {
            bail!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
        }
        if !output.stderr.is_empty() && !run.folder.join(format!("stderr/{case}.stderr")).exists() {
            bail!("on standard error: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let graph_text = taken(&graph)?;
        let ours = [
            compare::without_versions(&graph_text),
            compare::sorted_picture(&taken(&dot)?),
            compare::sorted(&String::from_utf8_lossy(&output.stdout)),
            summary,
        ];
        let mut differences = Differences::default();
        for (index, ((_, ending), ours)) in KINDS.iter().zip(&ours).enumerate() {
            let path = run.folder.join(ending).join(format!("{case}.{ending}"));
            let stored = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            differences[index] = compare::difference(&compare::without_versions(&stored), ours);
        }
        Ok(differences)
    }

    fn file(&self, case: &str, ending: &str) -> PathBuf {
        self.0.path.join(format!("{case}.{ending}"))
    }
}

/// What a file says; it is removed.
fn taken(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    fs::remove_file(path).with_context(|| path.display().to_string())?;
    Ok(text)
}

/// Both outputs of a command as they came.
fn merged_output(mut command: Command) -> Result<String> {
    let (mut reader, writer) = pipe().context("cannot make a pipe")?;
    command.stdout(writer.try_clone().context("cannot copy a pipe")?).stderr(writer);
    let mut child = command.spawn().context("cannot run the tool")?;
    // It holds the writing ends, which have to be closed for the reader to see the end.
    drop(command);
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).context("cannot read from the tool")?;
    child.wait().context("cannot wait for the tool")?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
