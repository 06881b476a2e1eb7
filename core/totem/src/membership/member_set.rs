use vocab::NodeId;
use wire::totem::NODES_MAX;

/// Nodes, ascending, each once, at most as many as a ring may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MemberSet(Vec<NodeId>);

impl MemberSet {
    pub(crate) fn of(node: NodeId) -> Self {
        Self(vec![node])
    }

    pub(crate) fn from_numbers(numbers: &[u32]) -> Self {
        let mut nodes: Vec<NodeId> = numbers.iter().copied().map(NodeId).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes.truncate(NODES_MAX);
        Self(nodes)
    }

    pub(crate) fn as_slice(&self) -> &[NodeId] {
        &self.0
    }

    pub(crate) fn numbers(&self) -> Vec<u32> {
        self.0.iter().map(|node| node.0).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn first(&self) -> Option<NodeId> {
        self.0.first().copied()
    }

    pub(crate) fn contains(&self, node: NodeId) -> bool {
        self.0.binary_search(&node).is_ok()
    }

    /// Whether there was room for it, or it was there before.
    pub(crate) fn insert(&mut self, node: NodeId) -> bool {
        match self.0.binary_search(&node) {
            Ok(_) => true,
            Err(_) if self.0.len() >= NODES_MAX => false,
            Err(at) => {
                self.0.insert(at, node);
                true
            }
        }
    }

    /// Whether there was room for all of them.
    pub(crate) fn merge(&mut self, other: &Self) -> bool {
        let mut has_room = true;
        for &node in &other.0 {
            has_room &= self.insert(node);
        }
        has_room
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn without(&self, other: &Self) -> Self {
        Self(self.0.iter().copied().filter(|&node| !other.contains(node)).collect())
    }

    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.0.iter().all(|&node| other.contains(node))
    }

    /// Who comes after a member, going round.
    pub(crate) fn after(&self, node: NodeId) -> NodeId {
        let at = self.0.partition_point(|&other| other <= node);
        self.0.get(at).or_else(|| self.0.first()).copied().unwrap_or(node)
    }
}

impl FromIterator<NodeId> for MemberSet {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Self {
        let mut set = Self::default();
        for node in nodes {
            set.insert(node);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[u32]) -> MemberSet {
        MemberSet::from_numbers(numbers)
    }

    #[test]
    fn sets_are_sorted_and_go_round() {
        let members = set(&[7, 2, 2, 5]);
        assert_eq!(members.numbers(), [2, 5, 7]);
        assert_eq!(members.after(NodeId(2)), NodeId(5));
        assert_eq!(members.after(NodeId(7)), NodeId(2));
        assert_eq!(set(&[4]).after(NodeId(4)), NodeId(4));
        assert_eq!(members.without(&set(&[5, 9])), set(&[2, 7]));
        assert!(set(&[2, 7]).is_within(&members) && !set(&[2, 3]).is_within(&members));
    }

    #[test]
    fn a_set_holds_no_more_nodes_than_a_ring() {
        let numbers: Vec<u32> = (1..=384).collect();
        let mut full = set(&numbers);
        assert!(full.insert(NodeId(7)));
        assert!(!full.insert(NodeId(500)));
        assert!(!full.merge(&set(&[3, 501])));
        assert_eq!(full.len(), 384);
    }
}
