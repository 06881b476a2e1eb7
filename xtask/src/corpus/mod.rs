//! `cargo xtask corpus`: Pacemaker's own regression corpora, run through our tools as its own scripts run them.
//!
//! They lie in the folder that `CARDEA_CONFORMANCE` names, else in `../shared/conformance` beside the repository.

mod cli;
mod compare;
mod held;
pub(crate) mod made_up;
mod scheduler;
mod schemas;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context, Result, bail};

use crate::{
    arguments::Arguments,
    console,
    stack::{self, Profile, Software},
};

/// One corpus.
struct Corpus {
    name: &'static str,
    about: &'static str,
    run: fn(&Run<'_>) -> Result<Vec<Tally>>,
}

const ALL: &[Corpus] = &[
    Corpus { name: "scheduler", about: "plans, and what they would lead to", run: scheduler::run },
    Corpus { name: "schemas", about: "what old documents become", run: schemas::run },
    Corpus { name: "cli", about: "what the tools print", run: cli::run },
];

/// What is run, and which cases of it.
struct Run<'a> {
    /// The folder of this corpus.
    folder: PathBuf,
    /// The multi-call binary.
    binary: &'a Path,
    /// Only cases whose name has one of these in it; all if there are none.
    filters: &'a [String],
    /// Whether to show where results differ.
    differences: bool,
}

impl Run<'_> {
    fn wants(&self, case: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| case.contains(filter.as_str()))
    }
}

/// How many cases were as stored, in one respect.
struct Tally {
    kind: &'static str,
    same: usize,
    of: usize,
    /// The others.
    different: Vec<String>,
}

/// A folder for what comes and goes, which goes away with this value.
struct WorkDirectory {
    path: PathBuf,
}

impl WorkDirectory {
    fn new(name: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("{name}{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Self { path })
    }
}

impl Drop for WorkDirectory {
    fn drop(&mut self) {
        // What is left there is in nobody's way.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// What all the corpora came to.
pub(crate) struct Summary {
    /// Respects in which as many cases as ever are as stored.
    pub(crate) held: usize,
    /// Those in which fewer are, or that could not be run.
    pub(crate) lost: usize,
    /// The counts.
    pub(crate) note: String,
}

/// `corpus [--binary FILE] [--diff] [NAME [FILTER...]]`.
pub(crate) fn command(mut arguments: Arguments) -> Result<()> {
    let differences = arguments.flag("--diff");
    let mut software = Software::take(&mut arguments)?;
    let mut words = arguments.words()?;
    let chosen: Vec<&Corpus> = if words.is_empty() {
        ALL.iter().collect()
    } else {
        let name = words.remove(0);
        let found: Vec<&Corpus> = ALL.iter().filter(|corpus| corpus.name == name).collect();
        if found.is_empty() {
            let names: Vec<&str> = ALL.iter().map(|corpus| corpus.name).collect();
            bail!("there is no corpus {name:?}; there are {}", names.join(", "));
        }
        found
    };
    let Some(folder) = conformance() else {
        bail!("there is no folder {}; set CARDEA_CONFORMANCE", expected_folder().display());
    };
    let binary = software.build(Profile::Development)?;
    let summary = run(&chosen, &folder, &binary, &words, differences)?;
    if summary.lost > 0 {
        bail!("too few cases are as stored");
    }
    Ok(())
}

/// All corpora, all cases.
pub(crate) fn run_all() -> Result<Summary> {
    let Some(folder) = conformance() else {
        let note = "left out: no corpora (set CARDEA_CONFORMANCE)".to_owned();
        return Ok(Summary { held: 0, lost: 0, note });
    };
    let binary = Software::new(netns::Stack::Cardea).build(Profile::Development)?;
    run(&ALL.iter().collect::<Vec<_>>(), &folder, &binary, &[], false)
}

fn run(
    chosen: &[&Corpus],
    folder: &Path,
    binary: &Path,
    filters: &[String],
    differences: bool,
) -> Result<Summary> {
    let mut summary = Summary { held: 0, lost: 0, note: String::new() };
    for corpus in chosen {
        console::step(&format!("{}: {}", corpus.name, corpus.about));
        let run = Run { folder: folder.join(corpus.name), binary, filters, differences };
        for tally in (corpus.run)(&run)? {
            let line = format!("{} {}: {} of {}", corpus.name, tally.kind, tally.same, tally.of);
            let least = match filters.is_empty() {
                true => held::count(corpus.name, tally.kind)?,
                false => tally.of,
            };
            let held = tally.same >= least;
            if held {
                console::good(&line);
            } else {
                console::bad(&line);
            }
            if !tally.different.is_empty() {
                console::detail(&format!("not as stored: {}", tally.different.join(" ")));
            }
            *(if held { &mut summary.held } else { &mut summary.lost }) += 1;
            let separator = if summary.note.is_empty() { "" } else { ", " };
            summary.note.push_str(&format!("{separator}{line}"));
        }
    }
    Ok(summary)
}

fn expected_folder() -> PathBuf {
    std::env::var_os("CARDEA_CONFORMANCE")
        .map_or_else(|| stack::root().join("../shared/conformance"), PathBuf::from)
}

pub(crate) fn conformance() -> Option<PathBuf> {
    Some(expected_folder()).filter(|folder| folder.is_dir())
}

/// Works on all items, as many at a time as there are processors; results are in the order of the items.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    let result = work(item);
                    if let Ok(mut done) = done.lock() {
                        done.push((index, result));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(in_parallel(&items, |item| item * 2), (0..2000).step_by(2).collect::<Vec<_>>());
    }

    #[test]
    fn every_corpus_has_counts_to_hold() {
        for corpus in ALL {
            assert!(held::kinds(corpus.name) > 0, "{}", corpus.name);
        }
    }
}
