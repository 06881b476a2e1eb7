//! The sockets of `transport: udp` and `udpu`, between two network namespaces with a cable between them.
//!
//! Needs root, and the program `ip`.

mod namespace;

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use namespace::{Namespace, run};
use net::{Batch, Purpose, SocketId, SocketSettings, Sockets};

const RING: SocketId = SocketId(0);

/// Two nodes: 192.0.2.1 and fd00::1, 192.0.2.2 and fd00::2. The thread is in the second.
fn two_nodes() -> (Namespace, Namespace) {
    let first = Namespace::enter();
    let second = Namespace::enter();
    run(&format!("ip link add v0 type veth peer name v0 netns {}", first.path()));
    for (namespace, number) in [(&first, 1), (&second, 2)] {
        namespace.back();
        run("ip link set v0 up");
        run(&format!("ip address add 192.0.2.{number}/24 dev v0"));
        run(&format!("ip address add fd00::{number}/64 dev v0 nodad"));
    }
    for namespace in [&first, &second] {
        namespace.back();
        // Until the kernel has noticed that both ends are there it drops packets without a word.
        while !run("ip link show v0").contains("state UP") {}
    }
    (first, second)
}

fn open(namespace: &Namespace, local: &str, purpose: Purpose) -> Sockets {
    namespace.back();
    let mut sockets = Sockets::new();
    let settings = SocketSettings { local: local.parse().unwrap(), purpose, dscp: 46 };
    sockets.open(RING, settings).unwrap();
    sockets
}

async fn next(sockets: &mut Sockets, count: usize) -> Vec<(SocketAddr, Vec<u8>)> {
    let mut batch = Batch::new();
    let mut found = Vec::new();
    while found.len() < count {
        sockets.receive(&mut batch).await;
        found.extend(batch.packets().map(|packet| (packet.from, packet.bytes.to_vec())));
    }
    found
}

/// Sends to all and to the other node, and looks at what comes on either side.
async fn exchange(first: &mut Sockets, second: &mut Sockets, own: &str, other: &str) {
    let other: SocketAddr = other.parse().unwrap();
    let own: SocketAddr = own.parse().unwrap();
    let from = SocketAddr::new(own.ip(), own.port() - 1);
    first.send_to_group(RING, b"one");
    first.send_to_group(RING, b"two");
    first.send(b"token", [(RING, other)]);
    let found = next(second, 3).await;
    let expected = [b"one".to_vec(), b"two".to_vec(), b"token".to_vec()];
    assert_eq!(found, expected.map(|bytes| (from, bytes)));
    second.send_to_group(RING, b"three");
    // Had its own come back, they would be here first.
    let from = SocketAddr::new(other.ip(), other.port() - 1);
    assert_eq!(next(first, 1).await, [(from, b"three".to_vec())]);
    assert_eq!(first.counters(RING).unwrap().group_failures_in_a_row, 0);
}

#[test]
fn multicast_over_ipv4() {
    let (one, two) = two_nodes();
    let purpose = Purpose::Multicast { group: Ipv4Addr::new(239, 192, 1, 1).into(), ttl: 1 };
    one.back();
    one.block_on(async {
        let (own, other) = ("192.0.2.1:5405", "192.0.2.2:5405");
        let mut first = open(&one, own, purpose);
        let mut second = open(&two, other, purpose);
        exchange(&mut first, &mut second, own, other).await;
    });
}

#[test]
fn multicast_over_ipv6() {
    let (one, two) = two_nodes();
    one.block_on(async {
        for group in ["ff15::1:1", "ff02::1:1"] {
            let purpose = Purpose::Multicast { group: group.parse().unwrap(), ttl: 1 };
            let (own, other) = ("[fd00::1]:5405", "[fd00::2]:5405");
            let mut first = open(&one, own, purpose);
            let mut second = open(&two, other, purpose);
            exchange(&mut first, &mut second, own, other).await;
        }
    });
}

#[test]
fn broadcast() {
    let (one, two) = two_nodes();
    one.block_on(async {
        let (own, other) = ("192.0.2.1:5405", "192.0.2.2:5405");
        let mut first = open(&one, own, Purpose::Broadcast);
        let mut second = open(&two, other, Purpose::Broadcast);
        exchange(&mut first, &mut second, own, other).await;
    });
}

#[test]
fn unicast_comes_from_the_port_that_others_send_to() {
    let (one, two) = two_nodes();
    one.block_on(async {
        let mut first = open(&one, "192.0.2.1:5405", Purpose::Unicast);
        let mut second = open(&two, "192.0.2.2:5405", Purpose::Unicast);
        first.send(b"hello", [(RING, "192.0.2.2:5405".parse().unwrap())]);
        let from = "192.0.2.1:5405".parse().unwrap();
        assert_eq!(next(&mut second, 1).await, [(from, b"hello".to_vec())]);
        first.send_to_group(RING, b"to nobody");
        assert_eq!(first.counters(RING).unwrap().sent_packets, 1);
    });
}

#[test]
fn a_group_on_an_interface_that_is_not_there_is_an_error_until_it_comes() {
    let (_one, two) = two_nodes();
    two.block_on(async {
        let purpose = Purpose::Multicast { group: Ipv4Addr::new(239, 192, 1, 1).into(), ttl: 1 };
        let local = "198.51.100.1:5405".parse().unwrap();
        let settings = SocketSettings { local, purpose, dscp: 0 };
        let mut sockets = Sockets::new();
        let error = sockets.open(RING, settings.clone()).unwrap_err();
        assert!(error.to_string().starts_with("looking for the interface"), "{error}");
        run("ip address add 198.51.100.1/24 dev v0");
        sockets.open(RING, settings).unwrap();
    });
}

#[test]
fn the_class_of_traffic_is_in_the_header() {
    let (one, two) = two_nodes();
    two.back();
    let receiver = UdpSocket::bind("192.0.2.2:5405").unwrap();
    rustix::net::sockopt::set_ip_recvtos(&receiver, true).unwrap();
    one.block_on(async {
        let mut first = open(&one, "192.0.2.1:5405", Purpose::Unicast);
        first.send(b"hello", [(RING, "192.0.2.2:5405".parse().unwrap())]);
        assert_eq!(first.settings(RING).unwrap().dscp, 46);
    });
    assert_eq!(namespace::type_of_service(&receiver), 46 << 2);
}
