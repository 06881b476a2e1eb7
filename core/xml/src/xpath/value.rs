use super::arena::Item;

/// What an expression gives while it is evaluated.
#[derive(Clone, Debug)]
pub(super) enum Interim {
    /// Nodes, in document order, each once.
    Nodes(Vec<Item>),
    Number(f64),
    Text(String),
    Boolean(bool),
}

/// The number that a text is: digits with at most one point and a minus sign, else not a number.
pub(super) fn number_of(text: &str) -> f64 {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain && digits.bytes().any(|byte| byte.is_ascii_digit()) {
        text.parse().unwrap_or(f64::NAN)
    } else {
        f64::NAN
    }
}

/// The text that a number is written as.
pub(super) fn text_of(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else if number == 0.0 {
        "0".to_owned()
    } else {
        number.to_string()
    }
}
