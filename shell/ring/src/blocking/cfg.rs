use std::net::IpAddr;

use vocab::NodeId;
use wire::corosync::{
    cfg::{self, NodeStatus, Request, TransportVersions},
    decode_status,
};

use super::Connection;
use crate::RingError;

/// How the ring's daemon is told to exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutdownKind {
    /// Only if nobody who wants to be asked has anything against it.
    Request,
    /// Whatever those say who want to be asked.
    Regardless,
}

/// The service that manages the ring's daemon.
#[derive(Debug)]
pub struct Cfg {
    connection: Connection,
}

impl Cfg {
    /// Connects.
    pub fn connect() -> Result<Self, RingError> {
        Ok(Self { connection: Connection::open("cfg")? })
    }

    /// This node's number.
    pub fn local_id(&mut self) -> Result<NodeId, RingError> {
        let message = Request::LocalGet.encode();
        self.connection.call("local node", &message, cfg::decode_local_get).map(NodeId)
    }

    /// A node's addresses, one per link. One that is not set is 0.0.0.0.
    pub fn node_addresses(&mut self, node: NodeId) -> Result<Vec<IpAddr>, RingError> {
        let message = Request::NodeAddresses { node: node.0 }.encode();
        self.connection.call("node addresses", &message, cfg::decode_node_addresses)
    }

    /// What the transport knows of a node and its links, and the versions it speaks with it.
    pub fn node_status(
        &mut self,
        node: NodeId,
    ) -> Result<(NodeStatus, TransportVersions), RingError> {
        let message = Request::NodeStatus { node: node.0 }.encode();
        self.connection.call("node status", &message, |answer| {
            Ok((NodeStatus::decode(answer)?, TransportVersions::decode(answer)?))
        })
    }

    /// Makes every node read its configuration again.
    pub fn reload(&mut self) -> Result<(), RingError> {
        self.connection.call("reload", &Request::Reload.encode(), decode_status)
    }

    /// Makes the local daemon close and open its log files.
    pub fn reopen_logs(&mut self) -> Result<(), RingError> {
        self.connection.call("log files", &Request::ReopenLogs.encode(), decode_status)
    }

    /// Makes the ring's daemon on a node exit. The reason goes to that node's log.
    pub fn kill_node(&mut self, node: NodeId, reason: &str) -> Result<(), RingError> {
        let message = Request::KillNode { node: node.0, reason: reason.to_owned() }.encode();
        self.connection.call("kill node", &message, decode_status)
    }

    /// Makes the local daemon exit; refused if somebody who was asked has something against it.
    pub fn shut_down(&mut self, kind: ShutdownKind) -> Result<(), RingError> {
        let flags = match kind {
            ShutdownKind::Request => 0,
            ShutdownKind::Regardless => 1,
        };
        self.connection.call("shutdown", &Request::TryShutdown { flags }.encode(), decode_status)
    }
}
