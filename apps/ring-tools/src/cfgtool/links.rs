use std::io::{self, Write};

use ring::{
    CmapValue, RingError,
    blocking::{Cfg, Cmap, Map},
};
use vocab::NodeId;
use wire::corosync::cfg::{NodeLink, NodeStatus, TransportVersions};

use super::{
    Failure, connect,
    text::{Known, LINKS, Transport, link_blocks, node_block},
};
use crate::print::complain;

/// Shows the local node's links and which nodes they lead to.
pub(super) fn show_links(brief: bool) -> Result<(), Failure> {
    let mut cluster = Cluster::read()?;
    let mut nodes = Vec::new();
    for &node in &cluster.nodes {
        nodes.push(match cluster.cfg.node_status(node) {
            Ok((status, versions)) => Known { status, versions },
            Err(error) => {
                let (number, status) = (node.0.cast_signed(), error.status().0);
                complain(format_args!(
                    "Could not get the node status for nodeid {number}, the error is: {status}"
                ));
                nothing_known()
            }
        });
    }
    let local = cluster.nodes.iter().position(|node| *node == cluster.local).unwrap_or(0);
    // The last of the others, as in the original.
    let witness = cluster.nodes.iter().rposition(|node| *node != cluster.local).unwrap_or(0);
    print(&cluster.head());
    print(&link_blocks(&cluster.transport, &nodes, local, witness, brief));
    Ok(())
}

/// Shows the nodes that can be reached, and over which links.
pub(super) fn show_nodes() -> Result<(), Failure> {
    let mut cluster = Cluster::read()?;
    print(&cluster.head());
    for &node in &cluster.nodes {
        if let Ok((status, versions)) = cluster.cfg.node_status(node)
            && status.reachable
            && status.node != cluster.local.0
        {
            print(&node_block(&cluster.transport, &Known { status, versions }));
        }
    }
    Ok(())
}

fn print(text: &str) {
    // A reader that has gone away is no error of ours.
    let _ = io::stdout().write_all(text.as_bytes());
}

fn nothing_known() -> Known {
    let links = vec![NodeLink::default(); LINKS];
    let status = NodeStatus { node: 0, reachable: false, remote: false, external: false, links };
    Known { status, versions: TransportVersions::default() }
}

/// What the configuration says of nodes and links.
struct Cluster {
    cfg: Cfg,
    transport: Transport,
    local: NodeId,
    /// In the order of their numbers.
    nodes: Vec<NodeId>,
}

impl Cluster {
    fn read() -> Result<Self, Failure> {
        let failed = |what: &'static str| {
            move |error: RingError| Failure(format!("{what} {}", error.status().0), 1)
        };
        let mut cfg = connect()?;
        let mut cmap = Cmap::connect(Map::Configuration)
            .map_err(failed("Could not initialize corosync cmap API error"))?;
        let name = cmap.get_string("totem.transport").ok().flatten();
        let name = name.unwrap_or_else(|| "knet".to_owned());
        let local =
            cfg.local_id().map_err(failed("Could not get the local node id, the error is:"))?;
        let nodes = nodes(&mut cmap).map_err(failed("Could not get nodelist from cmap. error"))?;
        if nodes.is_empty() {
            return Err(Failure("No nodes found in nodelist".to_owned(), 1));
        }
        let mut transport = Transport { name, links: Default::default() };
        // With the others it would say the same twice.
        let usual = if transport.is_knet() { "udp" } else { "" };
        transport.links = std::array::from_fn(|link| {
            let key = format!("totem.interface.{link}.knet_transport");
            cmap.get_string(&key).ok().flatten().unwrap_or_else(|| usual.to_owned())
        });
        Ok(Self { cfg, transport, local, nodes })
    }

    fn head(&self) -> String {
        format!("Local node ID {}, transport {}\n", self.local, self.transport.name)
    }
}

/// The nodes of the configuration, whoever decides on quorum.
fn nodes(cmap: &mut Cmap) -> Result<Vec<NodeId>, RingError> {
    let mut nodes = Vec::new();
    for key in cmap.keys("nodelist.node.")? {
        if key.ends_with(".nodeid")
            && let Ok(Some(CmapValue::U32(node))) = cmap.get(&key)
        {
            nodes.push(NodeId(node));
        }
    }
    nodes.sort_unstable();
    Ok(nodes)
}
