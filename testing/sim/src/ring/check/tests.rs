//! Each check sees what it is there for.

use quorum::View;
use totem::{Configuration, ConfigurationKind};
use vocab::NodeId;
use wire::corosync::RingId;

use super::{Checks, Content, Lane, MessageKey, ProcessKey, Property, Violation, write};
use machine::Instant;

/// Daemons that tell the checks what a test wants them to.
struct Script {
    checks: Checks,
    processes: Vec<ProcessKey>,
}

const BYTES: usize = 40;

impl Script {
    /// Nodes 1 to `nodes`, all in one ring with the number 4.
    fn of(nodes: u32) -> Self {
        let mut checks = Checks::default();
        let processes = (1..=nodes).map(|node| checks.started(NodeId(node))).collect();
        let mut script = Self { checks, processes };
        let all: Vec<_> = (1..=nodes).collect();
        for node in &all {
            script.moves(*node, &[], &all, 4).unwrap();
        }
        script
    }

    fn process(&self, node: u32) -> ProcessKey {
        self.processes[node as usize - 1]
    }

    fn sends(&mut self, node: u32) -> MessageKey {
        let process = self.process(node);
        self.checks.given(process, Lane::Usual, Content::Filler(BYTES))
    }

    fn delivers(&mut self, node: u32, message: MessageKey) -> Result<(), Violation> {
        let book = self.checks.book();
        let from = book.process(book.message(message).sender).node;
        let content = write(message, &Content::Filler(BYTES));
        self.checks.delivered(Instant::START, self.process(node), from, &content).map(drop)
    }

    fn tells(&mut self, node: u32, told: &Configuration, stored: u64) -> Result<(), Violation> {
        self.checks.configured(Instant::START, self.process(node), told, Some(stored))
    }

    fn leaves_with(&mut self, node: u32, together: &[u32], sequence: u64) -> Result<(), Violation> {
        let process = self.process(node);
        let ring = self.checks.book().process(process).ring;
        let before = ring.map_or(Vec::new(), |ring| self.checks.book().ring(ring).members.clone());
        let together = ids(together);
        let left = before.into_iter().filter(|node| !together.contains(node)).collect();
        let told =
            configuration(ConfigurationKind::Transitional, &together, Vec::new(), left, sequence);
        self.tells(node, &told, sequence)
    }

    /// From its ring into another, with all that belongs to it.
    fn moves(
        &mut self,
        node: u32,
        with: &[u32],
        members: &[u32],
        sequence: u64,
    ) -> Result<(), Violation> {
        self.leaves_with(node, with, sequence)?;
        self.arrives(node, with, members, sequence)
    }

    fn arrives(
        &mut self,
        node: u32,
        with: &[u32],
        members: &[u32],
        sequence: u64,
    ) -> Result<(), Violation> {
        let (with, members) = (ids(with), ids(members));
        let joined = members.iter().copied().filter(|node| !with.contains(node)).collect();
        let told =
            configuration(ConfigurationKind::Regular, &members, joined, Vec::new(), sequence);
        self.tells(node, &told, sequence)
    }
}

fn ids(nodes: &[u32]) -> Vec<NodeId> {
    nodes.iter().copied().map(NodeId).collect()
}

fn configuration(
    kind: ConfigurationKind,
    members: &[NodeId],
    joined: Vec<NodeId>,
    left: Vec<NodeId>,
    sequence: u64,
) -> Configuration {
    let ring = RingId { node: members.first().map_or(0, |first| first.0), sequence };
    Configuration { kind, ring, members: members.to_vec(), joined, left }
}

#[track_caller]
fn blames(result: Result<(), Violation>, property: Property) {
    assert_eq!(result.expect_err("this is wrong").property, property);
}

#[test]
fn a_run_without_faults_passes() {
    let mut script = Script::of(3);
    let (one, two) = (script.sends(1), script.sends(2));
    for node in 1..=3 {
        script.delivers(node, two).unwrap();
        script.delivers(node, one).unwrap();
    }
    for node in 1..=2 {
        script.moves(node, &[1, 2], &[1, 2], 8).unwrap();
    }
    script.checks.finished(Instant::START, None).unwrap();
}

#[test]
fn two_orders_of_the_same_messages() {
    let mut script = Script::of(2);
    let (one, two) = (script.sends(1), script.sends(2));
    script.delivers(1, one).unwrap();
    script.delivers(1, two).unwrap();
    blames(script.delivers(2, two), Property::AgreedOrder);
}

#[test]
fn holes_are_allowed_only_when_the_ring_has_ended() {
    let mut script = Script::of(3);
    let [a, b, c] = [1, 2, 3].map(|node| script.sends(node));
    for message in [a, b, c] {
        script.delivers(1, message).unwrap();
    }
    script.delivers(2, a).unwrap();
    script.leaves_with(2, &[2, 3], 8).unwrap();
    script.delivers(2, c).unwrap();
    script.delivers(3, a).unwrap();
    blames(script.delivers(3, c), Property::AgreedOrder);
}

#[test]
fn nobody_goes_back_when_the_ring_has_ended() {
    let mut script = Script::of(2);
    let [one, two] = [1, 2].map(|node| script.sends(node));
    script.delivers(1, one).unwrap();
    script.delivers(1, two).unwrap();
    script.leaves_with(2, &[2], 8).unwrap();
    script.delivers(2, two).unwrap();
    blames(script.delivers(2, one), Property::AgreedOrder);
}

#[test]
fn who_has_left_something_out_may_be_further_than_others() {
    let mut script = Script::of(2);
    let [a, b, c] = [1, 1, 2].map(|node| script.sends(node));
    script.delivers(1, a).unwrap();
    script.delivers(1, b).unwrap();
    // Node 2 lacks both and has one behind them.
    script.leaves_with(2, &[2], 8).unwrap();
    script.delivers(2, c).unwrap();
    script.delivers(1, c).unwrap();
}

#[test]
fn what_one_node_has_behind_its_gaps_others_may_not_pass_over() {
    let mut script = Script::of(3);
    let [a, b] = [2, 3].map(|node| script.sends(node));
    script.leaves_with(2, &[2], 8).unwrap();
    script.delivers(2, a).unwrap();
    script.delivers(2, b).unwrap();
    blames(script.delivers(1, b), Property::AgreedOrder);
}

#[test]
fn messages_in_holes_of_others_have_no_order_until_somebody_delivers_both() {
    let mut script = Script::of(5);
    let [a, b, c, d] = [1, 2, 3, 4].map(|node| script.sends(node));
    for node in 1..=5 {
        script.delivers(node, a).unwrap();
        script.leaves_with(node, &[node], 8 + u64::from(node)).unwrap();
    }
    let deliver = |script: &mut Script, node, messages: &[MessageKey]| {
        messages.iter().try_for_each(|message| script.delivers(node, *message))
    };
    deliver(&mut script, 1, &[d]).unwrap();
    deliver(&mut script, 2, &[c, d]).unwrap();
    deliver(&mut script, 3, &[b, d]).unwrap();
    // Taken together the three do not say which of the two comes first; this one does.
    deliver(&mut script, 4, &[c, b, d]).unwrap();
    // From then on it is settled.
    blames(deliver(&mut script, 5, &[b, c]), Property::AgreedOrder);
}

#[test]
fn one_message_in_two_rings() {
    let mut script = Script::of(2);
    let one = script.sends(1);
    script.delivers(1, one).unwrap();
    script.moves(2, &[2], &[2], 8).unwrap();
    blames(script.delivers(2, one), Property::AgreedOrder);
}

#[test]
fn who_moves_together_has_delivered_the_same() {
    let mut script = Script::of(3);
    let one = script.sends(3);
    script.delivers(1, one).unwrap();
    script.moves(1, &[1, 2], &[1, 2], 8).unwrap();
    blames(script.moves(2, &[1, 2], &[1, 2], 8), Property::VirtualSynchrony);
    // Who goes alone may lack it.
    let mut script = Script::of(3);
    let one = script.sends(3);
    script.delivers(1, one).unwrap();
    script.moves(1, &[1], &[1, 2], 8).unwrap();
    blames(script.moves(2, &[2], &[1, 2], 8), Property::VirtualSynchrony);
}

#[test]
fn a_sender_that_lacks_its_own_message() {
    let mut script = Script::of(2);
    let one = script.sends(1);
    script.delivers(2, one).unwrap();
    blames(script.moves(1, &[1], &[1], 8), Property::SelfDelivery);

    let mut script = Script::of(2);
    let one = script.sends(1);
    script.moves(1, &[1], &[1], 8).unwrap();
    blames(script.delivers(2, one), Property::SelfDelivery);

    let mut script = Script::of(2);
    script.sends(1);
    blames(script.checks.finished(Instant::START, None), Property::SelfDelivery);
}

#[test]
fn messages_that_nobody_sent_or_that_come_twice() {
    let mut script = Script::of(2);
    let one = script.sends(1);
    let process = script.process(2);
    let mut deliver = |from, content: &[u8]| {
        script.checks.delivered(Instant::START, process, NodeId(from), content).map(drop)
    };
    let good = write(one, &Content::Filler(BYTES));
    let mut changed = good.clone();
    changed[20] ^= 1;
    blames(deliver(1, &changed), Property::Integrity);
    blames(deliver(1, &good[..BYTES - 1]), Property::Integrity);
    blames(deliver(1, &[]), Property::Integrity);
    blames(deliver(1, &write(MessageKey(one.0 + 1), &Content::Filler(BYTES))), Property::Integrity);
    blames(deliver(2, &good), Property::Integrity);
    deliver(1, &good).unwrap();
    blames(deliver(1, &good), Property::Integrity);
}

#[test]
fn a_senders_messages_keep_their_order() {
    let mut script = Script::of(2);
    let messages = [(); 3].map(|()| script.sends(1));
    script.delivers(2, messages[1]).unwrap();
    blames(script.delivers(2, messages[0]), Property::SenderOrder);

    let mut script = Script::of(2);
    let messages = [(); 3].map(|()| script.sends(1));
    script.delivers(2, messages[0]).unwrap();
    blames(script.delivers(2, messages[2]), Property::SenderOrder);
}

#[test]
fn numbers_of_rings_grow_and_are_stored() {
    let mut script = Script::of(2);
    blames(script.moves(1, &[1, 2], &[1, 2], 4), Property::RingIdFresh);
    let mut script = Script::of(2);
    script.checks.ended(script.processes[0]);
    script.processes[0] = script.checks.started(NodeId(1));
    blames(script.moves(1, &[], &[1], 3), Property::RingIdFresh);
    let mut script = Script::of(2);
    script.leaves_with(1, &[1], 8).unwrap();
    let told = configuration(ConfigurationKind::Regular, &ids(&[1]), Vec::new(), Vec::new(), 8);
    blames(script.tells(1, &told, 4), Property::RingIdFresh);
}

#[test]
fn members_are_agreed_on_and_told_rightly() {
    let mut script = Script::of(3);
    script.moves(1, &[1, 2], &[1, 2], 8).unwrap();
    blames(script.moves(2, &[2], &[1, 2, 3], 8), Property::Membership);
    let mut script = Script::of(3);
    blames(script.arrives(1, &[1, 2, 3], &[1, 2, 3], 8), Property::Membership);
    let mut script = Script::of(3);
    let members = ids(&[1, 2]);
    let told = configuration(ConfigurationKind::Transitional, &members, Vec::new(), Vec::new(), 8);
    blames(script.tells(1, &told, 8), Property::Membership);
    let mut script = Script::of(3);
    blames(script.leaves_with(1, &[2, 3], 8), Property::Membership);
}

#[test]
fn partitions_that_may_act_at_the_same_time() {
    let view = |members: &[u32], sequence, quorate| View {
        quorate,
        ring: RingId { node: members[0], sequence },
        members: ids(members),
    };
    let mut script = Script::of(3);
    script.moves(1, &[1], &[1], 8).unwrap();
    script.moves(2, &[2, 3], &[2, 3], 12).unwrap();
    let mut views = |node: u32, view| {
        let process = script.processes[node as usize - 1];
        script.checks.viewed(Instant::START, process, view)
    };
    views(2, view(&[2, 3], 12, true)).unwrap();
    views(1, view(&[1], 8, false)).unwrap();
    // Node 3 has not heard yet that node 1 is gone.
    views(3, view(&[1, 2, 3], 4, true)).unwrap();
    blames(views(1, view(&[1], 8, true)), Property::OneQuorate);
    blames(script.checks.finished(Instant::START, Some(true)), Property::OneQuorate);
}
