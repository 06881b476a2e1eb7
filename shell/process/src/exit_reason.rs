use crate::printable;

/// What an agent puts before its exit reason on standard error.
pub(crate) const PREFIX: &str = "ocf-exit-reason:";

/// How many characters of an exit reason are kept.
const MAX_CHARS: usize = 128;

/// The last exit reason that an agent wrote to standard error; `None` if it wrote none or an empty one.
pub fn exit_reason(stderr: &[u8]) -> Option<String> {
    let text = printable(stderr);
    let (_, rest) = text.rsplit_once(PREFIX)?;
    let line = rest.split('\n').next().unwrap_or_default();
    (!line.is_empty()).then(|| line.chars().take(MAX_CHARS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_counts() {
        let reason = |text: &str| exit_reason(text.as_bytes());
        assert_eq!(reason("oops\n"), None);
        assert_eq!(
            reason("ocf-exit-reason:a\nocf-exit-reason:b c\nmore\n").as_deref(),
            Some("b c")
        );
        assert_eq!(reason("ERROR: ocf-exit-reason:x").as_deref(), Some("x"));
        assert_eq!(reason("ocf-exit-reason:a\nocf-exit-reason:\n"), None);
        let long = format!("ocf-exit-reason:{}", "ä".repeat(500));
        assert_eq!(reason(&long), Some("ä".repeat(128)));
    }
}
