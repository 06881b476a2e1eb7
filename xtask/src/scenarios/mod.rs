//! What a whole cluster of real processes must do, one scenario after the other on the same three nodes.
//!
//! Scenarios use commands that exist in Cardea and in the C stack alike, and wait for states, never for time.

mod failover;
mod hostile;
mod membership;
mod quorum;
mod recovery;
mod tools;

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use netns::{ClusterSettings, Stack};

use crate::{arguments::Arguments, bed::Bed, console, packages, stack};

/// One thing that must work.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    about: &'static str,
    run: fn(&mut Bed) -> Result<()>,
    /// Not asked of the C stack, whose daemons end with a failed assertion there.
    ours_only: bool,
}

const fn scenario(
    name: &'static str,
    about: &'static str,
    run: fn(&mut Bed) -> Result<()>,
) -> Scenario {
    Scenario { name, about, run, ours_only: false }
}

const fn ours(
    name: &'static str,
    about: &'static str,
    run: fn(&mut Bed) -> Result<()>,
) -> Scenario {
    Scenario { name, about, run, ours_only: true }
}

/// All scenarios, in the order in which they run.
#[rustfmt::skip]
pub(crate) const ALL: &[Scenario] = &[
    scenario("form", "three nodes agree on members, names, DC and configuration", membership::form),
    scenario("debian-tools", "Debian's tools get their answers from the daemons", tools::debian_tools),
    scenario("crash", "a resource that fails is recovered where it was, and the failure is counted", recovery::crash),
    scenario("standby", "a node in standby hands its resource over and may have it again", failover::standby),
    scenario("daemons", "every daemon is killed in turn; it comes back and the service stays", recovery::daemons),
    scenario("daemons-dc", "the same on the node that decides", recovery::daemons_of_dc),
    scenario("hostile-tools", "broken, mistyped and impossible requests fail clearly and change nothing", hostile::tools),
    ours("hostile-ipc", "garbage, oversize and half requests on the sockets of the daemons", hostile::sockets),
    ours("hostile-cpg", "truncated and senseless messages from another node", hostile::cpg),
    scenario("graceful-stop", "a node that is stopped in order hands over and is expected down", failover::graceful_stop),
    scenario("failover", "the node with the address is killed; another takes over", failover::plain_node),
    scenario("failover-dc", "the same when that node is the DC", failover::dc),
    scenario("rejoin", "a killed node comes back and the resource stays where it is", failover::rejoin),
    scenario("partition", "the side without quorum stops, the other side starts; one cluster after healing", quorum::partition),
    scenario("quorum-loss", "the last of three nodes stops its resources until a second is back", quorum::loss),
    scenario("restart", "all nodes are switched off and on: alone one starts nothing, with a second it does", membership::restart),
];

/// `cargo xtask scenarios [--stack cardea|debian] [--borrow TOOL,...] [--list] [FILTER...]`
pub(crate) fn command(mut arguments: Arguments) -> Result<()> {
    if arguments.flag("--list") {
        ALL.iter().for_each(|s| println!("{:<14} {}", s.name, s.about));
        return Ok(());
    }
    let stack = arguments.option("--stack")?.unwrap_or_else(|| "cardea".to_owned());
    let borrowed = stack::borrowed(&mut arguments)?;
    let filters = arguments.words()?;
    netns::require_root()?;
    packages::ensure_all()?;
    let chosen: Vec<&Scenario> = chosen(&stack, &filters);
    if chosen.is_empty() {
        bail!("no scenario is named like {}; try --list", filters.join(" "));
    }
    let summary = run(&chosen, &stack::prepare(&stack, borrowed)?)?;
    println!("{} passed, {} failed", summary.passed.len(), summary.failed.len());
    if !summary.failed.is_empty() {
        bail!("failed: {}", summary.failed.join(", "));
    }
    Ok(())
}

/// The scenarios for a stack whose names contain one of the filters; by its full name any may be asked for.
pub(crate) fn chosen(stack: &str, filters: &[String]) -> Vec<&'static Scenario> {
    let wanted =
        |name: &str| filters.is_empty() || filters.iter().any(|f| name.contains(f.as_str()));
    let fair =
        |s: &Scenario| stack == "cardea" || !s.ours_only || filters.contains(&s.name.to_owned());
    ALL.iter().filter(|s| wanted(s.name) && fair(s)).collect()
}

/// Which scenarios went how.
#[derive(Default)]
pub(crate) struct Summary {
    pub(crate) passed: Vec<&'static str>,
    pub(crate) failed: Vec<&'static str>,
}

/// Runs scenarios on one cluster; after a failure the next gets a new one.
pub(crate) fn run(scenarios: &[&Scenario], stack: &Stack) -> Result<Summary> {
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
        let outcome = ready(&mut bed, stack).and_then(|bed| (scenario.run)(bed));
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

/// A cluster of three with nothing configured but what all scenarios want: the one of the scenario before where it can
/// be brought there, else a new one.
fn ready<'a>(bed: &'a mut Option<Bed>, stack: &Stack) -> Result<&'a mut Bed> {
    let existing = match bed.take() {
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
        None => fresh(stack)?,
    };
    Ok(bed.insert(fit))
}

fn fresh(stack: &Stack) -> Result<Bed> {
    let name = format!("scenarios-{}", std::process::id());
    let mut settings = ClusterSettings::new(&name, stack.clone());
    settings.token = Some(Duration::from_secs(1));
    let bed = Bed::boot(settings)?;
    let outcome = bed.form().and_then(|()| configure(&bed));
    if let Err(error) = outcome {
        keep_evidence(&bed, "form");
        return Err(error.context("the cluster does not form"));
    }
    Ok(bed)
}

fn configure(bed: &Bed) -> Result<()> {
    bed.set_option("stonith-enabled", "false")?;
    // The C stack waits 20 s for a DC at every start otherwise.
    bed.set_option("dc-deadtime", "2s")?;
    let words = ["--type", "rsc_defaults", "--name", "resource-stickiness", "--update", "100"];
    bed.run(&bed.any()?, &[&["crm_attribute"], &words[..]].concat()).map(drop)
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
        let log = fs::read_to_string(bed.cluster.file(&node, "/var/log/pacemaker/pacemaker.log"));
        let log = log.unwrap_or_default();
        let grave: Vec<&str> = log
            .lines()
            .filter(|l| {
                [" error: ", " crit: ", "panicked", "warning: "].iter().any(|w| l.contains(w))
            })
            .collect();
        console::detail(&format!("{node}: last warnings and errors"));
        console::quote(&grave[grave.len().saturating_sub(4)..].join("\n"));
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
