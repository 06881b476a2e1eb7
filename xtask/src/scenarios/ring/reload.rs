use std::{fs, time::Duration};

use anyhow::{Context, Result, ensure};
use netns::wait_until;

use crate::bed::{Bed, LIMIT};

const FILE: &str = "/etc/corosync/corosync.conf";

/// Four machines, of which the last is no node in the beginning.
pub(in crate::scenarios) fn reload(bed: &mut Bed) -> Result<()> {
    let nodes = bed.cluster.node_names();
    let (old, new) = nodes.split_at(3);
    let three = bed.cluster.settings().ring_configuration(&[1, 2, 3]);
    write(bed, old, &three)?;
    bed.cluster.start_rings(old)?;
    bed.wait_ring(old, true)?;
    let daemons = old.iter().map(|n| bed.ring_daemon(n)).collect::<Result<Vec<_>>>()?;

    // A node that the others do not know yet would be ignored by them.
    let four = bed.cluster.settings().ring_configuration(&[1, 2, 3, 4]);
    write(bed, &nodes, &four)?;
    ask_for_reload(bed, &old[0])?;
    wait_key(bed, old, "nodelist.node.3.nodeid", Some("4"))?;
    bed.cluster.start_ring(&new[0])?;
    bed.wait_ring(&nodes, true).context("the added node")?;
    wait_expected_votes(bed, &nodes, 4)?;
    bed.order(&nodes, 50, 1)?;

    bed.cluster.stop_stack(&new[0])?;
    bed.wait_ring(old, true).context("the node that is to be removed has left")?;
    write(bed, old, &three)?;
    ask_for_reload(bed, &old[1])?;
    wait_key(bed, old, "nodelist.node.3.nodeid", None)?;
    wait_expected_votes(bed, old, 3)?;

    set_token(bed, old, Duration::from_millis(1_700))?;
    wait_key(bed, old, "runtime.config.totem.consensus", Some("2040"))?;
    bed.wait_ring(old, true)?;
    bed.order(old, 50, 2)?;

    let now = old.iter().map(|n| bed.ring_daemon(n)).collect::<Result<Vec<_>>>()?;
    ensure!(now == daemons, "a daemon was restarted: {daemons:?} became {now:?}");
    Ok(())
}

/// Gives the first nodes of a cluster, which run, another token timeout.
pub(super) fn set_token(bed: &Bed, nodes: &[String], token: Duration) -> Result<()> {
    let mut settings = bed.cluster.settings().clone();
    settings.token = Some(token);
    let numbers: Vec<usize> = (1..=nodes.len()).collect();
    write(bed, nodes, &settings.ring_configuration(&numbers))?;
    ask_for_reload(bed, nodes.last().context("no nodes")?)?;
    let milliseconds = token.as_millis().to_string();
    wait_key(bed, nodes, "runtime.config.totem.token", Some(&milliseconds))
}

fn write(bed: &Bed, nodes: &[String], text: &str) -> Result<()> {
    for node in nodes {
        let path = bed.cluster.file(node, FILE);
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn ask_for_reload(bed: &Bed, node: &str) -> Result<()> {
    bed.run(node, &["corosync-cfgtool", "-R"]).map(drop)
}

/// Waits until a key of the map has this value on all these nodes, or is not there.
fn wait_key(bed: &Bed, nodes: &[String], key: &str, wanted: Option<&str>) -> Result<()> {
    for node in nodes {
        wait_until(&format!("{key} to be {wanted:?} on {node}"), LIMIT, || {
            let output = bed.cluster.exec(node, &["corosync-cmapctl", "-g", key])?;
            let value = output.stdout.trim().rsplit(" = ").next().filter(|_| output.succeeded());
            ensure!(value == wanted, "{}", output.all().trim());
            Ok(())
        })?;
    }
    Ok(())
}

fn wait_expected_votes(bed: &Bed, nodes: &[String], wanted: usize) -> Result<()> {
    let line = format!("Expected votes:   {wanted}");
    for node in nodes {
        wait_until(&format!("{line:?} on {node}"), LIMIT, || {
            let output = bed.cluster.exec(node, &["corosync-quorumtool", "-s"])?;
            ensure!(output.stdout.lines().any(|l| l == line), "{output}");
            Ok(())
        })?;
    }
    Ok(())
}
