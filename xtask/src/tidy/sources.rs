//! Sizes of files and functions, words that may not be left in code, and what every crate begins with.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{read, with_extension};

/// Look twice at 500; this is where a file must be split.
const FILE_LINES: usize = 800;
/// Aim at 70; this is where a function must be split.
const FUNCTION_LINES: usize = 100;

/// Functions that are allowed to be longer than the rest, with their length. The list only gets shorter.
const LONG_FUNCTIONS: [(&str, &str, usize); 1] = [
    // The whole table of the controller's states, to be seen at once.
    ("core/controller/src/fsm.rs", "next", 104),
];

/// Words that may not be in a source file. Written in two parts so that this file has none of them.
const BANNED: [(&str, &str); 4] = [
    (concat!("to", "do!("), "unfinished work fails with a clear error instead"),
    (concat!("unimple", "mented!("), "unfinished work fails with a clear error instead"),
    (concat!("#[ig", "nore"), "a test that does not run is worse than none"),
    (concat!("db", "g!("), "left over from a search"),
];

/// Words that may not be in tests.
const BANNED_IN_TESTS: [(&str, &str); 1] =
    [(concat!("thread::", "sleep"), "wait for the event instead of for time")];

pub(super) fn check(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for file in with_extension(files, "rs") {
        let text = read(root, file)?;
        let name = file.display().to_string();
        let found =
            [size(&text), banned(&name, &text), functions(&name, &text), unsafety(&name, &text)];
        problems.extend(found.into_iter().flatten().map(|problem| format!("{name}{problem}")));
        if file.ends_with("src/lib.rs") && !text.starts_with("//! ") {
            problems.push(format!("{name}:1: a crate begins with what it is (//!)"));
        }
    }
    Ok(problems)
}

fn size(text: &str) -> Vec<String> {
    match text.lines().count() {
        lines if lines > FILE_LINES => vec![format!(": {lines} lines, more than {FILE_LINES}")],
        _ => Vec::new(),
    }
}

fn banned(name: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut in_tests = name.contains("/tests/");
    for (number, line) in text.lines().enumerate() {
        in_tests |= line.trim() == "#[cfg(test)]";
        let code = line.split("//").next().unwrap_or_default();
        let in_tests_only = if in_tests { &BANNED_IN_TESTS[..] } else { &[] };
        for (word, why) in BANNED.iter().chain(in_tests_only) {
            if code.contains(word) {
                problems.push(format!(":{}: {word}: {why}", number + 1));
            }
        }
    }
    problems
}

/// Functions that are too long. Relies on rustfmt: a function ends with a brace as far in as its `fn` line.
fn functions(name: &str, text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut problems = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(function) = function_name(line) else { continue };
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = lines[start..].iter().position(|l| l.strip_prefix(indent) == Some("}"));
        let length = if has_body(&lines[start..]) { end.map_or(0, |end| end + 1) } else { 0 };
        let known = LONG_FUNCTIONS.iter().find(|(n, f, _)| *n == name && *f == function);
        let limit = known.map_or(FUNCTION_LINES, |(_, _, length)| *length);
        if length > limit {
            problems.push(format!(
                ":{}: fn {function} has {length} lines, more than {limit}",
                start + 1
            ));
        }
    }
    problems
}

fn function_name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    for word in ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe", "extern \"C\""] {
        rest = rest.strip_prefix(word).and_then(|r| r.strip_prefix(' ')).unwrap_or(rest);
    }
    let name = rest.strip_prefix("fn ")?;
    Some(name.split(['(', '<']).next().unwrap_or(name))
}

/// Whether the function that begins here has a body of several lines: declarations end with a semicolon.
fn has_body(lines: &[&str]) -> bool {
    let end = lines.iter().find(|l| l.trim_end().ends_with(['{', ';', '}']));
    end.is_some_and(|l| l.trim_end().ends_with('{'))
}

/// `unsafe` belongs to the shell, with the reason why it is sound within the few lines above.
fn unsafety(name: &str, text: &str) -> Vec<String> {
    let keyword = concat!("uns", "afe");
    let forms = [" {", " impl", " fn", " extern"].map(|form| format!("{keyword}{form}"));
    let lines: Vec<&str> = text.lines().collect();
    let mut problems = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        if !forms.iter().any(|form| code.contains(form)) {
            continue;
        }
        let above = &lines[number.saturating_sub(8)..=number];
        let explained = above.iter().any(|l| l.contains("SAFETY:") || l.contains("# Safety"));
        if !name.starts_with("shell/") {
            problems.push(format!(":{}: {keyword} outside of shell/", number + 1));
        } else if !explained {
            problems.push(format!(":{}: {keyword} without a SAFETY comment", number + 1));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_functions_are_found_and_short_ones_are_not() {
        let body = "        step();\n".repeat(FUNCTION_LINES);
        let text = format!(
            "impl X {{\n    pub(crate) async fn long(&self) {{\n{body}    }}\n\n    fn short() {{}}\n}}\n\ntrait T {{\n    fn declared(\n        x: u8,\n    );\n{body}    }}\n"
        );
        let problems = functions("x.rs", &text);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with(":2: fn long has 102 lines"), "{problems:?}");
    }

    #[test]
    fn words_are_banned_where_they_do_harm() {
        let pause = concat!("std::thread::", "sleep(x);\n");
        assert_eq!(banned("a.rs", pause).len(), 0);
        assert_eq!(banned("a.rs", &format!("#[cfg(test)]\nmod tests {{\n{pause}}}")).len(), 1);
        assert_eq!(banned("shell/ring/tests/a.rs", pause).len(), 1);
        assert_eq!(banned("a.rs", concat!("let x = to", "do!();")).len(), 1);
        assert_eq!(banned("a.rs", concat!("// to", "do!() in a comment")).len(), 0);
    }

    #[test]
    fn unsafe_code_needs_a_place_and_a_reason() {
        let bare = concat!("let x = uns", "afe { y() };\n");
        assert_eq!(unsafety("core/a.rs", bare).len(), 1);
        assert_eq!(unsafety("shell/a.rs", bare).len(), 1);
        assert_eq!(unsafety("shell/a.rs", &format!("// SAFETY: y has no rules\n{bare}")).len(), 0);
    }
}
