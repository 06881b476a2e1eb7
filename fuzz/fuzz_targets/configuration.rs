//! corosync.conf: the text, the keys, and what they mean.
#![no_main]

use conf::{Document, Keys, Settings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(document) = text.parse::<Document>() else { return };
    let _ = document.to_string();
    let _ = Keys::read(&document);
    let (settings, _) = Settings::read(&document);
    let _ = settings.timing();
});
