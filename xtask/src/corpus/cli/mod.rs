//! What Pacemaker's command line tools print, test by test, without a running cluster.

mod descriptions;
mod meaning;
mod play;
mod recipe;
mod sanitize;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::{Run, Tally, WorkDirectory, compare, in_parallel};
use crate::console;
use play::{Block, Player};

pub(super) fn run(run: &Run<'_>) -> Result<Vec<Tally>> {
    let work = WorkDirectory::new("cts-cli.")?;
    let tools = work.path.join("tools");
    link_tools(run.binary, &tools)?;
    let wanted =
        |name: &&(&str, &str)| run.filters.is_empty() || run.filters.iter().any(|f| f == name.0);
    let groups: Vec<&(&'static str, &'static str)> = recipe::GROUPS.iter().filter(wanted).collect();
    if groups.is_empty() {
        let names: Vec<&str> = recipe::GROUPS.iter().map(|(name, _)| *name).collect();
        bail!("no group is named {}; there are {}", run.filters.join(" "), names.join(", "));
    }
    let results = in_parallel(&groups, |(name, text)| group(run, &work.path, &tools, name, text));
    results.into_iter().collect()
}

/// Links to the binary named like the tools. Only they and the system's plain commands are on the path of the tests:
/// a tool that we do not have must not be somebody else's.
fn link_tools(binary: &Path, tools: &Path) -> Result<()> {
    if binary.is_dir() {
        std::os::unix::fs::symlink(binary, tools).context("cannot link the tools")?;
        return Ok(());
    }
    fs::create_dir_all(tools).with_context(|| tools.display().to_string())?;
    let output = Command::new(binary).arg("install-links").arg(tools).output();
    let output = output.with_context(|| binary.display().to_string())?;
    if !output.status.success() {
        bail!("cannot link the tools: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

fn group(
    run: &Run<'_>,
    work: &Path,
    tools: &Path,
    name: &'static str,
    text: &str,
) -> Result<Tally> {
    let path = run.folder.join(format!("regression.{name}.exp"));
    let stored = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let stored = blocks(&stored);
    let items = recipe::read(text)?;
    let data = run.folder.canonicalize().with_context(|| run.folder.display().to_string())?;
    let mut player = Player {
        data: &data,
        work: fresh(work, name)?,
        environment: environment(tools),
        tomorrow: tomorrow()?,
        blocks: Vec::new(),
        files: 0,
    };
    let stopped = player.items(&items).err();
    if let Some(error) = &stopped {
        console::detail(&format!("{name} stopped after {} tests: {error:#}", player.blocks.len()));
    }
    let mut different = Vec::new();
    for (index, stored) in stored.iter().enumerate() {
        let ours = player.blocks.get(index);
        if let Some(difference) = difference(stored, ours) {
            if run.differences {
                console::step(&format!("{name} {}: {}", index + 1, stored.name));
                console::quote(&difference);
            }
            different.push(format!("{}", index + 1));
        }
    }
    Ok(Tally { kind: name, same: stored.len() - different.len(), of: stored.len(), different })
}

fn difference(stored: &Block, ours: Option<&Block>) -> Option<String> {
    let Some(ours) = ours else { return Some("was not run".to_owned()) };
    let text = |lines: &[String], meaning: fn(&str) -> String| {
        let lines = descriptions::without(&stored.name, lines);
        lines.iter().map(|line| meaning(line)).collect::<Vec<_>>().join("\n")
    };
    compare::difference(
        &text(&stored.lines, meaning::of_theirs),
        &text(&ours.lines, meaning::of_ours),
    )
}

/// The stored results, test by test: each ends with the line that says whether it passed.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        lines.push(line.to_owned());
        if line.starts_with("* Passed:") || line.starts_with("* Failed (rc=") {
            let name = line.split_once(" - ").map_or("", |(_, name)| name).to_owned();
            blocks.push(Block { name, lines: std::mem::take(&mut lines) });
        }
    }
    blocks
}

fn fresh(work: &Path, name: &str) -> Result<PathBuf> {
    let folder = work.join(name);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder)
}

fn environment(tools: &Path) -> BTreeMap<String, String> {
    let mut environment: BTreeMap<String, String> = [
        ("LC_ALL", "C"),
        // What the tests expect is 3.0.2's output.
        ("CARDEA_API_VERSION", "2.42"),
        // What tools would write into the log, they say.
        ("PCMK_stderr", "1"),
        ("PCMK_trace_functions", ""),
        ("HOME", "/root"),
        ("USER", "root"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    environment.insert("PATH".to_owned(), format!("{}:/usr/bin:/bin", tools.display()));
    if let Ok(schemas) = std::env::var("PCMK_schema_directory") {
        environment.insert("PCMK_schema_directory".to_owned(), schemas);
    }
    environment
}

/// The beginning of a time of tomorrow, as `date` gives it.
fn tomorrow() -> Result<String> {
    let output = Command::new("date").args(["-d", "tomorrow", "+%F %T "]).output();
    Ok(String::from_utf8(output.context("cannot run date")?.stdout)?
        .trim_end_matches('\n')
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_results_are_taken_apart() {
        let text = "=#=#=#= Begin test: a - b =#=#=#=\nx\n=#=#=#= End test: a - b - OK (0) =#=#=#=\n\
                    * Passed: crm_mon               - a - b\n<cib/>\n=#=#=#= Begin test: c =#=#=#=\n\
                    =#=#=#= End test: c - OK (0) =#=#=#=\n* Passed: crm_mon               - c\n";
        let blocks = blocks(text);
        let names: Vec<&str> = blocks.iter().map(|block| block.name.as_str()).collect();
        assert_eq!(names, ["a - b", "c"]);
        assert_eq!((blocks[0].lines.len(), blocks[1].lines[0].as_str()), (4, "<cib/>"));
    }
}
