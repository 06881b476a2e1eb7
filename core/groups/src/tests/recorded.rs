//! A node of ours takes the place of a C node in a recorded ring: from the same messages it has to make the same messages, and
//! tell its clients the same.

use std::collections::VecDeque;

use vocab::NodeId;
use wire::{
    corosync::RingId,
    exec::{Channel, Header, Incoming, Outgoing, Service, cpg},
};

use super::{Bus, bus::name};
use crate::Settings;

enum Line {
    Ring { ring: RingId, members: Vec<NodeId>, transitional: Vec<NodeId> },
    Message { from: NodeId, message: Incoming },
}

fn nodes(text: &str) -> Vec<NodeId> {
    text.split(',').map(|node| NodeId(node.parse().unwrap())).collect()
}

fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(zeros) = rest.strip_prefix('(') {
            let (count, behind) = zeros.split_once(')').unwrap();
            bytes.resize(bytes.len() + count.parse::<usize>().unwrap(), 0);
            rest = behind;
        } else {
            let (byte, behind) = rest.split_at(2);
            bytes.push(u8::from_str_radix(byte, 16).unwrap());
            rest = behind;
        }
    }
    bytes
}

fn line(text: &str) -> Line {
    let words: Vec<_> = text.split(' ').collect();
    match words[..] {
        ["ring", node, sequence, members, transitional] => Line::Ring {
            ring: RingId { node: node.parse().unwrap(), sequence: sequence.parse().unwrap() },
            members: nodes(members),
            transitional: nodes(transitional),
        },
        [from, message] => Line::Message {
            from: NodeId(from.parse().unwrap()),
            message: Incoming::open(bytes(message)).unwrap(),
        },
        _ => panic!("{text}"),
    }
}

/// Whether it is of the services that are played here.
fn is_ours(message: &Incoming) -> bool {
    match message.channel() {
        Channel::Sync => true,
        Channel::Services => {
            let header = Header::decode(message.message()).unwrap();
            header.service == Service::Cpg.number()
        }
    }
}

/// The same but for what the C daemon leaves between fields, and what is the sender's alone.
#[track_caller]
fn assert_alike(ours: &Outgoing, theirs: &Incoming) {
    assert_eq!(ours.channel(), theirs.channel());
    assert_eq!(ours.message().len(), theirs.message().len());
    match ours.channel() {
        Channel::Sync => assert_eq!(ours.message(), theirs.message()),
        Channel::Services => {
            assert_eq!(ours.message()[..4], theirs.message()[..4]);
            let read = cpg::Message::decode(ours.message()).unwrap();
            assert_eq!(Ok(&read), cpg::Message::decode(theirs.message()).as_ref());
            if let cpg::Message::Multicast { .. } = read {
                assert_eq!(ours.message()[160..164], theirs.message()[160..164], "process id");
                assert_eq!(ours.message()[168..172], theirs.message()[168..172], "node");
                assert_eq!(ours.message()[184..], theirs.message()[184..], "payload");
            }
        }
    }
}

#[test]
#[cfg(target_endian = "little")]
fn a_node_of_ours_says_what_the_c_node_said() {
    let mut bus = Bus::alone(Settings { node: NodeId(1) });
    bus.connect("a", 1, 24_148);
    bus.connect("c", 1, 24_927);
    let mut actions: VecDeque<fn(&mut Bus)> = VecDeque::from([
        (|bus| assert_eq!(bus.join_with("a", "g", 1), 1)) as fn(&mut Bus),
        |bus| bus.send("a", "hello"),
        |bus| bus.send("a", "alone"),
        |bus| assert_eq!(bus.join_with("c", "h", 1), 1),
        |bus| {
            let (group, pid) = (name("g"), 24_148);
            let leave = wire::corosync::cpg::Request::Leave { group, pid };
            assert_eq!(bus.status("a", &leave), 1);
        },
    ]);
    let mut compared = 0;
    let recorded = include_str!("recorded.txt");
    for text in recorded.lines().filter(|text| !text.starts_with('#')) {
        match line(text) {
            Line::Ring { ring, members, transitional } => {
                assert_eq!(bus.take_queued(1), None, "nothing more than the C node said");
                bus.change(NodeId(1), &transitional, &members, ring);
            }
            Line::Message { from, message } if is_ours(&message) => {
                if from == NodeId(1) {
                    let ours = bus.take_queued(1).unwrap_or_else(|| {
                        actions.pop_front().unwrap()(&mut bus);
                        bus.take_queued(1).unwrap()
                    });
                    assert_alike(&ours, &message);
                    compared += 1;
                }
                let theirs = Outgoing::wrap(message.channel(), message.message());
                bus.deliver(from, NodeId(1), theirs);
            }
            Line::Message { .. } => {}
        }
    }
    assert_eq!((bus.take_queued(1), actions.len(), compared), (None, 0, 32));
    assert_eq!(bus.notices.len(), 4, "completed four times: {:?}", bus.notices);
    bus.expect(
        "a",
        &[
            // Both were connected when the first membership came, unlike the recorded clients.
            "totem 1 [1]",
            "confchg g m [1:24148:0] l [] j [1:24148:1]",
            "totem 1 [1]",
            "totem 1 [1, 2]",
            "confchg g m [1:24148:0 2:24361:0] l [] j [2:24361:1]",
            "deliver g 1:24148 hello",
            "confchg g m [1:24148:0] l [2:24361:3] j []",
            "totem 1 [1]",
            "deliver g 1:24148 alone",
            "confchg g m [1:24148:0 2:24361:0] l [] j [2:24361:4]",
            "totem 1 [1, 2]",
            "deliver g 2:24361 back",
            "confchg g m [1:24148:0] l [2:24361:5] j []",
            "confchg g m [] l [1:24148:2] j []",
        ],
    );
    let heard = bus.heard("c");
    let own = ["confchg h m [1:24927:0] l [] j [1:24927:1]", "totem 1 [1]", "totem 1 [1, 2]"];
    assert!(heard.ends_with(&own.map(String::from)), "{heard:?}");
}
