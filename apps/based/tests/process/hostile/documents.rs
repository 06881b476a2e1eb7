//! Messages that are no XML, or too much of it.

use super::*;
use crate::world::in_namespace;

/// So much the daemon may need for a message of the size that tools send.
const SMALL_MIB: u64 = 64;

#[test]
fn what_is_no_message_is_answered_and_nothing_else() {
    in_namespace(
        "hostile::documents::what_is_no_message_is_answered_and_nothing_else",
        async || {
            let (daemon, before) = started().await;
            let mut raw = Raw::connect(BUFFER);
            for document in entities().into_iter().chain(broken()) {
                let answer = raw.call(&document);
                let shown: String = document.chars().take(300).collect();
                assert!(is_nack(&answer), "{shown}\n{}", answer.to_compact());
            }
            let (front, back) = request_around();
            for piece in NO_TEXT {
                let answer = raw.call_bytes(&[front.as_bytes(), piece, back.as_bytes()].concat());
                assert!(is_nack(&answer), "{piece:?}: {}", answer.to_compact());
            }
            assert!(daemon.peak_mib() < SMALL_MIB, "{} MiB", daemon.peak_mib());
            assert_eq!(whole(), before);
            // What all of them were made from is a request that works.
            let answer = raw.call(&request("<nvpair id='s-1' name='x' value='&amp;&#xe4;'/>"));
            assert_eq!(answer.attr("cib_rc"), Some("0"), "{}", answer.to_compact());
            assert!(whole().to_compact().contains("value=\"&amp;ä\""));
            daemon.end();
        },
    );
}

/// Names and values that are long but no mistake: what the schema allows becomes a part of the CIB.
#[test]
fn long_names_and_values_are_refused_by_the_schema_or_kept() {
    in_namespace(
        "hostile::documents::long_names_and_values_are_refused_by_the_schema_or_kept",
        async || {
            let (daemon, before) = started().await;
            let mut raw = Raw::connect(BUFFER);
            let long = "x".repeat(10 << 20);
            for piece in [
                format!("<{long}/>"),
                format!("<{long}></{long}>"),
                format!("<nvpair id='s-1' name='x' {long}='1'/>"),
                format!("<nvpair id='1{long}' name='x' value='1'/>"),
                format!("<nvpair id-ref='{long}'/>"),
            ] {
                let answer = raw.call(&request(&piece));
                assert_eq!(answer.attr("cib_rc"), Some("-203"), "{}", shortened(&answer));
            }
            assert!(is_nack(&raw.call(&request(&format!("<{long}></{long}y>")))));
            assert_eq!(whole(), before);
            let pair = format!("<nvpair id='s-1' name='x' value='{long}'/>");
            let answer = raw.call(&request(&pair));
            assert_eq!(answer.attr("cib_rc"), Some("0"), "{}", shortened(&answer));
            let found = open().query_xpath("//nvpair[@id='s-1']", CallOptions::NONE).unwrap();
            assert_eq!(found.attr("value"), Some(&*long));
            assert!(daemon.peak_mib() < 300, "{} MiB", daemon.peak_mib());
            daemon.end();
        },
    );
}

/// As many elements as fit into the biggest message that any client can have uncompressed, and other nodes in the same number.
#[test]
fn more_elements_than_any_cib_has_are_refused() {
    in_namespace("hostile::documents::more_elements_than_any_cib_has_are_refused", async || {
        let (daemon, before) = started().await;
        let mut raw = Raw::connect(64 << 20);
        for (piece, mib) in [("<a/>", 63), ("x<a/>", 10), ("<!---->", 28)] {
            let text = request(&piece.repeat((mib << 20) / piece.len()));
            let answer = raw.call_bytes(text.as_bytes());
            assert!(is_nack(&answer), "{piece}: {}", shortened(&answer));
        }
        assert!(daemon.peak_mib() < 1024, "{} MiB", daemon.peak_mib());
        assert_eq!(whole(), before);
        daemon.end();
    });
}

/// Fifty thousand siblings in one message: what walks through them must not walk through all for each.
#[test]
fn very_many_siblings_hold_nobody_up() {
    in_namespace("hostile::documents::very_many_siblings_hold_nobody_up", async || {
        let (daemon, _) = started().await;
        let mut cib = open();
        let siblings = |value: usize| {
            let sibling =
                |id: usize| Element::new("x").with("id", format!("i{id}")).with("v", value);
            Element::new("status").with_children((0..50_000).map(sibling))
        };
        cib.create(Some("status"), siblings(1), CallOptions::NONE).unwrap();
        cib.modify(Some("status"), siblings(2), CallOptions::NONE).unwrap();
        cib.replace(Some("status"), siblings(3), CallOptions::NONE).unwrap();
        assert_eq!(whole().child("status").unwrap().children().count(), 50_000);
        assert!(daemon.peak_mib() < 512, "{} MiB", daemon.peak_mib());
        daemon.end();
    });
}

/// Compressed messages: one that is as much as it says, and much; others that say what is not so.
#[test]
fn compressed_messages_are_as_big_as_they_say_and_not_bigger() {
    in_namespace(
        "hostile::documents::compressed_messages_are_as_big_as_they_say_and_not_bigger",
        async || {
            let (daemon, before) = started().await;
            let mut raw = Raw::connect(BUFFER);
            let text = request(&" ".repeat(wire::FRAME_BODY_MAX - (1 << 10)));
            let bomb = Frame::encode(1, IpcFlags::CLIENT_RESPONSE, &text, BUFFER as usize).unwrap();
            assert!(bomb.len() < 100_000, "{} bytes", bomb.len());
            raw.number = 1;
            // A set without options is one of the schema's: nothing is wrong with this one but its size.
            let answer = raw.exchange(&bomb);
            assert_eq!(answer.attr("cib_rc"), Some("0"), "{}", shortened(&answer));
            assert!(daemon.peak_mib() < 1024, "{} MiB", daemon.peak_mib());
            open().delete_xpath("//cluster_property_set", CallOptions::NONE).unwrap();

            daemon.forget_peak();
            let text = request(&" ".repeat(16 << 20));
            let bomb = Frame::encode(1, IpcFlags::CLIENT_RESPONSE, &text, BUFFER as usize).unwrap();
            let packed = &bomb[wire::FRAME_HEADER_SIZE..];
            let torn = &packed[..packed.len() / 2];
            let size = text.len() + 1;
            for (plain, packed) in [
                (100, packed),
                (size - 1, packed),
                (size, torn),
                (wire::FRAME_BODY_MAX, torn),
                (100, b"BZh9"),
                (100, b"no bzip2 stream at all"),
            ] {
                raw.number += 1;
                let answer = raw.exchange(&message(raw.number, plain, packed, &[]));
                assert!(is_nack(&answer), "{plain}: {}", shortened(&answer));
            }
            // A size beyond the limit is no header to believe anything of: there is no answer to it.
            for plain in [wire::FRAME_BODY_MAX + 1, u32::MAX as usize] {
                raw.client.send(&message(99, plain, packed, &[]), LONG).unwrap();
            }
            assert!(is_nack(&raw.call("")));
            assert!(daemon.peak_mib() < 128, "{} MiB", daemon.peak_mib());
            let after = whole();
            assert_eq!(after.child("configuration"), before.child("configuration"));
            daemon.end();
        },
    );
}

/// Entities of documents, of files, and of nobody.
fn entities() -> Vec<String> {
    let pair = |value: &str| request(&format!("<nvpair id='s-1' name='x' value='{value}'/>"));
    let mut laughs = "<!DOCTYPE x [<!ENTITY l0 'ha'>".to_owned();
    for level in 1..10 {
        let ten = format!("&l{};", level - 1).repeat(10);
        laughs.push_str(&format!("<!ENTITY l{level} '{ten}'>"));
    }
    laughs.push_str("]>");
    let file = "<!DOCTYPE x [<!ENTITY f SYSTEM 'file:///etc/passwd'>]>";
    let parameter = "<!DOCTYPE x [<!ENTITY % p SYSTEM 'file:///etc/passwd'>%p;]>";
    let mut all = vec![
        laughs.clone() + &pair("&l9;"),
        laughs + &request("&l9;"),
        file.to_owned() + &pair("&f;"),
        file.to_owned() + &request("&f;"),
        parameter.to_owned() + &pair("1"),
        "<!DOCTYPE x SYSTEM 'http://127.0.0.1/x.dtd'>".to_owned() + &pair("1"),
        "<!DOCTYPE cib_command>".to_owned() + &pair("1"),
    ];
    for reference in [
        "&nothing;",
        "&l9;",
        "&;",
        "&#0;",
        "&#x1;",
        "&#xD800;",
        "&#xFFFE;",
        "&#x110000;",
        "&#-1;",
        "&",
    ] {
        all.extend([pair(reference), request(reference)]);
    }
    all.extend([pair("&#99999999999999999999;"), pair(&format!("&{};", "x".repeat(100_000)))]);
    all
}

/// Text that is no XML, or too deep, or has more in it than anything real.
fn broken() -> Vec<String> {
    let attributes: String = (0..100_000).map(|index| format!(" a{index}='1'")).collect();
    let children = |count: usize| "<a>".repeat(count) + &"</a>".repeat(count);
    vec![
        String::new(),
        " ".repeat(100_000),
        "<".to_owned(),
        "<cib_command".to_owned(),
        "<cib_command/><cib_command/>".to_owned(),
        "primitive x".to_owned(),
        request("<nvpair id='s-1'"),
        request("<nvpair id='s-1' id='s-2'/>"),
        request("<nvpair></nvpairs>"),
        request("</cluster_property_set>"),
        request("<![CDATA[ "),
        request("<!-- "),
        request("\u{1}"),
        request("<a b='\u{8}'/>"),
        request("<a b='\u{ffff}'/>"),
        request("<a\u{0}b/>"),
        request("<nvpair id='s-1\u{0}'/>"),
        request("\u{0}"),
        request(&children(100_000)),
        "<a>".repeat(300_000),
        request(&format!("<nvpair id='s-1'{attributes}/>")),
    ]
}

/// Bytes that are no UTF-8: a lone continuation, a sequence that breaks off, two over-long forms, half of a pair of
/// surrogates, a number beyond the last character, a byte that never occurs, a byte order mark of UTF-16.
const NO_TEXT: [&[u8]; 8] = [
    b"<a b='\x80'/>",
    b"<a b='\xe4\xbd'/>",
    b"<a b='\xc0\xbc'/>",
    b"\xe0\x80\xbca/>",
    b"<a b='\xed\xa0\x80'/>",
    b"<a b='\xf4\x90\x80\x80'/>",
    b"<\xff/>",
    b"\xff\xfe<\x00a\x00",
];
