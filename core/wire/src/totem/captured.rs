//! Frames that corosync 3.1.7 sent over udpu between two and three nodes, without encryption.

use super::{
    ByteOrder, CommitEntry, CommitToken, Encapsulation, Frame, HoldCancel, Join, MergeDetect,
    Multicast, Packet, PacketHeader, Token,
};
use crate::{
    corosync::RingId,
    exec::{Channel, Incoming},
};

const RING: RingId = RingId { node: 1, sequence: 9 };

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// The frame is read as expected, and written again it is the same byte by byte.
fn reads(hex: &str, expected: &Frame<'_>, written: &[u8]) {
    let bytes = bytes(hex);
    assert_eq!(Frame::decode(&bytes).as_ref(), Ok(expected));
    assert_eq!(written, bytes);
}

#[test]
fn tokens() {
    let token = Token {
        node: 1,
        target: 0,
        sequence: 0,
        token_sequence: 0,
        all_received_up_to: u32::MAX,
        lowered_by: 1,
        ring: RING,
        backlog: 0,
        sent_last_rotation: 0,
        recovering: false,
        retransmit: vec![],
    };
    let first = "70c0 03 00 00 01000000 00000000 00000000 00000000 ffffffff 01000000
        01000000 0900000000000000 00000000 00000000 00000000 00000000";
    let second = "70c0 03 00 00 02000000 00000000 00000000 01000000 ffffffff 01000000
        01000000 0900000000000000 00000000 00000000 00000000 00000000";
    reads(first, &Frame::Token(token.clone()), &token.encode());
    let token = Token { node: 2, token_sequence: 1, ..token };
    reads(second, &Frame::Token(token.clone()), &token.encode());
}

#[test]
fn joins() {
    let join =
        Join { node: 1, leaving: false, ring_sequence: 5, nodes: vec![1, 2], failed: vec![] };
    reads(
        "70c0 03 03 00 01000000 00000000 01000000 02000000 00000000
         0500000000000000 01000000 02000000",
        &Frame::Join(join.clone()),
        &join.encode(),
    );
    let leave = Join { node: 2, leaving: true, ring_sequence: 9, nodes: vec![1], failed: vec![2] };
    reads(
        "70c0 03 03 00 00000000 00000000 02000000 01000000 01000000
         0900000000000000 01000000 02000000",
        &Frame::Join(leave.clone()),
        &leave.encode(),
    );
    let after = Join { node: 1, leaving: false, nodes: vec![1, 2], ..leave };
    reads(
        "70c0 03 03 00 01000000 00000000 01000000 02000000 01000000
         0900000000000000 01000000 02000000 02000000",
        &Frame::Join(after.clone()),
        &after.encode(),
    );
}

#[test]
fn commit_tokens() {
    let of_first = CommitEntry {
        ring: RingId { node: 1, sequence: 5 },
        received_up_to: 8,
        delivered_up_to: 8,
        complete: true,
    };
    let of_second = CommitEntry { ring: RingId { node: 2, sequence: 5 }, ..of_first };
    let first = CommitToken {
        node: 1,
        target: 0,
        token_sequence: 1,
        ring: RING,
        filled: 1,
        members: vec![(1, of_first), (2, CommitEntry::default())],
    };
    reads(
        "70c0 03 04 00 01000000 00000000 01000000 01000000 0900000000000000
         00000000 01000000 02000000 01000000 02000000
         01000000 0500000000000000 08000000 08000000 01000000
         00000000 0000000000000000 00000000 00000000 00000000",
        &Frame::CommitToken(first.clone()),
        &first.encode(),
    );
    let last = CommitToken {
        node: 2,
        token_sequence: 4,
        filled: 2,
        members: vec![(1, of_first), (2, of_second)],
        ..first
    };
    reads(
        "70c0 03 04 00 02000000 00000000 04000000 01000000 0900000000000000
         00000000 02000000 02000000 01000000 02000000
         01000000 0500000000000000 08000000 08000000 01000000
         02000000 0500000000000000 08000000 08000000 01000000",
        &Frame::CommitToken(last.clone()),
        &last.encode(),
    );
}

#[test]
fn probes() {
    let cancel = HoldCancel { node: 2, ring: RingId { node: 1, sequence: 0x40 } };
    reads(
        "70c0 03 05 00 02000000 00000000 01000000 4000000000000000",
        &Frame::HoldCancel(cancel),
        &cancel.encode(),
    );
    // The receiver's number is what happened to be in memory.
    let merge = bytes("70c0 03 02 00 01000000 d68db59c 01000000 01000000 0500000000000000");
    let ring = RingId { node: 1, sequence: 5 };
    assert_eq!(Frame::decode(&merge), Ok(Frame::MergeDetect(MergeDetect { node: 1, ring })));
}

/// The packet in a multicast.
fn packet(frame: &[u8]) -> (Multicast<'_>, Packet<'_>) {
    let Ok(Frame::Multicast(multicast)) = Frame::decode(frame) else { panic!("no multicast") };
    assert_eq!(multicast.header.encapsulation, Encapsulation::Plain);
    let payload = &frame[super::MULTICAST_HEADER_SIZE..];
    assert_eq!(multicast.header.encode(payload), frame);
    (multicast, Packet::decode(multicast.payload, ByteOrder::Native).unwrap())
}

#[test]
fn packed_messages() {
    let frame = bytes(
        "70c0 03 01 02 01000000 00000000 01000000 08000000 07000000 01000000 0500000000000000
         00000000 00000000
         0000 0000 00 00 0300 2500 2500 2800
         0100 0100 61 0000050000000000 2000000000000000 01000000 01000000 03000000 08000000
         0100 0100 61 0000050000000000 2000000000000000 00000000 00000000 00000000 00000000
         0100 0400 73796e63 0000000000000000 2000000000000000 01000000 0500000000000000 00000000",
    );
    let (multicast, packet) = packet(&frame);
    assert_eq!(multicast.header.sequence, 8);
    assert_eq!(multicast.header.ring, RingId { node: 1, sequence: 5 });
    assert_eq!(packet.header, PacketHeader::default());
    let channels: Vec<Channel> =
        packet.parts.iter().map(|part| Incoming::open(part.to_vec()).unwrap().channel()).collect();
    assert_eq!(channels, [Channel::Services, Channel::Services, Channel::Sync]);
}

#[test]
fn parts_of_a_long_message() {
    let frame = |hex: &str| {
        let mut frame = bytes(hex);
        // What was random in the message is left out.
        frame.resize(1455, 0);
        frame
    };
    let first = frame(
        "70c0 03 01 02 02000000 00000000 02000000 19000000 18000000 01000000 4000000000000000
         00000000 00000000 0000 0000 01 00 0100 7805 0100 0100 61",
    );
    let second = frame(
        "70c0 03 01 02 02000000 00000000 02000000 1a000000 19000000 01000000 4000000000000000
         00000000 00000000 0000 0000 02 01 0100 7805",
    );
    assert_eq!(packet(&first).1.header, PacketHeader { goes_on: 1, continues: 0 });
    assert_eq!(packet(&second).1.header, PacketHeader { goes_on: 2, continues: 1 });
    assert_eq!(packet(&second).1.parts.first().map(|part| part.len()), Some(1400));
}
