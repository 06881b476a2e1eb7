//! Texts are compared without white space and empty lines, as the upstream scripts compare them.

/// The lines of a text, without white space, without empty ones.
pub(super) fn bare_lines(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| line.chars().filter(|c| !c.is_whitespace()).collect::<String>())
        .filter(|line| !line.is_empty())
        .collect()
}

/// How much of a line is shown.
const SHOWN: usize = 160;

/// Where the first line that differs begins to, in both texts; `None` where they are the same.
pub(super) fn difference(stored: &str, ours: &str) -> Option<String> {
    let (stored_lines, our_lines) = (bare_lines(stored), bare_lines(ours));
    if stored_lines == our_lines {
        return None;
    }
    let at = common(stored_lines.iter(), our_lines.iter());
    let line = |lines: &[String]| lines.get(at).cloned().unwrap_or_else(|| "the end".to_owned());
    let (stored, ours) = (line(&stored_lines), line(&our_lines));
    let from = common(stored.chars(), ours.chars()).saturating_sub(SHOWN / 2);
    let part = |line: &str| line.chars().skip(from).take(SHOWN).collect::<String>();
    Some(format!("stored: {}\n  ours: {}", part(&stored), part(&ours)))
}

/// How many of the first items are the same.
fn common<T: PartialEq>(left: impl Iterator<Item = T>, right: impl Iterator<Item = T>) -> usize {
    left.zip(right).take_while(|(left, right)| left == right).count()
}

/// The text without this attribute wherever it stands.
fn without_attribute(text: &str, name: &str) -> String {
    let start = format!("{name}=\"");
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some(at) = rest.find(&start) {
        let value = &rest[at + start.len()..];
        let Some(end) = value.find('"') else { break };
        kept.push_str(&rest[..at]);
        rest = &value[end + 1..];
    }
    kept.push_str(rest);
    kept
}

/// A graph without what says who made it.
pub(super) fn without_versions(text: &str) -> String {
    without_attribute(&without_attribute(text, "crm_feature_set"), "batch-limit")
}

/// The lines of a text in order.
pub(super) fn sorted(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// A picture's lines in order and each once, between its first line and its last.
pub(super) fn sorted_picture(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let [first, inner @ .., last] = lines.as_slice() else { return text.to_owned() };
    let mut inner = inner.to_vec();
    inner.sort_unstable();
    inner.dedup();
    format!("{first}\n{}\n{last}", inner.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_does_not_count() {
        assert_eq!(difference("a  b\n\n c\n", "ab\nc"), None);
        let found = difference("a\nb\n", "a\nc\n").expect("they differ");
        assert_eq!(found, "stored: b\n  ours: c");
        assert!(difference("a\n", "a\nb").is_some_and(|found| found.contains("the end")));
    }

    #[test]
    fn attributes_are_taken_out() {
        let text = "<a x=\"1\" y=\"2\"/><b x=\"3\"/>";
        assert_eq!(without_attribute(text, "x"), "<a  y=\"2\"/><b />");
        assert_eq!(without_attribute("<a x=\"1", "x"), "<a x=\"1");
    }

    #[test]
    fn pictures_keep_their_frame() {
        assert_eq!(sorted_picture("g {\nb\na\nb\n}"), "g {\na\nb\n}");
        assert_eq!(sorted_picture(""), "");
    }
}
