use std::str::FromStr;

use crate::{Document, Entry, Section};

/// Sections inside each other; the real files have two.
const DEPTH_MAX: usize = 16;
/// Bytes in a line, as in corosync.
const LINE_MAX: usize = 510;

/// A text that is no configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct GrammarError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: GrammarProblem,
}

/// What can be wrong with a configuration's grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrammarProblem {
    /// `{` without a name.
    #[error("a section name is missing before '{{'")]
    NoSectionName,
    /// Something behind `{`.
    #[error("extra characters after '{{'")]
    AfterOpening,
    /// Something around `}`.
    #[error("extra characters before or after '}}'")]
    AroundClosing,
    /// `}` outside every section.
    #[error("unexpected closing brace")]
    UnexpectedClosing,
    /// The text ends inside a section.
    #[error("closing brace is missing")]
    MissingClosing,
    /// None of section, end of section and `key: value`.
    #[error("the line is not opening or closing a section or a key and its value")]
    Unknown,
    /// A line that is too long.
    #[error("the line is longer than 510 bytes")]
    TooLong,
    /// Sections nested too deep.
    #[error("sections are nested too deep")]
    TooDeep,
}

impl FromStr for Document {
    type Err = GrammarError;

    fn from_str(text: &str) -> Result<Self, GrammarError> {
        let mut open = vec![Section::default()];
        let mut lines = 0;
        for (index, line) in text.lines().enumerate() {
            lines = index + 1;
            read_line(line, lines, &mut open)
                .map_err(|problem| GrammarError { line: lines, problem })?;
        }
        match open.pop() {
            Some(root) if open.is_empty() => Ok(Self { root }),
            Some(_) | None => {
                Err(GrammarError { line: lines, problem: GrammarProblem::MissingClosing })
            }
        }
    }
}

fn read_line(line: &str, number: usize, open: &mut Vec<Section>) -> Result<(), GrammarProblem> {
    if line.len() > LINE_MAX {
        return Err(GrammarProblem::TooLong);
    }
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(());
    }
    if let Some((name, behind)) = line.split_once('{') {
        if name.trim().is_empty() {
            return Err(GrammarProblem::NoSectionName);
        }
        if !behind.trim().is_empty() {
            return Err(GrammarProblem::AfterOpening);
        }
        if open.len() > DEPTH_MAX {
            return Err(GrammarProblem::TooDeep);
        }
        open.push(Section { line: number, ..Section::new(name.trim()) });
    } else if let Some((key, value)) = line.split_once(':') {
        let entry =
            Entry { key: key.trim().to_owned(), value: value.trim().to_owned(), line: number };
        if let Some(section) = open.last_mut() {
            section.entries.push(entry);
        }
    } else if line.contains('}') {
        if line != "}" {
            return Err(GrammarProblem::AroundClosing);
        }
        let done = if open.len() > 1 { open.pop() } else { None };
        match (done, open.last_mut()) {
            (Some(done), Some(parent)) => parent.sections.push(done),
            (_, _) => return Err(GrammarProblem::UnexpectedClosing),
        }
    } else {
        return Err(GrammarProblem::Unknown);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_layout_do_not_count() {
        let document: Document =
            "# c\n\n  totem{\n\tversion :2 \n  addr: fd00::1\n\t}\r\n".parse().unwrap();
        assert_eq!(document.root.value_in("totem", "version"), Some("2"));
        assert_eq!(document.root.value_in("totem", "addr"), Some("fd00::1"));
        assert_eq!(document.root.sections[0].line, 3);
        assert_eq!(document.root.sections[0].entry("version").unwrap().line, 4);
    }

    #[test]
    fn errors_say_where() {
        for (text, line, problem) in [
            ("totem {\n", 1, GrammarProblem::MissingClosing),
            ("\n{\n}", 2, GrammarProblem::NoSectionName),
            ("a { b\n}", 1, GrammarProblem::AfterOpening),
            ("a {\n} b", 2, GrammarProblem::AroundClosing),
            ("a {\n}\n}", 3, GrammarProblem::UnexpectedClosing),
            ("word", 1, GrammarProblem::Unknown),
            (&"x".repeat(600), 1, GrammarProblem::TooLong),
            (&"a {\n".repeat(40), 17, GrammarProblem::TooDeep),
        ] {
            let error = text.parse::<Document>().unwrap_err();
            assert_eq!(error, GrammarError { line, problem }, "{text}");
        }
    }
}
