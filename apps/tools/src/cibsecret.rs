//! `cibsecret`: keeps parameters of resources that nobody should read out of the CIB, in files that only root can read.

mod parameter;
mod peers;
mod store;

use std::{
    ffi::OsString,
    io::{self, BufRead, Write},
    path::Path,
    process::ExitCode,
};

use process::SECRETS_DIRECTORY;
use vocab::{PRODUCT_VERSION, ToolExit};

use crate::frame::exit_code;
use parameter::Configuration;
use store::{Problem, Store};

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "cibsecret",
    summary: "Keep secret parameters of resources out of the CIB",
    main,
};

const USAGE: &str = "\
cibsecret - keep secret parameters of resources out of the CIB

Usage: cibsecret [-C] COMMAND [ARGUMENT...]

Options:
  --help, -?      Show this text
  --version, -$   Show the version
  -C              Neither read nor change the CIB

Commands:
  set RESOURCE PARAMETER [VALUE]  Make VALUE the secret value; asks for it if it is not given
  get RESOURCE PARAMETER          Show the secret value
  check RESOURCE PARAMETER        See whether the value is what its digest says
  stash RESOURCE PARAMETER        Move the value from the CIB into a file (not with -C)
  unstash RESOURCE PARAMETER      Move the value from the file into the CIB (not with -C)
  delete RESOURCE PARAMETER       Forget the value, here and in the CIB
  sync                            Copy all secrets of this node to the others

The CIB has 'lrm://' where a value is secret. The values are in files that only root can read, on every node: what changes
here is copied to the nodes that answer a ping, by pssh, pdsh or ssh, whichever there is. Nodes that are down need 'sync'
from another node before their cluster starts. A changed value has no effect before the resource's next action.
";

/// A run that ends here: what is wrong, and the exit status.
#[derive(Debug)]
struct Stop {
    message: String,
    exit: ToolExit,
}

impl Stop {
    fn new(exit: ToolExit, message: impl Into<String>) -> Self {
        Self { message: message.into(), exit }
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        let exit = match problem {
            Problem::BadName(_) => ToolExit::Usage,
            Problem::NoDigest(_) => ToolExit::OsFile,
            Problem::Mismatch(_) => ToolExit::Digest,
            Problem::System { .. } => ToolExit::Error,
        };
        Self::new(exit, problem.to_string())
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Command {
    Set(Name, Option<String>),
    Get(Name),
    Check(Name),
    Stash(Name),
    Unstash(Name),
    Delete(Name),
    Sync,
}

/// A parameter of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    resource: String,
    parameter: String,
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "resource {} parameter {}", self.resource, self.parameter)
    }
}

/// The command of a command line, or nothing if it makes no sense.
fn command(words: &[&str]) -> Option<Command> {
    let name = |resource: &str, parameter: &str| Name {
        resource: resource.to_owned(),
        parameter: parameter.to_owned(),
    };
    Some(match *words {
        ["set", resource, parameter] => Command::Set(name(resource, parameter), None),
        ["set", resource, parameter, value] => {
            Command::Set(name(resource, parameter), Some(value.to_owned()))
        }
        ["get", resource, parameter] => Command::Get(name(resource, parameter)),
        ["check", resource, parameter] => Command::Check(name(resource, parameter)),
        ["stash", resource, parameter] => Command::Stash(name(resource, parameter)),
        ["unstash", resource, parameter] => Command::Unstash(name(resource, parameter)),
        ["delete", resource, parameter] => Command::Delete(name(resource, parameter)),
        ["sync"] => Command::Sync,
        _ => return None,
    })
}

fn main(args: Vec<OsString>) -> ExitCode {
    let words: Vec<String> =
        args.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    let without_cib = words.first() == Some(&"-C");
    if without_cib {
        words.remove(0);
    }
    match words.first() {
        Some(&"--help" | &"-?" | &"--help-all") => {
            say(USAGE.trim_end());
            return ExitCode::SUCCESS;
        }
        Some(&"--version" | &"-$") => {
            say(&format!("Cardea {PRODUCT_VERSION}, speaks Pacemaker 2.1.5"));
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let Some(command) = command(&words) else {
        let _ = write!(io::stderr(), "{USAGE}");
        return exit_code(ToolExit::Usage);
    };
    match run(&command, without_cib) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            let _ = writeln!(io::stderr(), "ERROR: {}", stop.message);
            exit_code(stop.exit)
        }
    }
}

fn say(text: &str) {
    // A reader that has gone away is no error of ours.
    let _ = writeln!(io::stdout(), "{text}");
}

fn inform(text: &str) {
    let _ = writeln!(io::stderr(), "INFO: {text}");
}

fn warn(text: &str) {
    let _ = writeln!(io::stderr(), "WARNING: {text}");
}

fn run(command: &Command, without_cib: bool) -> Result<(), Stop> {
    let store = Store::new(Path::new(SECRETS_DIRECTORY));
    let mut configuration =
        if without_cib { Configuration::none() } else { Configuration::open()? };
    match command {
        Command::Set(name, value) => {
            let value = match value {
                Some(value) => value.clone(),
                None => ask()?,
            };
            set(&store, &mut configuration, name, &value)
        }
        Command::Get(name) => {
            check(&store, &mut configuration, name)?;
            say(&store.value(&name.resource, &name.parameter)?.unwrap_or_default());
            Ok(())
        }
        Command::Check(name) => check(&store, &mut configuration, name),
        Command::Stash(name) => {
            configuration.needed("stash")?;
            let Some(value) = configuration.value(name)? else {
                return Err(Stop::new(ToolExit::NoSuch, format!("nothing to stash for {name}")));
            };
            if parameter::is_placeholder(&value) {
                let message = format!("{name} already set as secret, nothing to stash");
                return Err(Stop::new(ToolExit::Exists, message));
            }
            set(&store, &mut configuration, name, &value)
        }
        Command::Unstash(name) => unstash(&store, &mut configuration, name),
        Command::Delete(name) => {
            configuration.check_resource(name)?;
            store.remove(&name.resource, &name.parameter)?;
            configuration.remove(name)?;
            peers::copy_one(&store, name)
        }
        Command::Sync => peers::copy_all(&store),
    }
}

/// Asks for a value on standard input.
fn ask() -> Result<String, Stop> {
    let _ = write!(io::stderr(), "Enter value: ");
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Stop::new(ToolExit::NoInput, error.to_string()))?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

fn set(
    store: &Store,
    configuration: &mut Configuration,
    name: &Name,
    value: &str,
) -> Result<(), Stop> {
    if let Some(current) = configuration.value(name)?
        && !parameter::is_placeholder(&current)
        && current != value
    {
        let message = format!("CIB value <{current}> different for {name}; please delete it first");
        return Err(Stop::new(ToolExit::Config, message));
    }
    // The file comes first: a placeholder without a value fails the resource.
    store.set(&name.resource, &name.parameter, value)?;
    let copied = peers::copy_one(store, name);
    configuration.set(name, parameter::PLACEHOLDER)?;
    copied
}

fn check(store: &Store, configuration: &mut Configuration, name: &Name) -> Result<(), Stop> {
    let value = configuration.value(name)?;
    if configuration.is_known() && !value.as_deref().is_some_and(parameter::is_placeholder) {
        let message = format!("{name} not set as secret, nothing to check");
        return Err(Stop::new(ToolExit::Config, message));
    }
    Ok(store.check(&name.resource, &name.parameter)?)
}

fn unstash(store: &Store, configuration: &mut Configuration, name: &Name) -> Result<(), Stop> {
    configuration.needed("unstash")?;
    let Some(value) = store.value(&name.resource, &name.parameter)? else {
        return Err(Stop::new(ToolExit::NoSuch, format!("nothing to unstash for {name}")));
    };
    if !configuration.value(name)?.as_deref().is_some_and(parameter::is_placeholder) {
        warn(&format!("{name} not set as secret, but we have local value so proceeding anyway"));
    }
    // The CIB comes first: a placeholder without a value fails the resource.
    configuration.set(name, &value)?;
    store.remove(&name.resource, &name.parameter)?;
    peers::copy_one(store, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_need_their_arguments() {
        let name = Name { resource: "r".to_owned(), parameter: "p".to_owned() };
        assert_eq!(
            command(&["set", "r", "p", "v"]),
            Some(Command::Set(name.clone(), Some("v".to_owned())))
        );
        assert_eq!(command(&["set", "r", "p"]), Some(Command::Set(name.clone(), None)));
        assert_eq!(command(&["stash", "r", "p"]), Some(Command::Stash(name)));
        assert_eq!(command(&["sync"]), Some(Command::Sync));
        for wrong in [&[][..], &["get", "r"], &["sync", "r"], &["forget", "r", "p"]] {
            assert_eq!(command(wrong), None, "{wrong:?}");
        }
    }
}
