//! The beginning of a local connection, and what Pacemaker puts in front of XML on it and between nodes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{
    Frame, PeerMessage,
    qb::{ConnectionRequest, ConnectionResponse, RequestHeader, ResponseHeader},
};

fuzz_target!(|data: &[u8]| {
    let _ = RequestHeader::decode(data);
    let _ = ResponseHeader::decode(data);
    let _ = ConnectionRequest::decode(data);
    let _ = ConnectionResponse::decode(data);
    let _ = Frame::decode(data);
    let _ = PeerMessage::decode(data);
});
