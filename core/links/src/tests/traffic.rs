//! Frames get where they should, once and whole.

use super::*;

const CIPHERS: [Cipher; 4] = [Cipher::None, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256];
const HASHES: [Hash; 5] = [Hash::Md5, Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512];

/// Sends frames of many sizes both ways and wants all of them to arrive.
fn exchange(world: &mut World) {
    let frames: Vec<_> = [4, 100, 1379, 1400, 1500, 8000, 65_536]
        .into_iter()
        .map(|size| frame(size, size))
        .collect();
    for frame in &frames {
        world.send(1, frame);
        world.handle(2, Input::Send { to: Destination::Node(NodeId(1)), frame });
    }
    world.run(ms(20));
    assert_eq!(world.delivered(2), frames);
    assert_eq!(world.delivered(1), frames);
}

#[test]
fn sealed_in_every_way_or_not_at_all() {
    for cipher in CIPHERS {
        for hash in HASHES {
            let crypto = sealed(cipher, hash);
            exchange(&mut World::running(2, |settings| settings.crypto.clone_from(&crypto)));
        }
    }
    exchange(&mut World::running(2, |settings| settings.crypto = None));
}

#[test]
fn compressed_in_every_way() {
    use CompressionModel::{Bzip2, Lz4, Lz4hc, Zlib};
    for model in [Zlib, Lz4, Lz4hc, Bzip2] {
        let compression = Some(Compression { model, threshold: 1000, level: 6 });
        let mut world = World::running(2, |settings| settings.compression = compression);
        exchange(&mut world);
        let statistics = *world.node(1).links.statistics();
        assert!(statistics.sent_uncompressed_packets >= 2, "two frames are below the threshold");
        let sent = statistics.sent_compressed;
        assert!(sent.packets >= 3 && sent.compressed_bytes < sent.original_bytes / 2, "{sent:?}");
        assert_eq!(world.node(2).links.statistics().received_compressed, sent);
    }
}

#[test]
fn every_mode_delivers_once() {
    for (mode, used) in
        [(LinkMode::Passive, [7, 0]), (LinkMode::Active, [7, 7]), (LinkMode::RoundRobin, [3, 4])]
    {
        let mut world = World::running(2, |settings| settings.mode = mode);
        for number in 0..7 {
            world.send(1, &frame(number, 50));
        }
        world.run(ms(20));
        assert_eq!(world.delivered(2), (0..7).map(|n| frame(n, 50)).collect::<Vec<_>>());
        for link in [0, 1] {
            let status = world.status(1, 2, link);
            assert_eq!(status.statistics.data.sent_packets, used[usize::from(link)], "{mode:?}");
            assert_eq!(
                world.status(2, 1, link).statistics.data.received_packets,
                used[usize::from(link)]
            );
        }
    }
}

#[test]
fn a_broadcast_is_sealed_once() {
    let mut world = World::running(4, |_| {});
    world.nodes.get_mut(&1).unwrap().links.clear_statistics();
    world.send(1, &frame(1, 100));
    assert_eq!(world.node(1).links.statistics().sent_sealed_packets, 1);
    world.run(ms(5));
    for node in 2..=4 {
        assert_eq!(world.delivered(node), [frame(1, 100)]);
    }
    world.handle(1, Input::Send { to: Destination::Node(NodeId(3)), frame: b"you" });
    world.run(ms(5));
    assert_eq!(world.delivered(3), [b"you".to_vec()]);
    assert!(world.delivered(2).is_empty() && world.delivered(4).is_empty());
}

#[test]
fn a_bad_network_loses_but_neither_doubles_nor_garbles() {
    let mut world = World::running(2, |settings| settings.mode = LinkMode::Active);
    world.loss_percent = 10;
    world.double_percent = 20;
    world.jitter = ms(5);
    for number in 0..2000 {
        let size = [20, 1000, 5000][number % 3];
        world.send(1, &frame(number, size));
        world.run(ms(1));
    }
    world.run(ms(1100));
    let delivered = world.delivered(2);
    let mut seen = BTreeSet::new();
    for got in &delivered {
        let number = usize::try_from(u32::from_be_bytes(got[..4].try_into().unwrap())).unwrap();
        assert_eq!(*got, frame(number, [20, 1000, 5000][number % 3]));
        assert!(seen.insert(number), "frame {number} came twice");
    }
    // Either link loses a tenth of the packets; a frame of four parts is lost if some part is lost twice.
    assert!(seen.len() > 1850, "{}", seen.len());
    assert_eq!(world.node(2).links.statistics().refused_packets, 0);
}

#[test]
fn numbers_go_round() {
    let mut world = World::running(2, |settings| settings.crypto = None);
    for number in 0..200_000 {
        world.send(1, &frame(number, 10));
        if number % 200 == 0 {
            world.run(ms(1));
        }
    }
    world.run(ms(5));
    let delivered = world.delivered(2);
    assert_eq!(delivered.len(), 200_000);
    assert!(delivered.iter().enumerate().all(|(number, got)| *got == frame(number, 10)));
}

#[test]
fn nothing_goes_to_nobody() {
    let mut world = World::new(2, |_| {});
    world.send(1, b"too early");
    world.run(ms(1500));
    world.send(1, &[]);
    world.send(1, &vec![0; 65_537]);
    world.handle(1, Input::Send { to: Destination::Node(NodeId(9)), frame: b"who" });
    world.run(ms(10));
    assert!(world.delivered(2).is_empty());
    assert_eq!(world.node(1).links.statistics().unsent_frames, 4);
}
