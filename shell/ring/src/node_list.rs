use vocab::{NodeId, NodeName};

use crate::{Cmap, RingError};

/// A node of the ring's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredNode {
    /// Its number.
    pub id: NodeId,
    /// Its name, if the configuration has one.
    pub name: Option<NodeName>,
}

/// The nodes of the ring's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeList {
    /// All nodes, in the order of the configuration.
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
    pub async fn read(_cmap: &mut Cmap) -> Result<Self, RingError> {
        Err(RingError::Lost)
    }

    /// The configured name of a node.
    pub fn name_of(&self, id: NodeId) -> Option<&NodeName> {
        self.nodes.iter().find(|node| node.id == id)?.name.as_ref()
    }
}
