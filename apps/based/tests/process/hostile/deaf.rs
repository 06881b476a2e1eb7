//! Clients that stop reading: what waits for them is bounded, and nobody else waits.

use client::cib::{AsyncCib, NotificationKind};

use super::*;
use crate::world::in_namespace;

/// A change of so many times five bytes.
fn change(count: u32, times: usize) -> Element {
    let value = format!("{count:05}").repeat(times);
    let pair = Element::new("nvpair").with("id", "s-1").with("name", "x").with("value", value);
    Element::new("cluster_property_set").with("id", "s").with_child(pair)
}

/// One watches and does not read, one watches and does, one changes more often than messages may wait.
#[test]
fn who_watches_and_never_reads_loses_the_connection() {
    in_namespace("hostile::deaf::who_watches_and_never_reads_loses_the_connection", async || {
        const CHANGES: u32 = 6_000;
        let (daemon, _) = started().await;
        open().create(Some("crm_config"), change(CHANGES, 400), CallOptions::NONE).unwrap();
        let before = whole();
        let mut deaf = AsyncCib::connect("deaf").await.unwrap();
        deaf.subscribe(NotificationKind::Diff).await.unwrap();
        let mut listener = open();
        listener.subscribe(NotificationKind::Diff).unwrap();
        let mut writer = open();
        for count in 0..CHANGES {
            let change = change(count, 400);
            writer.modify(Some("crm_config"), change, CallOptions::CAN_CREATE).unwrap();
            assert!(listener.next_notification(LONG).unwrap().is_some());
        }
        // 8 KB for each of the messages that may wait, and what the CIB and the buffers take.
        assert!(daemon.peak_mib() < 96, "{} MiB", daemon.peak_mib());
        let mut heard = 0;
        while deaf.next().await.is_some() {
            heard += 1;
        }
        assert!((1..CHANGES).contains(&heard), "{heard} of {CHANGES} changes");
        assert_eq!(number(&whole(), "epoch") - number(&before, "epoch"), CHANGES);
        daemon.end();
    });
}

/// One asks for answers of 2 MB, compressed or not, and takes none.
#[test]
fn who_asks_and_never_reads_the_answers_loses_the_connection() {
    in_namespace(
        "hostile::deaf::who_asks_and_never_reads_the_answers_loses_the_connection",
        async || {
            let (daemon, _) = started().await;
            let mut good = open();
            for count in 0..50 {
                let mut set = change(count, 2_000);
                set.set("id", format!("set-{count}"));
                set.child_mut("nvpair").unwrap().set("id", format!("pair-{count}"));
                good.create(Some("crm_config"), set, CallOptions::NONE).unwrap();
            }
            let before = whole();
            daemon.forget_peak();
            let query = Request::query(None).with_options(CallOptions::SYNC_CALL);
            let query = query.to_element().to_compact();
            let mut raw = Raw::connect(64 << 20);
            let mut sent = 0;
            let lost = loop {
                let limit = raw.client.message_limit();
                let message =
                    Frame::encode(sent, IpcFlags::CLIENT_RESPONSE, &query, limit).unwrap();
                match raw.client.send(&message, LONG) {
                    Ok(()) if sent < 20_000 => sent += 1,
                    Ok(()) => break None,
                    Err(error) => break Some(error),
                }
                if sent % 100 == 0 {
                    good.query_xpath("//primitive", CallOptions::NONE).unwrap();
                }
            };
            assert!(lost.is_some(), "{sent} requests without an answer read");
            // The client's own three buffers, and what may wait for it.
            assert!(daemon.peak_mib() < 640, "{} MiB", daemon.peak_mib());
            assert_eq!(whole(), before);
            daemon.end();
        },
    );
}
