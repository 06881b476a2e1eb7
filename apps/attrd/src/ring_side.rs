//! The daemon's side of the ring: its group, and who is who in it.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use election::Ballot;
use messages::{
    attributes::Envelope,
    crmd::{Body, Message, Subsystem},
};
use ring::{Cmap, Destination, NodeList, PeerEvent, PeerGroup, RingError};
use tokio::time::sleep;
use vocab::{NodeId, NodeName};
use xml::Element;

/// The process group of the attribute managers.
const GROUP_NAME: &str = "attrd";
/// How often, and after what time each, the ring is tried.
const ATTEMPTS: u32 = 30;
const PAUSE: Duration = Duration::from_secs(1);

/// The attribute managers of all nodes.
#[derive(Debug)]
pub(crate) struct RingSide {
    group: PeerGroup,
    local_name: NodeName,
    /// The names that belong to numbers: what is configured, corrected by what messages say.
    names: BTreeMap<NodeId, NodeName>,
    members: BTreeSet<NodeId>,
    /// The members as told last.
    told: BTreeMap<NodeId, NodeName>,
    ready: VecDeque<FromRing>,
    ballots_sent: u32,
}

/// Something that came from the ring.
#[derive(Debug)]
pub(crate) enum FromRing {
    /// The members whose names are known.
    Members(BTreeMap<NodeId, NodeName>),
    /// A message.
    Message {
        /// The sender's number.
        from: NodeId,
        /// The sender's name.
        name: NodeName,
        /// What it says.
        envelope: Envelope,
    },
    /// A ballot.
    Ballot {
        /// The sender.
        from: NodeId,
        /// What it says.
        ballot: Ballot,
    },
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
            sleep(PAUSE).await;
        }
    }

    async fn try_join() -> Result<Self, RingError> {
        let mut cmap = Cmap::connect().await?;
        let list = NodeList::read(&mut cmap).await?;
        let group = PeerGroup::join(GROUP_NAME, list.local_name.clone()).await?;
        let mut names: BTreeMap<NodeId, NodeName> =
            list.nodes.into_iter().filter_map(|node| Some((node.id, node.name?))).collect();
        names.insert(group.local_node(), list.local_name.clone());
        Ok(Self {
            group,
            local_name: list.local_name,
            names,
            members: BTreeSet::new(),
            told: BTreeMap::new(),
            ready: VecDeque::new(),
            ballots_sent: 0,
        })
    }

    pub(crate) fn local_node(&self) -> NodeId {
        self.group.local_node()
    }

    pub(crate) fn local_name(&self) -> &NodeName {
        &self.local_name
    }

    /// Waits for the next thing that comes from the ring. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Result<FromRing, RingError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(event);
            }
            match self.group.next().await? {
                PeerEvent::Membership { members, left, .. } => {
                    // A node that left and came back in one change left all the same.
                    if left.iter().any(|node| self.told.contains_key(node)) {
                        self.members.retain(|node| !left.contains(node));
                        self.tell_members();
                    }
                    self.members = members.into_iter().collect();
                    self.tell_members();
                }
                PeerEvent::Message { from, from_name, body } => {
                    if self.names.get(&from) != Some(&from_name) {
                        self.names.insert(from, from_name.clone());
                        self.tell_members();
                    }
                    self.on_message(from, from_name, &body);
                }
            }
        }
    }

    fn tell_members(&mut self) {
        let named = self.members.iter().filter_map(|id| Some((*id, self.names.get(id)?.clone())));
        let named: BTreeMap<_, _> = named.collect();
        if named != self.told {
            self.told.clone_from(&named);
            self.ready.push_back(FromRing::Members(named));
        }
    }

    fn on_message(&mut self, from: NodeId, name: NodeName, body: &Element) {
        // Ballots look like messages of the controller.
        if body.attr("crm_task").is_some() {
            match Message::from_element(body).map(|message| message.body) {
                Ok(Body::Election(ballot)) => {
                    self.ready.push_back(FromRing::Ballot { from, ballot });
                }
                Ok(other) => tracing::debug!("ignoring a message '{}' of {name}", other.task()),
                Err(error) => tracing::warn!("ignoring a message of {name}: {error}"),
            }
            return;
        }
        match Envelope::from_element(body) {
            Ok(envelope) => self.ready.push_back(FromRing::Message { from, name, envelope }),
            Err(error) => tracing::warn!("ignoring a message of {name}: {error}"),
        }
    }

    /// Sends a message to one node, or to all including this one.
    pub(crate) fn send(
        &mut self,
        to: Option<(NodeId, NodeName)>,
        envelope: &Envelope,
    ) -> Result<(), RingError> {
        self.group.send(to, Destination::Attributes, &envelope.to_element())
    }

    /// Sends a ballot likewise.
    pub(crate) fn send_ballot(
        &mut self,
        to: Option<(NodeId, NodeName)>,
        ballot: Ballot,
    ) -> Result<(), RingError> {
        self.ballots_sent += 1;
        let body = Body::Election(ballot);
        let reference =
            format!("{}-attrd-{}-{}", body.task(), self.local_node(), self.ballots_sent);
        let message =
            Message::request(reference, Subsystem::Controller, Subsystem::Controller, body);
        self.group.send(to, Destination::Attributes, &message.to_element())
    }
}
