use crate::{Document, Section};

/// Where corosync logs on Debian.
const LOG_FILE: &str = "/var/log/corosync/corosync.log";

/// A cluster that is to be set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewCluster {
    /// Its name.
    pub name: String,
    /// An identifier of its own, 32 hexadecimal digits; `None` leaves it out.
    pub uuid: Option<String>,
    /// Its nodes; numbered from 1 in this order.
    pub nodes: Vec<NewNode>,
    /// `knet`, `udp` or `udpu`.
    pub transport: String,
    /// More keys of the section `totem`, in order.
    pub totem: Vec<(String, String)>,
    /// For each link that has options its keys, in order.
    pub links: Vec<Vec<(String, String)>>,
    /// More keys of the section `quorum`, in order.
    pub quorum: Vec<(String, String)>,
}

/// A node of a cluster that is to be set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewNode {
    /// Its name.
    pub name: String,
    /// Its addresses, one for each link.
    pub addresses: Vec<String>,
}

impl NewCluster {
    /// The configuration file of the cluster.
    pub fn to_document(&self) -> Document {
        let mut document = Document::default();
        let totem = document.root.section_or_new("totem");
        totem.set("version", "2");
        totem.set("cluster_name", &self.name);
        totem.set("transport", &self.transport);
        self.totem.iter().for_each(|(key, value)| totem.set(key, value));
        if self.transport == "knet" {
            for (key, value) in [("crypto_cipher", "aes256"), ("crypto_hash", "sha256")] {
                if totem.value(key).is_none() {
                    totem.set(key, value);
                }
            }
        }
        if let Some(uuid) = &self.uuid {
            totem.set("cluster_uuid", uuid);
        }
        for options in &self.links {
            let mut interface = Section::new("interface");
            options.iter().for_each(|(key, value)| interface.set(key, value));
            totem.sections.push(interface);
        }
        let list = document.root.section_or_new("nodelist");
        for (index, node) in self.nodes.iter().enumerate() {
            let mut section = Section::new("node");
            for (link, address) in node.addresses.iter().enumerate() {
                section.set(&format!("ring{link}_addr"), address);
            }
            section.set("name", &node.name);
            section.set("nodeid", &(index + 1).to_string());
            list.sections.push(section);
        }
        let quorum = document.root.section_or_new("quorum");
        quorum.set("provider", "corosync_votequorum");
        self.quorum.iter().for_each(|(key, value)| quorum.set(key, value));
        document.update_two_node();
        let logging = document.root.section_or_new("logging");
        for (key, value) in [
            ("to_logfile", "yes"),
            ("logfile", LOG_FILE),
            ("to_syslog", "yes"),
            ("timestamp", "on"),
        ] {
            logging.set(key, value);
        }
        document
    }
}

impl Document {
    /// Sets `two_node` where one of two nodes has to have quorum, and removes it elsewhere.
    pub fn update_two_node(&mut self) {
        let nodes =
            self.root.sections_named("nodelist").flat_map(|list| list.sections_named("node"));
        let two = nodes.count() == 2;
        let tie_breaker = self.root.value_in("quorum", "auto_tie_breaker") == Some("1");
        let device = self
            .root
            .sections_named("quorum")
            .flat_map(|quorum| quorum.sections_named("device"))
            .any(|device| device.value("model").is_some());
        let quorum = self.root.section_or_new("quorum");
        if two && !tie_breaker && !device {
            quorum.set("two_node", "1");
        } else {
            quorum.remove("two_node");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(nodes: &[&str]) -> NewCluster {
        NewCluster {
            name: "web".into(),
            nodes: nodes
                .iter()
                .map(|name| NewNode { name: (*name).into(), addresses: vec![format!("{name}.x")] })
                .collect(),
            transport: "knet".into(),
            uuid: Some("0a".into()),
            ..NewCluster::default()
        }
    }

    #[test]
    fn two_nodes() {
        assert_eq!(
            cluster(&["a", "b"]).to_document().to_string(),
            "totem {\n    version: 2\n    cluster_name: web\n    transport: knet\n    crypto_cipher: aes256\n    crypto_hash: sha256\n    cluster_uuid: 0a\n}\n\nnodelist {\n    node {\n        ring0_addr: a.x\n        name: a\n        nodeid: 1\n    }\n\n    node {\n        ring0_addr: b.x\n        name: b\n        nodeid: 2\n    }\n}\n\nquorum {\n    provider: corosync_votequorum\n    two_node: 1\n}\n\nlogging {\n    to_logfile: yes\n    logfile: /var/log/corosync/corosync.log\n    to_syslog: yes\n    timestamp: on\n}\n"
        );
    }

    #[test]
    fn two_node_goes_with_the_third_node_and_the_tie_breaker() {
        assert_eq!(
            cluster(&["a", "b", "c"]).to_document().root.value_in("quorum", "two_node"),
            None
        );
        let mut two = cluster(&["a", "b"]);
        two.quorum.push(("auto_tie_breaker".into(), "1".into()));
        assert_eq!(two.to_document().root.value_in("quorum", "two_node"), None);
    }
}
