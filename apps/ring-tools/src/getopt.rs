//! Options as the original tools read them: in order, mixed with operands, and complained about in the C library's words.

use std::{ffi::OsString, os::unix::ffi::OsStringExt};

/// A long spelling of an option.
pub(crate) struct Long {
    /// What is behind the two dashes.
    pub(crate) name: &'static str,
    /// The letter that means the same.
    pub(crate) letter: char,
}

/// A command line, taken apart.
#[derive(Debug, Default)]
pub(crate) struct CommandLine {
    /// The options in their order, each with its argument, empty if it takes none; in place of one that cannot be read
    /// the complaint.
    pub(crate) options: Vec<Result<(char, OsString), String>>,
    /// What is no option.
    pub(crate) operands: Vec<OsString>,
}

/// Takes a command line apart, program name first. `letters` are the options, a colon behind one that takes an argument.
/// Without long spellings a second dash is a letter like any other.
pub(crate) fn parse(arguments: Vec<OsString>, letters: &str, long: &[Long]) -> CommandLine {
    let mut arguments = arguments.into_iter();
    let program = arguments.next().unwrap_or_default().to_string_lossy().into_owned();
    let mut line = CommandLine::default();
    while let Some(argument) = arguments.next() {
        let bytes = argument.as_encoded_bytes();
        if bytes == b"--" {
            line.operands.extend(arguments);
            break;
        }
        if !long.is_empty()
            && let Some(name) = bytes.strip_prefix(b"--")
        {
            let next = &mut || arguments.next();
            let option = read_long(name, letters, long, next);
            line.options.push(option.map_err(|problem| format!("{program}: {problem}")));
        } else if let Some(cluster) = bytes.strip_prefix(b"-")
            && !cluster.is_empty()
        {
            read_cluster(cluster, letters, &mut || arguments.next(), &mut |option| {
                line.options.push(option.map_err(|problem| format!("{program}: {problem}")));
            });
        } else {
            line.operands.push(argument);
        }
    }
    line
}

fn read_cluster(
    mut cluster: &[u8],
    letters: &str,
    next: &mut dyn FnMut() -> Option<OsString>,
    push: &mut dyn FnMut(Result<(char, OsString), String>),
) {
    while let Some((&byte, rest)) = cluster.split_first() {
        let letter = char::from(byte);
        cluster = rest;
        if letter == ':' || !letters.contains(letter) {
            push(Err(format!("invalid option -- '{letter}'")));
        } else if !takes_argument(letters, letter) {
            push(Ok((letter, OsString::new())));
        } else {
            let argument = if rest.is_empty() { next() } else { Some(os_string(rest)) };
            push(argument.map_or_else(
                || Err(format!("option requires an argument -- '{letter}'")),
                |argument| Ok((letter, argument)),
            ));
            return;
        }
    }
}

fn read_long(
    text: &[u8],
    letters: &str,
    long: &[Long],
    next: &mut dyn FnMut() -> Option<OsString>,
) -> Result<(char, OsString), String> {
    let (name, argument) = match text.iter().position(|&byte| byte == b'=') {
        Some(at) => (&text[..at], Some(os_string(&text[at + 1..]))),
        None => (text, None),
    };
    let shown = String::from_utf8_lossy(text);
    let begin: Vec<&Long> =
        long.iter().filter(|long| long.name.as_bytes().starts_with(name)).collect();
    let exact = begin.iter().find(|long| long.name.len() == name.len());
    let option = match (exact, &*begin) {
        (Some(option), _) => *option,
        (None, []) => return Err(format!("unrecognized option '--{shown}'")),
        (None, [first, rest @ ..]) if rest.iter().all(|long| long.letter == first.letter) => *first,
        (None, several) => {
            let names: Vec<String> =
                several.iter().map(|long| format!(" '--{}'", long.name)).collect();
            return Err(format!(
                "option '--{shown}' is ambiguous; possibilities:{}",
                names.concat()
            ));
        }
    };
    let Long { name, letter } = *option;
    match (takes_argument(letters, letter), argument) {
        (true, None) => next()
            .map(|argument| (letter, argument))
            .ok_or_else(|| format!("option '--{name}' requires an argument")),
        (false, Some(_)) => Err(format!("option '--{name}' doesn't allow an argument")),
        (_, argument) => Ok((letter, argument.unwrap_or_default())),
    }
}

fn takes_argument(letters: &str, letter: char) -> bool {
    letters.split_once(letter).is_some_and(|(_, behind)| behind.starts_with(':'))
}

fn os_string(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &[Long] = &[
        Long { name: "less", letter: 'l' },
        Long { name: "size", letter: 's' },
        Long { name: "silent", letter: 'q' },
    ];

    fn read(arguments: &[&str]) -> (Vec<String>, Vec<OsString>) {
        let arguments = ["tool"].iter().chain(arguments).map(OsString::from).collect();
        let line = parse(arguments, "ls:q", LONG);
        let show = |option: Result<(char, OsString), String>| match option {
            Ok((letter, argument)) => format!("{letter}{}", argument.to_string_lossy()),
            Err(problem) => problem,
        };
        (line.options.into_iter().map(show).collect(), line.operands)
    }

    #[test]
    fn options_and_operands_mix() {
        let (options, operands) = read(&["a", "-ls5", "-", "-s", "-l", "--", "-l"]);
        assert_eq!(options, ["l", "s5", "s-l"]);
        assert_eq!(operands, ["a", "-", "-l"]);
    }

    #[test]
    fn long_spellings_may_be_cut() {
        let (options, _) = read(&["--size=1", "--le", "--siz", "2"]);
        assert_eq!(options, ["s1", "l", "s2"]);
    }

    #[test]
    fn complaints_are_those_of_the_c_library() {
        let (options, _) = read(&["-x", "--no=1", "--less=3", "--si", "-s"]);
        assert_eq!(
            options,
            [
                "tool: invalid option -- 'x'",
                "tool: unrecognized option '--no=1'",
                "tool: option '--less' doesn't allow an argument",
                "tool: option '--si' is ambiguous; possibilities: '--size' '--silent'",
                "tool: option requires an argument -- 's'",
            ]
        );
        let (options, _) = read(&["--size"]);
        assert_eq!(options, ["tool: option '--size' requires an argument"]);
    }
}
