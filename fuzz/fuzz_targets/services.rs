//! Requests to the ring's local services, and the answers and events that clients read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::corosync::{cfg, cmap, cpg, decode_status, quorum, votequorum};

fuzz_target!(|data: &[u8]| {
    requests(data);
    events_and_answers(data);
});

fn requests(data: &[u8]) {
    let _ = cpg::Kind::decode(data);
    let _ = cpg::Multicast::decode(data);
    let _ = cpg::PartialMulticast::decode(data);
    if let Ok(request) = cpg::Request::decode(data) {
        assert_eq!(cpg::Request::decode(&request.encode()), Ok(request));
    }
    let _ = quorum::Request::decode(data);
    let _ = votequorum::Request::decode(data);
    let _ = cfg::Request::decode(data);
    let _ = cmap::Request::decode(data);
}

fn events_and_answers(data: &[u8]) {
    let _ = decode_status(data);
    let _ = cpg::Event::decode(data);
    let _ = cpg::decode_local_get(data);
    let _ = cpg::decode_membership(data);
    let _ = cpg::decode_iteration(data);
    let _ = cpg::decode_iteration_next(data);
    let _ = quorum::Event::decode(data);
    let _ = quorum::decode_number(data);
    let _ = votequorum::Event::decode(data);
    let _ = votequorum::Info::decode(data);
    let _ = cfg::NodeStatus::decode(data);
    let _ = cfg::decode_node_addresses(data);
    let _ = cfg::decode_ring_status(data);
    let _ = cfg::decode_local_get(data);
    let _ = cfg::decode_test_shutdown(data);
    let _ = cmap::decode_get(data);
    let _ = cmap::decode_get_size(data);
    let _ = cmap::decode_handle(data);
    let _ = cmap::decode_iterate_next(data);
    let _ = cmap::Notification::decode(data);
}
