//! What a whole cluster of real processes must do, one scenario after the other.
//!
//! Scenarios use commands that exist in Cardea and in the C stack alike, and wait for states, never for time. Those of
//! the whole stack run on the same three nodes; those of the ring alone build a cluster of their own.

mod failover;
mod fence_agent;
mod fencing;
mod hostile;
mod membership;
mod peers;
mod plan;
mod quorum;
mod recovery;
mod ring;
mod runner;
mod systemd;
mod tools;
mod views;

use std::time::Duration;

use anyhow::{Result, bail};
use netns::{ClusterSettings, Ring, Stack, Transport};

use crate::{
    arguments::Arguments,
    bed::Bed,
    packages,
    stack::{Profile, Software},
};
pub(crate) use runner::run;

/// One thing that must work.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    about: &'static str,
    run: fn(&mut Bed) -> Result<()>,
    /// Not asked of the C stack, whose daemons end with a failed assertion there.
    ours_only: bool,
    ground: Ground,
}

/// What a scenario finds when it starts.
enum Ground {
    /// Three nodes that are one cluster with nothing configured; the scenarios after it get them, too.
    Shared,
    /// Nodes of its own with nothing started.
    Own(fn(&Software, &str) -> ClusterSettings),
}

impl Scenario {
    /// The cluster that it runs on.
    fn settings(&self, software: &Software) -> ClusterSettings {
        let name = format!("scenarios-{}", std::process::id());
        match self.ground {
            Ground::Shared => with_short_token(software.cluster(&name, 3)),
            Ground::Own(settings) => settings(software, &format!("ring-{}", std::process::id())),
        }
    }
}

/// Waiting for a lost token is most of what a scenario does.
const SHORT_TOKEN: Duration = Duration::from_secs(1);

/// For a ring that nobody is to be lost from while it carries more than the machine has time for: a daemon that gets no
/// processor for a second must not look like one that is gone.
const PATIENT_TOKEN: Duration = Duration::from_secs(10);

fn with_short_token(settings: ClusterSettings) -> ClusterSettings {
    ClusterSettings { token: Some(SHORT_TOKEN), ..settings }
}

const fn scenario(
    name: &'static str,
    about: &'static str,
    run: fn(&mut Bed) -> Result<()>,
) -> Scenario {
    Scenario { name, about, run, ours_only: false, ground: Ground::Shared }
}

const fn ours(
    name: &'static str,
    about: &'static str,
    run: fn(&mut Bed) -> Result<()>,
) -> Scenario {
    Scenario { name, about, run, ours_only: true, ground: Ground::Shared }
}

const fn own(
    name: &'static str,
    about: &'static str,
    settings: fn(&Software, &str) -> ClusterSettings,
    run: fn(&mut Bed) -> Result<()>,
) -> Scenario {
    Scenario { name, about, run, ours_only: false, ground: Ground::Own(settings) }
}

/// The whole stack, in the order in which the scenarios run.
#[rustfmt::skip]
const CLUSTER: &[Scenario] = &[
    scenario("form", "three nodes agree on members, names, DC and configuration", membership::form),
    scenario("debian-tools", "Debian's tools get their answers from the daemons", tools::debian_tools),
    scenario("crash", "a resource that fails is recovered where it was, and the failure is counted", recovery::crash),
    ours("live-views", "what follows the cluster on a terminal, in a file and for a program of the user keeps up with it", views::live),
    own("systemd", "units of systemd are started, watched, recovered, moved and stopped", three, systemd::systemd),
    scenario("standby", "a node in standby hands its resource over and may have it again", failover::standby),
    scenario("daemons", "every daemon is killed in turn; it comes back and the service stays", recovery::daemons),
    scenario("daemons-dc", "the same on the node that decides", recovery::daemons_of_dc),
    scenario("hostile-tools", "broken, mistyped and impossible requests fail clearly and change nothing", hostile::tools),
    ours("plan", "what cardea plan says of a change is what the change then does", plan::plan),
    ours("hostile-ipc", "garbage, oversize and half requests on the sockets of the daemons", hostile::sockets),
    ours("hostile-cpg", "truncated and senseless messages from another node", hostile::cpg),
    scenario("graceful-stop", "a node that is stopped in order hands over and is expected down", failover::graceful_stop),
    scenario("failover", "the node with the address is killed; another takes over", failover::plain_node),
    scenario("failover-dc", "the same when that node is the DC", failover::dc),
    scenario("rejoin", "a killed node comes back and the resource stays where it is", failover::rejoin),
    scenario("partition", "the side without quorum stops, the other side starts; one cluster after healing", quorum::partition),
    scenario("quorum-loss", "the last of three nodes stops its resources until a second is back", quorum::loss),
    own("fencing", "nothing of a lost node starts elsewhere before it is fenced, or somebody confirms that it is down", three, fencing::fencing),
    scenario("restart", "all nodes are switched off and on: alone one starts nothing, with a second it does", membership::restart),
];

/// What was written for the C stack, on ours.
#[rustfmt::skip]
const PEERS: &[Scenario] = &[
    scenario("pcs", "the real pcs configures and manages with Debian's tools", peers::pcs),
    ours("pcs-own-tools", "the real pcs where our tools are in the places of Debian's", peers::pcs_own_tools),
    scenario("crmsh", "the real crm shell configures and manages with Debian's tools", peers::crmsh),
    ours("crmsh-own-tools", "the real crm shell with our tools", peers::crmsh_own_tools),
    own("interchange", "tools of either stack on the daemons of either, in one cluster of both", both_stacks, peers::interchange),
];

/// The ring alone, whosever it is.
#[rustfmt::skip]
const RING: &[Scenario] = &[
    own("ring-order", "messages of all sizes from all nodes at once come in one order everywhere", three_patient, ring::order),
    own("ring-farewell", "the daemon of a living node is killed; the others go on without it", three, ring::farewell),
    own("ring-reload", "a node is added, removed and a timeout changed while the ring runs", four, ring::reload),
    own("ring-tools", "Debian's tools of the ring get their answers", three, ring::tools),
    own("ring-hostile", "malformed, mutated and replayed packets do no harm", three, ring::hostile),
    own("ring-strangers", "a node with a wrong key and one with a number that is taken stay outside", four, ring::strangers),
];

/// Our ring beside Debian's corosync, and below Debian's pacemaker.
#[rustfmt::skip]
const MIXED: &[Scenario] = &[
    own("ring-mixed-2c1r-udpu", "two of Debian's and one of ours, plain", |s, n| mixed(s, n, TWO_C, Transport::Udpu), ring::mixed),
    own("ring-mixed-1c2r-udpu", "one of Debian's and two of ours, plain", |s, n| mixed(s, n, ONE_C, Transport::Udpu), ring::mixed),
    own("ring-mixed-2c1r-knet", "two of Debian's and one of ours, encrypted", |s, n| mixed(s, n, TWO_C, Transport::Knet), ring::mixed),
    own("ring-mixed-1c2r-knet", "one of Debian's and two of ours, encrypted", |s, n| mixed(s, n, ONE_C, Transport::Knet), ring::mixed),
    own("ring-rekey-2c1r", "two of Debian's and one of ours change their key without losing each other", |s, n| mixed(s, n, TWO_C, Transport::Knet), ring::rekey),
    own("ring-rekey-1c2r", "one of Debian's and two of ours change their key without losing each other", |s, n| mixed(s, n, ONE_C, Transport::Knet), ring::rekey),
    own("c-pacemaker", "Debian's pacemaker on our ring forms, recovers and fails over", c_pacemaker, ring::c_pacemaker),
];

/// Every scenario there is.
const ALL: &[&[Scenario]] = &[CLUSTER, PEERS, RING, MIXED];

/// What must hold in continuous integration, with the rings that the scenarios name.
const REQUIRED: &[&[Scenario]] = ALL;

const TWO_C: [Ring; 3] = [Ring::Corosync, Ring::Corosync, Ring::Cardea];
const ONE_C: [Ring; 3] = [Ring::Cardea, Ring::Corosync, Ring::Cardea];

fn three(software: &Software, name: &str) -> ClusterSettings {
    with_short_token(software.cluster(name, 3))
}

fn three_patient(software: &Software, name: &str) -> ClusterSettings {
    ClusterSettings { token: Some(PATIENT_TOKEN), ..software.cluster(name, 3) }
}

fn four(software: &Software, name: &str) -> ClusterSettings {
    with_short_token(software.cluster(name, 4))
}

fn mixed(
    software: &Software,
    name: &str,
    rings: [Ring; 3],
    transport: Transport,
) -> ClusterSettings {
    ClusterSettings { token: Some(PATIENT_TOKEN), transport, ..software.mixed(name, &rings) }
}

/// Our daemons on two nodes and Debian's on one, all on our ring.
fn both_stacks(software: &Software, name: &str) -> ClusterSettings {
    let mut settings = with_short_token(software.cluster(name, 3));
    let stacks = [Stack::Cardea, Stack::Debian, Stack::Cardea];
    settings.nodes.iter_mut().zip(stacks).for_each(|(node, stack)| node.stack = stack);
    settings
}

fn c_pacemaker(software: &Software, name: &str) -> ClusterSettings {
    let mut settings = with_short_token(software.mixed(name, &[Ring::Cardea; 3]));
    settings.nodes.iter_mut().for_each(|node| node.stack = Stack::Debian);
    settings
}

/// `cargo xtask scenarios [--stack cardea|debian] [--ring RING,...] [--transport T] [--borrow TOOL,...] [--list]
/// [FILTER...]`
pub(crate) fn command(mut arguments: Arguments) -> Result<()> {
    if arguments.flag("--list") {
        ALL.iter().copied().flatten().for_each(|s| println!("{:<21} {}", s.name, s.about));
        return Ok(());
    }
    let mut software = Software::take(&mut arguments)?;
    let filters = arguments.words()?;
    netns::require_root()?;
    packages::ensure_all()?;
    let chosen = chosen(software.stack, &filters);
    if chosen.is_empty() {
        bail!("no scenario is named like {}; try --list", filters.join(" "));
    }
    let is_ours = |s: &&Scenario| s.settings(&software).needs_binary();
    if chosen.iter().any(is_ours) {
        software.build(Profile::Development)?;
    }
    let summary = run(&chosen, &software)?;
    println!("{} passed, {} failed", summary.passed.len(), summary.failed.len());
    if !summary.failed.is_empty() {
        bail!("failed: {}", summary.failed.join(", "));
    }
    Ok(())
}

/// What continuous integration runs.
pub(crate) fn required() -> Vec<&'static Scenario> {
    REQUIRED.iter().copied().flatten().collect()
}

/// What must hold whosever ring is below.
pub(crate) fn on_either_ring() -> Vec<&'static Scenario> {
    CLUSTER.iter().collect()
}

/// The scenarios for a stack whose names contain one of the filters, or those that are required where there is none; by
/// its full name any may be asked for.
fn chosen(stack: Stack, filters: &[String]) -> Vec<&'static Scenario> {
    let fair = |s: &&Scenario| {
        stack == Stack::Cardea || !s.ours_only || filters.contains(&s.name.to_owned())
    };
    if filters.is_empty() {
        return required().into_iter().filter(fair).collect();
    }
    let wanted = |s: &&Scenario| filters.iter().any(|f| s.name.contains(f.as_str()));
    ALL.iter().copied().flatten().filter(wanted).filter(fair).collect()
}
