use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use machine::Instant;
use totem::{Guarantee, Ring};

use super::{
    Cluster, Recording, ResumeOrder, Services,
    check::{Property, Violation, settles},
    network::Fates,
    node::Node,
    plan,
    world::World,
};
use crate::Random;

/// How long it may take when faults have ended until all that live are in one ring and each has got a message everywhere,
/// in timeouts of the token. Sixteen nodes that give up on each other in turn were seen to need 65.
const SETTLE_TOKENS: u32 = 100;
/// More steps than any run needs; who needs more goes round in circles.
const STEPS_MAX: u64 = 300_000;
/// Bytes of the messages that show whether messages flow.
const PROBE_BYTES: usize = 100;

/// What is done to each ring machine when it is made; nothing, except in tests of the simulator itself.
pub type Preparation = fn(&mut Ring);

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What did not hold, if something did not; the run ended there.
    pub violation: Option<Violation>,
    /// Equal for runs in which the same happened.
    pub hash: u64,
    /// Things that happened.
    pub steps: u64,
    /// Messages delivered, counted once for each receiver.
    pub deliveries: u64,
    /// Memberships told, counted once for each who did.
    pub memberships: u64,
    /// When the run ended.
    pub end: Instant,
    /// The last of what happened in words, if that was asked for.
    pub lines: Vec<String>,
}

/// A run that was made up, with all that is needed to repeat it.
#[derive(Clone, Debug)]
pub struct Run {
    /// How it ended.
    pub outcome: Outcome,
    /// What repeats it.
    pub recording: Recording,
}

/// Runs what belongs to a seed.
pub fn run_seed(seed: u64, preparation: Preparation) -> Run {
    let cluster = Cluster::of_seed(seed);
    let events = plan::events(&cluster);
    let fates = Fates::Weather(Random::stream(seed, "fates"), cluster.weather());
    let mut world = World::new(&cluster, fates, &events, false, preparation);
    let violation = run_guarded(&mut world).err();
    let fates = world.network.take_met().into_iter().collect();
    Run { outcome: outcome(world, violation), recording: Recording { cluster, events, fates } }
}

/// Repeats a recording, on demand with everything that happens in words.
pub fn replay(recording: &Recording, in_words: bool, preparation: Preparation) -> Outcome {
    let Recording { cluster, events, fates } = recording;
    let fates = Fates::Recorded(BTreeMap::clone(fates));
    let mut world = World::new(cluster, fates, events, in_words, preparation);
    let violation = run_guarded(&mut world).err();
    outcome(world, violation)
}

fn outcome(world: World, violation: Option<Violation>) -> Outcome {
    Outcome {
        violation,
        hash: world.log.hash(),
        steps: world.log.steps(),
        deliveries: world.deliveries,
        memberships: world.installs,
        end: world.now,
        lines: world.log.into_lines(),
    }
}

/// A machine that panics has violated what it takes for granted.
fn run_guarded(world: &mut World) -> Result<(), Violation> {
    let result = catch_unwind(AssertUnwindSafe(|| run(world)));
    result.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
        Err(world.violation(Property::Assertion, text.to_owned()))
    })
}

fn run(world: &mut World) -> Result<(), Violation> {
    let faults_end = world.cluster.faults_end;
    while world.next_at().is_some_and(|at| at < faults_end) {
        step(world)?;
    }
    end_faults(world)?;
    let limit = world.now + world.cluster.token * SETTLE_TOKENS;
    // A ring that was about to end when faults did may look like the last one.
    while !settle(world, limit)? || !probe(world, limit)? {}
    // Whoever has something to send has sent it by now, or never will.
    world.checks.finished(world.now, is_quorate(world))
}

/// Whether those who live have quorum, if votes alone decide that.
fn is_quorate(world: &World) -> Option<bool> {
    let votes = |is_counted: fn(&Node) -> bool| -> u32 {
        let nodes = world.nodes.iter().zip(&world.cluster.votes);
        nodes.filter(|(node, _)| is_counted(node)).map(|(_, votes)| *votes).sum()
    };
    let (all, live) = (votes(|_| true), votes(|node| node.process.is_some()));
    (world.cluster.services == Services::Majority).then_some(live > all / 2)
}

fn step(world: &mut World) -> Result<(), Violation> {
    world.step()?;
    if world.log.steps() > STEPS_MAX {
        let what = format!("still busy after {STEPS_MAX} steps");
        return Err(world.violation(Property::Settles, what));
    }
    Ok(())
}

/// From now on the network and everybody's disk are as they should be.
fn end_faults(world: &mut World) -> Result<(), Violation> {
    world.now = world.now.max(world.cluster.faults_end);
    world.network.calm_down();
    world.network.heal();
    for node in world.cluster.node_ids().collect::<Vec<_>>() {
        let host = world.node(node);
        host.latency = Duration::ZERO;
        // Who was about to die has done so before.
        let doomed = host.process.as_ref().filter(|process| process.dies_after.is_some());
        if let Some(fate) = doomed.map(|process| process.write_fate) {
            world.end(node, fate);
        }
        world.resume(node, ResumeOrder::AsItCame)?;
    }
    Ok(())
}

/// Waits until everybody is in one ring.
fn settle(world: &mut World, limit: Instant) -> Result<bool, Violation> {
    let settled = |world: &World| settles::in_one_ring(world.checks.book(), &world.live());
    let mut looked_at = world.installs;
    let mut missing = settled(world).err();
    while let Some(what) = &missing {
        if world.next_at().is_none_or(|at| at > limit) {
            return Err(world.violation(Property::Settles, what.clone()));
        }
        step(world)?;
        if world.installs != looked_at {
            looked_at = world.installs;
            missing = settled(world).err();
        }
    }
    Ok(true)
}

/// Everybody sends a message, and everybody has to deliver all of them. Whether they did before the ring ended.
fn probe(world: &mut World, limit: Instant) -> Result<bool, Violation> {
    let (live, installs) = (world.live().len(), world.installs);
    let mut silent: Vec<_> =
        world.nodes.iter().filter(|node| node.process.is_some()).map(|node| node.id).collect();
    world.probes.clear();
    while !silent.is_empty() || !world.probes.is_empty() {
        // Who has no room yet, or lets synchronising messages go first, tries again after the next step.
        for node in std::mem::take(&mut silent) {
            let process = world.node(node).process.as_ref();
            if process.is_some_and(|process| process.is_synchronizing) {
                silent.push(node);
                continue;
            }
            let message = world.next_message();
            world.probes.insert(message, live);
            if world.multicast(node, PROBE_BYTES, Guarantee::Agreed)?.is_none() {
                world.probes.remove(&message);
                silent.push(node);
            }
        }
        if world.next_at().is_none_or(|at| at > limit) {
            let missing = world.probes.values().sum::<usize>() + silent.len();
            let what = format!("{missing} messages did not arrive in a ring at rest");
            return Err(world.violation(Property::Settles, what));
        }
        step(world)?;
        if world.installs != installs {
            return Ok(false);
        }
    }
    Ok(true)
}
