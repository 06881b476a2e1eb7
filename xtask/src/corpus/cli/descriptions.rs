//! Lists of options without their descriptions: the original's sentences are its own, ours are ours. Names, types, defaults,
//! words, order and marks are compared, and whether there is a short and a long description.

/// The tests that list options, by the beginning of their names. They are compared without descriptions.
const LISTS: [&str; 10] = [
    "List non-advanced cluster options",
    "List all available cluster options",
    "List non-advanced primitive meta-attributes",
    "List all available primitive meta-attributes",
    "List non-advanced fencing parameters",
    "List all available fencing parameters",
    "Get CIB manager metadata",
    "Get controller metadata",
    "Get fencer metadata",
    "Get scheduler metadata",
];

/// Stands for a description.
const DESCRIPTION: &str = "(description)";

/// The lines of a test without descriptions, if it is one that lists options.
pub(super) fn without(name: &str, lines: &[String]) -> Vec<String> {
    if !LISTS.iter().any(|list| name.starts_with(list)) {
        return lines.to_vec();
    }
    let mut bare = Vec::new();
    let mut rest = lines.iter().map(String::as_str).peekable();
    let mut begins = false;
    while let Some(line) = rest.next() {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            begins = true;
            continue;
        }
        let mut whole = trimmed.to_owned();
        // Words may stand in lines of their own between the tags.
        if trimmed.starts_with('<') && trimmed.ends_with('>') && !trimmed.contains("</") {
            while let Some(words) = rest.next_if(|next| !next.trim().starts_with('<')) {
                whole.push_str(words.trim());
            }
            if whole.len() > trimmed.len() {
                whole.push_str(rest.next().unwrap_or_default().trim());
            }
        }
        bare.push(description_out(&whole, begins));
        begins = false;
    }
    bare
}

fn description_out(line: &str, begins: bool) -> String {
    if line.starts_with("<longdesc") || line.starts_with("<shortdesc") {
        return element_out(line);
    }
    let fixed =
        ["<", "=#=#", "* Passed", "* Failed", "* Possible values", "* ADVANCED", "* DEPRECATED"];
    if fixed.iter().any(|start| line.starts_with(start)) {
        return line.to_owned();
    }
    match line.strip_prefix("* ").and_then(|item| item.split_once(": ")) {
        Some((name, _)) if begins => format!("* {name}: {DESCRIPTION}"),
        _ => DESCRIPTION.to_owned(),
    }
}

/// What stands for a description: its element, the marks before the text and the words behind it.
fn element_out(line: &str) -> String {
    let name = line.trim_start_matches('<').split([' ', '>']).next().unwrap_or_default();
    let text = line.split_once('>').map_or("", |(_, text)| text);
    let text = text.split("</").next().unwrap_or_default();
    let marks: Vec<&str> = text.split("***").map(str::trim).collect();
    // Every second part of what is between stars is a mark.
    let marks: Vec<&str> = marks.iter().skip(1).step_by(2).copied().collect();
    let allowed = text.split_once("Allowed values: ").map_or("", |(_, words)| words);
    format!("<{name}> {} {allowed}", marks.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare(name: &str, text: &str) -> Vec<String> {
        without(name, &text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn sentences_do_not_count_and_everything_else_does() {
        let list = "List all available cluster options";
        let ours = "\n  * a: one\n    * long: text\n    * Possible values: boolean (no default)\n";
        let same = "\n  * a: two\n    * other\n    * Possible values: boolean (no default)\n";
        assert_eq!(bare(list, ours), bare(list, same));
        for other in [
            ours.replace("* a:", "* b:"),
            ours.replace("boolean", "time"),
            ours.replace("    * long: text\n", ""),
        ] {
            assert_ne!(bare(list, ours), bare(list, &other));
        }
        assert_eq!(bare("Something else", "* a: one"), ["* a: one"]);
    }

    #[test]
    fn marks_and_words_count_wherever_lines_end() {
        let list = "Get scheduler metadata";
        let of =
            |text: &str| bare(list, &format!("<x>\n<longdesc lang=\"en\">{text}</longdesc>\n</x>"));
        assert_eq!(of("a  Allowed values: x, y"), of("\n  b c  Allowed values: x, y\n"));
        assert_ne!(of("a  Allowed values: x, y"), of("a  Allowed values: x"));
        assert_ne!(of("*** Deprecated *** a"), of("a"));
        assert_eq!(
            of("*** Deprecated *** *** Advanced Use Only *** a"),
            of("\n*** Deprecated *** *** Advanced Use Only ***\n")
        );
    }
}
