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
            (Some(left), Some(right)) => left.partial_cmp(&right).unwrap_or_else(as_text),
            _ => as_text(),
        },
        ValueType::Version => compare_versions(left, right),
    }
}

/// Without regard to case, as C's `strcasecmp`.
fn compare_text(left: &str, right: &str) -> Ordering {
    let lower = |text: &str| text.bytes().map(|b| b.to_ascii_lowercase()).collect::<Vec<_>>();
    lower(left).cmp(&lower(right))
}

/// The number that a text begins with; what follows does not count.
fn integer(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let sign = usize::from(text.starts_with(['-', '+']));
    let digits = text[sign..].bytes().take_while(u8::is_ascii_digit).count();
    text[..sign + digits].parse().ok()
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// Part by part between dots, each as a number; a version that goes on is greater unless it goes on with zeros.
fn compare_versions(left: &str, right: &str) -> Ordering {
    let parts = |text: &str| -> Vec<u64> {
        text.split('.')
            .map(|part| {
                let digits = part.bytes().take_while(u8::is_ascii_digit).count();
                part[..digits].parse().unwrap_or(0)
            })
            .collect()
    };
    let (mut left, mut right) = (parts(left), parts(right));
    let length = left.len().max(right.len());
    left.resize(length, 0);
    right.resize(length, 0);
    left.cmp(&right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_order() {
        assert_eq!(compare("10", "9", ValueType::Text), Ordering::Less);
        assert_eq!(compare("10", "9", ValueType::Integer), Ordering::Greater);
        assert_eq!(compare("3.4", "3.6", ValueType::Integer), Ordering::Equal);
        assert_eq!(compare("1.5", "1.25", ValueType::Number), Ordering::Greater);
        assert_eq!(compare("Abc", "aBC", ValueType::Text), Ordering::Equal);
        assert_eq!(compare("ten", "9", ValueType::Integer), Ordering::Greater);
        assert_eq!(compare("3.10", "3.9.1", ValueType::Version), Ordering::Greater);
        assert_eq!(compare("3.0", "3", ValueType::Version), Ordering::Equal);
    }
}
