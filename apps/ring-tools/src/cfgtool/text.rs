//! The blocks that are shown of links and nodes.

use std::fmt::Write as _;

use wire::corosync::cfg::{NodeStatus, TransportVersions};

/// What carries a ring's packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Transport {
    /// What the configuration calls it.
    pub(super) name: String,
    /// What each link runs over; shown for knet only.
    pub(super) links: [String; LINKS],
}

/// The most links there are between two nodes.
pub(super) const LINKS: usize = 8;

impl Transport {
    /// Whether it is knet, which has several links and versions.
    pub(super) fn is_knet(&self) -> bool {
        self.name != "udp" && self.name != "udpu"
    }
}

/// A node of the configuration, and what the transport knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) status: NodeStatus,
    pub(super) versions: TransportVersions,
}

/// The block about a node that can be reached.
pub(super) fn node_block(transport: &Transport, node: &Known) -> String {
    let Known { status, versions } = node;
    let mut text = format!("nodeid: {} reachable", status.node);
    for (is_so, word) in [(status.remote, " remote"), (status.external, " external")] {
        text.push_str(if is_so { word } else { "" });
    }
    // A daemon that was built without versions, as Debian's is, has zeros for them.
    if transport.is_knet() && *versions != TransportVersions::default() {
        let TransportVersions { lowest, highest, used } = versions;
        let _ = write!(text, "   onwire (min/max/cur): {lowest}, {highest}, {used}");
    }
    text.push('\n');
    let arrow = if transport.is_knet() { "->" } else { "" };
    for (number, (link, over)) in status.links.iter().zip(&transport.links).enumerate() {
        if !link.enabled {
            continue;
        }
        let (source, destination) = (&link.source, &link.destination);
        let _ = write!(text, "   LINK: {number} {over} ({source}{arrow}{destination}) enabled");
        for (is_so, word) in [(link.connected, " connected"), (link.dynamic, " dynconnected")] {
            text.push_str(if is_so { word } else { "" });
        }
        let _ = writeln!(text, " mtu: {}", link.mtu);
    }
    text.push('\n');
    text
}

/// The blocks about all links that the node at `witness` has switched on: the local node, at `local`, has but one to itself.
pub(super) fn link_blocks(
    transport: &Transport,
    nodes: &[Known],
    local: usize,
    witness: usize,
    brief: bool,
) -> String {
    let mut text = String::new();
    let Some(seen) = nodes.get(witness) else { return text };
    for (number, (link, over)) in seen.status.links.iter().zip(&transport.links).enumerate() {
        if !link.enabled {
            continue;
        }
        let _ = writeln!(text, "LINK ID {number} {over}\n\taddr\t= {}", link.source);
        text.push_str(if brief { "\tstatus\t= " } else { "\tstatus:\n" });
        for (index, Known { status, .. }) in nodes.iter().enumerate() {
            let link = status.links.get(number);
            let is_connected = link.is_some_and(|link| link.connected);
            let is_enabled = link.is_some_and(|link| link.enabled);
            let is_local = index == local;
            if brief {
                text.push(match (is_local, is_connected, is_enabled) {
                    (true, ..) => 'n',
                    (false, false, false) => '0',
                    (false, false, true) => '1',
                    (false, true, false) => '2',
                    (false, true, true) => '3',
                });
            } else {
                let state = match (is_local, is_connected) {
                    (true, _) => "localhost",
                    (false, true) => "connected",
                    (false, false) => "disconnected",
                };
                let _ = writeln!(text, "\t\tnodeid: {:>10}:\t{state}", status.node);
            }
        }
        if brief {
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use wire::corosync::cfg::NodeLink;

    use super::*;

    fn transport(name: &str, over: &str) -> Transport {
        Transport { name: name.to_owned(), links: std::array::from_fn(|_| over.to_owned()) }
    }

    fn node(number: u32, connected: bool) -> Known {
        let link = NodeLink {
            enabled: true,
            connected,
            mtu: 1397,
            source: "10.0.0.1".to_owned(),
            destination: format!("10.0.0.{number}"),
            ..NodeLink::default()
        };
        let status = NodeStatus {
            node: number,
            reachable: connected,
            remote: false,
            external: false,
            links: vec![link, NodeLink::default()],
        };
        Known { status, versions: TransportVersions { lowest: 1, highest: 1, used: 1 } }
    }

    #[test]
    fn nodes_are_shown_with_their_links() {
        assert_eq!(
            node_block(&transport("knet", "udp"), &node(2, true)),
            "nodeid: 2 reachable   onwire (min/max/cur): 1, 1, 1\n\
             \x20  LINK: 0 udp (10.0.0.1->10.0.0.2) enabled connected mtu: 1397\n\n"
        );
        let unknown = Known { versions: TransportVersions::default(), ..node(2, true) };
        assert!(
            node_block(&transport("knet", "udp"), &unknown).starts_with("nodeid: 2 reachable\n")
        );
        assert_eq!(
            node_block(&transport("udpu", ""), &node(2, true)),
            "nodeid: 2 reachable\n   LINK: 0  (10.0.0.110.0.0.2) enabled connected mtu: 1397\n\n"
        );
    }

    #[test]
    fn links_are_shown_with_their_nodes() {
        let nodes = [node(1, true), node(2, true), node(3, false)];
        let knet = transport("knet", "sctp");
        assert_eq!(
            link_blocks(&knet, &nodes, 0, 2, true),
            "LINK ID 0 sctp\n\taddr\t= 10.0.0.1\n\tstatus\t= n31\n"
        );
        assert_eq!(
            link_blocks(&knet, &nodes, 0, 2, false),
            "LINK ID 0 sctp\n\taddr\t= 10.0.0.1\n\tstatus:\n\
             \t\tnodeid:          1:\tlocalhost\n\
             \t\tnodeid:          2:\tconnected\n\
             \t\tnodeid:          3:\tdisconnected\n"
        );
    }
}
