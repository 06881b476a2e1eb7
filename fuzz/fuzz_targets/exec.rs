//! What daemons tell each other in messages that the ring has delivered.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::exec::{Header, Incoming, cfg, cmap, cpg, sync, votequorum};

fuzz_target!(|data: &[u8]| {
    let _ = Header::decode(data);
    let _ = sync::Message::decode(data);
    let _ = cpg::Message::decode(data);
    let _ = cmap::Message::decode(data);
    let _ = cfg::Message::decode(data);
    let _ = votequorum::Message::decode(data);
    if let Ok(incoming) = Incoming::open(data.to_vec()) {
        let _ = cpg::Message::decode(incoming.message());
    }
});
