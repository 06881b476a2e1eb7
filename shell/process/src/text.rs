/// Bytes that a program wrote, as text that XML can carry: what is not UTF-8, and control characters other than white space,
/// become replacement characters.
pub fn printable(bytes: &[u8]) -> String {
    let allowed = |c: char| {
        matches!(c, '\t' | '\n' | '\r') || !(c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))
    };
    String::from_utf8_lossy(bytes)
        .chars()
        .map(|c| if allowed(c) { c } else { char::REPLACEMENT_CHARACTER })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_xml_can_carry_is_left() {
        assert_eq!(printable(b"a\tb\n\x1b[1m\0\xff"), "a\tb\n\u{fffd}[1m\u{fffd}\u{fffd}");
        assert_eq!(printable("grün".as_bytes()), "grün");
    }
}
