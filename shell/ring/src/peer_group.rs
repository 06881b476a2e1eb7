use std::collections::{BTreeMap, BTreeSet};

use vocab::{NodeId, NodeName};
use wire::{PEER_BODY_MAX, PeerHost, PeerMessage, WireError};
use xml::{Element, Limits};

use crate::{Cpg, CpgEvent, Member, RingError};

/// What a message may ask of the parser.
const LIMITS: Limits = Limits { bytes_max: PEER_BODY_MAX, ..Limits::DOCUMENT };

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

impl Destination {
    const fn code(self) -> i32 {
        match self {
            Self::None => 0,
            Self::Cluster => 1,
            Self::Executor => 2,
            Self::Cib => 3,
            Self::Controller => 4,
            Self::Attributes => 5,
            Self::FencerOld => 6,
            Self::Transition => 7,
            Self::Scheduler => 8,
            Self::Fencer => 9,
        }
    }

    /// The daemon whose group has that name.
    fn of_group(group: &str) -> Self {
        match group {
            "cib" => Self::Cib,
            "crmd" => Self::Controller,
            "attrd" => Self::Attributes,
            "stonith-ng" => Self::Fencer,
            _ => Self::None,
        }
    }
}

/// Something that happened among the same daemon's instances on all nodes.
#[derive(Clone, Debug, PartialEq)]
pub enum PeerEvent {
    /// A message for this node.
    Message {
        /// The node that sent it.
        from: NodeId,
        /// The name it sent along, now or earlier; empty if it never did.
        from_name: NodeName,
        /// The message.
        body: Element,
    },
    /// The membership changed. A daemon that was restarted between two changes is in both lists.
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
    cpg: Cpg,
    group: String,
    local_name: NodeName,
    names: BTreeMap<NodeId, NodeName>,
    sent: u32,
    dropped: u64,
}

impl PeerGroup {
    /// Joins the group; messages carry `local_name` as their sender.
    pub async fn join(group: &str, local_name: NodeName) -> Result<Self, RingError> {
        // C peers count the NUL at the end of the name.
        let cpg = Cpg::join(&format!("{group}\0")).await?;
        let group = group.to_owned();
        Ok(Self { cpg, group, local_name, names: BTreeMap::new(), sent: 0, dropped: 0 })
    }

    /// The node this process runs on.
    pub const fn local_node(&self) -> NodeId {
        self.cpg.local_node()
    }

    /// Messages that were dropped because they could not be read.
    pub const fn dropped(&self) -> u64 {
        self.dropped + self.cpg.dropped()
    }

    /// Sends to one node or, with `None`, to all, this one included. Messages come back in agreed order.
    ///
    /// The message is queued and goes out while [`Self::next`] is awaited.
    pub fn send(
        &mut self,
        to: Option<(NodeId, NodeName)>,
        destination: Destination,
        body: &Element,
    ) -> Result<(), RingError> {
        self.sent = self.sent.wrapping_add(1);
        let pid = std::process::id();
        let own_kind = match Destination::of_group(&self.group) {
            // Who has no number of its own uses that of its process, as C peers do.
            Destination::None => i32::try_from(pid).unwrap_or(0),
            kind => kind.code(),
        };
        let (node, name) = match to {
            Some((id, name)) => (id.0, name.as_str().to_owned()),
            None => (0, String::new()),
        };
        let message = PeerMessage {
            id: self.sent,
            to: PeerHost { node, pid: 0, kind: destination.code(), name },
            from: PeerHost { node: 0, pid, kind: own_kind, name: self.local_name.to_string() },
            body: body.to_compact().into_bytes(),
        };
        let bytes = message.encode().map_err(|error| match error {
            WireError::TooLong { length, limit, .. } => RingError::TooBig { bytes: length, limit },
            other => RingError::Malformed { request: "message", problem: other.to_string() },
        })?;
        self.cpg.multicast_owned(bytes)
    }

    /// Waits for the next event. Dropping the future loses nothing; after an error the connection is of no more use.
    pub async fn next(&mut self) -> Result<PeerEvent, RingError> {
        loop {
            match self.cpg.next().await? {
                CpgEvent::Membership { members, joined, left } => {
                    return Ok(nodes_of(&members, &joined, &left));
                }
                CpgEvent::Delivered { sender, bytes } => match self.read(sender, &bytes) {
                    Ok(Some(event)) => return Ok(event),
                    Ok(None) => {}
                    Err(problem) => {
                        self.dropped += 1;
                        let Member { node, pid } = sender;
                        let group = &self.group;
                        tracing::warn!("{group}: message of node {node}.{pid} dropped: {problem}");
                    }
                },
            }
        }
    }

    /// The event that a message is; `None` if it is for somebody else.
    fn read(&mut self, sender: Member, bytes: &[u8]) -> Result<Option<PeerEvent>, String> {
        let message = PeerMessage::decode(bytes).map_err(|error| error.to_string())?;
        let from = sender.node;
        if message.from.node != 0 && message.from.node != from.0 {
            return Err(format!("it claims to come from node {}", message.from.node));
        }
        if !message.from.name.is_empty() {
            self.names.insert(from, NodeName::from(message.from.name));
        }
        let is_for_node = message.to.node == 0 || message.to.node == self.local_node().0;
        let is_for_name = message.to.name.is_empty()
            || message.to.name.eq_ignore_ascii_case(self.local_name.as_str());
        if !is_for_node || !is_for_name {
            return Ok(None);
        }
        let body = xml::parse_bytes(&message.body, LIMITS).map_err(|error| error.to_string())?;
        let from_name = self.names.get(&from).cloned().unwrap_or_else(|| NodeName::from(""));
        Ok(Some(PeerEvent::Message { from, from_name, body }))
    }
}

/// The nodes behind a change of members. A node may have more than one member while a daemon is being replaced: it has
/// left only when none remains that was there before.
fn nodes_of(members: &[Member], joined: &[Member], left: &[Member]) -> PeerEvent {
    let nodes =
        |members: &[Member]| members.iter().map(|member| member.node).collect::<BTreeSet<_>>();
    let remaining: Vec<_> =
        members.iter().copied().filter(|member| !joined.contains(member)).collect();
    let remaining = nodes(&remaining);
    let came = nodes(joined).into_iter().filter(|node| !remaining.contains(node));
    let went = nodes(left).into_iter().filter(|node| !remaining.contains(node));
    PeerEvent::Membership {
        members: nodes(members).into_iter().collect(),
        joined: came.collect(),
        left: went.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn member(node: u32, pid: u32) -> Member {
        Member { node: NodeId(node), pid }
    }

    fn change(members: &[Member], joined: &[Member], left: &[Member]) -> (Vec<u32>, Vec<u32>) {
        let PeerEvent::Membership { joined, left, .. } = nodes_of(members, joined, left) else {
            panic!("a membership")
        };
        let numbers = |nodes: Vec<NodeId>| nodes.into_iter().map(|node| node.0).collect();
        (numbers(joined), numbers(left))
    }

    #[test]
    fn nodes_come_and_go_with_their_members() {
        let (a, b) = (member(1, 10), member(2, 20));
        assert_eq!(change(&[a, b], &[b], &[]), (vec![2], vec![]));
        assert_eq!(change(&[a], &[], &[b]), (vec![], vec![2]));
    }

    #[test]
    fn a_second_member_on_a_node_changes_nothing() {
        let (a, second) = (member(1, 10), member(1, 11));
        assert_eq!(change(&[a, second], &[second], &[]), (vec![], vec![]));
        assert_eq!(change(&[a], &[], &[second]), (vec![], vec![]));
        assert_eq!(change(&[second], &[second], &[a]), (vec![1], vec![1]), "a restart");
    }
}
