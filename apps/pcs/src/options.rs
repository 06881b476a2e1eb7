use std::collections::BTreeMap;

/// Options without a value.
const FLAGS: [&str; 41] = [
    "--debug",
    "--version",
    "--help",
    "--fullhelp",
    "--force",
    "--skip-offline",
    "--autodelete",
    "--simulate",
    "--all",
    "--full",
    "--local",
    "--wait",
    "--config",
    "--start",
    "--enable",
    "--disabled",
    "--off",
    "--brief",
    "--safe",
    "--no-strict",
    "--strict",
    "--pacemaker",
    "--corosync",
    "--no-default-ops",
    "--defaults",
    "--nodesc",
    "--master",
    "--promoted",
    "--no-watchdog-validation",
    "--no-cluster-uuid",
    "--no-keys-sync",
    "--hide-inactive",
    "--monitor",
    "--groups",
    "--expired",
    "--no-expire-check",
    "--overwrite",
    "--agent-validation",
    "--yes",
    "-h",
    "--future",
];
/// Options with a value.
const VALUED: [&str; 17] = [
    "--request-timeout",
    "--name",
    "--group",
    "--node",
    "--from",
    "--to",
    "--after",
    "--before",
    "--corosync_conf",
    "--booth-conf",
    "--booth-key",
    "--output-format",
    "--token",
    "-f",
    "-p",
    "-u",
    "--index",
];

/// A command line taken apart: options may be anywhere among the words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// What is no option, in order.
    pub(crate) words: Vec<String>,
    /// What should be said about the way it was written.
    pub(crate) warnings: Vec<String>,
    given: BTreeMap<&'static str, Option<String>>,
}

/// A command line that cannot be taken apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OptionsError {
    #[error("option {0} not recognized")]
    Unknown(String),
    #[error("option {0}")]
    Malformed(String),
    #[error("{0} can only be used once")]
    Twice(&'static str),
    #[error("'{0}' is not a valid --request-timeout value, use a positive integer")]
    RequestTimeout(String),
}

impl Options {
    pub(crate) fn has(&self, option: &str) -> bool {
        self.given.contains_key(option)
    }

    pub(crate) fn value(&self, option: &str) -> Option<&str> {
        self.given.get(option)?.as_deref()
    }

    /// Adds an option as if it had been on the command line.
    pub(crate) fn give(&mut self, option: &str, value: &str) -> Result<(), OptionsError> {
        let mut value = std::iter::once(value.to_owned());
        self::option(option, &mut value, self)
    }

    /// The options that were given and are not among those that a command understands.
    pub(crate) fn others(&self, understood: &[&str]) -> Vec<&'static str> {
        let always = ["--debug"];
        let known = |option: &str| understood.contains(&option) || always.contains(&option);
        self.given.keys().copied().filter(|option| !known(option)).collect()
    }
}

/// Takes a command line apart.
pub(crate) fn parse(arguments: Vec<String>) -> Result<Options, OptionsError> {
    let mut options = Options::default();
    let has_separator = arguments.iter().any(|argument| argument == "--");
    let mut arguments = arguments.into_iter();
    let mut negative = Vec::new();
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            options.words.extend(arguments.by_ref());
        } else if !argument.starts_with('-') || argument == "-" {
            options.words.push(argument);
        } else if is_negative_number(&argument) && !has_separator {
            negative.push(argument.clone());
            options.words.push(argument);
        } else {
            option(&argument, &mut arguments, &mut options)?;
        }
    }
    if !negative.is_empty() {
        options.warnings.push(format!(
            "Using '{}' without '--' is deprecated, those parameters will be considered position independent options in future pcs versions",
            negative.join("', '")
        ));
    }
    if let Some(timeout) = options.value("--request-timeout")
        && !timeout.parse::<u32>().is_ok_and(|seconds| seconds > 0)
    {
        return Err(OptionsError::RequestTimeout(timeout.to_owned()));
    }
    Ok(options)
}

/// Whether it looks like an option but is a number: `-5`, `-INFINITY`.
fn is_negative_number(argument: &str) -> bool {
    argument.strip_prefix('-').is_some_and(|rest| {
        rest.starts_with("INFINITY") || rest.starts_with(|first: char| first.is_ascii_digit())
    })
}

fn option(
    argument: &str,
    rest: &mut dyn Iterator<Item = String>,
    options: &mut Options,
) -> Result<(), OptionsError> {
    let (name, attached) = match argument.split_once('=') {
        Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
        // The value of a short option may be glued to it.
        _ if !argument.starts_with("--") && argument.len() > 2 && argument.is_char_boundary(2) => {
            (&argument[..2], Some(argument[2..].to_owned()))
        }
        _ => (argument, None),
    };
    let known = |list: &[&'static str]| {
        let exact = list.iter().copied().find(|known| *known == name);
        let matches: Vec<&'static str> = FLAGS
            .iter()
            .chain(&VALUED)
            .copied()
            .filter(|known| name.starts_with("--") && known.starts_with(name))
            .collect();
        // An unambiguous beginning of a long option will do.
        exact.or(match matches.as_slice() {
            [only] if list.contains(only) => Some(*only),
            _ => None,
        })
    };
    let (name, value) = if let Some(name) = known(&FLAGS) {
        if attached.is_some() && name != "--wait" {
            return Err(OptionsError::Malformed(format!("{name} must not have an argument")));
        }
        (name, attached.filter(|value| !value.is_empty()))
    } else if let Some(name) = known(&VALUED) {
        let value = attached.or_else(|| rest.next());
        let missing = || OptionsError::Malformed(format!("{name} requires argument"));
        (name, Some(value.ok_or_else(missing)?))
    } else {
        return Err(OptionsError::Unknown(name.to_owned()));
    };
    if options.given.insert(name, value).is_some() {
        return Err(OptionsError::Twice(name));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options, OptionsError> {
        parse(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn options_may_be_anywhere() {
        let options = parsed("-f x.xml resource --force create --group=g a --wait=5 b").unwrap();
        assert_eq!(options.words, ["resource", "create", "a", "b"]);
        assert_eq!(options.value("-f"), Some("x.xml"));
        assert_eq!(options.value("--group"), Some("g"));
        assert_eq!(options.value("--wait"), Some("5"));
        assert!(options.has("--force") && !options.has("--all"));
        assert_eq!(options.others(&["-f", "--force", "--wait"]), ["--group"]);
    }

    #[test]
    fn negative_numbers_are_words() {
        let options = parsed("constraint colocation add a with b -INFINITY").unwrap();
        assert_eq!(options.words.last().unwrap(), "-INFINITY");
        assert_eq!(options.warnings.len(), 1);
        let options = parsed("x -- -5 --force").unwrap();
        assert_eq!(options.words, ["x", "-5", "--force"]);
        assert!(options.warnings.is_empty());
    }

    #[test]
    fn mistakes_are_told() {
        let error = |line| parsed(line).unwrap_err().to_string();
        assert_eq!(error("--bogus"), "option --bogus not recognized");
        assert_eq!(error("--version=3"), "option --version must not have an argument");
        assert_eq!(error("x -f"), "option -f requires argument");
        assert_eq!(error("--force --force"), "--force can only be used once");
        assert_eq!(
            error("--request-timeout 0"),
            "'0' is not a valid --request-timeout value, use a positive integer"
        );
    }
}
