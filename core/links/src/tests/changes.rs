//! Other settings, other keys, other starts.

use super::*;

fn reconfigure(world: &mut World, node: u32, change: impl Fn(&mut Settings)) {
    let mut settings = settings(node, 2);
    change(&mut settings);
    world.handle(node, Input::Reconfigure(Box::new(settings)));
}

fn with_key(byte: u8) -> impl Fn(&mut Settings) {
    move |settings| settings.crypto.as_mut().unwrap().key = key(byte)
}

/// Sends a frame each way and wants it to arrive.
fn talk(world: &mut World) {
    world.send(1, b"one");
    world.send(2, b"two");
    world.run(ms(5));
    assert_eq!(world.delivered(2), [b"one".to_vec()]);
    assert_eq!(world.delivered(1), [b"two".to_vec()]);
}

#[test]
fn links_that_stay_are_not_interrupted() {
    let mut world = World::running(2, |_| {});
    world.run(Duration::from_secs(3));
    for node in [1, 2] {
        reconfigure(&mut world, node, |settings| {
            settings
                .links
                .insert(LinkId(0), LinkSettings { ping_interval: ms(50), ..link_settings(1) });
            settings.links.insert(LinkId(1), link_settings(9));
        });
    }
    talk(&mut world);
    assert!(world.status(1, 2, 1).is_used, "it has the higher priority now");
    let before = world.status(1, 2, 0).statistics.ping.sent_packets;
    world.run(ms(1000));
    let pings = world.status(1, 2, 0).statistics.ping.sent_packets - before;
    assert!((19..=21).contains(&pings), "{pings} pings in a second, one each 50 ms");
    assert_eq!(world.events(1), []);
    assert_eq!(world.events(2), []);
}

#[test]
fn nodes_and_links_come_and_go() {
    let mut world = World::running(2, |_| {});
    reconfigure(&mut world, 1, |settings| {
        settings.peers = vec![peer(2, &[1]), peer(3, &[0, 1])];
    });
    assert_eq!(world.events(1), [Event::Link(2, 0, false)]);
    world.start(3, settings(3, 3));
    world.run(ms(1500));
    assert!(world.node(1).links.is_reachable(NodeId(3)));
    assert!(world.node(1).links.link_status(NodeId(2), LinkId(0)).is_none());

    world.nodes.get_mut(&1).unwrap().events.clear();
    reconfigure(&mut world, 1, |settings| settings.peers = vec![peer(3, &[0, 1])]);
    let gone = [Event::Link(2, 1, false), Event::Node(2, false)];
    assert_eq!(world.events(1)[..2], gone);
    world.delivered(1);
    world.send(2, b"no longer known");
    world.run(ms(5));
    assert!(world.delivered(1).is_empty());
}

#[test]
fn keys_change_while_frames_flow() {
    let mut world = World::running(2, |_| {});
    talk(&mut world);
    type Step = fn(&mut World, u32);
    let steps: [Step; 3] = [
        |world, node| reconfigure(world, node, with_key(9)),
        |world, node| world.handle(node, Input::Rekey(Rekey::Activate)),
        |world, node| world.handle(node, Input::Rekey(Rekey::Retire)),
    ];
    for step in steps {
        for node in [1, 2] {
            step(&mut world, node);
            // Between the nodes' steps too, and long enough for links to fail.
            talk(&mut world);
            world.run(ms(1500));
            talk(&mut world);
        }
    }
    for node in [1, 2] {
        assert_eq!(world.events(node), []);
        assert_eq!(world.node(node).links.statistics().refused_packets, 0);
    }
}

#[test]
fn a_retired_key_opens_nothing() {
    let mut world = World::running(2, |_| {});
    world.recorded = Some(Vec::new());
    world.send(1, b"under the old key");
    let old = world.recorded.take().unwrap().remove(0);
    world.flying.clear();
    for node in [1, 2] {
        reconfigure(&mut world, node, with_key(9));
    }
    for step in [Rekey::Activate, Rekey::Activate, Rekey::Retire] {
        for node in [1, 2] {
            world.handle(node, Input::Rekey(step));
        }
    }
    world.arrive(&old);
    assert!(world.delivered(2).is_empty());
    talk(&mut world);
}

#[test]
fn sealing_is_turned_on_and_off_on_line() {
    let mut world = World::running(2, |settings| settings.crypto = None);
    for crypto in [sealed(Cipher::Aes128, Hash::Sha1), None] {
        for node in [1, 2] {
            reconfigure(&mut world, node, |settings| settings.crypto.clone_from(&crypto));
            talk(&mut world);
        }
        for step in [Rekey::Activate, Rekey::Retire] {
            for node in [1, 2] {
                world.handle(node, Input::Rekey(step));
                talk(&mut world);
            }
        }
        world.run(ms(1500));
        talk(&mut world);
    }
    assert!(world.events(1).iter().all(|event| matches!(event, Event::Mtu(_))), "no link failed");
}

#[test]
fn a_bad_new_key_leaves_the_old_one() {
    let mut world = World::running(2, |_| {});
    reconfigure(&mut world, 1, |settings| settings.crypto.as_mut().unwrap().key = Vec::new());
    assert!(matches!(&world.events(1)[..], [Event::Notice(_)]));
    world.handle(1, Input::Rekey(Rekey::Activate));
    world.handle(1, Input::Rekey(Rekey::Retire));
    talk(&mut world);
}

#[test]
fn a_node_that_starts_anew_is_heard_though_its_numbers_and_clock_start_anew_too() {
    for pause in [0, 100, 300, 2000] {
        let mut world = World::running(2, |settings| settings.crypto = None);
        for number in 0..100 {
            world.send(1, &frame(number, 20));
        }
        world.run(ms(10));
        assert_eq!(world.delivered(2).len(), 100);
        world.nodes.remove(&1);
        world.flying.clear();
        world.run(ms(pause));
        let clock = world.now;
        let mut anew = settings(1, 2);
        anew.crypto = None;
        anew.seed = [99; 32];
        // Its clock starts at zero, as after a restart of the machine.
        world.start(1, anew);
        assert!(world.now == clock);
        world.run(ms(1500));
        for number in 0..50 {
            world.send(1, &frame(number, 20));
        }
        world.run(ms(10));
        assert_eq!(world.delivered(2).len(), 50, "after {pause} ms");
    }
}
