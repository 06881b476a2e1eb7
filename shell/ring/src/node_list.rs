use std::net::IpAddr;

use vocab::{NodeId, NodeName};

use crate::{Cfg, Cmap, RingError};

/// A node of the ring's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredNode {
    /// Its number.
    pub id: NodeId,
    /// Its name, if the configuration has one: `name`, else an address that is a name.
    pub name: Option<NodeName>,
}

/// The nodes of the ring's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeList {
    /// All nodes that have a number, in the order of the configuration.
    pub nodes: Vec<ConfiguredNode>,
    /// This node's number.
    pub local_id: NodeId,
    /// This node's name: the configured one, else the host's.
    pub local_name: NodeName,
    /// The cluster's name, if it has one.
    pub cluster_name: Option<String>,
}

impl NodeList {
    /// Reads the list as it is now.
    pub async fn read(cmap: &mut Cmap) -> Result<Self, RingError> {
        let mut nodes = Vec::new();
        for position in 0.. {
            let key = |field: &str| format!("nodelist.node.{position}.{field}");
            let Some(id) = cmap.get_u32(&key("nodeid")).await? else { break };
            let name = match cmap.get_string(&key("name")).await? {
                Some(name) => Some(name),
                None => cmap.get_string(&key("ring0_addr")).await?.filter(|text| is_name(text)),
            };
            nodes.push(ConfiguredNode { id: NodeId(id), name: name.map(NodeName::from) });
        }
        // What the daemon itself says holds for configurations without numbers too.
        let local_id = Cfg::connect().await?.local_id().await?;
        let cluster_name = cmap.get_string("totem.cluster_name").await?;
        let configured = nodes.iter().find(|node| node.id == local_id);
        let local_name = configured.and_then(|node| node.name.clone()).unwrap_or_else(host_name);
        Ok(Self { nodes, local_id, local_name, cluster_name })
    }

    /// The configured name of a node.
    pub fn name_of(&self, id: NodeId) -> Option<&NodeName> {
        self.nodes.iter().find(|node| node.id == id)?.name.as_ref()
    }
}

/// Whether an address is a name and not a number.
fn is_name(address: &str) -> bool {
    !address.is_empty() && address.parse::<IpAddr>().is_err()
}

fn host_name() -> NodeName {
    NodeName::from(rustix::system::uname().nodename().to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_no_names() {
        assert!(is_name("ha-web1"));
        assert!(is_name("node1.example.com"));
        assert!(!is_name("192.168.124.51"));
        assert!(!is_name("fe80::1"));
        assert!(!is_name(""));
    }
}
