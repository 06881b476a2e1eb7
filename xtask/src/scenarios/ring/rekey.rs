use std::fs;

use anyhow::{Context, Result, ensure};
use netns::wait_until;

use super::{SOME, hostile::refusals_of};
use crate::{
    bed::{Bed, LIMIT},
    ring::flows::Flows,
};

const KEY: &str = "/etc/corosync/authkey";
/// How often the key changes while the ring is idle, and as often while it carries messages.
const TIMES: usize = 10;

/// The key changes while the ring runs, and nobody loses the others for a moment.
pub(in crate::scenarios) fn rekey(bed: &mut Bed) -> Result<()> {
    let nodes = bed.cluster.node_names();
    // With a token of seconds: Debian's corosync now and then stands still for three while libknet takes a key.
    let formed = bed.form_ring()?;
    let daemons = nodes.iter().map(|n| bed.ring_daemon(n)).collect::<Result<Vec<_>>>()?;
    let oldest = read_key(bed, &nodes[0])?;
    for turn in 0..TIMES {
        change_key(bed, &nodes, turn).with_context(|| format!("change {turn}"))?;
        let now = bed.wait_ring(&nodes, true)?;
        ensure!(now.sequence == formed.sequence, "the ring formed anew with change {turn}");
    }
    let flows = Flows::start(&bed.cluster, &nodes)?;
    for turn in 0..TIMES {
        change_key(bed, &nodes, turn).with_context(|| format!("change {turn} under load"))?;
        let now = bed.wait_ring(&nodes, true)?;
        ensure!(
            now.sequence == formed.sequence,
            "the ring formed anew with change {turn} under load"
        );
    }
    let (_, changes) = flows.finish(&[])?;
    ensure!(changes == 0, "the members of the group changed {changes} times");
    let now = nodes.iter().map(|n| bed.ring_daemon(n)).collect::<Result<Vec<_>>>()?;
    ensure!(now == daemons, "a daemon was restarted: {daemons:?} became {now:?}");
    only_the_newest(bed, &nodes, &oldest)
}

/// Gives all nodes a new key, and has one of them tell all to read it. Whoever sends afterwards has changed over.
fn change_key(bed: &Bed, nodes: &[String], turn: usize) -> Result<()> {
    let mut key = vec![0; 256];
    std::io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut key)?;
    nodes.iter().try_for_each(|node| write_key(bed, node, &key))?;
    bed.run(&nodes[turn % nodes.len()], &["corosync-cfgtool", "-R"])?;
    bed.order(nodes, SOME / 10, 1).map(drop)
}

/// A node that starts with the first key is refused by the others, one of Debian's and one of ours; with the newest key it
/// is a member: they have changed over.
fn only_the_newest(bed: &Bed, nodes: &[String], oldest: &[u8]) -> Result<()> {
    let (node, others) = nodes.split_first().context("no nodes")?;
    let newest = read_key(bed, node)?;
    bed.cluster.stop_stack(node)?;
    write_key(bed, node, oldest)?;
    let before = others.iter().map(|n| refusals_of(bed, n)).collect::<Result<Vec<_>>>()?;
    bed.cluster.start_ring(node)?;
    for (other, before) in others.iter().zip(before) {
        wait_until(&format!("{other} to refuse packets of the old key"), LIMIT, || {
            let now = refusals_of(bed, other)?;
            ensure!(now > before, "it refused {now}, {before} before");
            Ok(())
        })?;
    }
    let members = bed.membership(node)?.members;
    ensure!(members.len() == 1, "with the old key {node} is with {members:?}");
    bed.wait_ring(others, true).context("without the one with the old key")?;
    bed.cluster.stop_stack(node)?;
    write_key(bed, node, &newest)?;
    bed.cluster.start_ring(node)?;
    bed.wait_ring(nodes, true).context("with the newest key").map(drop)
}

fn read_key(bed: &Bed, node: &str) -> Result<Vec<u8>> {
    let path = bed.cluster.file(node, KEY);
    fs::read(&path).with_context(|| path.display().to_string())
}

fn write_key(bed: &Bed, node: &str, key: &[u8]) -> Result<()> {
    let path = bed.cluster.file(node, KEY);
    fs::write(&path, key).with_context(|| path.display().to_string())
}
