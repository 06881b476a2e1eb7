use std::fs;

use anyhow::{Context, Result, ensure};
use netns::{CLIENT, Ring, Transport, node_address, wait_until};

use super::SOME;
use crate::{
    bed::{Bed, LIMIT},
    console,
};

/// How many packets a machine takes, and how many forged ones each attack sends.
const TAKEN: &str = "200";
const FORGED: &str = "3000";
const FILE: &str = "/root/packets";
const CONFIGURATION: &str = "/etc/corosync/corosync.conf";

/// Our daemon's count of packets that are not from a node, not made with the key, or malformed.
const REFUSED: &str = "stats.knet.handle.rx_refused_packets";

/// From a machine in the network that is no node: noise, and what it could make of packets that it overheard.
///
/// No daemon may die, and the ring must carry messages after each attack. Packets that were not made with the key may
/// have no other effect than a line in the log. What is sent again as it was, or without encryption in a node's name, may
/// well cost a membership: a node that asks to form the ring anew is listened to.
pub(in crate::scenarios) fn hostile(bed: &mut Bed) -> Result<()> {
    bed.form_ring()?;
    let nodes = bed.cluster.node_names();
    let is_encrypted = bed.cluster.settings().transport == Transport::Knet;
    let helper = bed.cluster.helper().display().to_string();
    bed.run(&nodes[1], &[&helper, "packets-capture", TAKEN, FILE])?;
    fs::copy(bed.cluster.file(&nodes[1], FILE), bed.cluster.file(CLIENT, FILE))?;
    // The packets are of a ring that is gone when they come back.
    bed.cluster.stop_stack(&nodes[2])?;
    bed.cluster.start_ring(&nodes[2])?;
    bed.wait_ring(&nodes, true)?;
    let daemons = nodes.iter().map(|n| bed.ring_daemon(n)).collect::<Result<Vec<_>>>()?;

    for attack in ["noise", "spoofed-noise", "truncated", "mutated", "replay"] {
        let is_harmless = is_encrypted && attack != "replay";
        let before = bed.wait_ring(&nodes, true)?;
        let told = if is_harmless { refusals(bed, &nodes)? } else { Vec::new() };
        for number in 1..=nodes.len() {
            let target = node_address(number);
            let words = [&helper, "packets-send", attack, FILE, &target, FORGED, "1"];
            bed.run(CLIENT, &words).context(attack)?;
        }
        // A ring that carries messages has taken what came before them.
        order_again(bed, &nodes, is_harmless).context(attack)?;
        let after = bed.wait_ring(&nodes, true).context(attack)?;
        for (node, daemon) in nodes.iter().zip(&daemons) {
            ensure!(bed.ring_daemon(node)? == *daemon, "the ring of {node} died of {attack}");
        }
        let is_same = after.sequence == before.sequence;
        ensure!(is_same || !is_harmless, "{attack} broke an encrypted ring");
        if !is_same {
            console::detail(&format!("{attack} made the ring form anew"));
        }
        if is_harmless {
            let now = refusals(bed, &nodes)?;
            let silent = nodes.iter().zip(told.iter().zip(&now)).find(|(_, (old, new))| new <= old);
            ensure!(silent.is_none(), "{} says nothing of {attack}", silent.map_or("", |s| s.0));
        }
    }
    if is_encrypted {
        for node in &nodes {
            ensure!(lines_of_refusals(bed, node)? > 0, "the log of {node} says nothing of it");
        }
    }
    Ok(())
}

/// Sends messages through the ring. Where it may be about to form anew the members of the group may change meanwhile, and
/// it is tried again.
fn order_again(bed: &Bed, nodes: &[String], is_harmless: bool) -> Result<()> {
    if is_harmless {
        return bed.order(nodes, SOME, 1).map(drop);
    }
    wait_until("messages in order", LIMIT, || {
        bed.wait_ring(nodes, true)?;
        bed.order(nodes, SOME, 1)
    })
    .map(drop)
}

/// What each node's daemon says of packets that it did not take.
fn refusals(bed: &Bed, nodes: &[String]) -> Result<Vec<u64>> {
    nodes.iter().map(|node| refusals_of(bed, node)).collect()
}

/// The same of one: Debian's writes a line for each packet, ours counts them and writes a line now and then.
pub(super) fn refusals_of(bed: &Bed, node: &str) -> Result<u64> {
    let number = usize::try_from(bed.number(node)?)?;
    match bed.cluster.settings().nodes[number - 1].ring {
        Ring::Corosync => lines_of_refusals(bed, node),
        Ring::Cardea => {
            let words = ["corosync-cmapctl", "-m", "stats", "-g", REFUSED];
            let text = bed.run(node, &words)?.stdout;
            Ok(text.trim().rsplit(' ').next().context("no value")?.parse()?)
        }
    }
}

fn lines_of_refusals(bed: &Bed, node: &str) -> Result<u64> {
    let path = bed.cluster.file(node, "/var/log/corosync/corosync.log");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let tells = |line: &&str| ["decrypt", "dropped"].iter().any(|word| line.contains(word));
    Ok(text.lines().filter(tells).count() as u64)
}

/// The fourth machine is no node of the others' and does all it can to look like one.
pub(in crate::scenarios) fn strangers(bed: &mut Bed) -> Result<()> {
    if bed.cluster.settings().transport == Transport::Udp {
        console::detail("not tried: with multicast whoever is on the network may take part");
        return Ok(());
    }
    let all = bed.cluster.node_names();
    let (nodes, stranger) = (&all[..3], &all[3]);
    let settings = bed.cluster.settings().clone();
    let mut cases = vec![("a number that is taken", settings.ring_configuration(&[1, 2, 3]))];
    // Where the fourth machine's name and address are in the place of the second's.
    cases[0].1 = cases[0].1.replace(&node_address(2), &node_address(4)).replace(&all[1], stranger);
    let four = settings.ring_configuration(&[1, 2, 3, 4]);
    cases.push(("an address that nobody knows", four.clone()));
    let other_name = four.replace("cluster_name: mywebcluster", "cluster_name: another");
    cases.push(("the name of another cluster", other_name));
    write(bed, nodes, &settings.ring_configuration(&[1, 2, 3]))?;
    bed.cluster.start_rings(nodes)?;
    let formed = bed.wait_ring(nodes, true)?;
    for (what, configuration) in cases {
        write(bed, std::slice::from_ref(stranger), &configuration)?;
        visit(bed, nodes, stranger, formed.sequence).context(what)?;
    }
    if settings.transport == Transport::Knet {
        wrong_key(bed, nodes, stranger, &four)?;
    }
    Ok(())
}

/// All four are nodes of one configuration, but the fourth has another key.
fn wrong_key(bed: &Bed, nodes: &[String], stranger: &str, configuration: &str) -> Result<()> {
    write(bed, nodes, configuration)?;
    bed.run(&nodes[0], &["corosync-cfgtool", "-R"])?;
    let stranger = stranger.to_owned();
    write(bed, std::slice::from_ref(&stranger), configuration)?;
    let key = bed.cluster.file(&stranger, "/etc/corosync/authkey");
    let mut bytes = fs::read(&key)?;
    bytes.iter_mut().for_each(|byte| *byte ^= 0xff);
    fs::write(&key, bytes)?;
    let formed = bed.wait_ring(nodes, true)?;
    visit(bed, nodes, &stranger, formed.sequence).context("a wrong key")
}

/// Lets the stranger try: until its daemon has formed a ring of its own, for which it must have waited in vain for the
/// others, or has given up.
fn visit(bed: &Bed, nodes: &[String], stranger: &str, sequence: u64) -> Result<()> {
    if let Err(refused) = bed.cluster.start_ring(stranger) {
        console::detail(&format!("it does not start: {refused:#}"));
    } else {
        wait_until("the stranger to be alone", LIMIT, || {
            let membership = bed.membership(stranger)?;
            ensure!(membership.members.len() == 1, "it is with {:?}", membership.members);
            Ok(())
        })?;
    }
    bed.order(nodes, SOME, 1)?;
    let now = bed.wait_ring(nodes, true)?;
    ensure!(now.sequence == sequence, "the ring formed anew because of a stranger");
    bed.cluster.stop_stack(stranger)?;
    Ok(())
}

fn write(bed: &Bed, nodes: &[String], text: &str) -> Result<()> {
    for node in nodes {
        fs::write(bed.cluster.file(node, CONFIGURATION), text)?;
    }
    Ok(())
}
