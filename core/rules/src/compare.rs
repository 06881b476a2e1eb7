use std::cmp::Ordering;

use crate::ValueType;

/// Orders two values as the type says. What is not a number where one is wanted is compared as text.
pub(crate) fn compare(left: &str, right: &str, value_type: ValueType) -> Ordering {
    let as_text = || compare_text(left, right);
    match value_type {
        ValueType::Text => as_text(),
        ValueType::Integer => match (integer(left), integer(right)) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => as_text(),
        },
        ValueType::Number => match (number(left), number(right)) {
            // "nan" is neither less nor greater.
            (Some(left), Some(right)) => left.partial_cmp(&right).unwrap_or(Ordering::Equal),
            _ => as_text(),
        },
        ValueType::Version => compare_versions(left, right),
    }
}

/// Without regard to case, as C's `strcasecmp`.
fn compare_text(left: &str, right: &str) -> Ordering {
    let left = left.bytes().map(|byte| byte.to_ascii_lowercase());
    left.cmp(right.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// The whole number that a text begins with, as C's `strtoll` reads it; what follows does not count. `None` if there is none
/// or it does not fit.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let sign = usize::from(text.starts_with(['-', '+']));
    let digits = text[sign..].bytes().take_while(u8::is_ascii_digit).count();
    text[..sign + digits].parse().ok()
}

/// The number that a text begins with, as C's `strtod` reads it; what follows does not count. Pacemaker takes what
/// comes out as zero without being spelled so for an underflow, and does not compare it as a number.
fn number(text: &str) -> Option<f64> {
    let text = text.trim_start();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(unsigned);
    let fraction = unsigned[whole..].strip_prefix('.').map_or(0, digits);
    let mut length = whole;
    if fraction > 0 || (whole > 0 && unsigned[whole..].starts_with('.')) {
        length += 1 + fraction;
    }
    if whole + fraction == 0 {
        let word = |word: &str| {
            unsigned.get(..word.len()).is_some_and(|text| text.eq_ignore_ascii_case(word))
        };
        let value = if word("inf") { f64::INFINITY } else { f64::NAN };
        return (word("inf") || word("nan"))
            .then(|| if text.starts_with('-') { -value } else { value });
    }
    if let Some(value) = hexadecimal(unsigned) {
        return Some(if text.starts_with('-') { -value } else { value });
    }
    if let Some(exponent) = unsigned[length..].strip_prefix(['e', 'E']) {
        let sign = usize::from(exponent.starts_with(['-', '+']));
        if let count @ 1.. = digits(&exponent[sign..]) {
            length += 1 + sign + count;
        }
    }
    let spelled = &text[..text.len() - unsigned.len() + length];
    let value: f64 = spelled.parse().ok().filter(|value: &f64| value.is_finite())?;
    let is_zero = spelled.bytes().all(|byte| b"0.eE".contains(&byte));
    (value.abs() > f64::MIN_POSITIVE || is_zero).then_some(value)
}

/// The whole number that a text begins with if it is spelled `0x1f`; C reads that, too.
fn hexadecimal(text: &str) -> Option<f64> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    let length = digits.bytes().take_while(u8::is_ascii_hexdigit).count();
    let value = digits.chars().take(length).filter_map(|digit| digit.to_digit(16));
    (length > 0).then(|| value.fold(0.0, |sum, digit| sum * 16.0 + f64::from(digit)))
}

/// Part by part between dots, each as a number, up to what is neither; a version that goes on is greater unless it goes on
/// with zeros.
fn compare_versions(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (version_parts(left), version_parts(right));
    let length = left.len().max(right.len());
    left.resize(length, 0);
    right.resize(length, 0);
    left.cmp(&right)
}

fn version_parts(text: &str) -> Vec<u64> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return parts;
        }
        // Digits alone can fail in one way, by being too many.
        parts.push(rest[..digits].parse().unwrap_or(u64::MAX));
        match rest[digits..].strip_prefix('.') {
            Some(next) => rest = next,
            None => return parts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_order() {
        use Ordering::{Equal, Greater, Less};
        use ValueType::{Integer, Number, Text, Version};
        for (left, right, value_type, order) in [
            ("10", "9", Text, Less),
            ("Abc", "aBC", Text, Equal),
            ("bye", "HELLO", Text, Less),
            ("bye", "Boo", Text, Greater),
            ("10", "9", Integer, Greater),
            ("3.4", "3.6", Integer, Equal),
            ("3999", "399", Integer, Greater),
            ("-2147483648", "2147483647", Integer, Less),
            (" +7", "7x", Integer, Equal),
            ("ten", "9", Integer, Greater),
            ("x", "X", Integer, Equal),
            // Too large for an integer, so that they are texts.
            ("99999999999999999999", "9", Integer, Greater),
            ("99999999999999999999", "9999999999999999999", Integer, Greater),
            ("0", "0.0", Number, Equal),
            ("1.5", "1.25", Number, Greater),
            ("0.345", "0.5", Number, Less),
            ("5", "3.1", Number, Greater),
            ("10.5GB", "9", Number, Greater),
            ("1e3", "999", Number, Greater),
            ("1e", "1", Number, Equal),
            (".5", "0.4", Number, Greater),
            ("5.", "5", Number, Equal),
            ("inf", "1e300", Number, Greater),
            ("0x1f", "30.5", Number, Greater),
            ("-0X1", "-2", Number, Greater),
            ("0xyz", "0", Number, Equal),
            ("-Infinity", "0", Number, Less),
            ("0.0", "x", Number, Less),
            ("-0", "+0", Number, Greater),
            (".", "-", Number, Greater),
            ("1.0", "1.0", Version, Equal),
            ("1.0.0", "1.0.1", Version, Less),
            ("5.0", "3.1.15", Version, Greater),
            ("3999", "399", Version, Greater),
            ("3.10", "3.9.1", Version, Greater),
            ("3.0", "3", Version, Equal),
            (" 3.1rc2.5", "3.1", Version, Equal),
            ("", "0.0", Version, Equal),
            ("beta", "1", Version, Less),
            ("99999999999999999999", "5", Version, Greater),
        ] {
            assert_eq!(compare(left, right, value_type), order, "{left} {right} {value_type:?}");
        }
    }

    #[test]
    fn what_is_no_number_equals_every_number() {
        assert_eq!(compare("nan", "5", ValueType::Number), Ordering::Equal);
    }
}
