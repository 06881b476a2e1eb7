use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::ffi::OsStringExt,
};

use ring::blocking::Cmap;

use super::{delete, delete_prefix, value};
use crate::print::{complain, reason};

/// Longer lines are taken for several, as in the original.
const LINE_BYTES: usize = 1023;

/// What one line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Step<'a> {
    Nothing,
    Set {
        key: &'a [u8],
        value_type: &'a [u8],
        value: &'a [u8],
    },
    Delete(&'a [u8]),
    DeletePrefix(&'a [u8]),
    /// A key without what it should be set to.
    Incomplete(&'a [u8]),
}

/// Does what is in the lines of a file. That there is no such file is told and no failure.
pub(super) fn load(cmap: &mut Cmap, file: &OsStr) -> Result<(), String> {
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(error) => {
            complain(format_args!("Couldn't open file.: {}", reason(&error)));
            return Ok(());
        }
    };
    let lines = text.split_inclusive(|&byte| byte == b'\n');
    for line in lines.flat_map(|line| line.chunks(LINE_BYTES)) {
        match read_line(line) {
            Step::Nothing => {}
            Step::Set { key, value_type, value } => {
                let text = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
                value::set(cmap, &name(key), &text(value_type), &text(value))?;
            }
            Step::Delete(key) => {
                if let Err(problem) = delete(cmap, &name(key)) {
                    complain(problem);
                }
            }
            Step::DeletePrefix(prefix) => delete_prefix(cmap, &name(prefix))?,
            Step::Incomplete(key) => {
                let key = name(key);
                return Err(format!("Both type and value for key {key} are required"));
            }
        }
    }
    Ok(())
}

fn name(key: &[u8]) -> String {
    String::from_utf8_lossy(key).into_owned()
}

fn read_line(line: &[u8]) -> Step<'_> {
    let begin = line.iter().position(|byte| !matches!(byte, b' ' | b'\t'));
    let line = begin.and_then(|begin| line.get(begin..)).unwrap_or_default();
    if matches!(line.first(), None | Some(b'#' | b'\n')) {
        return Step::Nothing;
    }
    let mut words = line.split(|byte| matches!(byte, b' ' | b'\n')).filter(|word| !word.is_empty());
    let key = words.next().unwrap_or_default();
    match (key, words.next(), words.next()) {
        ([b'^', b'^', prefix @ ..], _, _) => Step::DeletePrefix(prefix),
        ([b'^', key @ ..], _, _) => Step::Delete(key),
        (key, Some(value_type), Some(value)) => Step::Set { key, value_type, value },
        (key, _, _) => Step::Incomplete(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_steps() {
        for (line, step) in [
            (&b""[..], Step::Nothing),
            (b" \t\n", Step::Nothing),
            (b"  # a.b u8 1\n", Step::Nothing),
            (b" a.b  u8 1 2\n", Step::Set { key: b"a.b", value_type: b"u8", value: b"1" }),
            (b"a.b\tu8 1\n", Step::Incomplete(b"a.b\tu8")),
            (b"^a.b u8\n", Step::Delete(b"a.b")),
            (b"^^a.b", Step::DeletePrefix(b"a.b")),
            (b"a u8\n", Step::Incomplete(b"a")),
        ] {
            assert_eq!(read_line(line), step);
        }
    }
}
