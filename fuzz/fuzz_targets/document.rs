//! Documents as a client or a file gives them: XML, what is written of it, and whether it is a CIB.
#![no_main]

use libfuzzer_sys::fuzz_target;
use schema::Schema;
use xml::Limits;

const LIMITS: Limits = Limits { bytes_max: 1 << 20, depth_max: 256, nodes_max: 20_000 };

fuzz_target!(|data: &[u8]| {
    let Ok(document) = xml::parse_bytes(data, LIMITS) else { return };
    let compact = document.to_compact();
    let again = xml::parse_with(&compact, LIMITS).expect("what is written is read");
    assert_eq!(again.to_compact(), compact, "and is the same");
    let _ = xml::parse(&document.to_pretty()).expect("what is written for people is read");
    for schema in Schema::all() {
        let is_valid = schema::is_valid(&document, schema);
        assert_eq!(schema::validate(&document, schema).is_empty(), is_valid, "both say the same");
    }
    let _ = schema::upgrade(&document, Schema::NEWEST);
});
