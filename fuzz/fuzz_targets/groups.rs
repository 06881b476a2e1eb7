//! Clients of process groups and messages of other nodes, in any order.
#![no_main]

use groups::{ClientId, Groups, Input, Output, Settings};
use libfuzzer_sys::fuzz_target;
use machine::{Instant, Outbox};
use vocab::NodeId;
use wire::{corosync::RingId, exec::Incoming};

const NODES: [NodeId; 3] = [NodeId(1), NodeId(2), NodeId(3)];

fuzz_target!(|data: &[u8]| {
    let mut groups = Groups::new(Settings { node: NODES[0] });
    let mut sequence = 0;
    for client in 1..=2 {
        feed(&mut groups, Input::Connected(ClientId(client)));
    }
    // A byte of what happens, two of the length, a message.
    let mut rest = data;
    while let Some((&[what, low, high], after)) = rest.split_first_chunk::<3>() {
        let length = usize::from(u16::from_le_bytes([low, high])).min(after.len());
        let (message, after) = after.split_at(length);
        rest = after;
        let client = ClientId(1 + u64::from(what >> 7));
        match what % 8 {
            0..=2 => feed(&mut groups, Input::Request { client, message }),
            3 | 4 => {
                let from = NODES[usize::from(what >> 4) % NODES.len()];
                if let Ok(message) = Incoming::open(message.to_vec()) {
                    feed(&mut groups, Input::Deliver { from, message });
                }
            }
            5 => {
                feed(&mut groups, Input::Disconnected(client));
                feed(&mut groups, Input::Connected(client));
            }
            6 => {
                sequence += 4;
                let members = &NODES[..1 + usize::from(what >> 4) % NODES.len()];
                let ring = RingId { node: 1, sequence };
                feed(&mut groups, Input::SyncInit { transitional: &NODES[..1], members, ring });
                feed(&mut groups, Input::SyncProcess);
            }
            _ => {
                feed(&mut groups, Input::SyncActivate);
                feed(&mut groups, Input::SyncCompleted);
            }
        }
    }
});

/// Gives an input; what the node tells all comes back to it at once.
fn feed(groups: &mut Groups, input: Input<'_>) {
    let mut out = Outbox::new();
    groups.handle(Instant::START, input, &mut out);
    groups.check();
    let mut returned = Vec::new();
    while let Some(output) = out.pop() {
        match output {
            Output::Multicast(message) => returned.push(message.into_bytes()),
            Output::Notice(notice) => drop(notice.to_string()),
            _ => {}
        }
    }
    for bytes in returned {
        let message = Incoming::open(bytes).expect("what we send can be read");
        feed(groups, Input::Deliver { from: NODES[0], message });
    }
}
