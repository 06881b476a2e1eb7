//! What the ring must do without anything above it.

mod hostile;
mod mixed;
mod rekey;
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
pub(in crate::scenarios) use mixed::mixed;
pub(in crate::scenarios) use rekey::rekey;
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
