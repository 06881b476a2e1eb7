use std::ffi::OsString;

use crate::{NAME, metadata};

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The daemon.
    Run {
        /// Whether the log is to be detailed.
        verbose: bool,
    },
    /// A text.
    Print(String),
}

const HELP: &str = "\
pacemaker-controld - daemon for coordinating a Pacemaker cluster's response to events

Usage: pacemaker-controld [options] [metadata|version]

Options:
 -?, --help             This text
 -$, --version          Version information
 -V, --verbose          A more detailed log
";

/// The original whose place the daemon takes, in its words: the crm shell asks before it trusts tools with anything.
const COMPATIBLE: &str = "CRM Version: 2.1.5";

/// Reads the command line; the first argument is the program's name. The error is a sentence for the user.
pub(crate) fn parse(args: &[OsString]) -> Result<Asked, String> {
    let mut verbose = false;
    for argument in args.iter().skip(1) {
        match &*argument.to_string_lossy() {
            "metadata" => return Ok(Asked::Print(metadata::text())),
            "version" => {
                let text = format!("{COMPATIBLE} (Cardea {})\n", vocab::PRODUCT_VERSION);
                return Ok(Asked::Print(text));
            }
            "-?" | "--help" => return Ok(Asked::Print(HELP.to_owned())),
            "-$" | "--version" => {
                return Ok(Asked::Print(format!("{NAME} {}\n", vocab::PRODUCT_VERSION)));
            }
            "-V" | "--verbose" => verbose = true,
            other => return Err(format!("unknown argument '{other}'")),
        }
    }
    Ok(Asked::Run { verbose })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_refused() {
        let parsed = |args: &[&str]| {
            let args: Vec<_> = [NAME].iter().chain(args).map(OsString::from).collect();
            parse(&args)
        };
        assert_eq!(parsed(&["-V"]), Ok(Asked::Run { verbose: true }));
        assert!(parsed(&["-x"]).is_err());
        let Ok(Asked::Print(text)) = parsed(&["version"]) else { panic!("the version is a text") };
        assert_eq!(text.split(' ').nth(2), Some("2.1.5"));
        let Ok(Asked::Print(text)) = parsed(&["metadata"]) else { panic!("metadata is a text") };
        let document = xml::parse(&text).unwrap();
        let names: Vec<_> = document
            .child("parameters")
            .unwrap()
            .children()
            .filter_map(|p| p.attr("name"))
            .collect();
        assert!(names.contains(&"dc-deadtime") && !names.contains(&"shutdown-lock"));
    }
}
