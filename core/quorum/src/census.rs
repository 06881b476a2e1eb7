use std::collections::BTreeMap;

use vocab::NodeId;
use wire::exec::votequorum::NodeFlags;

/// The most nodes that are remembered, dead ones included.
const NODES_MAX: usize = 384;

/// Whether a node is there. The numbers are those that clients see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeState {
    /// It is a member.
    Member,
    /// It was one.
    Dead,
    /// It said that it leaves, and may still be a member of the ring.
    Leaving,
}

impl NodeState {
    /// The number that clients see.
    pub(crate) const fn code(self) -> u32 {
        match self {
            Self::Member => 1,
            Self::Dead => 2,
            Self::Leaving => 3,
        }
    }
}

/// What is known of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) state: NodeState,
    pub(crate) votes: u32,
    pub(crate) expected_votes: u32,
    pub(crate) flags: NodeFlags,
}

impl Node {
    const UNKNOWN: Self =
        Self { state: NodeState::Dead, votes: 0, expected_votes: 0, flags: NodeFlags(0) };

    pub(crate) fn is_member(&self) -> bool {
        self.state == NodeState::Member
    }
}

/// Every node that was ever seen, with its votes, and the votes of the quorum device.
#[derive(Debug)]
pub(crate) struct Census {
    own: NodeId,
    own_node: Node,
    others: BTreeMap<NodeId, Node>,
    /// The quorum device's votes; 0 if there is none.
    pub(crate) device_votes: u32,
}

/// What the members have together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Their votes.
    pub(crate) votes: u32,
    /// How many they are.
    pub(crate) nodes: u32,
    /// The most that any of them expects.
    pub(crate) highest_expected: u32,
}

impl Tally {
    fn add_device(&mut self, votes: u32) {
        self.votes = self.votes.saturating_add(votes);
        self.nodes += 1;
    }
}

impl Census {
    /// This node alone, with one vote.
    pub(crate) fn new(own: NodeId) -> Self {
        let own_node =
            Node { state: NodeState::Member, votes: 1, flags: NodeFlags::FIRST, ..Node::UNKNOWN };
        Self { own, own_node, others: BTreeMap::new(), device_votes: 0 }
    }

    pub(crate) fn own_id(&self) -> NodeId {
        self.own
    }

    pub(crate) fn own(&self) -> &Node {
        &self.own_node
    }

    pub(crate) fn own_mut(&mut self) -> &mut Node {
        &mut self.own_node
    }

    pub(crate) fn get(&self, id: NodeId) -> Option<&Node> {
        if id == self.own { Some(&self.own_node) } else { self.others.get(&id) }
    }

    pub(crate) fn get_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        if id == self.own { Some(&mut self.own_node) } else { self.others.get_mut(&id) }
    }

    /// The node, which becomes known if it was not. A dead one is forgotten for it if there is no room.
    pub(crate) fn enter(&mut self, id: NodeId) -> &mut Node {
        if id == self.own {
            return &mut self.own_node;
        }
        if self.others.len() >= NODES_MAX && !self.others.contains_key(&id) {
            let dead = self.others.iter().find(|(_, node)| !node.is_member()).map(|(&id, _)| id);
            if let Some(dead) = dead {
                self.others.remove(&dead);
            }
        }
        self.others.entry(id).or_insert(Node::UNKNOWN)
    }

    /// Every known node, ascending.
    pub(crate) fn all(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        let lower = self.others.range(..self.own).map(|(&id, node)| (id, node));
        let higher = self.others.range(self.own..).map(|(&id, node)| (id, node));
        lower.chain([(self.own, &self.own_node)]).chain(higher)
    }

    /// The members, ascending.
    pub(crate) fn members(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.all().filter(|(_, node)| node.is_member())
    }

    /// What the members have together, without the quorum device.
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for (_, node) in self.members() {
            tally.votes = tally.votes.saturating_add(node.votes);
            tally.nodes += 1;
            tally.highest_expected = tally.highest_expected.max(node.expected_votes);
        }
        tally
    }

    /// The same with the device's votes, if it casts them for this node.
    pub(crate) fn tally_with_cast_vote(&self) -> Tally {
        let mut tally = self.tally();
        if self.own_node.flags.has(NodeFlags::DEVICE_CAST_VOTE) {
            tally.add_device(self.device_votes);
        }
        tally
    }

    /// The same with the votes that the device has, cast or not: what there can be at most.
    pub(crate) fn tally_with_device(&self) -> Tally {
        let mut tally = self.tally();
        if self.device_votes > 0 {
            tally.add_device(self.device_votes);
        }
        tally
    }

    /// Lets all members expect that many votes.
    pub(crate) fn expect(&mut self, votes: u32) {
        for node in self.others.values_mut().chain([&mut self.own_node]) {
            if node.is_member() {
                node.expected_votes = votes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_come_in_order_with_the_own_one_among_them() {
        let mut census = Census::new(NodeId(2));
        for id in [3, 1] {
            census.enter(NodeId(id)).state = NodeState::Member;
        }
        assert_eq!(census.members().map(|(id, _)| id.0).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn the_dead_make_room() {
        let mut census = Census::new(NodeId(1));
        for id in 2..2000 {
            census.enter(NodeId(id)).votes = 1;
        }
        assert_eq!(census.all().count(), NODES_MAX + 1);
        assert!(census.get(NodeId(1)).is_some() && census.get(NodeId(1999)).is_some());
    }

    #[test]
    fn votes_that_cannot_be_counted_do_not_wrap() {
        let mut census = Census::new(NodeId(1));
        let node = census.enter(NodeId(2));
        (node.state, node.votes) = (NodeState::Member, u32::MAX);
        assert_eq!(census.tally().votes, u32::MAX);
    }
}
