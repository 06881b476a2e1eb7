use anyhow::{Result, ensure};
use netns::{Transport, wait_until};

use crate::bed::{Bed, LIMIT};

/// What each tool must print on the first of three nodes: every line of the pattern, in this order. A star is a word, a
/// line of dots any number of lines.
struct Expectation {
    command: &'static [&'static str],
    lines: &'static str,
}

/// Debian's programs by their full paths.
const EXPECTED: &[Expectation] = &[
    Expectation {
        command: &["/usr/sbin/corosync-quorumtool", "-s"],
        lines: "Quorum information
------------------
...
Quorum provider:  corosync_votequorum
Nodes:            3
Node ID:          1
Ring ID:          *
Quorate:          Yes

Votequorum information
----------------------
Expected votes:   3
Highest expected: 3
Total votes:      3
Quorum:           2
Flags:            Quorate

Membership information
----------------------
    Nodeid      Votes Name
         1          1 ha-web1 (local)
         2          1 ha-web2
         3          1 ha-web3",
    },
    Expectation {
        command: &["/usr/sbin/corosync-quorumtool", "-l"],
        lines: "
Membership information
----------------------
    Nodeid      Votes Name
         1          1 ha-web1 (local)
         2          1 ha-web2
         3          1 ha-web3",
    },
    Expectation {
        command: &["/usr/sbin/corosync-quorumtool", "-n", "2", "-s"],
        lines: "...\nQuorate:          Yes\n...",
    },
    Expectation {
        command: &["/usr/sbin/corosync-cmapctl", "-g", "totem.cluster_name"],
        lines: "totem.cluster_name (str) = mywebcluster",
    },
    Expectation {
        command: &["/usr/sbin/corosync-cmapctl", "nodelist."],
        lines: "nodelist.local_node_pos (u32) = 0
nodelist.node.0.name (str) = ha-web1
nodelist.node.0.nodeid (u32) = 1
nodelist.node.0.ring0_addr (str) = 192.168.124.51
nodelist.node.1.name (str) = ha-web2
nodelist.node.1.nodeid (u32) = 2
nodelist.node.1.ring0_addr (str) = 192.168.124.52
nodelist.node.2.name (str) = ha-web3
nodelist.node.2.nodeid (u32) = 3
nodelist.node.2.ring0_addr (str) = 192.168.124.53",
    },
    Expectation {
        command: &["/usr/sbin/corosync-cmapctl", "runtime.members."],
        lines: "runtime.members.1.config_version (u64) = 0
runtime.members.1.ip (str) = r(0) ip(192.168.124.51)
runtime.members.1.join_count (u32) = *
runtime.members.1.status (str) = joined
runtime.members.2.config_version (u64) = 0
runtime.members.2.ip (str) = r(0) ip(192.168.124.52)
runtime.members.2.join_count (u32) = *
runtime.members.2.status (str) = joined
runtime.members.3.config_version (u64) = 0
runtime.members.3.ip (str) = r(0) ip(192.168.124.53)
runtime.members.3.join_count (u32) = *
runtime.members.3.status (str) = joined",
    },
    Expectation {
        command: &["/usr/sbin/corosync-cmapctl", "runtime.config.totem."],
        lines: "...
runtime.config.totem.consensus (u32) = 1200
...
runtime.config.totem.token (u32) = 1000
...",
    },
    Expectation {
        command: &["/usr/sbin/corosync-cmapctl", "-m", "stats", "stats.srp."],
        lines: "...
stats.srp.mcast_rx (u64) = *
stats.srp.mcast_tx (u64) = *
...
stats.srp.operational_entered (u64) = *
...
stats.srp.rx_msg_dropped (u64) = *
...",
    },
    Expectation { command: &["/usr/sbin/corosync-cfgtool", "-a", "2"], lines: "192.168.124.52" },
];

/// What shows the links depends on how the ring is carried.
const KNET: &[Expectation] = &[
    Expectation {
        command: &["/usr/sbin/corosync-cfgtool", "-s"],
        lines: "Local node ID 1, transport knet
LINK ID 0 udp
\taddr\t= 192.168.124.51
\tstatus:
\t\tnodeid:          1:\tlocalhost
\t\tnodeid:          2:\tconnected
\t\tnodeid:          3:\tconnected",
    },
    Expectation {
        command: &["/usr/sbin/corosync-cfgtool", "-n"],
        lines: "Local node ID 1, transport knet
nodeid: 2 reachable
   LINK: 0 udp (192.168.124.51->192.168.124.52) enabled connected mtu: *

nodeid: 3 reachable
   LINK: 0 udp (192.168.124.51->192.168.124.53) enabled connected mtu: *
",
    },
];

/// Without knet Debian's daemon gives the address of another node than its own.
const UDPU: &[Expectation] = &[Expectation {
    command: &["/usr/sbin/corosync-cfgtool", "-s"],
    lines: "Local node ID 1, transport udpu
LINK ID 0
\taddr\t= *
\tstatus:
\t\tnodeid:          1:\tlocalhost
\t\tnodeid:          2:\tconnected
\t\tnodeid:          3:\tconnected",
}];

pub(in crate::scenarios) fn tools(bed: &mut Bed) -> Result<()> {
    bed.form_ring()?;
    let node = bed.any()?;
    let links = match bed.cluster.settings().transport {
        Transport::Knet => KNET,
        Transport::Udpu => UDPU,
        Transport::Udp => &[],
    };
    for Expectation { command, lines } in EXPECTED.iter().chain(links) {
        // Links come up, and votes are counted, some time after the membership.
        wait_until(&command.join(" "), LIMIT, || {
            let output = bed.run(&node, command)?;
            let problem = difference(lines, &output.stdout);
            ensure!(problem.is_none(), "{}\n{}", problem.unwrap_or_default(), output.stdout);
            Ok(())
        })?;
    }
    groups(bed, &node)?;
    writes(bed, &node)
}

/// A group of this program's own, seen by the tool that lists groups.
fn groups(bed: &Bed, node: &str) -> Result<()> {
    let helper = bed.cluster.helper().display().to_string();
    let words = [&helper, "ring-listen", "1"];
    let mut member = bed.cluster.node(node)?.command(&words).into_command();
    member.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped());
    let member = member.spawn()?;
    wait_until("the group to be listed", LIMIT, || {
        let text = bed.run(node, &["/usr/sbin/corosync-cpgtool"])?.stdout;
        let (head, rest) = text.split_once('\n').unwrap_or_default();
        ensure!(head == "Group Name\t       PID\t   Node ID", "{text}");
        let line = rest.lines().skip_while(|l| *l != "ring-load").nth(1).unwrap_or_default();
        ensure!(line.trim_end().ends_with("1 (192.168.124.51)"), "{text}");
        Ok(())
    })?;
    // The one message that it waits for.
    bed.run(node, &[&helper, "ring-latency", "2", "8", "1", "0"])?;
    let ended = member.wait_with_output()?;
    ensure!(ended.status.success(), "the listening member failed");
    Ok(())
}

/// Values that a tool sets can be read, and end where they are deleted.
fn writes(bed: &Bed, node: &str) -> Result<()> {
    const TOOL: &str = "/usr/sbin/corosync-cmapctl";
    bed.run(node, &[TOOL, "-s", "scenario.number", "u16", "77"])?;
    let text = bed.run(node, &[TOOL, "-g", "scenario.number"])?.stdout;
    ensure!(text == "scenario.number (u16) = 77\n", "{text:?}");
    bed.run(node, &[TOOL, "-d", "scenario.number"])?;
    let gone = bed.cluster.exec(node, &[TOOL, "-g", "scenario.number"])?;
    ensure!(!gone.succeeded(), "{gone}");
    let refused = bed.cluster.exec(node, &[TOOL, "-s", "nodelist.local_node_pos", "u32", "1"])?;
    ensure!(!refused.succeeded(), "a read-only key was set: {refused}");
    Ok(())
}

/// What of the pattern is not so, or nothing.
fn difference(pattern: &str, text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim_end);
    let mut may_skip = false;
    for wanted in pattern.lines() {
        if wanted == "..." {
            may_skip = true;
            continue;
        }
        let found = match may_skip {
            true => lines.by_ref().find(|line| suits(wanted, line)),
            false => lines.next().filter(|line| suits(wanted, line)),
        };
        if found.is_none() {
            return Some(format!("no {wanted:?} where it should be"));
        }
        may_skip = false;
    }
    let rest = lines.find(|line| !may_skip && !line.is_empty());
    rest.map(|line| format!("{line:?} is too much"))
}

fn suits(pattern: &str, line: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern.trim_end() == line,
        Some((head, tail)) => {
            let middle = line.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
            middle.is_some_and(|word| !word.is_empty() && !word.contains(' '))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_words_and_gaps() {
        let pattern = "a\n...\nb = *\nc";
        assert_eq!(difference(pattern, "a\nx\ny\nb = 7\nc\n"), None);
        assert_eq!(difference(pattern, "a\nb = 7\nc  \n"), None);
        for text in ["a\nb = 7\n", "b = 7\nc", "a\nb =\nc", "a\nb = 7 8\nc", "a\nb = 7\nc\nd"] {
            assert!(difference(pattern, text).is_some(), "{text:?}");
        }
        assert_eq!(difference("a\n...", "a\nb\nc"), None);
    }
}
