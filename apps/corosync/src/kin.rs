use std::collections::{BTreeMap, BTreeSet};

use vocab::NodeId;
use wire::totem::Condition;

/// Which members are Cardea's too, and what their hosts said of them.
#[derive(Debug, Default)]
pub(crate) struct Kin {
    known: BTreeSet<NodeId>,
    /// Daemons that do not get on, as their hosts say.
    conditions: BTreeMap<NodeId, Condition>,
}

impl Kin {
    /// The membership changed: everybody says it anew.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
        self.conditions.clear();
    }

    /// A member said that it is one of ours. True if that was not known.
    pub(crate) fn heard_of(&mut self, node: NodeId) -> bool {
        self.known.insert(node)
    }

    /// Whether all members are ours, so that they may do what Corosync does not know.
    pub(crate) fn is_whole_ring(&self, members: &[NodeId]) -> bool {
        members.iter().all(|member| self.known.contains(member))
    }

    /// A host said how its daemon is. True if that is news.
    pub(crate) fn saw(&mut self, node: NodeId, condition: Condition) -> bool {
        self.known.contains(&node) && self.conditions.insert(node, condition) != Some(condition)
    }

    /// A daemon said something itself: it gets on again.
    pub(crate) fn gets_on(&mut self, node: NodeId) {
        self.conditions.remove(&node);
    }

    /// What a node's host said last.
    pub(crate) fn condition(&self, node: NodeId) -> Option<Condition> {
        self.conditions.get(&node).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stranger_makes_the_ring_a_mixed_one() {
        let members = [NodeId(1), NodeId(2)];
        let mut kin = Kin::default();
        assert!(kin.heard_of(NodeId(1)) && !kin.is_whole_ring(&members));
        assert!(kin.heard_of(NodeId(2)) && kin.is_whole_ring(&members));
        assert!(!kin.heard_of(NodeId(2)));
        kin.forget();
        assert!(!kin.is_whole_ring(&members));
    }

    #[test]
    fn a_condition_is_news_once() {
        let mut kin = Kin::default();
        let node = NodeId(2);
        assert!(!kin.saw(node, Condition::Late), "strangers have no watchers");
        kin.heard_of(node);
        assert!(kin.saw(node, Condition::Late) && !kin.saw(node, Condition::Late));
        assert!(kin.saw(node, Condition::Stopped));
        kin.gets_on(node);
        assert_eq!(kin.condition(node), None);
        assert!(kin.saw(node, Condition::Stopped));
    }
}
