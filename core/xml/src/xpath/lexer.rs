use super::XPathError;

/// A token, and where it begins as an index of bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Punctuation and operators that are no words.
    Symbol(&'static str),
    /// `and`, `or`, `div`, `mod` or `*` where the grammar has an operator.
    Operator(&'static str),
    Name(String),
    Literal(String),
    Number(f64),
}

// Longer ones first.
const SYMBOLS: [&str; 21] = [
    "::", "..", "//", "!=", "<=", ">=", "(", ")", "[", "]", "@", ",", "/", "|", "+", "-", "=", "<",
    ">", ".", "*",
];

/// Splits an expression into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, XPathError> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if matches!(first, ' ' | '\t' | '\n' | '\r') {
            at += 1;
            continue;
        }
        let operator_here = tokens.last().is_some_and(|token| ends_operand(&token.kind));
        let (kind, length) = if first == '"' || first == '\'' {
            let end = rest[1..]
                .find(first)
                .ok_or_else(|| syntax(text, at, "the string has no end".to_owned()))?;
            (Kind::Literal(rest[1..=end].to_owned()), end + 2)
        } else if first.is_ascii_digit()
            || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()))
        {
            number(rest)
        } else if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            let kind = match symbol {
                "*" if operator_here => Kind::Operator("*"),
                symbol => Kind::Symbol(symbol),
            };
            (kind, symbol.len())
        } else {
            let length = name_length(rest);
            if length == 0 {
                return Err(syntax(text, at, format!("unexpected '{first}'")));
            }
            let word =
                ["and", "or", "div", "mod"].into_iter().find(|word| *word == &rest[..length]);
            match word.filter(|_| operator_here) {
                Some(word) => (Kind::Operator(word), length),
                None => (Kind::Name(rest[..length].to_owned()), length),
            }
        };
        tokens.push(Token { at, kind });
        at += length;
    }
    Ok(tokens)
}

pub(super) fn syntax(text: &str, at: usize, problem: String) -> XPathError {
    XPathError::Syntax { at: text[..at].chars().count() + 1, problem }
}

/// Whether an operator may follow: then `*` multiplies and `and` is no name.
fn ends_operand(kind: &Kind) -> bool {
    match kind {
        Kind::Symbol(symbol) => matches!(*symbol, ")" | "]" | "." | ".." | "*"),
        Kind::Operator(_) => false,
        Kind::Name(_) | Kind::Literal(_) | Kind::Number(_) => true,
    }
}

fn number(rest: &str) -> (Kind, usize) {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(rest);
    if rest[length..].starts_with('.') {
        length += 1 + digits(&rest[length + 1..]);
    }
    // Rust reads every such text, "1." and ".5" included.
    (Kind::Number(rest[..length].parse().unwrap_or(f64::NAN)), length)
}

/// Length of the name at the front; one colon between two names belongs to it, two are an axis.
fn name_length(rest: &str) -> usize {
    let simple = |text: &str| {
        let start = |c: char| c.is_alphabetic() || c == '_';
        let part = |c: char| start(c) || c.is_numeric() || c == '-' || c == '.';
        if !text.starts_with(start) {
            return 0;
        }
        text.find(|c| !part(c)).unwrap_or(text.len())
    };
    let first = simple(rest);
    match rest[first..].strip_prefix(':') {
        Some(local) if first > 0 && simple(local) > 0 => first + 1 + simple(local),
        Some(_) | None => first,
    }
}
