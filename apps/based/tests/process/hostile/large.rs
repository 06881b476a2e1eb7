//! Documents of 50 MB.

use client::cib::Failure;

use super::*;
use crate::world::{ROOT, in_namespace, tool};

const MIB: usize = 1 << 20;

/// Options whose values are so many bytes together.
fn options(mib: usize, mut value: impl FnMut(usize) -> String) -> Element {
    let pairs = (0..mib * 16).map(|index| {
        let id = format!("s-{index}");
        Element::new("nvpair").with("id", id).with("name", index).with("value", value(MIB / 16))
    });
    Element::new("cluster_property_set").with("id", "s").with_children(pairs)
}

/// Text that cannot be compressed to less than three quarters, from a seed.
fn noise(seed: u64) -> impl FnMut(usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = seed;
    move |length| {
        let character = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(LETTERS[(state >> 32) as usize % LETTERS.len()])
        };
        (0..length).map(character).collect()
    }
}

/// A document that compresses is a part of the CIB like any other: it is read, changed, written to disk and read from there.
#[test]
fn what_compresses_is_kept() {
    in_namespace("hostile::large::what_compresses_is_kept", async || {
        let daemon = Daemon::start(&["-w"]).await;
        daemon.forget_peak();
        let mut cib = open();
        let big = options(50, |length| "x".repeat(length));
        cib.create(Some("crm_config"), big, CallOptions::NONE).unwrap();
        cib.modify(
            Some("crm_config"),
            xml::parse("<nvpair id='s-7' value='changed'/>").unwrap(),
            CallOptions::NONE,
        )
        .unwrap();
        let found = cib.query(Some("crm_config"), CallOptions::NONE).unwrap();
        let set = found.child("cluster_property_set").unwrap();
        assert_eq!(set.children().count(), 800);
        assert_eq!(set.children().nth(8).unwrap().attr("value").map(str::len), Some(MIB / 16));
        assert_eq!(set.children().nth(7).unwrap().attr("value"), Some("changed"));
        assert!(daemon.peak_mib() < 50 * 8, "{} MiB", daemon.peak_mib());
        let before = whole();
        daemon.end();

        let file = std::fs::read_to_string(format!("{ROOT}/cib.xml")).unwrap();
        let stored = xml::parse(&file).unwrap();
        assert_eq!(stored.child("configuration"), before.child("configuration"));
        let daemon = Daemon::start(&["-w"]).await;
        assert_eq!(whole().child("configuration"), before.child("configuration"));
        daemon.end();
    });
}

/// What does not fit into a message however it is packed is refused before it is sent.
#[test]
fn what_does_not_compress_is_refused_by_the_client() {
    in_namespace("hostile::large::what_does_not_compress_is_refused_by_the_client", async || {
        let (daemon, before) = started().await;
        let mut cib = open();
        let error = cib.create(Some("crm_config"), options(50, noise(1)), CallOptions::NONE);
        let error = error.unwrap_err();
        assert!(matches!(error, CibError::NotSent(ipc::CallError::TooBig { .. })), "{error}");
        assert_eq!(error.failure(), Failure::Communication);
        let words = error.to_string();
        assert!(words.contains("of 52") && words.contains("limit of 1048576"), "{words}");
        assert_eq!(*cib.query(None, CallOptions::NONE).unwrap(), *before);

        let file = "/run/noise.xml";
        std::fs::write(file, options(5, noise(2)).to_compact()).unwrap();
        let refused = tool(&format!("cibadmin -C -o crm_config -x {file}"));
        assert_eq!(refused.code, error.exit().code(), "Debian's tool and ours: {refused:?}");
        assert!(daemon.peak_mib() < 64, "{} MiB", daemon.peak_mib());
        assert_eq!(whole(), before);
        daemon.end();
    });
}
