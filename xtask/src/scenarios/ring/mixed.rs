use anyhow::{Context, Result, ensure};
use rustix::process::Signal;

use super::{MANY, reload::set_token};
use crate::{bed::Bed, console, ring::flows::Flows, scenarios::SHORT_TOKEN};

/// Everything that happens to a ring, with nodes that may run different ones.
pub(in crate::scenarios) fn mixed(bed: &mut Bed) -> Result<()> {
    let nodes = bed.cluster.node_names();
    // One node after the other, so that each joins a ring that is there.
    for (index, node) in nodes.iter().enumerate() {
        bed.cluster.start_ring(node)?;
        bed.wait_ring(&nodes[..=index], index > 0).context("joining")?;
    }
    let formed = bed.wait_ring(&nodes, true)?;
    console::detail(&bed.order(&nodes, MANY, 2)?);
    let after = bed.wait_ring(&nodes, true)?;
    ensure!(after.sequence == formed.sequence, "the ring formed anew under load");
    // From here on nodes are lost on purpose.
    set_token(bed, &nodes, SHORT_TOKEN)?;
    for node in &nodes {
        come_and_go(bed, &nodes, node).context(node.clone())?;
    }
    Ok(())
}

/// One node leaves, is killed, is cut off, and comes back each time, while all nodes send: they must get the same messages
/// in the same order, and hear of the same members in the same place between them.
fn come_and_go(bed: &Bed, nodes: &[String], node: &str) -> Result<()> {
    let others: Vec<String> = nodes.iter().filter(|n| *n != node).cloned().collect();
    let mut flows = Flows::start(&bed.cluster, nodes)?;

    bed.cluster.stop_stack(node)?;
    bed.wait_ring(&others, true).context("it was stopped")?;
    bed.cluster.start_ring(node)?;
    bed.wait_ring(nodes, true).context("it was started")?;
    flows.replace(node).context("it was started")?;

    bed.ring_daemon(node)?.signal(Signal::KILL)?;
    bed.wait_ring(&others, true).context("it was killed")?;
    bed.cluster.start_ring(node)?;
    bed.wait_ring(nodes, true).context("it is back")?;
    flows.replace(node).context("it is back")?;

    bed.cluster.cut(node)?;
    bed.wait_ring(&others, true).context("it was cut off")?;
    bed.wait_ring(std::slice::from_ref(&node.to_owned()), false).context("it is alone")?;
    bed.cluster.heal(node)?;
    bed.wait_ring(nodes, true).context("it can be reached again")?;

    let (messages, changes) = flows.finish(&[node])?;
    // Gone and back, three times.
    ensure!(changes >= 6, "the others heard of {changes} changes only");
    console::detail(&format!("{node}: {messages} messages, {changes} changes of members"));
    Ok(())
}
