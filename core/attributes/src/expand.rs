use vocab::Score;

/// What `value++` and `value+=N` come to when the value was `old`; none if `text` is an ordinary value.
///
/// A value that is no number counts as 0, and the result does not go beyond infinity.
pub(crate) fn expand(text: &str, old: Option<&str>) -> Option<String> {
    let number = |text: &str| Score::parse(text).unwrap_or_default().value();
    let step = match text.strip_prefix("value+")? {
        "+" => 1,
        rest => number(rest.strip_prefix('=')?),
    };
    let sum = i64::from(old.map_or(0, number)) + i64::from(step);
    Some(Score::new(sum).value().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let check = |text, old, expected: Option<&str>| {
            assert_eq!(expand(text, old).as_deref(), expected, "{text} from {old:?}");
        };
        check("value++", None, Some("1"));
        check("value++", Some("41"), Some("42"));
        check("value+=5", Some("2"), Some("7"));
        check("value+=-3", Some("2"), Some("-1"));
        check("value++", Some("INFINITY"), Some("1000000"));
        check("value+=INFINITY", Some("7"), Some("1000000"));
        check("value++", Some("on"), Some("1"));
        check("7", Some("3"), None);
        check("value", Some("3"), None);
        check("value+1", Some("3"), None);
    }
}
