//! Runs scenarios one after the other, and keeps what is needed to understand a failure.

use std::{fs, path::Path, process::Command, time::Instant};

use anyhow::{Context, Result};

use super::{Ground, Scenario};
use crate::{
    bed::Bed,
    console,
    stack::{self, Software},
};

/// The logs of a node, how many lines of each are shown after a failure, and what is in such lines.
const LOGS: [(&str, usize, &[&str]); 2] = [
    ("/var/log/pacemaker/pacemaker.log", 4, &[" error: ", " crit: ", "panicked", "warning: "]),
    (
        "/var/log/corosync/corosync.log",
        12,
        &[" error ", " crit ", " warning ", " notice ", "panicked", "host: ", "link: "],
    ),
];

/// Which scenarios went how.
#[derive(Default)]
pub(crate) struct Summary {
    pub(crate) passed: Vec<&'static str>,
    pub(crate) failed: Vec<&'static str>,
}

/// Runs scenarios; those that share a cluster get a new one after a failure.
pub(crate) fn run(scenarios: &[&Scenario], software: &Software) -> Result<Summary> {
    for name in netns::remove_leftovers()? {
        console::detail(&format!("removed what was left of the cluster {name}"));
    }
    let mut summary = Summary::default();
    let mut bed: Option<Bed> = None;
    let mut unformed = 0;
    for scenario in scenarios {
        if unformed == 2 {
            console::bad(&format!("{}: not tried, since no cluster forms", scenario.name));
            summary.failed.push(scenario.name);
            continue;
        }
        let start = Instant::now();
        console::step(&format!("{}: {}", scenario.name, scenario.about));
        let outcome = ready(&mut bed, scenario, software).and_then(|bed| (scenario.run)(bed));
        let took = format!("{} ({:.1} s)", scenario.name, start.elapsed().as_secs_f64());
        match outcome {
            Ok(()) => {
                console::good(&took);
                summary.passed.push(scenario.name);
            }
            Err(error) => {
                console::bad(&took);
                console::quote(&format!("{error:#}"));
                match bed.take() {
                    Some(bed) => keep_evidence(&bed, scenario.name),
                    None => unformed += 1,
                }
                summary.failed.push(scenario.name);
            }
        }
    }
    Ok(summary)
}

/// What the scenario wants to find: where it shares a cluster, that of the scenario before if it can be brought there.
fn ready<'a>(
    bed: &'a mut Option<Bed>,
    scenario: &Scenario,
    software: &Software,
) -> Result<&'a mut Bed> {
    let shares = matches!(scenario.ground, Ground::Shared);
    let existing = match bed.take().filter(|old| shares && old.is_shared) {
        Some(mut old) => match reset(&mut old) {
            Ok(()) => Some(old),
            Err(error) => {
                // The scenario that left it so has passed already; this one gets a fair start.
                console::detail(&format!("a new cluster, since the old one is unfit: {error:#}"));
                keep_evidence(&old, "unfit");
                None
            }
        },
        None => None,
    };
    let fit = match existing {
        Some(fit) => fit,
        None if shares => formed(scenario, software)?,
        None => Bed::boot(scenario.settings(software))?,
    };
    Ok(bed.insert(fit))
}

/// A cluster with nothing configured but what all scenarios want.
fn formed(scenario: &Scenario, software: &Software) -> Result<Bed> {
    let mut bed = Bed::boot(scenario.settings(software))?;
    bed.is_shared = true;
    let outcome = bed.form().and_then(|()| bed.configure());
    if let Err(error) = outcome {
        keep_evidence(&bed, "form");
        return Err(error.context("the cluster does not form"));
    }
    Ok(bed)
}

fn reset(bed: &mut Bed) -> Result<()> {
    let live = bed.cluster.live();
    for node in bed.cluster.node_names() {
        if !live.contains(&node) {
            bed.cluster.revive(&node)?;
        }
    }
    let all = bed.cluster.node_names();
    bed.cluster.start_stacks(&all)?;
    bed.wait_members(&all)?;
    bed.clear("constraints")?;
    bed.clear("resources")?;
    bed.wait("no resources", |s| s.resources.values().all(|r| r.nodes.is_empty()).then_some(()))?;
    bed.wait_idle()
}

/// Saves the logs and the configuration of all nodes, and shows the ends of the logs.
fn keep_evidence(bed: &Bed, name: &str) {
    let target = stack::target_directory().join("scenarios").join(name);
    // A scenario that failed before leaves the same names.
    let _ = fs::remove_dir_all(&target);
    for node in bed.cluster.node_names() {
        if let Err(error) = save_node(bed, &node, &target.join(&node)) {
            console::detail(&format!("{error:#}"));
        }
        console::detail(&format!("{node}: last warnings and errors, and what its ring said last"));
        for (log, shown, words) in LOGS {
            let text = fs::read_to_string(bed.cluster.file(&node, log)).unwrap_or_default();
            let telling = |line: &&str| words.iter().any(|word| line.contains(word));
            let lines: Vec<&str> = text.lines().filter(telling).collect();
            console::quote(&lines[lines.len().saturating_sub(shown)..].join("\n"));
        }
    }
    if let Ok(status) = bed.status() {
        console::detail(&status.brief());
    }
    console::detail(&format!("logs and state are in {}", target.display()));
}

fn save_node(bed: &Bed, node: &str, target: &Path) -> Result<()> {
    fs::create_dir_all(target)?;
    for directory in ["var/log", "var/lib/pacemaker", "etc/corosync"] {
        let source = bed.cluster.file(node, directory);
        let copied = Command::new("cp").arg("-a").arg(&source).arg(target).status();
        copied.with_context(|| format!("cannot copy {}", source.display()))?;
    }
    Ok(())
}
