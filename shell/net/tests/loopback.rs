//! Sockets over the loopback interface of a network namespace of the test's own.
//!
//! Needs root, and the programs `ip` and `tc`.

mod namespace;

use std::net::SocketAddr;

use namespace::{Namespace, run};
use net::{
    AddressWatch, Batch, Failure, Purpose, SocketId, SocketSettings, Sockets, local_addresses,
};

const ONE: SocketId = SocketId(1);
const TWO: SocketId = SocketId(2);

fn link(local: &str) -> SocketSettings {
    SocketSettings { local: address(local), purpose: Purpose::Link, dscp: 0 }
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// The next packets, as socket, sender and bytes.
async fn packets(sockets: &mut Sockets, count: usize) -> Vec<(SocketId, SocketAddr, Vec<u8>)> {
    let mut batch = Batch::new();
    let mut found = Vec::new();
    while found.len() < count {
        sockets.receive(&mut batch).await;
        found.extend(batch.packets().map(|p| (p.socket, p.from, p.bytes.to_vec())));
    }
    found
}

async fn failure(sockets: &mut Sockets) -> Failure {
    let mut batch = Batch::new();
    loop {
        sockets.receive(&mut batch).await;
        if let Some(&failure) = batch.failures().first() {
            return failure;
        }
    }
}

fn bytes(length: usize, seed: usize) -> Vec<u8> {
    (0..length).map(|i| u8::try_from((i + seed) % 251).unwrap()).collect()
}

#[test]
fn packets_of_all_sizes_come_in_order() {
    Namespace::enter().block_on(async {
        for (one, two) in [("127.0.0.1:5405", "127.0.0.2:5406"), ("[::1]:5405", "[::1]:5406")] {
            let mut sockets = Sockets::new();
            sockets.open(ONE, link(one)).unwrap();
            sockets.open(TWO, link(two)).unwrap();
            // IPv6 has 20 bytes of header more.
            let sizes = [0, 1, 28, 1400, 9000, 65_487];
            for (seed, &size) in sizes.iter().enumerate() {
                sockets.send(&bytes(size, seed), [(ONE, address(two))]);
            }
            let expected: Vec<_> = sizes
                .iter()
                .enumerate()
                .map(|(seed, &size)| (TWO, address(one), bytes(size, seed)))
                .collect();
            assert_eq!(packets(&mut sockets, sizes.len()).await, expected);
            let counters = sockets.counters(ONE).unwrap();
            assert_eq!((counters.sent_packets, counters.send_errors), (6, 0));
            assert_eq!(sockets.counters(TWO).unwrap().received_packets, 6);
        }
    });
}

#[test]
fn one_packet_goes_to_many_addresses_over_several_sockets() {
    Namespace::enter().block_on(async {
        let mut sockets = Sockets::new();
        sockets.open(ONE, link("127.0.0.1:5405")).unwrap();
        sockets.open(TWO, link("127.0.0.1:5406")).unwrap();
        let one = std::iter::repeat_n((ONE, address("127.0.0.1:5406")), 150);
        let two = std::iter::repeat_n((TWO, address("127.0.0.1:5405")), 3);
        sockets.send(b"token", one.chain(two));
        let found = packets(&mut sockets, 153).await;
        assert_eq!(found.iter().filter(|(socket, ..)| *socket == TWO).count(), 150);
        assert_eq!(found.iter().filter(|(socket, ..)| *socket == ONE).count(), 3);
        assert!(found.iter().all(|(_, _, bytes)| bytes == b"token"));
    });
}

#[test]
fn nobody_listens_is_reported_and_others_get_all_their_packets() {
    Namespace::enter().block_on(async {
        for (one, two, nobody) in [
            ("127.0.0.1:5405", "127.0.0.1:5406", "127.0.0.3:5405"),
            ("[::1]:5405", "[::1]:5406", "[::1]:5407"),
        ] {
            let mut sockets = Sockets::new();
            sockets.open(ONE, link(one)).unwrap();
            sockets.open(TWO, link(two)).unwrap();
            for _ in 0..100 {
                sockets.send(b"ping", [(ONE, address(nobody)), (ONE, address(two))]);
            }
            let mut batch = Batch::new();
            let (mut came, mut reported) = (0, 0);
            while came < 100 || reported == 0 {
                sockets.receive(&mut batch).await;
                came += batch.packets().count();
                for &failure in batch.failures() {
                    assert_eq!(failure, Failure::Unreachable { socket: ONE, to: address(nobody) });
                    reported += 1;
                }
            }
            assert_eq!(came, 100);
        }
    });
}

#[test]
fn a_report_alone_wakes_the_loop() {
    Namespace::enter().block_on(async {
        let mut sockets = Sockets::new();
        sockets.open(ONE, link("127.0.0.1:5405")).unwrap();
        let nobody = address("127.0.0.3:5405");
        sockets.send(b"ping", [(ONE, nobody)]);
        let expected = Failure::Unreachable { socket: ONE, to: nobody };
        assert_eq!(failure(&mut sockets).await, expected);
    });
}

#[test]
fn no_way_to_an_address_is_reported() {
    Namespace::enter().block_on(async {
        let mut sockets = Sockets::new();
        sockets.open(ONE, link("127.0.0.1:5405")).unwrap();
        let to = address("192.0.2.1:5405");
        sockets.send(b"ping", [(ONE, to)]);
        assert_eq!(failure(&mut sockets).await, Failure::Unreachable { socket: ONE, to });
        assert_eq!(sockets.counters(ONE).unwrap().send_errors, 1);
    });
}

#[test]
fn what_is_too_big_is_reported_with_the_size_that_is_not() {
    Namespace::enter().block_on(async {
        run("ip link set lo mtu 1500");
        for (local, to, header) in
            [("127.0.0.1:5405", "127.0.0.2:5405", 28), ("[::1]:5405", "[::1]:5406", 48)]
        {
            let mut sockets = Sockets::new();
            sockets.open(ONE, link(local)).unwrap();
            let to = address(to);
            sockets.send(&vec![0; 1501 - header], [(ONE, to)]);
            let expected = Failure::TooBig { socket: ONE, to, mtu: Some(1500) };
            assert_eq!(failure(&mut sockets).await, expected);
            assert_eq!(sockets.counters(ONE).unwrap().sent_packets, 0);
            sockets.send(&vec![0; 1500 - header], [(ONE, to)]);
            assert_eq!(sockets.counters(ONE).unwrap().sent_packets, 1);
        }
    });
}

#[test]
fn what_the_network_has_no_room_for_is_sent_later_in_order() {
    Namespace::enter().block_on(async {
        // Eight packets fit; the ninth gets ENOBUFS.
        run("tc qdisc add dev lo root tbf rate 100mbit burst 16kb limit 12kb");
        let mut sockets = Sockets::new();
        sockets.open(ONE, link("127.0.0.1:5405")).unwrap();
        sockets.open(TWO, link("127.0.0.1:5406")).unwrap();
        for number in 0..300_u32 {
            let mut packet = vec![0; 1400];
            packet[..4].copy_from_slice(&number.to_ne_bytes());
            sockets.send(&packet, [(ONE, address("127.0.0.1:5406"))]);
        }
        let counters = sockets.counters(ONE).unwrap();
        assert!(counters.send_retries > 0, "{counters:?}");
        let numbers: Vec<_> = packets(&mut sockets, 300)
            .await
            .into_iter()
            .map(|(_, _, bytes)| u32::from_ne_bytes(bytes[..4].try_into().unwrap()))
            .collect();
        assert_eq!(numbers, (0..300).collect::<Vec<_>>());
        assert_eq!(sockets.counters(ONE).unwrap().send_dropped, 0);
    });
}

#[test]
fn a_link_s_address_may_come_later() {
    Namespace::enter().block_on(async {
        let mut watch = AddressWatch::start().unwrap();
        let mut sockets = Sockets::new();
        sockets.open(ONE, link("192.0.2.1:5405")).unwrap();
        sockets.open(TWO, link("127.0.0.1:5406")).unwrap();
        let has = |wanted: &str| {
            let addresses = local_addresses().unwrap();
            addresses.iter().any(|one| one.address == wanted.parse::<std::net::IpAddr>().unwrap())
        };
        assert!(!has("192.0.2.1"));
        run("ip address add 192.0.2.1/24 dev lo");
        while !has("192.0.2.1") {
            watch.changed().await;
        }
        sockets.send(b"now", [(TWO, address("192.0.2.1:5405"))]);
        let expected = vec![(ONE, address("127.0.0.1:5406"), b"now".to_vec())];
        assert_eq!(packets(&mut sockets, 1).await, expected);
        run("ip address delete 192.0.2.1/24 dev lo");
        while has("192.0.2.1") {
            watch.changed().await;
        }
    });
}

#[test]
fn a_flood_on_one_link_leaves_room_for_another() {
    Namespace::enter().block_on(async {
        let mut sockets = Sockets::new();
        sockets.open(ONE, link("127.0.0.1:5405")).unwrap();
        sockets.open(TWO, link("127.0.0.1:5406")).unwrap();
        let flood = std::iter::repeat_n((ONE, address("127.0.0.1:5405")), 500);
        sockets.send(b"flood", flood);
        sockets.send(b"token", [(ONE, address("127.0.0.1:5406"))]);
        let found = packets(&mut sockets, 64).await;
        assert!(found.iter().any(|(socket, ..)| *socket == TWO), "within two batches");
    });
}
