use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use controller::Input;
use messages::crmd::{Message, Subsystem};
use ring::{Cmap, Destination, NodeList, PeerEvent, PeerGroup, Quorum, RingError};
use vocab::{NodeId, NodeName};

/// The process group of the controllers.
const GROUP: &str = "crmd";
/// How often, and after what time each, the ring is tried.
const ATTEMPTS: u32 = 30;
const PAUSE: Duration = Duration::from_secs(1);

/// The daemon's side of the ring: its group, and membership with quorum.
#[derive(Debug)]
pub(crate) struct RingSide {
    group: PeerGroup,
    quorum: Quorum,
    list: NodeList,
}

impl RingSide {
    /// Joins the group. Tries for a while, since the ring may still be starting.
    pub(crate) async fn join() -> Result<Self, RingError> {
        let mut attempt = 1;
        loop {
            match Self::try_join().await {
                Ok(ring) => return Ok(ring),
                Err(error) if attempt == ATTEMPTS => return Err(error),
                Err(error) => tracing::debug!("the ring is not ready (attempt {attempt}): {error}"),
            }
            attempt += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn try_join() -> Result<Self, RingError> {
        let mut cmap = Cmap::connect().await?;
        let list = NodeList::read(&mut cmap).await?;
        let quorum = Quorum::connect().await?;
        let group = PeerGroup::join(GROUP, list.local_name.clone()).await?;
        Ok(Self { group, quorum, list })
    }

    pub(crate) fn local_id(&self) -> NodeId {
        self.list.local_id
    }

    pub(crate) fn local_name(&self) -> &NodeName {
        &self.list.local_name
    }

    pub(crate) fn cluster_name(&self) -> Option<&str> {
        self.list.cluster_name.as_deref()
    }

    /// The nodes of the ring's configuration with their names.
    pub(crate) fn configured(&self) -> BTreeMap<NodeId, Option<NodeName>> {
        self.list.nodes.iter().map(|node| (node.id, node.name.clone())).collect()
    }

    /// Sends to one node or to all.
    pub(crate) fn send(
        &mut self,
        to: Option<(NodeId, NodeName)>,
        message: &Message,
    ) -> Result<(), RingError> {
        let destination = match message.to {
            Subsystem::Executor => Destination::Executor,
            Subsystem::Transition => Destination::Transition,
            Subsystem::Controller
            | Subsystem::Dc
            | Subsystem::Scheduler
            | Subsystem::Cib
            | Subsystem::Client(_) => Destination::Controller,
        };
        self.group.send(to, destination, &message.to_element())
    }

    /// Waits for the next thing that comes from the ring. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Result<Input, RingError> {
        loop {
            tokio::select! {
                change = self.quorum.next() => {
                    let change = change?;
                    let members: BTreeSet<_> = change.members.into_iter().collect();
                    return Ok(Input::Ring { quorate: change.quorate, members });
                }
                event = self.group.next() => match event? {
                    PeerEvent::Membership { members, .. } => {
                        return Ok(Input::Group { members: members.into_iter().collect() });
                    }
                    PeerEvent::Message { from, from_name, body } => {
                        match Message::from_element(&body) {
                            Ok(message) => {
                                let message = Box::new(message);
                                return Ok(Input::Peer { from, from_name, message });
                            }
                            Err(error) => {
                                tracing::warn!("ignored a message of {from_name}: {error}");
                            }
                        }
                    }
                }
            }
        }
    }
}
