//! Bytes that nobody in his right mind sends.

use machine::{Instant, Outbox};
use proptest::prelude::*;
use vocab::NodeId;
use wire::{
    WireError,
    corosync::{
        RingId,
        cpg::{Guarantee, Iteration, Multicast, Part, PartialMulticast, Request, encode_multicast},
    },
    exec::{
        Channel, Incoming, Outgoing, Service,
        cpg::{self, Process, Sender},
        sync::Message,
    },
    qb,
};

use super::{Bus, bus::name};
use crate::{
    Notice,
    sync::{self, Barrier},
};

fn one() -> Bus {
    let mut bus = Bus::new(&[1, 2]);
    bus.connect("a", 1, 11);
    bus.join("a", "g");
    bus.heard("a");
    bus.notices.clear();
    bus
}

fn hear(bus: &mut Bus, from: u32, message: &[u8]) {
    let message = Outgoing::wrap(Channel::Services, message);
    bus.deliver(NodeId(from), NodeId(1), message);
}

#[test]
fn messages_of_nodes_without_a_process_in_the_group_are_dropped() {
    let mut bus = one();
    let group = name("g");
    let sender = Sender { group: &group, node: 2, pid: 21, connection: 0 };
    let request = Multicast { guarantee: Guarantee::Agreed, payload: b"x" };
    let message = cpg::encode_multicast(&sender, &request);
    bus.deliver(NodeId(2), NodeId(1), message.clone());
    bus.expect("a", &[]);
    assert_eq!(bus.notices, ["Unknown node -> we will not deliver message"]);
    assert_eq!(bus.groups(1).statistics().unknown_senders, 1);
    // Nobody listens to this group: nothing to say about it.
    let other = name("other");
    let message = cpg::encode_multicast(&Sender { group: &other, ..sender }, &request);
    bus.deliver(NodeId(2), NodeId(1), message);
    assert_eq!(bus.notices.len(), 1);
}

#[test]
fn reports_that_cannot_be_are_dropped_and_counted() {
    let mut bus = one();
    let process = |pid, group| Process { pid, group: name(group) };
    // Of a process that was never there; the C daemon tells its clients that it left.
    hear(&mut bus, 2, cpg::encode_leave(&process(21, "g"), 2).message());
    hear(&mut bus, 2, cpg::encode_leave(&process(21, "nowhere"), 5).message());
    // Of another node's process.
    hear(&mut bus, 2, cpg::encode_leave(&process(11, "g"), 2).message());
    assert_eq!(bus.groups(1).statistics().unknown_leavers, 3);
    // For a reason that there is not.
    hear(&mut bus, 1, cpg::encode_leave(&process(11, "g"), 3).message());
    bus.expect("a", &[]);
    // Twice there is once there.
    hear(&mut bus, 2, cpg::encode_join(&process(21, "g")).message());
    hear(&mut bus, 2, cpg::encode_join(&process(21, "g")).message());
    bus.expect("a", &["confchg g m [1:11:0 2:21:0] l [] j [2:21:1]"]);
    assert_eq!(bus.groups(1).statistics().malformed_messages, 1);
}

#[test]
fn messages_that_cannot_be_read_are_dropped_and_counted() {
    let mut bus = one();
    let join = cpg::encode_join(&Process { pid: 21, group: name("g") });
    let mut long_name = join.message().to_vec();
    long_name[16..20].copy_from_slice(&129_u32.to_ne_bytes());
    let mut unknown = join.message().to_vec();
    unknown[0..4].copy_from_slice(&(2_i32 << 16 | 7).to_ne_bytes());
    let cut = &join.message()[..100];
    for bytes in [&[][..], &[0; 16], cut, &long_name, &unknown] {
        hear(&mut bus, 2, bytes);
    }
    assert_eq!(bus.groups(1).statistics().malformed_messages, 5);
    assert_eq!(bus.notices.len(), 5);
    bus.expect("a", &[]);
}

#[test]
fn requests_that_cannot_be_read_are_refused_and_counted() {
    let mut bus = one();
    let error = |answer: Option<Vec<u8>>| answer.map(|a| qb::ResponseHeader::decode(&a).unwrap());
    let join = Request::Join { group: name("g"), pid: 1, flags: 0 }.encode();
    let mut long_name = join.clone();
    long_name[16..20].copy_from_slice(&129_u32.to_ne_bytes());
    let refused = error(bus.request("a", &long_name)).unwrap();
    assert_eq!((refused.id, refused.error), (0, 13));
    let mut short = join[..40].to_vec();
    short[8..12].copy_from_slice(&40_i32.to_ne_bytes());
    let mut unknown = join.clone();
    unknown[0..4].copy_from_slice(&13_i32.to_ne_bytes());
    for bytes in [&[][..], &join[..100], &short, &unknown] {
        let refused = error(bus.request("a", bytes)).unwrap();
        assert_eq!((refused.id, refused.error), (0, 7));
    }
    let mut lies = encode_multicast(Guarantee::Agreed, b"short");
    lies[32..36].copy_from_slice(&6_u32.to_ne_bytes());
    assert_eq!(bus.request("a", &lies), None, "such requests are never answered");
    assert_eq!(bus.groups(1).statistics().malformed_requests, 6);
    assert_eq!(bus.join("a", "g"), 14, "the client is where it was");
}

#[test]
fn a_group_that_c_clients_have_no_room_for_is_not_made_bigger() {
    let mut bus = one();
    for pid in 100..228 {
        hear(&mut bus, 2, cpg::encode_join(&Process { pid, group: name("g") }).message());
    }
    bus.connect("b", 1, 12);
    assert_eq!(bus.join_with("b", "g", 0), 18);
    assert_eq!(bus.heard("a").len(), 128);
}

fn handle(barrier: &mut Barrier, input: sync::Input<'_>) -> Vec<sync::Output> {
    let mut out = Outbox::new();
    barrier.handle(Instant::START, input, &mut out);
    out.drain().collect()
}

#[test]
fn the_barrier_goes_on_only_with_what_members_say_in_turn() {
    let ring = RingId { node: 1, sequence: 8 };
    let members = [NodeId(1), NodeId(2)];
    let mut barrier = Barrier::new(sync::Settings { services: vec![Service::Cpg] });
    handle(&mut barrier, sync::Input::Regular { ring, members: &members });
    let mut said = |from, message: &Message| {
        let sent = message.encode();
        let message = sent.message();
        handle(&mut barrier, sync::Input::Deliver { from: NodeId(from), message })
    };
    let list = Message::Services { ring, services: vec![2] };
    let report = Message::Barrier { ring };
    let out_of_turn = |node| sync::Output::Notice(sync::Notice::OutOfTurn { node: NodeId(node) });
    let stranger = sync::Notice::Stranger { node: NodeId(3) };
    assert_eq!(said(1, &report), [out_of_turn(1)]);
    assert_eq!(said(3, &list), [sync::Output::Notice(stranger)]);
    assert_eq!(said(1, &Message::Services { ring: RingId::default(), services: vec![] }), []);
    assert_eq!(said(1, &list), []);
    assert_eq!(said(1, &list), [], "once more is once");
    assert_eq!(said(2, &list), [sync::Output::Process(Service::Cpg)]);
    assert_eq!(said(2, &list), [out_of_turn(2)]);
    assert_eq!(said(2, &report), []);
    let node = NodeId(2);
    let message = &[0; 3];
    let output = handle(&mut barrier, sync::Input::Deliver { from: node, message });
    assert!(matches!(
        output[..],
        [sync::Output::Notice(sync::Notice::Malformed { error: WireError::Truncated { .. }, .. })]
    ));
}

/// Every kind of message between daemons, whole.
fn samples() -> Vec<Vec<u8>> {
    let group = name("g");
    let process = Process { pid: 21, group: group.clone() };
    let sender = Sender { group: &group, node: 2, pid: 21, connection: 0 };
    let (guarantee, payload) = (Guarantee::Agreed, &b"payload"[..]);
    let part = PartialMulticast { guarantee, total: 20, part: Part::First, payload };
    [
        cpg::encode_join(&process),
        cpg::encode_leave(&process, 2),
        cpg::encode_join_list(&[process.clone(), process]),
        cpg::encode_down_list(2, &[1, 2]),
        cpg::encode_multicast(&sender, &Multicast { guarantee, payload }),
        cpg::encode_partial_multicast(&sender, &part),
    ]
    .map(|sent| sent.message().to_vec())
    .to_vec()
}

/// Every kind of request, whole.
fn requests() -> Vec<Vec<u8>> {
    let (guarantee, payload) = (Guarantee::Agreed, b"payload".to_vec());
    [
        Request::Join { group: name("h"), pid: 11, flags: 1 },
        Request::Leave { group: name("g"), pid: 11 },
        Request::Multicast { guarantee, payload: payload.clone() },
        Request::PartialMulticast { guarantee, total: 9, part: Part::First, payload },
        Request::Membership { group: name("g") },
        Request::Iteration(Iteration::OneGroup(name("g"))),
        Request::IterationNext { handle: 1 },
        Request::IterationEnd { handle: 1 },
        Request::Finalize,
    ]
    .iter()
    .map(Request::encode)
    .collect()
}

/// One of these, with some bytes changed and perhaps cut.
fn damaged(whole: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    (prop::sample::select(whole), changes, any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |(mut bytes, changes, end, cut)| {
            for (index, byte) in changes {
                // Most of what is worth changing stands in the first words.
                let at = index.index(bytes.len() * 4) % bytes.len().min(200);
                bytes[at] = byte;
            }
            if cut {
                bytes.truncate(end.index(bytes.len() + 1));
            }
            bytes
        },
    )
}

proptest! {
    #[test]
    fn damaged_messages_and_requests_hurt_nobody(
        messages in prop::collection::vec(damaged(samples()), 0..12),
        asked in prop::collection::vec(damaged(requests()), 0..12),
    ) {
        let mut bus = one();
        for message in &messages {
            hear(&mut bus, 2, message);
        }
        for request in &asked {
            bus.request("a", request);
            bus.settle();
        }
        bus.form(&[&[1], &[2]]);
        bus.form(&[&[1, 2]]);
        bus.disconnect("a");
        bus.settle();
    }

    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
        let _ = Incoming::open(bytes.clone());
        let _ = Message::decode(&bytes);
        let _ = cpg::Message::decode(&bytes);
        let _ = wire::exec::cfg::Message::decode(&bytes);
        let _ = wire::exec::cmap::Message::decode(&bytes);
        let mut enveloped = Outgoing::wrap(Channel::Services, &bytes).into_bytes();
        enveloped.truncate(600);
        prop_assert!(Incoming::open(enveloped).is_ok());
    }
}

#[test]
fn notices_name_who_sent_what() {
    let error = WireError::Invalid { field: "reason", value: 3 };
    let notice = Notice::MalformedMessage { node: NodeId(2), error };
    assert_eq!(notice.to_string(), "dropped a message of node 2 that cannot be read: reason is 3");
}
