use vocab::NodeId;
use wire::totem::Join;

use super::member_set::MemberSet;

/// Whom this node wants in the next ring.
///
/// In a working ring `nodes` are its members, and nobody failed.
#[derive(Debug)]
pub(crate) struct Membership {
    /// Everybody this node knows of.
    pub(crate) nodes: MemberSet,
    /// Those of them that shall not be in it.
    pub(crate) failed: MemberSet,
    /// Who said that it leaves, since the last ring was formed.
    pub(crate) leaving: MemberSet,
    /// Whether this node gets none of the others' messages: then it makes a ring of its own once they have let it go.
    pub(crate) is_deaf: bool,
}

/// What a join message changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// Whether this node now wants more nodes, or holds more for failed.
    pub(crate) is_news: bool,
    /// Whether the sender wants exactly what this node wants now.
    pub(crate) agrees: bool,
}

/// A join message brings more nodes than a ring can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooManyNodes;

impl Membership {
    pub(crate) fn new(node: NodeId) -> Self {
        Self {
            nodes: MemberSet::of(node),
            failed: MemberSet::default(),
            leaving: MemberSet::default(),
            is_deaf: false,
        }
    }

    /// Who would be in the next ring.
    pub(crate) fn candidates(&self) -> MemberSet {
        self.nodes.without(&self.failed)
    }

    /// Whether all who would be in the next ring agree.
    pub(crate) fn is_agreed(&self, agreed: &MemberSet) -> bool {
        self.candidates().is_within(agreed)
    }

    /// Takes in what a node wants. `members` are those of this node's last ring.
    ///
    /// Who holds this node for failed is held for failed in turn, and only who was in the last ring is believed that
    /// others failed: both as Corosync does, so that the two come to the same sets. What a stranger believes and this node
    /// does not is no news, however often it is told: two sides that begin anew at each word of the other never end.
    pub(crate) fn take_in(
        &mut self,
        me: NodeId,
        members: &MemberSet,
        join: &Join,
    ) -> Result<Told, TooManyNodes> {
        let sender = NodeId(join.node);
        let nodes = MemberSet::from_numbers(&join.nodes);
        let failed = MemberSet::from_numbers(&join.failed);
        let same = nodes == self.nodes && failed == self.failed;
        let is_known = nodes.is_within(&self.nodes) && failed.is_within(&self.failed);
        if is_known || self.failed.contains(sender) {
            return Ok(Told { is_news: false, agrees: same });
        }
        let before = (self.nodes.len(), self.failed.len());
        let mut has_room = self.nodes.merge(&nodes);
        if failed.contains(me) {
            has_room &= self.failed.insert(sender);
        } else if members.contains(sender) {
            has_room &= self.failed.merge(&failed);
        }
        if !has_room {
            return Err(TooManyNodes);
        }
        let is_news = before != (self.nodes.len(), self.failed.len());
        Ok(Told { is_news, agrees: nodes == self.nodes && failed == self.failed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[u32]) -> MemberSet {
        MemberSet::from_numbers(numbers)
    }

    fn join(node: u32, nodes: &[u32], failed: &[u32]) -> Join {
        let (nodes, failed) = (nodes.to_vec(), failed.to_vec());
        Join { node, leaving: false, ring_sequence: 4, nodes, failed }
    }

    fn told(is_news: bool, agrees: bool) -> Result<Told, TooManyNodes> {
        Ok(Told { is_news, agrees })
    }

    #[test]
    fn a_member_is_believed_that_another_failed_and_a_stranger_is_not() {
        let me = NodeId(1);
        let members = set(&[1, 2, 3]);
        let mut membership = Membership { nodes: members.clone(), ..Membership::new(me) };
        let join_of_member = join(2, &[1, 2, 3], &[3]);
        assert_eq!(membership.take_in(me, &members, &join_of_member), told(true, true));
        assert_eq!(membership.candidates(), set(&[1, 2]));
        assert_eq!(membership.take_in(me, &members, &join_of_member), told(false, true));
        let join_of_stranger = join(4, &[1, 2, 3, 4], &[2, 3]);
        assert_eq!(membership.take_in(me, &members, &join_of_stranger), told(true, false));
        assert_eq!(membership.candidates(), set(&[1, 2, 4]));
    }

    #[test]
    fn what_a_stranger_believes_of_others_is_news_only_once() {
        let me = NodeId(1);
        let members = set(&[1, 2]);
        let mut membership =
            Membership { nodes: members.clone(), failed: set(&[2]), ..Membership::new(me) };
        let join_of_stranger = join(3, &[1, 2, 3, 4], &[4]);
        assert_eq!(membership.take_in(me, &members, &join_of_stranger), told(true, false));
        assert_eq!(membership.take_in(me, &members, &join_of_stranger), told(false, false));
    }

    #[test]
    fn who_holds_this_node_for_failed_is_held_for_failed() {
        let me = NodeId(1);
        let members = set(&[1, 2, 3]);
        let mut membership = Membership { nodes: members.clone(), ..Membership::new(me) };
        assert_eq!(
            membership.take_in(me, &members, &join(2, &[1, 2, 3], &[1, 3])),
            told(true, false)
        );
        assert_eq!(membership.candidates(), set(&[1, 3]));
        assert_eq!(
            membership.take_in(me, &members, &join(2, &[1, 2, 3, 9], &[])),
            told(false, false),
            "a failed node is not heard"
        );
    }
}
