use std::{
    fs::{self, File},
    io::Write,
};

use anyhow::{Context, Result, ensure};
use netns::wait_until;
use rustix::fs::{Mode, OFlags};

use super::fence_agent;
use crate::bed::{Bed, LIMIT, VIP};

/// What it was asked to do, a line for each.
const ASKED: &str = "/root/switch-asked";
/// Makes it fail at once.
const BROKEN: &str = "/root/switch-broken";
/// Where it waits for an exit status.
const ANSWER: &str = "/root/switch-answer";

/// A power switch that does what it is told from outside the nodes: it writes down what it is asked for, and waits.
const SWITCHES: &str = r#"reboot|off)
    echo "$action $port" >> /root/switch-asked
    [ ! -e /root/switch-broken ] || exit 1
    read -r status < /root/switch-answer
    exit "$status";;"#;

const DEVICE: &str = r#"<primitive id="switch" class="stonith" type="fence_legacy">
<instance_attributes id="switch-attributes">
<nvpair id="switch-hosts" name="pcmk_host_list" value="ha-web1 ha-web2 ha-web3"/>
</instance_attributes></primitive>"#;

fn install(bed: &Bed, node: &str) -> Result<()> {
    fence_agent::install(bed, node, SWITCHES)?;
    bed.run(node, &["rm", "-f", ANSWER])?;
    bed.run(node, &["mkfifo", ANSWER]).map(drop)
}

/// What the switches of these nodes were asked for so far.
fn asked(bed: &Bed, nodes: &[String]) -> Vec<(String, String)> {
    let lines = |node: &String| {
        let text = fs::read_to_string(bed.cluster.file(node, ASKED)).unwrap_or_default();
        text.lines().map(|line| (node.clone(), line.to_owned())).collect::<Vec<_>>()
    };
    nodes.iter().flat_map(lines).collect()
}

/// Waits until a switch was asked for something more than `before`, and says which and what for.
fn wait_asked(
    bed: &Bed,
    nodes: &[String],
    before: &[(String, String)],
) -> Result<(String, String)> {
    wait_until("a fence device to be asked", LIMIT, || {
        let mut now = asked(bed, nodes);
        for known in before {
            now.iter().position(|one| one == known).map(|at| now.remove(at));
        }
        now.pop().context("nobody was asked")
    })
}

/// Lets the switch of a node say how it went.
fn answer(bed: &Bed, node: &str, status: u8) -> Result<()> {
    let path = bed.cluster.file(node, ANSWER);
    // It opens without waiting only once somebody reads.
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let pipe = wait_until("the switch to wait", LIMIT, || {
        Ok(rustix::fs::open(&path, flags, Mode::empty())?)
    })?;
    Ok(writeln!(File::from(pipe), "{status}")?)
}

/// Who is left, and that none of them has the address.
fn require_held_back(bed: &Bed, survivors: &[String], lost: &str) -> Result<()> {
    bed.wait_from(&survivors[0], &format!("{lost} to be unclean"), |s| {
        s.nodes.get(lost).is_some_and(|node| node.unclean).then_some(())
    })?;
    let holders = bed.address_holders()?;
    let early: Vec<_> = holders.iter().filter(|node| survivors.contains(node)).collect();
    ensure!(early.is_empty(), "{early:?} started the address before {lost} was fenced");
    Ok(())
}

/// Brings a node back that is switched off.
fn return_of(bed: &mut Bed, node: &str) -> Result<()> {
    bed.cluster.revive(node)?;
    install(bed, node)?;
    bed.cluster.start_stack(node)?;
    bed.wait_members(&bed.cluster.node_names())
}

/// A node that cannot be reached is fenced before anything of it starts elsewhere; where fencing fails, nothing starts until
/// somebody confirms that the node is down.
pub(super) fn fencing(bed: &mut Bed) -> Result<()> {
    bed.form()?;
    bed.configure()?;
    for node in bed.cluster.node_names() {
        install(bed, &node)?;
    }
    bed.create("resources", DEVICE)?;
    bed.set_option("stonith-enabled", "true")?;
    let lost = bed.create_vip("10s")?;
    bed.wait_idle()?;
    cut_off(bed, &lost)?;
    let lost = bed.wait_started(VIP)?;
    confirmed(bed, &lost)
}

/// The node with the address is cut off and goes on living.
fn cut_off(bed: &mut Bed, lost: &str) -> Result<()> {
    let survivors: Vec<_> = bed.cluster.node_names().into_iter().filter(|n| n != lost).collect();
    bed.cluster.cut(lost)?;
    let (device, what) = wait_asked(bed, &survivors, &[])?;
    ensure!(what == format!("reboot {lost}"), "the switch of {device} was asked to {what}");
    require_held_back(bed, &survivors, lost)?;
    bed.cluster.kill(lost)?;
    answer(bed, &device, 0)?;
    let heir = bed.wait_from(&survivors[0], "the address to be on another node", |s| {
        s.place_of(VIP).ok().filter(|n| *n != lost).map(str::to_owned)
    })?;
    bed.wait_members(&survivors)?;
    ensure!(bed.address_holders()? == [heir.as_str()], "the address is not only on {heir}");
    for node in &survivors {
        let history = bed.run(node, &["stonith_admin", "--history", lost])?.stdout;
        ensure!(history.contains("reboot") && history.contains(lost), "{node}: {history}");
    }
    let times = asked(bed, &survivors).len();
    ensure!(times == 1, "the switches were asked {times} times: {:?}", asked(bed, &survivors));
    return_of(bed, lost)
}

/// The node with the address dies and cannot be fenced: somebody says that it is down.
fn confirmed(bed: &mut Bed, lost: &str) -> Result<()> {
    let survivors: Vec<_> = bed.cluster.node_names().into_iter().filter(|n| n != lost).collect();
    for node in &survivors {
        fs::write(bed.cluster.file(node, BROKEN), "")?;
    }
    let mut before = asked(bed, &survivors);
    bed.cluster.kill(lost)?;
    // One device is tried by more than one node, and all of it again.
    for _ in 0..3 {
        let (device, what) = wait_asked(bed, &survivors, &before)?;
        ensure!(what == format!("reboot {lost}"), "the switch of {device} was asked to {what}");
        before.push((device, what));
    }
    require_held_back(bed, &survivors, lost)?;
    bed.run(&survivors[0], &["stonith_admin", "--confirm", lost])?;
    let heir = bed.wait_from(&survivors[0], "the address to be on another node", |s| {
        s.place_of(VIP).ok().filter(|n| *n != lost).map(str::to_owned)
    })?;
    bed.wait_members(&survivors)?;
    ensure!(bed.address_holders()? == [heir.as_str()], "the address is not only on {heir}");
    return_of(bed, lost)
}
