//! What the ring must do without anything above it.

mod hostile;
mod reload;
mod tools;

use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;

use super::{failover, membership, recovery};
use crate::{
    bed::{Bed, LIMIT},
    console,
    ring::watch::Watch,
    timeline::milliseconds,
};
pub(in crate::scenarios) use hostile::{hostile, strangers};
pub(in crate::scenarios) use reload::reload;
pub(in crate::scenarios) use tools::tools;

/// Messages from each node, so that it is ten thousand in all.
const MANY: usize = 3_334;
/// Enough to see that a ring carries messages.
const SOME: usize = 150;

pub(super) fn order(bed: &mut Bed) -> Result<()> {
    let formed = bed.form_ring()?;
    let digest = bed.order(&bed.cluster.live(), MANY, 1)?;
    console::detail(&digest);
    let after = bed.wait_ring(&bed.cluster.live(), true)?;
    ensure!(after.sequence == formed.sequence, "the ring formed anew under load");
    Ok(())
}

pub(super) fn farewell(bed: &mut Bed) -> Result<()> {
    bed.form_ring()?;
    let nodes = bed.cluster.node_names();
    for victim in [&nodes[2], &nodes[0]] {
        let others: Vec<String> = nodes.iter().filter(|n| *n != victim).cloned().collect();
        let watches = others
            .iter()
            .map(|node| Watch::start(&bed.cluster, node))
            .collect::<Result<Vec<_>>>()?;
        let number = bed.number(victim)?;
        let at = SystemTime::now();
        bed.ring_daemon(victim)?.signal(Signal::KILL)?;
        let mut last = at;
        for watch in &watches {
            last = last.max(watch.wait(LIMIT, |m| !m.members.contains(&number))?.at);
        }
        console::detail(&format!(
            "{victim}: SIGKILL to the last new membership: {:.0} ms",
            milliseconds(at, last)
        ));
        bed.wait_ring(&others, true)?;
        bed.cluster.start_ring(victim)?;
        bed.wait_ring(&nodes, true)?;
    }
    Ok(())
}

/// Everything that happens to a ring, with nodes that may run different ones.
pub(super) fn mixed(bed: &mut Bed) -> Result<()> {
    let nodes = bed.cluster.node_names();
    // One node after the other, so that each joins a ring that is there.
    for (index, node) in nodes.iter().enumerate() {
        bed.cluster.start_ring(node)?;
        bed.wait_ring(&nodes[..=index], index > 0).context("joining")?;
    }
    console::detail(&bed.order(&nodes, MANY / 3, 2)?);
    for (index, node) in nodes.iter().enumerate() {
        let others: Vec<String> = nodes.iter().filter(|n| *n != node).cloned().collect();
        let seed = u64::try_from(index)? * 10;

        bed.cluster.stop_stack(node)?;
        bed.wait_ring(&others, true).with_context(|| format!("{node} was stopped"))?;
        bed.order(&others, SOME, seed + 3)?;
        bed.cluster.start_ring(node)?;
        bed.wait_ring(&nodes, true).with_context(|| format!("{node} was started"))?;

        bed.ring_daemon(node)?.signal(Signal::KILL)?;
        bed.wait_ring(&others, true).with_context(|| format!("{node} was killed"))?;
        bed.cluster.start_ring(node)?;
        bed.wait_ring(&nodes, true).with_context(|| format!("{node} is back"))?;
        bed.order(&nodes, SOME, seed + 4)?;

        bed.cluster.cut(node)?;
        bed.wait_ring(&others, true).with_context(|| format!("{node} was cut off"))?;
        bed.wait_ring(std::slice::from_ref(node), false).context("cut off from the others")?;
        bed.order(&others, SOME, seed + 5)?;
        bed.cluster.heal(node)?;
        bed.wait_ring(&nodes, true).with_context(|| format!("{node} can be reached again"))?;
        bed.order(&nodes, SOME, seed + 6)?;
    }
    Ok(())
}

/// The scenarios that show what pacemaker needs of its ring.
pub(super) fn c_pacemaker(bed: &mut Bed) -> Result<()> {
    bed.form()?;
    bed.configure()?;
    membership::form(bed).context("forming")?;
    recovery::crash(bed).context("a failed resource")?;
    bed.clear("resources")?;
    bed.wait_idle()?;
    failover::rejoin(bed).context("a killed node")
}
