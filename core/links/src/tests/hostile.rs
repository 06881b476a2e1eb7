//! What somebody without the key can do, and what not.

use super::*;

#[test]
fn a_changed_packet_is_dropped_whatever_was_changed() {
    let mut world = World::running(2, |_| {});
    world.recorded = Some(Vec::new());
    world.send(1, &frame(1, 60));
    let packet = world.recorded.take().unwrap().remove(0);
    world.flying.clear();
    world.nodes.get_mut(&2).unwrap().links.clear_statistics();
    for at in 0..packet.bytes.len() {
        let mut changed = packet.clone();
        changed.bytes[at] ^= 0x10;
        world.arrive(&changed);
        let mut shorter = packet.clone();
        shorter.bytes.truncate(at);
        world.arrive(&shorter);
    }
    let statistics = *world.node(2).links.statistics();
    assert_eq!(statistics.refused_packets, 2 * packet.bytes.len() as u64);
    assert_eq!(statistics.received_sealed_packets, 0, "nothing looked into them");
    assert!(world.delivered(2).is_empty());
    let notices = world.events(2);
    assert_eq!(notices.len(), 1, "one line for all: {notices:?}");
    world.arrive(&packet);
    assert_eq!(world.delivered(2), [frame(1, 60)], "the original still counts");
}

#[test]
fn another_key_is_no_key() {
    let world = {
        let mut world = World::new(2, |settings| {
            if settings.node == NodeId(2) {
                settings.crypto.as_mut().unwrap().key = key(8);
            }
        });
        world.run(Duration::from_secs(5));
        world
    };
    for node in [1, 2] {
        assert!(world.events(node).iter().all(|event| matches!(event, Event::Notice(_))));
        assert!(world.node(node).links.statistics().refused_packets > 10);
    }
}

#[test]
fn clear_packets_are_not_taken_where_a_key_is_set() {
    let mut world = World::new(2, |settings| {
        if settings.node == NodeId(2) {
            settings.crypto = None;
        }
    });
    world.run(Duration::from_secs(5));
    assert!(!world.node(1).links.is_reachable(NodeId(2)));
}

#[test]
fn a_key_that_cannot_be_used_keeps_a_node_silent() {
    let mut world = World::new(2, |settings| {
        if settings.node == NodeId(2) {
            settings.crypto.as_mut().unwrap().key.truncate(127);
        }
    });
    world.run(Duration::from_secs(2));
    assert_eq!(world.node(2).sent, 0, "above all nothing goes out unsealed");
    assert!(matches!(&world.events(2)[..], [Event::Notice(_), ..]));
    assert!(!world.node(1).links.is_reachable(NodeId(2)));
}

/// Everything that was sent while two nodes met and talked.
fn recording() -> (World, Vec<Packet>) {
    let mut world = World::new(2, |_| {});
    world.recorded = Some(Vec::new());
    world.run(ms(1500));
    for number in 0..50 {
        world.send(1, &frame(number, 2000));
        world.run(ms(1));
    }
    world.run(ms(1000));
    let recorded = world.recorded.take().unwrap();
    assert_eq!(world.delivered(2).len(), 50);
    (world, recorded)
}

#[test]
fn what_was_recorded_is_not_delivered_again() {
    let (mut world, recorded) = recording();
    for node in world.nodes.values_mut() {
        node.events.clear();
    }
    // The recorded pings say that node 1 has sent nothing yet, which after a real start makes room for its frames.
    for packet in recorded.iter().chain(&recorded) {
        world.arrive(packet);
        world.run(Duration::from_micros(100));
    }
    assert!(world.delivered(2).is_empty());
    assert_eq!(world.events(1), []);
    assert_eq!(world.events(2), []);
    world.send(1, &frame(51, 2000));
    world.run(ms(5));
    assert_eq!(world.delivered(2), [frame(51, 2000)], "and new frames still are");
}

#[test]
fn what_was_recorded_is_not_delivered_for_a_dead_node() {
    let (mut world, recorded) = recording();
    world.nodes.remove(&1);
    world.flying.clear();
    world.run(ms(1000));
    assert!(!world.node(2).links.is_reachable(NodeId(1)));
    for packet in recorded.iter().filter(|packet| packet.to == 2) {
        world.arrive(packet);
        world.run(Duration::from_micros(100));
    }
    assert!(world.delivered(2).is_empty());
    assert!(!world.node(2).links.is_reachable(NodeId(1)));
}

#[test]
fn recorded_answers_do_not_keep_a_link_up() {
    let (mut world, recorded) = recording();
    world.nodes.remove(&2);
    world.flying.clear();
    let died_at = world.now;
    for packet in recorded.iter().filter(|packet| packet.to == 1).cycle().take(5000) {
        world.arrive(packet);
        world.run(Duration::from_micros(200));
    }
    let gone = world.when(1, &Event::Node(2, false)).unwrap();
    assert!(gone - died_at <= ms(510), "{:?}", gone - died_at);
    let back = |event: &Event| matches!(event, Event::Link(.., true) | Event::Node(_, true));
    let events = world.events(1);
    let gone = events.iter().position(|event| *event == Event::Node(2, false)).unwrap();
    assert!(!events[gone..].iter().any(back), "and it stays gone");
}

#[test]
fn answers_of_an_earlier_start_say_nothing() {
    let (_, recorded) = recording();
    // The other end is not there, and the clock shows what it showed at the first start.
    let mut world = World::new(1, |settings| {
        settings.peers = vec![peer(2, &[0, 1])];
        settings.seed = [99; 32];
    });
    for _ in 0..100 {
        for packet in recorded.iter().filter(|packet| packet.to == 1) {
            world.arrive(packet);
        }
        world.run(ms(10));
    }
    assert!(!world.node(1).links.is_reachable(NodeId(2)));
    assert_eq!(world.status(1, 2, 0).latency_samples, 0);
}

#[test]
fn answers_go_to_known_addresses_only() {
    let (mut world, recorded) = recording();
    for packet in recorded {
        // `transmit` fails the test if a packet goes anywhere else.
        let from = "10.0.0.77:1234".parse().unwrap();
        let bytes = &packet.bytes;
        world.handle(packet.to, Input::Packet { link: LinkId(packet.link), from, bytes });
    }
    assert!(world.delivered(1).is_empty() && world.delivered(2).is_empty());
    let bytes = &[0; 100];
    let from = address(2, 0);
    world.handle(1, Input::Packet { link: LinkId(200), from, bytes });
}

#[test]
fn unlisted_addresses_are_refused_unread_if_so_set() {
    for block in [true, false] {
        let mut world = World::running(2, |settings| settings.block_unlisted = block);
        world.recorded = Some(Vec::new());
        world.run(ms(300));
        let ping =
            world.recorded.take().unwrap().into_iter().find(|packet| packet.to == 2).unwrap();
        let before = world.status(2, 1, ping.link).statistics.total().received_packets;
        let (from, bytes) = ("192.0.2.1:5405".parse().unwrap(), &ping.bytes);
        world.handle(2, Input::Packet { link: LinkId(ping.link), from, bytes });
        let after = world.status(2, 1, ping.link).statistics.total().received_packets;
        assert_eq!(after - before, u64::from(!block));
    }
}

#[test]
fn noise_harms_nobody() {
    let mut world = World::running(2, |settings| settings.crypto = None);
    for round in 0..30_000_u32 {
        let length = world.next_random() as usize % 64;
        let mut bytes: Vec<u8> = (0..length).map(|_| world.next_random() as u8).collect();
        // Most of it gets as far as the part that tells packets apart.
        let kinds = [0x00, 0x81, 0x82, 0x83, 0x84, 0xff];
        let header = [1, kinds[round as usize % 6], 0, 2, 0, 0, round as u8 & 3];
        for (byte, value) in bytes.iter_mut().zip(header) {
            *byte = value;
        }
        let link = LinkId((round % 3) as u8);
        let from = address(2, 0);
        world.handle(1, Input::Packet { link, from, bytes: &bytes });
    }
    world.run(ms(1500));
    assert!(world.node(1).links.is_reachable(NodeId(2)));
}
