//! Clients of the configuration map that ask for anything in any order.
#![no_main]

use cmap::{ClientId, Input, Maps, Request, is_key_name};
use libfuzzer_sys::fuzz_target;
use machine::Outbox;

fuzz_target!(|data: &[u8]| {
    if let Ok(name) = std::str::from_utf8(data) {
        let _ = is_key_name(name);
    }
    let mut maps = Maps::new();
    let mut out = Outbox::new();
    let clients = [ClientId(1), ClientId(2)];
    for client in clients {
        maps.handle(Input::Connected(client), &mut out).expect("a client has no key");
    }
    // A byte of the client, two of the length, the request.
    let mut rest = data;
    while let Some((&[who, low, high], after)) = rest.split_first_chunk::<3>() {
        let length = usize::from(u16::from_le_bytes([low, high])).min(after.len());
        let (message, after) = after.split_at(length);
        rest = after;
        if let Ok(request) = Request::decode(message) {
            let client = clients[usize::from(who % 2)];
            let _ = maps.reads_statistic(client, &request);
            let _ = maps.handle(Input::Request { client, request }, &mut out);
        }
        while out.pop().is_some() {}
    }
    for client in clients {
        maps.handle(Input::Disconnected(client), &mut out).expect("a client has no key");
    }
});
