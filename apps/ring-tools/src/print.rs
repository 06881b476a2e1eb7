//! How the tools show things: as the original's C does.

use std::{
    ffi::{OsString, c_char},
    fmt::{self, Display},
    io::{self, Write},
    path::Path,
};

/// Writes a line to standard output. A reader that has gone away is no error of ours.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Writes a line to standard error.
pub(crate) fn complain(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The file name of what the tool was called by.
pub(crate) fn base_name(arguments: &[OsString]) -> String {
    let name = arguments.first().and_then(|name| Path::new(name).file_name());
    name.unwrap_or_default().to_string_lossy().into_owned()
}

/// Why a system call failed, in the C library's words alone.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

/// Bytes, those that cannot be printed as escapes. Where characters have a sign the escapes show it, as in the original.
pub(crate) struct Escaped<'a>(pub(crate) &'a [u8]);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &byte in self.0 {
            match byte {
                b'\\' => f.write_str("\\\\")?,
                b' '..0x7f => write!(f, "{}", char::from(byte))?,
                _ => write!(f, "\\x{:02X}", i32::from(c_char::from_ne_bytes([byte])))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_printed_is_escaped() {
        assert_eq!(Escaped(b"crmd\0a\\ ~\x7f").to_string(), "crmd\\x00a\\\\ ~\\x7F");
    }

    #[test]
    fn reasons_have_no_numbers() {
        assert_eq!(reason(&io::Error::from_raw_os_error(2)), "No such file or directory");
    }
}
