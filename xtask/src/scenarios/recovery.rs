use std::{fs, os::unix::fs::MetadataExt, path::Path, time::SystemTime};

use anyhow::{Context, Result, bail, ensure};
use netns::{SERVICE_ADDRESS, Stack, wait_until};
use rustix::process::Signal;

use super::failover::{present, wait_answer, watch_address};
use crate::bed::{Bed, LIMIT, VIP};

/// What pacemakerd supervises, and itself. Corosync is the ring: without it a node is no member.
pub(super) const DAEMONS: [&str; 7] = [
    "pacemaker-based",
    "pacemaker-fenced",
    "pacemaker-execd",
    "pacemaker-attrd",
    "pacemaker-schedulerd",
    "pacemaker-controld",
    "pacemakerd",
];

/// Both ways a resource fails: the thing itself is gone, and an agent that finds no trace of its start.
pub(super) fn crash(bed: &mut Bed) -> Result<()> {
    let node = bed.create_vip("1s")?;
    bed.create(
        "resources",
        r#"<primitive id="D1" class="ocf" provider="pacemaker" type="Dummy"><operations>
<op id="D1-monitor-1s" name="monitor" interval="1s" timeout="20s"/></operations></primitive>"#,
    )?;
    let dummy_node = bed.wait_started("D1")?;
    bed.wait_idle()?;

    let prober = watch_address(bed)?;
    wait_answer(&prober)?;
    bed.run(&node, &["ip", "addr", "del", &format!("{SERVICE_ADDRESS}/32"), "dev", "eth0"])?;
    wait_until("the address to be back", LIMIT, || {
        let holders = bed.address_holders()?;
        ensure!(holders == [node.as_str()], "it is on {holders:?}");
        Ok(())
    })?;
    wait_answer(&prober)?;
    wait_failures(bed, VIP, &node, "1")?;

    let state = bed.cluster.node(&dummy_node)?.live_file("/run/Dummy-D1.state");
    fs::remove_file(&state).with_context(|| state.display().to_string())?;
    wait_until("the state file to be back", LIMIT, || {
        ensure!(state.exists(), "{} is not there", state.display());
        Ok(())
    })?;
    wait_failures(bed, "D1", &dummy_node, "1")?;
    bed.wait_idle()?;
    ensure!(bed.wait_started("D1")? == dummy_node, "D1 left {dummy_node} after one failure");
    ensure!(bed.wait_started(VIP)? == node, "{VIP} left {node} after one failure");

    let any = bed.any()?;
    let instance = inode(&state)?;
    bed.run(&any, &["crm_resource", "--cleanup", "--resource", "D1"])?;
    wait_failures(bed, "D1", &dummy_node, "0")?;
    bed.wait_idle()?;
    ensure!(bed.wait_started("D1")? == dummy_node, "D1 left {dummy_node} after the cleanup");
    ensure!(inode(&state)? == instance, "D1 was restarted by the cleanup");
    Ok(())
}

/// Which file is there: another one after a restart of the resource that keeps it.
fn inode(path: &Path) -> Result<u64> {
    let metadata = fs::metadata(path).with_context(|| path.display().to_string())?;
    Ok(metadata.ino())
}

/// Waits for the number of failures that the cluster remembers: a transient attribute of the node.
pub(super) fn wait_failures(bed: &Bed, resource: &str, node: &str, expected: &str) -> Result<()> {
    wait_until(&format!("{expected} failures of {resource} on {node}"), LIMIT, || {
        let cib = bed.run(node, &["cibadmin", "--query", "--scope", "status"])?.stdout;
        let status = xml::parse(&cib)?;
        let prefix = format!("fail-count-{resource}#");
        let state = status.children().find(|s| s.attr("uname") == Some(node));
        let counts = state.context("no state of the node")?.descendants().filter(|e| {
            e.name() == "nvpair" && e.attr("name").is_some_and(|n| n.starts_with(&prefix))
        });
        let counts: Vec<&str> = counts.filter_map(|e| e.attr("value")).collect();
        match counts.as_slice() {
            [] if expected == "0" => Ok(()),
            [count] if *count == expected => Ok(()),
            other => bail!("{other:?}"),
        }
    })
}

pub(super) fn daemons(bed: &mut Bed) -> Result<()> {
    bed.create_vip("10s")?;
    bed.wait_idle()?;
    let dc = bed.dc()?;
    let plain = bed.cluster.node_names().into_iter().find(|n| *n != dc).context("three nodes")?;
    bed.place(VIP, &plain)?;
    kill_each(bed, &plain)
}

pub(super) fn daemons_of_dc(bed: &mut Bed) -> Result<()> {
    bed.create_vip("10s")?;
    bed.wait_idle()?;
    let dc = bed.dc()?;
    bed.place(VIP, &dc)?;
    kill_each(bed, &dc)
}

/// Kills one daemon of `node`, which has the address, after the other.
///
/// Where the C stack loses its CIB manager, executor or controller, the node leaves the cluster for a moment, and without
/// fencing the DC starts the resource elsewhere. We keep it in place.
fn kill_each(bed: &Bed, node: &str) -> Result<()> {
    let must_stay = bed.cluster.settings().nodes.iter().all(|p| p.stack == Stack::Cardea);
    let prober = watch_address(bed)?;
    for daemon in DAEMONS {
        wait_answer(&prober)?;
        let since = SystemTime::now();
        // The death of the one before may have taken this one along.
        let old = wait_until(daemon, LIMIT, || bed.cluster.node(node)?.daemon(daemon))?;
        old.signal(Signal::KILL)?;
        wait_until(&format!("another {daemon}"), LIMIT, || {
            let new = bed.cluster.node(node)?.daemon(daemon)?;
            ensure!(new.pid != old.pid, "the old one is still there");
            Ok(())
        })?;
        bed.wait_members(&bed.cluster.node_names())
            .with_context(|| format!("after SIGKILL of {daemon} on {node}"))?;
        wait_answer(&prober)?;
        let place = bed.wait_started(VIP)?;
        ensure!(
            bed.address_holders()? == [place.as_str()],
            "the address is not only on {place} after SIGKILL of {daemon}"
        );
        if place != node && !must_stay {
            bed.place(VIP, node)?;
            continue;
        }
        ensure!(place == node, "{VIP} left {node} for {place} after SIGKILL of {daemon}");
        let lost = prober.probes().iter().filter(|p| p.sent > since && !present(&p.answer)).count();
        ensure!(
            lost == 0 || !must_stay,
            "{lost} requests went unanswered after SIGKILL of {daemon}"
        );
    }
    Ok(())
}
