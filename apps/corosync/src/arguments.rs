use std::{ffi::OsString, path::PathBuf};

/// The configuration, unless arguments or environment name another.
const CONFIGURATION: &str = "/etc/corosync/corosync.conf";

/// The lock file, unless arguments name another.
const LOCK: &str = "/var/run/corosync.pid";

/// How to use the program.
pub(crate) const USAGE: &str = "usage:\n\
    \x20       -c FILE: Configuration file.\n\
    \x20       -l FILE: Lock file.\n\
    \x20       -f     : Stay in the foreground.\n\
    \x20       -t     : Test the configuration and exit.\n\
    \x20       -v     : Show the version and exit.\n";

/// What the program is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Be a node of the ring.
    Run {
        /// The configuration.
        configuration: PathBuf,
        /// The file that only one daemon can lock.
        lock: PathBuf,
        /// Whether the caller waits for the end.
        in_foreground: bool,
    },
    /// Say what is wrong with a configuration.
    Test {
        /// The configuration.
        configuration: PathBuf,
    },
    /// Say which version this is.
    Version,
    /// Say how the program is used.
    Help,
}

/// Reads the arguments behind the program's name. `from_environment` is what `COROSYNC_MAIN_CONFIG_FILE` says.
///
/// # Errors
///
/// A sentence about the argument that cannot be understood.
pub(crate) fn parse(
    arguments: &[OsString],
    from_environment: Option<OsString>,
) -> Result<Action, String> {
    let mut configuration =
        from_environment.map_or_else(|| PathBuf::from(CONFIGURATION), PathBuf::from);
    let mut lock = PathBuf::from(LOCK);
    let mut in_foreground = false;
    let mut only_test = false;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if text == "--help" {
            return Ok(Action::Help);
        }
        if text == "--version" {
            return Ok(Action::Version);
        }
        let Some(letters) = text.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            return Err(format!("'{text}' is not an option"));
        };
        let mut letters = letters.chars();
        while let Some(letter) = letters.next() {
            match letter {
                'f' => in_foreground = true,
                't' => only_test = true,
                'v' => return Ok(Action::Version),
                'h' => return Ok(Action::Help),
                'c' | 'l' => {
                    let rest = letters.as_str();
                    let file = if rest.is_empty() {
                        arguments
                            .next()
                            .map(PathBuf::from)
                            .ok_or(format!("-{letter} needs a file"))?
                    } else {
                        PathBuf::from(rest)
                    };
                    *(if letter == 'c' { &mut configuration } else { &mut lock }) = file;
                    break;
                }
                other => return Err(format!("there is no option '-{other}'")),
            }
        }
    }
    Ok(if only_test {
        Action::Test { configuration }
    } else {
        Action::Run { configuration, lock, in_foreground }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &[&str]) -> Result<Action, String> {
        parse(&words.iter().map(OsString::from).collect::<Vec<_>>(), Some("/env".into()))
    }

    #[test]
    fn letters_may_stand_together() {
        let run = |file: &str, in_foreground| {
            let (configuration, lock) = (PathBuf::from(file), PathBuf::from(LOCK));
            Ok(Action::Run { configuration, lock, in_foreground })
        };
        let other = Action::Run {
            configuration: PathBuf::from("/env"),
            lock: PathBuf::from("/y"),
            in_foreground: true,
        };
        assert_eq!(parse_words(&["-fl/y"]), Ok(other));
        assert_eq!(parse_words(&[]), run("/env", false));
        assert_eq!(parse_words(&["-f"]), run("/env", true));
        assert_eq!(parse_words(&["-fc", "/x"]), run("/x", true));
        assert_eq!(parse_words(&["-c/y"]), run("/y", false));
        assert_eq!(
            parse_words(&["-tf"]),
            Ok(Action::Test { configuration: PathBuf::from("/env") })
        );
        assert_eq!(parse_words(&["-v"]), Ok(Action::Version));
    }

    #[test]
    fn what_is_no_option_is_named() {
        assert_eq!(parse_words(&["-x"]), Err("there is no option '-x'".to_owned()));
        assert_eq!(parse_words(&["start"]), Err("'start' is not an option".to_owned()));
        assert_eq!(parse_words(&["-c"]), Err("-c needs a file".to_owned()));
    }
}
