use anyhow::{Context, Result, bail, ensure};

use crate::bed::{Bed, VIP};

/// Every node tells the same story.
pub(super) fn form(bed: &mut Bed) -> Result<()> {
    let nodes = bed.cluster.node_names();
    let dc = bed.dc()?;
    let mut versions = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let status = bed.status_from(node)?;
        ensure!(status.dc.as_ref() == Some(&dc), "{node} has another DC: {}", status.brief());
        ensure!(status.quorate, "{node} sees no quorum");

        let list = bed.run(node, &["crm_node", "--list"])?.stdout;
        for (number, name) in nodes.iter().enumerate() {
            let line = format!("{} {name} member", number + 1);
            ensure!(list.lines().any(|l| l.trim() == line), "no {line:?} in {list:?} of {node}");
        }
        let own = bed.run(node, &["crm_node", "--name"])?.stdout;
        ensure!(own.trim() == node, "{node} calls itself {own:?}");
        let id = bed.run(node, &["crm_node", "--cluster-id"])?.stdout;
        ensure!(id.trim() == (index + 1).to_string(), "{node} has id {id:?}");
        let quorum = bed.run(node, &["crm_node", "--quorum"])?.stdout;
        ensure!(quorum.trim() == "1", "crm_node --quorum on {node} says {quorum:?}");
        versions.push(version(bed, node)?);
    }
    ensure!(versions.windows(2).all(|w| w[0] == w[1]), "configurations differ: {versions:?}");
    Ok(())
}

/// The version of a node's copy of the configuration, without the counter of status changes.
fn version(bed: &Bed, node: &str) -> Result<(String, String)> {
    let cib = bed.run(node, &["cibadmin", "--query", "--local"])?.stdout;
    let root = xml::parse(&cib).context("cibadmin printed no XML")?;
    let attribute = |name: &str| root.attr(name).unwrap_or_default().to_owned();
    Ok((attribute("admin_epoch"), attribute("epoch")))
}

/// Power returns one node after the other (the quorum rule of SEED-070 and SEED-071, the reboot of SEED-069).
pub(super) fn restart(bed: &mut Bed) -> Result<()> {
    bed.create_vip("30s")?;
    bed.wait_idle()?;
    let nodes = bed.cluster.node_names();
    let epoch = version(bed, &nodes[0])?;
    for node in &nodes {
        bed.run(node, &["systemctl", "enable", "corosync", "pacemaker"])?;
    }
    bed.cluster.kill_all()?;

    let (first, second) = (&nodes[0], &nodes[1]);
    bed.cluster.revive(first)?;
    bed.wait("a lone node to decide that it has no quorum", |s| {
        let alone = s.online() == [first.as_str()] && s.dc.is_some() && !s.quorate;
        let offline = s.nodes.len() == nodes.len();
        (alone && offline && s.resources.get(VIP)?.nodes.is_empty()).then_some(())
    })?;
    bed.wait_idle()?;
    if let holders @ [_, ..] = bed.address_holders()?.as_slice() {
        bail!("without quorum the address is on {}", holders.join(", "));
    }

    bed.cluster.revive(second)?;
    bed.wait("two of three nodes to start the resource", |s| {
        (s.quorate && s.place_of(VIP).is_ok() && s.online().len() == 2).then_some(())
    })?;

    bed.cluster.revive(&nodes[2])?;
    bed.wait_members(&nodes)?;
    let place = bed.wait_started(VIP)?;
    ensure!(bed.address_holders()? == [place], "the address is not where the resource is");
    let now = version(bed, first)?;
    for node in &nodes {
        bed.run(node, &["systemctl", "disable", "corosync", "pacemaker"])?;
    }
    ensure!(now.0 == epoch.0, "the configuration was replaced: {epoch:?} became {now:?}");
    ensure!(
        now.1.parse::<u64>()? >= epoch.1.parse::<u64>()?,
        "the configuration went back from {epoch:?} to {now:?}"
    );
    Ok(())
}
