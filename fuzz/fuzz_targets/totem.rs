//! Frames of the ring as they come from the network, down to single messages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::totem::{ByteOrder, Frame, Packet, Witness};

fuzz_target!(|data: &[u8]| {
    // Whatever is refused is refused with a value; nothing else is asked for.
    let _ = Frame::decode(data);
    let _ = Witness::decode(data);
    for order in [ByteOrder::Native, ByteOrder::Swapped] {
        if let Ok(packet) = Packet::decode(data, order) {
            let _ = format!("{packet:?}");
        }
    }
});
