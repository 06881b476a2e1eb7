/// Names and values in the order in which they were given, each name once.
pub type Pairs = Vec<(String, String)>;

/// Whether the text is a score: an integer, `INFINITY`, `+INFINITY` or `-INFINITY`.
pub fn is_score(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    digits == "INFINITY" || (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The seconds that an interval or timeout says: a number with `s`, `sec`, `m`, `min`, `h`, `hr` or nothing behind it.
pub fn seconds_of(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok()?;
    let factor = match &text[digits..] {
        "" | "s" | "sec" => 1,
        "m" | "min" => 60,
        "h" | "hr" => 3600,
        _ => return None,
    };
    number.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_and_times() {
        for score in ["0", "-5", "+7", "INFINITY", "-INFINITY"] {
            assert!(is_score(score), "{score}");
        }
        for other in ["", "-", "x", "1.5", "infinity"] {
            assert!(!is_score(other), "{other}");
        }
        assert_eq!(seconds_of("20"), Some(20));
        assert_eq!(seconds_of("2min"), Some(120));
        assert_eq!(seconds_of("1 h"), None);
        assert_eq!(seconds_of("ms"), None);
    }
}
