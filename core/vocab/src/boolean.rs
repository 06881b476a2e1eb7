/// A text that is none of the accepted spellings of a boolean.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a boolean: use true, yes, on, y or 1, or false, no, off, n or 0")]
pub struct BooleanError(pub String);

/// Reads a boolean as the CIB spells it: true/on/yes/y/1 and false/off/no/n/0 in any case.
pub fn parse_boolean(text: &str) -> Result<bool, BooleanError> {
    const TRUE: [&str; 5] = ["true", "on", "yes", "y", "1"];
    const FALSE: [&str; 5] = ["false", "off", "no", "n", "0"];
    if TRUE.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        Ok(true)
    } else if FALSE.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        Ok(false)
    } else {
        Err(BooleanError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        for text in ["true", "ON", "Yes", "y", "1"] {
            assert_eq!(parse_boolean(text), Ok(true));
        }
        for text in ["false", "Off", "NO", "n", "0"] {
            assert_eq!(parse_boolean(text), Ok(false));
        }
        for text in ["", "2", "truth", " true"] {
            assert!(parse_boolean(text).is_err(), "{text:?}");
        }
    }
}
