//! Links come and go, and carry more or less.

use super::*;

/// Frames that fit a packet of this size, sealed with AES and SHA-256.
fn fits(mtu: usize) -> usize {
    (mtu - HEADER - 16 - 32) / 16 * 16 - 1 - 26
}

#[test]
fn a_link_is_up_after_one_answer_more_than_asked_for() {
    let mut world = World::new(2, |_| {});
    world.run(ms(200));
    for link in [0, 1] {
        let status = world.status(1, 2, link);
        assert!(status.is_up, "it does not wait whole intervals once somebody answers");
        // One more may have been under way when it came up.
        assert!((3..=4).contains(&status.statistics.pong.received_packets));
        assert_eq!(status.statistics.up_count, 1);
        assert_eq!(status.latency, ms(1));
    }
    let changes = [Event::Link(2, 0, true), Event::Node(2, true)];
    assert_eq!(world.events(1)[..2], changes);
}

#[test]
fn a_node_that_starts_later_is_found_at_once() {
    let mut world = World::new(1, |settings| settings.peers = vec![peer(2, &[0, 1])]);
    world.run(Duration::from_secs(10));
    assert_eq!(world.events(1), []);
    world.start(2, settings(2, 2));
    world.run(ms(100));
    assert!(world.node(1).links.is_reachable(NodeId(2)));
    assert!(world.node(2).links.is_reachable(NodeId(1)));
}

#[test]
fn another_link_takes_over() {
    let mut world = World::running(2, |_| {});
    assert!(world.status(1, 2, 0).is_used && !world.status(1, 2, 1).is_used);
    let cut_at = world.now;
    world.cut.insert(0);
    world.run(ms(1000));
    let down = world.when(1, &Event::Link(2, 0, false)).unwrap();
    assert!(down - cut_at <= ms(510), "{:?}", down - cut_at);
    assert!(world.status(1, 2, 1).is_used, "the other one is used");
    assert_eq!(world.when(1, &Event::Node(2, false)), None, "the node never was unreachable");
    world.send(1, b"over the other link");
    world.run(ms(5));
    assert_eq!(world.delivered(2).len(), 1);

    world.cut.clear();
    world.run(ms(1000));
    assert!(world.status(1, 2, 0).is_used, "the better link is used again");
    let statistics = world.status(1, 2, 0).statistics;
    assert_eq!((statistics.up_count, statistics.down_count), (2, 1));
}

#[test]
fn without_links_a_node_is_unreachable_until_one_is_back() {
    let mut world = World::running(2, |_| {});
    world.cut.extend([0, 1]);
    world.run(ms(1000));
    for node in [1, 2] {
        let other = 3 - node;
        let gone = world.when(node, &Event::Node(other, false)).unwrap();
        let link_down = world.when(node, &Event::Link(other, 1, false)).unwrap();
        assert!(link_down <= gone);
        assert_eq!(world.status(node, other, 0).frame_bytes, 0);
    }
    world.cut.remove(&1);
    world.run(ms(1000));
    assert!(world.when(1, &Event::Node(2, true)).is_some());
    world.send(2, b"back");
    world.run(ms(5));
    assert_eq!(world.delivered(1), [b"back".to_vec()]);
}

#[test]
fn a_dead_node_is_noticed_soon_if_its_host_says_so() {
    let mut world = World::running(2, |_| {});
    world.nodes.remove(&2);
    world.flying.clear();
    let died_at = world.now;
    for link in [0, 1] {
        world.handle(1, Input::Unreachable { link: LinkId(link), to: address(2, link) });
    }
    world.run(ms(400));
    let gone = world.when(1, &Event::Node(2, false)).unwrap();
    assert!(gone - died_at < ms(100), "{:?}", gone - died_at);
}

#[test]
fn a_lie_that_nobody_is_there_only_costs_pings() {
    let mut world = World::running(2, |_| {});
    let before = world.node(1).sent;
    for _ in 0..1000 {
        world.handle(1, Input::Unreachable { link: LinkId(0), to: address(2, 0) });
        world.handle(1, Input::Unreachable { link: LinkId(0), to: address(9, 0) });
        world.run(Duration::from_micros(500));
    }
    assert_eq!(world.events(1), []);
    let sent = world.node(1).sent - before;
    assert!(sent < 120, "{sent} packets in half a second");
}

#[test]
fn some_loss_does_not_take_a_doubtful_link_down() {
    let mut world = World::running(2, |_| {});
    world.loss_percent = 10;
    for _ in 0..100 {
        world.handle(1, Input::Unreachable { link: LinkId(0), to: address(2, 0) });
        world.run(ms(100));
    }
    let downs = world.status(1, 2, 0).statistics.down_count;
    assert!(
        downs <= 3,
        "three pings in a row are lost once in 140 times, not {downs} times in 100"
    );
}

#[test]
fn frames_are_as_big_as_packets_allow() {
    for (mtu, tells) in [(1500, true), (9000, true), (1500, false), (1400, true), (1400, false)] {
        let mut world = World::new(2, |_| {});
        world.mtu.insert(0, mtu);
        world.tells_too_big = tells;
        world.run(Duration::from_secs(8));
        for node in [1, 2] {
            let found = world.node(node).links.frame_bytes();
            assert_eq!(found, fits(mtu), "packets of {mtu}, told: {tells}");
            assert_eq!(world.status(node, 3 - node, 0).frame_bytes, fits(mtu));
        }
        let frame = frame(1, 20_000);
        world.send(1, &frame);
        world.run(ms(5));
        assert_eq!(world.delivered(2), [frame]);
        let warned = world.events(1).iter().any(|event| matches!(event, Event::Notice(_)));
        assert_eq!(warned, !tells, "{:?}", world.events(1));
    }
}

#[test]
fn a_link_that_carries_less_than_before_is_noticed() {
    let mut world = World::running(2, |_| {});
    world.run(Duration::from_secs(5));
    assert_eq!(world.node(1).links.frame_bytes(), fits(1500));
    world.mtu.insert(0, 1300);
    world.send(1, &frame(1, 5000));
    assert_eq!(world.node(1).links.frame_bytes(), fits(1300), "the sender was told");
    world.run(ms(50));
    world.delivered(2);
    world.send(1, &frame(2, 5000));
    world.run(ms(5));
    assert_eq!(world.delivered(2), [frame(2, 5000)]);

    world.tells_too_big = false;
    world.mtu.insert(0, 1000);
    world.run(Duration::from_secs(40));
    assert_eq!(
        world.node(1).links.frame_bytes(),
        fits(1000),
        "silence is noticed at the next look"
    );
    world.mtu.insert(0, 9000);
    world.run(Duration::from_secs(40));
    assert_eq!(world.node(1).links.frame_bytes(), fits(9000), "so is more room");
}

#[test]
fn nobody_can_talk_packets_smaller_than_every_path_carries() {
    let mut world = World::running(2, |_| {});
    for mtu in [Some(0), Some(68), None, Some(u32::MAX)] {
        world.handle(1, Input::TooBig { link: LinkId(0), to: address(2, 0), mtu });
        assert!(world.node(1).links.frame_bytes() >= fits(576), "{mtu:?}");
        world.run(ms(1000));
        assert_eq!(world.node(1).links.frame_bytes(), fits(1500), "the truth comes out");
    }
}

#[test]
fn a_size_set_by_hand_is_taken() {
    let mut world = World::running(2, |settings| settings.mtu = Some(1000));
    assert_eq!(world.node(1).links.frame_bytes(), fits(1000));
    assert_eq!(world.status(1, 2, 0).statistics.mtu.sent_packets, 0);
    world.handle(1, Input::TooBig { link: LinkId(0), to: address(2, 0), mtu: Some(600) });
    assert_eq!(world.node(1).links.frame_bytes(), fits(1000));
}

#[test]
fn an_idle_node_wakes_once_for_all_its_links() {
    let mut world = World::running(4, |_| {});
    world.run(Duration::from_secs(60));
    let before = world.node(1).wakes;
    world.run(Duration::from_secs(60));
    let wakes = world.node(1).wakes - before;
    // Four rounds of pings a second and a look at sizes twice a minute.
    assert!(wakes <= 4 * 60 + 60, "{wakes} in a minute");
}
