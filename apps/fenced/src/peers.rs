use std::{collections::BTreeMap, time::Duration};

use fencer::Input;
use messages::fencing::{CallHeader, Message, PeerMessage, Request};
use ring::{Cmap, Destination, NodeList, PeerEvent, PeerGroup, RingError};
use vocab::{NodeId, NodeName};

/// How often joining is tried before it is given up; the launcher then starts the fencer anew.
const ATTEMPTS: u32 = 20;

/// The fencers of the other nodes.
pub(crate) struct Peers {
    group: PeerGroup,
    local: NodeName,
    names: BTreeMap<NodeId, NodeName>,
    members: Vec<NodeId>,
}

impl Peers {
    /// Joins the group; waits for a ring that is only being started.
    pub(crate) async fn join() -> Result<Self, RingError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match Self::try_join().await {
                Err(error) if attempt < ATTEMPTS => {
                    tracing::debug!("the ring is not there yet: {error}");
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
                result => return result,
            }
        }
    }

    async fn try_join() -> Result<Self, RingError> {
        let list = NodeList::read(&mut Cmap::connect().await?).await?;
        let group = PeerGroup::join(crate::ENDPOINT, list.local_name.clone()).await?;
        let mut names: BTreeMap<_, _> =
            list.nodes.into_iter().filter_map(|node| Some((node.id, node.name?))).collect();
        names.insert(list.local_id, list.local_name.clone());
        Ok(Self { group, local: list.local_name, names, members: Vec::new() })
    }

    pub(crate) fn local_name(&self) -> &NodeName {
        &self.local
    }

    /// Sends to the fencer of one node, or to all.
    pub(crate) fn send(&mut self, to: Option<&NodeName>, message: &PeerMessage) {
        let to = match to {
            None => None,
            Some(name) => match self.names.iter().find(|(_, known)| *known == name) {
                Some((id, name)) => Some((*id, name.clone())),
                None => return tracing::warn!("there is no node '{name}' to send to"),
            },
        };
        if let Err(error) = self.group.send(to, Destination::Fencer, &message.to_element()) {
            tracing::warn!("cannot send to the other fencers: {error}");
        }
    }

    /// Waits for the next thing that the fencer has to know. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Result<Input, RingError> {
        loop {
            match self.group.next().await? {
                PeerEvent::Message { from, from_name, body } => {
                    if self.names.get(&from) != Some(&from_name) {
                        self.names.insert(from, from_name.clone());
                    }
                    match PeerMessage::from_element(&body) {
                        Ok(message) => return Ok(Input::Peer { from: from_name, message }),
                        Err(error) => {
                            tracing::warn!("ignoring a message of {from_name}: {error}");
                        }
                    }
                }
                PeerEvent::Membership { members, .. } => {
                    self.members = members;
                    // Who is not in the configuration is known by the name on its messages.
                    let poke = Message { header: CallHeader::default(), request: Request::Poke };
                    self.send(None, &PeerMessage::Request(Box::new(poke)));
                    return Ok(Input::Members(self.member_names()));
                }
            }
        }
    }

    fn member_names(&self) -> Vec<NodeName> {
        self.members
            .iter()
            .map(|id| self.names.get(id).cloned().unwrap_or_else(|| format!("node {id}").into()))
            .collect()
    }
}
