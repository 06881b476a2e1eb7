//! The command line.

use vocab::{FEATURE_SET, PRODUCT_VERSION};
use xml::Element;

/// What the launcher is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Run.
    Run {
        /// The node starts in standby.
        standby: bool,
    },
    /// Make the launcher that runs stop.
    Shutdown,
    /// Say what is built in.
    Features {
        /// As XML.
        xml: bool,
    },
    /// Say which version this is.
    Version,
    /// Say how it is used.
    Help,
}

/// The command line, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// What to do.
    pub(crate) command: Command,
}

pub(crate) const HELP: &str = "\
pacemakerd - launches and monitors the cluster's daemons

Usage:
  pacemakerd [options]

Options:
  -?, --help          Show this text
  -$, --version       Show the version
  -V, --verbose       Say more (may be given several times)
  -F, --features      Show version and features
  -f, --foreground    (Ignored) always runs in the foreground
  -p, --pid-file=FILE (Ignored) place of a PID file
  -S, --shutdown      Make the cluster stop on this host
  -s, --standby       Start the node in standby
      --output-as=FORMAT  text (default), xml, none";

/// What is built in, in Pacemaker's words.
const FEATURES: &[&str] = &["corosync-ge-2", "monotonic", "systemd"];

impl Options {
    /// Understands the arguments behind the name. The error is for people.
    pub(crate) fn parse(args: &[String]) -> Result<Self, String> {
        let mut seen = Seen::default();
        let mut rest = args.iter();
        while let Some(argument) = rest.next() {
            if let Some(long) = argument.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (long, None),
                };
                let value = match (name, value) {
                    ("pid-file" | "output-as" | "output-to", None) => Some(
                        rest.next().cloned().ok_or_else(|| format!("--{name} needs a value"))?,
                    ),
                    (_, value) => value,
                };
                seen.long(name, value.as_deref())?;
            } else if let Some(letters) = argument.strip_prefix('-').filter(|l| !l.is_empty()) {
                for (index, letter) in letters.char_indices() {
                    if letter == 'p' {
                        if letters[index + 1..].is_empty() {
                            rest.next().ok_or("-p needs a value")?;
                        }
                        break;
                    }
                    seen.short(letter)?;
                }
            } else {
                return Err(format!("there is no argument '{argument}'"));
            }
        }
        Ok(Self { command: seen.command() })
    }
}

/// The options seen so far.
#[derive(Default)]
struct Seen {
    help: bool,
    version: bool,
    features: bool,
    shutdown: bool,
    standby: bool,
    xml: bool,
}

impl Seen {
    fn long(&mut self, name: &str, value: Option<&str>) -> Result<(), String> {
        match (name, value) {
            ("help" | "help-all" | "help-output", None) => self.help = true,
            ("version", None) => self.version = true,
            ("features", None) => self.features = true,
            ("shutdown", None) => self.shutdown = true,
            ("standby", None) => self.standby = true,
            ("foreground" | "verbose", None) | ("pid-file", Some(_)) => {}
            ("output-as", Some("text" | "none")) => self.xml = false,
            ("output-as", Some("xml")) => self.xml = true,
            ("output-as", Some(other)) => {
                return Err(format!("there is no output format '{other}'"));
            }
            ("output-to", Some("-")) => {}
            ("output-to", Some(_)) => return Err("--output-to is not implemented yet".to_owned()),
            (_, Some(_)) => return Err(format!("--{name} takes no value")),
            (_, None) => return Err(format!("there is no option --{name}")),
        }
        Ok(())
    }

    fn short(&mut self, letter: char) -> Result<(), String> {
        match letter {
            '?' | 'h' => self.help = true,
            '$' => self.version = true,
            'F' => self.features = true,
            'S' => self.shutdown = true,
            's' => self.standby = true,
            'f' | 'V' => {}
            other => return Err(format!("there is no option -{other}")),
        }
        Ok(())
    }

    fn command(&self) -> Command {
        if self.help {
            Command::Help
        } else if self.features {
            Command::Features { xml: self.xml }
        } else if self.version {
            Command::Version
        } else if self.shutdown {
            Command::Shutdown
        } else {
            Command::Run { standby: self.standby }
        }
    }
}

/// The version, beginning with that of Pacemaker whose behaviour this is, which scripts look for.
pub(crate) fn version() -> String {
    format!("Pacemaker 2.1.5\nCardea {PRODUCT_VERSION}")
}

/// Version and features as text.
pub(crate) fn features() -> String {
    format!(
        "Pacemaker 2.1.5 (Build: cardea-{PRODUCT_VERSION})\n Supporting v{FEATURE_SET}: {}",
        FEATURES.join(" ")
    )
}

/// Version and features as XML.
pub(crate) fn features_xml(args: &[String]) -> String {
    let features = FEATURES.iter().map(|feature| {
        let mut element = Element::new("feature");
        element.push(xml::Node::Text((*feature).into()));
        element
    });
    let about = Element::new("pacemakerd")
        .with("version", "2.1.5")
        .with("build", format_args!("cardea-{PRODUCT_VERSION}"))
        .with("feature_set", FEATURE_SET)
        .with_child(Element::new("features").with_children(features));
    Element::new("pacemaker-result")
        .with("api-version", "2.25")
        .with("request", args.join(" "))
        .with_child(about)
        .with_child(Element::new("status").with("code", 0).with("message", "OK"))
        .to_pretty()
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Command, String> {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        Options::parse(&args).map(|options| options.command)
    }

    #[test]
    fn command_lines() {
        assert_eq!(parse(&[]), Ok(Command::Run { standby: false }));
        assert_eq!(parse(&["-f"]), Ok(Command::Run { standby: false }));
        assert_eq!(parse(&["-fsp", "/run/p.pid", "-V"]), Ok(Command::Run { standby: true }));
        assert_eq!(parse(&["-p/run/p.pid", "-S"]), Ok(Command::Shutdown));
        assert_eq!(parse(&["--pid-file=x", "--shutdown"]), Ok(Command::Shutdown));
        assert_eq!(parse(&["-F", "--output-as", "xml"]), Ok(Command::Features { xml: true }));
        assert_eq!(parse(&["-$"]), Ok(Command::Version));
        for bad in [&["-x"][..], &["start"], &["--features=1"], &["--output-as=html"], &["-p"]] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn features_are_valid_xml() {
        let text = features_xml(&["pacemakerd".into(), "-F".into()]);
        let document = xml::parse(&text).unwrap();
        let features = document.descend(&["pacemakerd", "features"]).unwrap();
        assert_eq!(features.children().count(), FEATURES.len());
    }
}
