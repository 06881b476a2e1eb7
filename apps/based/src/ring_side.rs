use std::{collections::BTreeMap, time::Duration};

use messages::cib::PeerMessage;
use ring::{Cmap, Destination, NodeList, PeerEvent, PeerGroup, RingError};
use vocab::{NodeId, NodeName};
use xml::Element;

/// The process group of the CIB daemons.
const GROUP: &str = "cib";
/// How often, and after what time each, the ring is tried.
const ATTEMPTS: u32 = 30;
const PAUSE: Duration = Duration::from_secs(1);

/// The daemon's side of the ring: its group, and who is who in it.
#[derive(Debug)]
pub(crate) struct RingSide {
    group: PeerGroup,
    local_id: NodeId,
    local_name: NodeName,
    /// The numbers that belong to names: what is configured, corrected by what messages say.
    numbers: BTreeMap<NodeName, NodeId>,
}

/// Something that came from the ring.
#[derive(Debug)]
pub(crate) enum RingEvent {
    /// A message.
    Message {
        /// The sender.
        from: NodeName,
        /// What it sent.
        body: Element,
    },
    /// Who is in the group now.
    Members(Vec<NodeId>),
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
        let group = PeerGroup::join(GROUP, list.local_name.clone()).await?;
        let named = list.nodes.iter().filter_map(|node| Some((node.name.clone()?, node.id)));
        Ok(Self {
            numbers: named.collect(),
            local_id: group.local_node(),
            local_name: list.local_name,
            group,
        })
    }

    pub(crate) fn local_name(&self) -> &NodeName {
        &self.local_name
    }

    pub(crate) const fn local_id(&self) -> NodeId {
        self.local_id
    }

    /// Waits for the next thing that comes from the ring. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Result<RingEvent, RingError> {
        match self.group.next().await? {
            PeerEvent::Message { from, from_name, body } => {
                if self.numbers.get(&from_name) != Some(&from) {
                    self.numbers.insert(from_name.clone(), from);
                }
                Ok(RingEvent::Message { from: from_name, body })
            }
            PeerEvent::Membership { members, .. } => Ok(RingEvent::Members(members)),
        }
    }

    /// Sends to all, this node included, or to one node.
    pub(crate) fn send(
        &mut self,
        to: Option<NodeName>,
        message: &PeerMessage,
    ) -> Result<(), RingError> {
        let to = match to {
            None => None,
            Some(name) => {
                let Some(&number) = self.numbers.get(&name) else {
                    tracing::warn!("there is no node {name} to send a message to");
                    return Ok(());
                };
                Some((number, name))
            }
        };
        self.group.send(to, Destination::Cib, &message.to_element())
    }
}
