use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use netns::{Answer, Prober, SERVICE_ADDRESS, wait_until};

use crate::bed::{Bed, LIMIT, VIP};

/// Watches the service's address. No web server runs behind it in scenarios: a refusal is an answer.
pub(super) fn watch_address(bed: &Bed) -> Result<Prober> {
    bed.cluster.probe(&format!("{SERVICE_ADDRESS}:80"), Duration::from_millis(20))
}

/// Whether the address is there.
pub(super) fn present(answer: &Answer) -> bool {
    *answer != Answer::None
}

/// Waits until the address answers a question that was asked from now on.
pub(super) fn wait_answer(prober: &Prober) -> Result<()> {
    let since = SystemTime::now();
    wait_until("an answer from the address", LIMIT, || prober.first(since, present)).map(drop)
}

pub(super) fn plain_node(bed: &mut Bed) -> Result<()> {
    bed.create_vip("10s")?;
    bed.wait_idle()?;
    let dc = bed.dc()?;
    let other = bed.cluster.node_names().into_iter().find(|n| *n != dc);
    bed.place(VIP, &other.context("three nodes")?)?;
    let victim = bed.wait_started(VIP)?;
    ensure!(victim != dc, "{victim} became the DC meanwhile");
    kill_and_follow(bed, &victim).map(drop)
}

pub(super) fn dc(bed: &mut Bed) -> Result<()> {
    bed.create_vip("10s")?;
    bed.wait_idle()?;
    let dc = bed.dc()?;
    bed.place(VIP, &dc)?;
    let heir = kill_and_follow(bed, &dc)?;
    let new_dc = bed.dc()?;
    ensure!(new_dc != dc, "the dead node {dc} is still DC for {heir}");
    Ok(())
}

/// Kills the node that has the address and waits until exactly one other has it and answers.
fn kill_and_follow(bed: &mut Bed, victim: &str) -> Result<String> {
    let prober = watch_address(bed)?;
    wait_answer(&prober)?;
    bed.cluster.kill(victim)?;
    let heir = bed.wait_started_where(VIP, |n| n != victim)?;
    wait_answer(&prober)?;
    let survivors = bed.cluster.live();
    bed.wait_members(&survivors)?;
    ensure!(bed.address_holders()? == [heir.as_str()], "the address is not only on {heir}");
    for node in &survivors {
        bed.wait_from(node, &format!("{victim} to be offline"), |s| {
            let gone = s.nodes.get(victim).is_some_and(|n| !n.online);
            (gone && s.place_of(VIP).ok() == Some(heir.as_str())).then_some(())
        })?;
    }
    Ok(heir)
}

pub(super) fn rejoin(bed: &mut Bed) -> Result<()> {
    bed.create_vip("10s")?;
    bed.wait_idle()?;
    let victim = bed.wait_started(VIP)?;
    let heir = kill_and_follow(bed, &victim)?;

    let prober = watch_address(bed)?;
    wait_answer(&prober)?;
    let before = SystemTime::now();
    bed.cluster.revive(&victim)?;
    bed.cluster.start_stack(&victim)?;
    bed.wait_members(&bed.cluster.node_names())?;
    ensure!(bed.wait_started(VIP)? == heir, "{VIP} left {heir} when {victim} came back");
    ensure!(bed.address_holders()? == [heir.as_str()], "the address is not only on {heir}");
    wait_answer(&prober)?;
    let lost = prober.probes().iter().filter(|p| p.sent > before && !present(&p.answer)).count();
    ensure!(lost == 0, "{lost} requests went unanswered while {victim} joined");
    Ok(())
}

pub(super) fn standby(bed: &mut Bed) -> Result<()> {
    let first = bed.create_vip("10s")?;
    bed.wait_idle()?;
    set_standby(bed, &first, "on")?;
    let second = bed.wait_started_where(VIP, |n| n != first)?;
    bed.wait("the node to be in standby", |s| s.nodes.get(&first)?.standby.then_some(()))?;
    bed.wait_idle()?;
    ensure!(bed.address_holders()? == [second.as_str()], "the address is not only on {second}");

    set_standby(bed, &first, "off")?;
    bed.wait("the end of standby", |s| (!s.nodes.get(&first)?.standby).then_some(()))?;
    bed.wait_idle()?;
    ensure!(bed.wait_started(VIP)? == second, "{VIP} went back although it is sticky");
    Ok(())
}

fn set_standby(bed: &Bed, node: &str, value: &str) -> Result<()> {
    let words = [
        "crm_attribute",
        "--node",
        node,
        "--name",
        "standby",
        "--update",
        value,
        "--lifetime",
        "forever",
    ];
    bed.run(node, &words).map(drop)
}

pub(super) fn graceful_stop(bed: &mut Bed) -> Result<()> {
    let first = bed.create_vip("10s")?;
    bed.wait_idle()?;
    bed.cluster.stop_stack(&first)?;
    let asked =
        bed.cluster.node_names().into_iter().find(|n| *n != first).context("three nodes")?;
    let second = bed.wait_from(&asked, "the resource to be elsewhere", |s| {
        s.place_of(VIP).ok().filter(|n| *n != first).map(str::to_owned)
    })?;
    bed.wait_from(&asked, "the stopped node to be cleanly offline", |s| {
        let node = s.nodes.get(&first)?;
        (!node.online && !node.unclean).then_some(())
    })?;
    ensure!(bed.address_holders()? == [second.as_str()], "the address is not only on {second}");
    let left = bed.cluster.node(&first)?.processes();
    let daemons: Vec<_> =
        left.iter().filter(|p| p.name.starts_with("pacemaker") || p.name == "corosync").collect();
    ensure!(daemons.is_empty(), "still running on {first}: {daemons:?}");

    bed.cluster.start_stack(&first)?;
    bed.wait_members(&bed.cluster.node_names())?;
    ensure!(bed.wait_started(VIP)? == second, "{VIP} went back although it is sticky");
    Ok(())
}
