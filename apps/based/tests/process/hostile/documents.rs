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
