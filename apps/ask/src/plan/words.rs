//! Words as a shell would split them.

/// A text that cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SplitError {
    /// A quote is not closed.
    #[error("a quote {0} is not closed")]
    OpenQuote(char),
    /// Nothing follows a backslash.
    #[error("nothing follows the backslash at the end")]
    Backslash,
}

/// Splits at white space; quotes and backslashes mean what they mean to a shell.
pub(super) fn split(text: &str) -> Result<Vec<String>, SplitError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        match (quote, next) {
            (Some(open), _) if next == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(next);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                let escaped = rest.next().ok_or(SplitError::Backslash)?;
                let word = word.get_or_insert_default();
                // Between quotes a backslash is one unless something needs it.
                if quote.is_some() && !matches!(escaped, '"' | '\\' | '$' | '`') {
                    word.push('\\');
                }
                word.push(escaped);
            }
            (None, _) if next.is_whitespace() => words.extend(word.take()),
            (_, _) => word.get_or_insert_default().push(next),
        }
    }
    if let Some(quote) = quote {
        return Err(SplitError::OpenQuote(quote));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does() {
        assert_eq!(split("  a b\tc ").unwrap(), ["a", "b", "c"]);
        assert_eq!(split(r#"x="a b"'c d' '' "\"\n" \'"#).unwrap(), ["x=a bc d", "", r#""\n"#, "'"]);
        assert!(split("").unwrap().is_empty());
        assert_eq!(split("a 'b"), Err(SplitError::OpenQuote('\'')));
        assert_eq!(split("a\\"), Err(SplitError::Backslash));
    }
}
