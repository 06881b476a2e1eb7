use std::convert::Infallible;

use vocab::{NodeId, NodeName};
use xml::Element;

use crate::RingError;

/// Which daemon a message between nodes is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Nobody in particular.
    None,
    /// The cluster layer (historic).
    Cluster,
    /// The executor.
    Executor,
    /// The CIB manager.
    Cib,
    /// The controller.
    Controller,
    /// The attribute manager.
    Attributes,
    /// The fencer, its older name.
    FencerOld,
    /// The part of the controller that runs transitions.
    Transition,
    /// The scheduler.
    Scheduler,
    /// The fencer.
    Fencer,
}

/// Something that happened among the same daemon's instances on all nodes.
#[derive(Clone, Debug, PartialEq)]
pub enum PeerEvent {
    /// A message for this node.
    Message {
        /// The node that sent it.
        from: NodeId,
        /// The name it sent along.
        from_name: NodeName,
        /// The message.
        body: Element,
    },
    /// The membership changed.
    Membership {
        /// The nodes with a member now.
        members: Vec<NodeId>,
        /// Nodes that came.
        joined: Vec<NodeId>,
        /// Nodes that left or were lost.
        left: Vec<NodeId>,
    },
}

/// The instances of one daemon on all nodes, exchanging XML messages in agreed order.
#[derive(Debug)]
pub struct PeerGroup {
    never: Infallible,
}

impl PeerGroup {
    /// Joins the group; messages carry `local_name` as their sender.
    pub async fn join(_group: &str, _local_name: NodeName) -> Result<Self, RingError> {
        Err(RingError::Lost)
    }

    /// The node this process runs on.
    pub fn local_node(&self) -> NodeId {
        match self.never {}
    }

    /// Messages that were dropped because they could not be read.
    pub fn dropped(&self) -> u64 {
        match self.never {}
    }

    /// Sends to one node or, with `None`, to all, this one included. Messages come back in agreed order.
    ///
    /// The message is queued and goes out while [`Self::next`] is awaited.
    pub fn send(
        &mut self,
        _to: Option<(NodeId, NodeName)>,
        _destination: Destination,
        _body: &Element,
    ) -> Result<(), RingError> {
        match self.never {}
    }

    /// Waits for the next event. Dropping the future loses nothing; after an error the connection is of no more use.
    pub async fn next(&mut self) -> Result<PeerEvent, RingError> {
        match self.never {}
    }
}
