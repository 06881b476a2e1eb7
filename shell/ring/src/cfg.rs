use vocab::NodeId;
use wire::corosync::{
    cfg::{self, Request},
    decode_status,
};

use crate::{RingError, service::Service};

/// The state of one of the local node's links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkStatus {
    /// The link's name as the ring's daemon words it: number, transport, local address.
    pub interface: String,
    /// Its state: for udp a word, for knet one digit per node.
    pub status: String,
}

/// The service that manages the ring's daemon.
#[derive(Debug)]
pub struct Cfg {
    service: Service,
}

impl Cfg {
    /// Connects.
    pub async fn connect() -> Result<Self, RingError> {
        Ok(Self { service: Service::connect("cfg").await? })
    }

    /// This node's number.
    pub async fn local_id(&mut self) -> Result<NodeId, RingError> {
        let message = Request::LocalGet.encode();
        self.service.call("local node", &message, cfg::decode_local_get).await.map(NodeId)
    }

    /// The state of every link.
    pub async fn links(&mut self) -> Result<Vec<LinkStatus>, RingError> {
        let message = Request::RingStatus.encode();
        let links = self.service.call("link status", &message, cfg::decode_ring_status).await?;
        let link = |link: cfg::Link| LinkStatus { interface: link.name, status: link.status };
        Ok(links.into_iter().map(link).collect())
    }

    /// What the transport knows of a node and its links. Not every transport can tell.
    pub async fn node_status(&mut self, node: NodeId) -> Result<cfg::NodeStatus, RingError> {
        let message = Request::NodeStatus { node: node.0 }.encode();
        self.service.call("node status", &message, cfg::NodeStatus::decode).await
    }

    /// Makes every node read its configuration again.
    pub async fn reload(&mut self) -> Result<(), RingError> {
        self.service.call("reload", &Request::Reload.encode(), decode_status).await
    }

    /// Makes the ring's daemon on a node exit.
    pub async fn kill_node(&mut self, node: NodeId, reason: &str) -> Result<(), RingError> {
        let message = Request::KillNode { node: node.0, reason: reason.to_owned() }.encode();
        self.service.call("kill node", &message, decode_status).await
    }
}
