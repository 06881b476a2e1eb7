use std::{path::PathBuf, time::Duration};

/// The name of the machine that is in the network but not in the cluster.
pub const CLIENT: &str = "client";
/// The address that the clustered service is reached at.
pub const SERVICE_ADDRESS: &str = "192.168.124.50";

/// The name of the `number`th node, counted from 1.
pub fn node_name(number: usize) -> String {
    format!("ha-web{number}")
}

/// The address of the `number`th node, counted from 1.
pub fn node_address(number: usize) -> String {
    format!("192.168.124.{}", 50 + number)
}

/// Whose programs a node runs above the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// What Debian installed in `/usr/sbin`.
    Debian,
    /// Cardea's programs. Their links come first in `PATH`; Debian's tools stay reachable by their full path.
    Cardea,
}

/// Whose ring a node runs: the daemon `corosync` and its tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// What Debian installed in `/usr/sbin`.
    Corosync,
    /// Cardea's. Nothing of Debian's corosync need be installed.
    Cardea,
}

impl Ring {
    /// What runs where nobody asks for one.
    pub const DEFAULT: Self = Self::Cardea;
}

/// The software of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Programs {
    /// Whose ring it runs.
    pub ring: Ring,
    /// Whose programs it runs above the ring.
    pub stack: Stack,
}

/// How the ring is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Plain UDP to each node, no encryption.
    Udpu,
    /// UDP to a multicast group, no encryption.
    Udp,
    /// Corosync 3's own default, with encryption.
    Knet,
}

/// What cluster to build.
#[derive(Clone, Debug)]
pub struct ClusterSettings {
    /// Distinguishes this cluster from others on the machine; at most 40 characters of `a-z0-9-`.
    pub name: String,
    /// What each of its nodes runs, first node first.
    pub nodes: Vec<Programs>,
    /// The multi-call binary, where a node runs anything of Cardea's; it is copied, so that it may be rebuilt while the
    /// cluster runs.
    pub binary: Option<PathBuf>,
    /// Tools that are Debian's even where the stack or the ring is Cardea's, by name.
    pub borrowed: Vec<String>,
    /// How the ring is carried.
    pub transport: Transport,
    /// The ring's token timeout; `None` leaves the default of 3 s (3.65 s for three nodes).
    pub token: Option<Duration>,
    /// Whether the ring and pacemaker start by themselves when a node boots.
    pub start_at_boot: bool,
}

impl ClusterSettings {
    /// Nodes on an encrypted ring with the default timing, whose software is started by hand.
    pub fn new(name: &str, nodes: Vec<Programs>) -> Self {
        Self {
            name: name.to_owned(),
            nodes,
            binary: None,
            borrowed: Vec::new(),
            transport: Transport::Knet,
            token: None,
            start_at_boot: false,
        }
    }

    /// Whether a node runs anything of Cardea's.
    pub fn needs_binary(&self) -> bool {
        self.nodes.iter().any(|p| p.ring == Ring::Cardea || p.stack == Stack::Cardea)
    }

    /// The names of all nodes.
    pub fn node_names(&self) -> Vec<String> {
        (1..=self.nodes.len()).map(node_name).collect()
    }

    /// The ring's configuration file for the nodes with these numbers, counted from 1.
    pub fn ring_configuration(&self, numbers: &[usize]) -> String {
        let transport = match self.transport {
            Transport::Udpu => {
                "    transport: udpu\n    crypto_cipher: none\n    crypto_hash: none\n"
            }
            Transport::Udp => {
                "    transport: udp\n    crypto_cipher: none\n    crypto_hash: none\n"
            }
            Transport::Knet => {
                "    transport: knet\n    crypto_cipher: aes256\n    crypto_hash: sha256\n"
            }
        };
        let mut text =
            format!("totem {{\n    version: 2\n    cluster_name: mywebcluster\n{transport}");
        if let Some(token) = self.token {
            // The coefficient would add 650 ms for the third node.
            text.push_str(&format!("    token: {}\n    token_coefficient: 0\n", token.as_millis()));
        }
        text.push_str("}\n\nnodelist {\n");
        for number in numbers {
            let (address, name) = (node_address(*number), node_name(*number));
            text.push_str(&format!(
                "    node {{\n        ring0_addr: {address}\n        name: {name}\n        nodeid: {number}\n    }}\n\n"
            ));
        }
        text.push_str("}\n\nquorum {\n    provider: corosync_votequorum\n");
        if numbers.len() == 2 {
            text.push_str("    two_node: 1\n");
        }
        text.push_str(
            "}\n\nlogging {\n    to_logfile: yes\n    logfile: /var/log/corosync/corosync.log\n    \
             to_syslog: no\n    timestamp: hires\n}\n",
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_nodes_need_the_two_node_rule_and_three_do_not() {
        let settings = ClusterSettings::new("x", Vec::new());
        assert!(!settings.ring_configuration(&[1, 2, 3]).contains("two_node"));
        let text = settings.ring_configuration(&[1, 2]);
        assert!(text.contains("two_node: 1") && text.contains("ring0_addr: 192.168.124.52"));
    }
}
