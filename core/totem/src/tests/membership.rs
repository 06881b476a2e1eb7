use super::world::{Seen, World, ms, settings};
use crate::{Input, Notice, Reason, RingState, Suspicion, Timer, sequence::Sequence};
use vocab::NodeId;
use wire::{
    corosync::RingId,
    totem::{Frame, MergeDetect},
};

#[test]
fn a_node_alone_is_a_ring_and_quiet() {
    let mut world = World::with_nodes(1, 1);
    assert!(world.form(&[1]) < ms(100));
    assert_eq!(world.node(1).ring.ring_id(), RingId { node: 1, sequence: 5 });
    assert_eq!(
        world.node(1).seen,
        [
            Seen::Transitional(vec![]),
            Seen::Regular(RingId { node: 1, sequence: 5 }, vec![NodeId(1)])
        ]
    );
    world.run(ms(1000));
    let before = world.frames;
    world.run(ms(10_000));
    assert!(world.frames - before < 150, "{} frames in ten idle seconds", world.frames - before);
    world.multicast(1, "alone");
    world.run(ms(5));
    assert_eq!(world.messages(1), [b"alone"]);
}

#[test]
fn nodes_find_each_other_and_deliver_in_one_order() {
    let mut world = World::with_nodes(2, 3);
    assert!(world.form(&[1, 2, 3]) < ms(1000));
    for turn in 0..20_u8 {
        for node in 1..=3 {
            world.multicast(node, vec![node.try_into().unwrap(), turn]);
        }
    }
    world.run(ms(100));
    assert_eq!(world.messages(1).len(), 60);
    assert_eq!(world.messages(1), world.messages(2));
    assert_eq!(world.messages(1), world.messages(3));
    world.check_virtual_synchrony();
}

#[test]
fn a_new_ring_comes_to_rest_before_it_looks_for_others() {
    let mut world = World::with_nodes(2, 2);
    world.form(&[1, 2]);
    let stranger = MergeDetect { node: 9, ring: RingId { node: 9, sequence: 400 } }.encode();
    world.feed(1, Input::Frame(&stranger));
    assert_eq!(world.node(1).ring.state(), RingState::Operational);
    world.run(settings(1).merge);
    world.feed(1, Input::Frame(&stranger));
    assert_eq!(world.node(1).ring.state(), RingState::Gather);
}

#[test]
fn sixteen_nodes_form_a_ring() {
    let mut world = World::with_nodes(3, 16);
    let all: Vec<u32> = (1..=16).collect();
    assert!(world.form(&all) < ms(2000));
    world.check_virtual_synchrony();
}

#[test]
fn a_member_that_is_gone_is_missed() {
    let mut world = World::with_nodes(4, 3);
    world.form(&[1, 2, 3]);
    world.run(ms(500));
    world.crash(1);
    let time = world.form(&[2, 3]);
    assert!(time > ms(1000) && time < ms(2600), "{time:?}");
    let failed = Notice::LeftSilently(vec![NodeId(1)]);
    assert!(world.node(2).notices.contains(&failed));
    world.start(1);
    assert!(world.form(&[1, 2, 3]) < ms(1000));
    world.check_virtual_synchrony();
}

#[test]
fn a_suspicion_costs_one_round() {
    let mut world = World::with_nodes(5, 4);
    world.form(&[1, 2, 3, 4]);
    world.run(ms(500));
    world.crash(3);
    world.feed(2, Input::Suspect { node: NodeId(3), why: Suspicion::Gone });
    let time = world.form(&[1, 2, 4]);
    assert!(time < ms(20), "{time:?}");
    world.check_virtual_synchrony();
}

#[test]
fn all_may_suspect_at_once() {
    let mut world = World::with_nodes(6, 4);
    world.form(&[1, 2, 3, 4]);
    world.run(ms(500));
    world.crash(1);
    for node in 2..=4 {
        world.feed(node, Input::Suspect { node: NodeId(1), why: Suspicion::Unreachable });
    }
    let time = world.form(&[2, 3, 4]);
    assert!(time < ms(20), "{time:?}");
}

#[test]
fn who_was_wrongly_suspected_comes_back() {
    let mut world = World::with_nodes(7, 3);
    world.form(&[1, 2, 3]);
    world.feed(2, Input::Suspect { node: NodeId(3), why: Suspicion::Unreachable });
    world.form(&[1, 2]);
    world.form(&[1, 2, 3]);
    world.check_virtual_synchrony();
}

#[test]
fn a_leaving_node_is_not_missed() {
    let mut world = World::with_nodes(8, 3);
    world.form(&[1, 2, 3]);
    world.run(ms(300));
    world.feed(2, Input::Leave);
    assert_eq!(world.node(2).ring.state(), RingState::Left);
    let time = world.form(&[1, 3]);
    assert!(time < ms(20), "{time:?}");
    let silently = |notice: &Notice| matches!(notice, Notice::LeftSilently(_));
    assert!(!world.node(1).notices.iter().any(silently));
}

#[test]
fn a_network_that_parts_has_two_rings_and_one_again() {
    let mut world = World::with_nodes(9, 5);
    world.form(&[1, 2, 3, 4, 5]);
    world.part(&[&[1, 4], &[2, 3, 5]]);
    world.run_until(|world| world.is_one_ring(&[1, 4]) && world.is_one_ring(&[2, 3, 5]));
    world.multicast(1, "left");
    world.multicast(5, "right");
    world.run(ms(100));
    assert_eq!(world.messages(4), [b"left".as_slice()]);
    assert_eq!(world.messages(2), [b"right".as_slice()]);
    world.heal();
    let time = world.form(&[1, 2, 3, 4, 5]);
    assert!(time < ms(1000), "{time:?}");
    world.check_virtual_synchrony();
}

#[test]
fn a_quick_restart_is_a_departure_and_an_arrival() {
    let mut world = World::with_nodes(10, 3);
    world.form(&[1, 2, 3]);
    world.run(ms(300));
    let before = world.node(1).ring.ring_id();
    world.crash(2);
    world.start(2);
    world
        .run_until(|world| world.is_one_ring(&[1, 2, 3]) && world.node(1).ring.ring_id() != before);
    let last = world.node(1).seen.len();
    assert_eq!(world.node(1).seen[last - 2], Seen::Transitional(vec![NodeId(1), NodeId(3)]));
    world.check_virtual_synchrony();
}

#[test]
fn nothing_goes_on_before_the_ring_number_is_stored() {
    let mut world = World::new(11);
    world.disk_delay = ms(300);
    world.start(1);
    world.run(ms(299));
    assert_eq!(world.node(1).ring.state(), RingState::Commit);
    world.run(ms(10));
    assert_eq!(world.node(1).ring.state(), RingState::Operational);
}

#[test]
fn a_disk_slower_than_the_token_only_delays() {
    let mut world = World::new(12);
    world.disk_delay = ms(1700);
    world.start(1);
    world.start(2);
    world.form(&[1, 2]);
}

#[test]
fn an_operator_can_have_the_ring_formed_anew() {
    let mut world = World::with_nodes(13, 2);
    world.form(&[1, 2]);
    world.feed(1, Input::GatherNow);
    assert!(world.node(1).notices.contains(&Notice::Gathering { why: Reason::Asked }));
    let sequence = world.node(1).ring.ring_id().sequence;
    world.form(&[1, 2]);
    assert_eq!(world.node(2).ring.ring_id().sequence, sequence + 4);
}

#[test]
fn a_deaf_node_makes_a_ring_of_its_own() {
    let mut world = World::new(14);
    world.tweak = |settings| settings.fail_to_receive_rotations = 20;
    (1..=3).for_each(|node| world.start(node));
    world.form(&[1, 2, 3]);
    world.swallow = |to, frame| to == 3 && matches!(Frame::decode(frame), Ok(Frame::Multicast(_)));
    world.multicast(1, "nobody hears this at node 3");
    world.run_until(|world| world.is_one_ring(&[1, 2]) && world.is_one_ring(&[3]));
    assert!(world.node(3).notices.contains(&Notice::FailedToReceive));
    world.swallow = |_, _| false;
    world.form(&[1, 2, 3]);
    world.check_virtual_synchrony();
}

#[test]
fn a_heartbeat_misses_the_token_sooner() {
    let mut world = World::new(15);
    world.tweak = |settings| {
        settings.heartbeat_failures_allowed = 1;
        settings.network_delay_max = ms(20);
        settings.token_hold = ms(100);
    };
    (1..=2).for_each(|node| world.start(node));
    world.form(&[1, 2]);
    world.run(ms(1000));
    assert!(world.is_one_ring(&[1, 2]), "the heartbeat does not fire in an idle ring");
    world.multicast(2, "awake");
    world.run(ms(3));
    world.crash(1);
    let gathering = |world: &World| world.node(2).ring.state() == RingState::Gather;
    assert!(world.run_until(gathering) < ms(300));
}

#[test]
fn a_late_token_is_told() {
    let mut world = World::with_nodes(16, 2);
    world.form(&[1, 2]);
    world.run(ms(500));
    world.crash(2);
    world.run(ms(990));
    let late = |notice: &Notice| matches!(notice, Notice::TokenLate(_));
    assert!(world.node(1).notices.iter().any(late));
}

#[test]
fn joins_can_be_spread() {
    let mut world = World::new(17);
    world.tweak = |settings| settings.send_join_max = ms(20);
    (1..=4).for_each(|node| world.start(node));
    world.form(&[1, 2, 3, 4]);
    assert!(!world.node(1).ring.timers.is_armed(&Timer::JoinDelayed));
}

#[test]
fn rings_form_when_numbers_wrap() {
    let mut world = World::new(18);
    world.start = Sequence(0xffff_fff0);
    (1..=3).for_each(|node| world.start(node));
    world.form(&[1, 2, 3]);
    for _ in 0..100 {
        world.multicast(2, vec![7; 1000]);
    }
    world.run(ms(300));
    assert_eq!(world.messages(3).len(), 100);
    world.crash(1);
    world.form(&[2, 3]);
    world.check_virtual_synchrony();
}
