use std::{ffi::OsString, path::PathBuf};

use crate::{NAME, metadata};

/// Where the CIB is kept unless `--cib-root` says otherwise.
const ROOT: &str = "/var/lib/pacemaker/cib";

/// How the daemon was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Without a cluster: every change is made here alone.
    pub(crate) stand_alone: bool,
    /// Whether changes are put on disk.
    pub(crate) disk_writes: bool,
    /// The directory of the CIB's files.
    pub(crate) root: PathBuf,
    /// Whether the log is to be detailed.
    pub(crate) verbose: bool,
}

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The daemon.
    Run(Arguments),
    /// A text.
    Print(String),
}

const HELP: &str = "\
pacemaker-based - daemon for managing the configuration of a Pacemaker cluster

Usage: pacemaker-based [options] [metadata]

Options:
 -?, --help             This text
 -$, --version          Version information
 -V, --verbose          A more detailed log
 -s, --stand-alone      (Advanced use only) Without a cluster, and nothing is written unless -w follows
 -w, --disk-writes      (Advanced use only) Write changes to disk
 -r, --cib-root=value   (Advanced use only) The directory of the configuration's files
";

impl Arguments {
    /// Reads the command line; the first argument is the program's name. The error is a sentence for the user.
    pub(crate) fn parse(args: &[OsString]) -> Result<Asked, String> {
        let mut parsed = Self {
            stand_alone: false,
            disk_writes: true,
            root: PathBuf::from(ROOT),
            verbose: false,
        };
        let mut rest = args.iter().skip(1);
        while let Some(argument) = rest.next() {
            let text = argument.to_string_lossy();
            match &*text {
                "metadata" => return Ok(Asked::Print(metadata::text())),
                "-?" | "--help" => return Ok(Asked::Print(HELP.to_owned())),
                "-$" | "--version" => {
                    return Ok(Asked::Print(format!("{NAME} {}\n", vocab::PRODUCT_VERSION)));
                }
                "-V" | "--verbose" => parsed.verbose = true,
                "-s" | "--stand-alone" => {
                    parsed.stand_alone = true;
                    parsed.disk_writes = false;
                }
                "-w" | "--disk-writes" => parsed.disk_writes = true,
                "-r" | "--cib-root" => {
                    let value = rest.next().ok_or("--cib-root needs a directory")?;
                    parsed.root = PathBuf::from(value);
                }
                other => match other.strip_prefix("--cib-root=") {
                    Some(value) => parsed.root = PathBuf::from(value),
                    None => return Err(format!("unknown argument '{other}'")),
                },
            }
        }
        Ok(Asked::Run(parsed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Asked, String> {
        let args: Vec<_> = ["pacemaker-based"].iter().chain(args).map(OsString::from).collect();
        Arguments::parse(&args)
    }

    fn run(args: &[&str]) -> Arguments {
        match parse(args) {
            Ok(Asked::Run(arguments)) => arguments,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn alone_it_writes_nothing_unless_told_to() {
        assert!(run(&[]).disk_writes);
        assert!(!run(&["-s"]).disk_writes);
        let told = run(&["-s", "-w", "-r", "/tmp/x", "-V"]);
        assert!(told.stand_alone && told.disk_writes && told.verbose);
        assert_eq!(told.root, PathBuf::from("/tmp/x"));
        assert_eq!(run(&["--cib-root=/y"]).root, PathBuf::from("/y"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert!(parse(&["-x"]).is_err());
        assert!(parse(&["-r"]).is_err());
        assert!(parse(&["something"]).is_err());
        assert!(
            matches!(parse(&["metadata"]), Ok(Asked::Print(text)) if text.contains("enable-acl"))
        );
    }
}
