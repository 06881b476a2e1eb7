//! `corosync-cmapctl`: reads, changes and follows the ring's configuration map and its statistics.

mod follow;
mod load;
mod show;
mod value;

use std::{ffi::OsString, process::ExitCode};

use ring::{
    CmapValue, RingError,
    blocking::{Cmap, Map},
};

use crate::{
    getopt,
    print::{complain, say},
};
use show::Shape;

/// This tool.
pub(crate) const TOOL: crate::Tool =
    crate::Tool { name: "corosync-cmapctl", summary: "show and change the ring's settings", main };

/// Keys as they were given. One that is no text is changed to some: no such key can be there anyway.
type Keys = Vec<String>;

#[derive(Debug)]
enum Action {
    Get,
    Set,
    Delete,
    DeletePrefix,
    PrintPrefix,
    Follow { is_prefix: bool },
    Load { file: OsString },
    ClearStatistics { which: String },
}

#[derive(Debug)]
struct Options {
    action: Action,
    map: Map,
    shape: Shape,
}

fn main(arguments: Vec<OsString>) -> ExitCode {
    let line = getopt::parse(arguments, "m:hqgsdDtTbp:C:", &[]);
    let options = match read_options(line.options) {
        Ok(Some(options)) => options,
        Ok(None) => {
            say(USAGE);
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            complain(problem);
            return ExitCode::FAILURE;
        }
    };
    match run(options, &line.operands) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            if let Some(problem) = problem {
                complain(problem);
            }
            ExitCode::FAILURE
        }
    }
}

/// The options, or `None` if help is asked for. Of several actions the last counts.
fn read_options(options: Vec<Result<(char, OsString), String>>) -> Result<Option<Options>, String> {
    let mut action = Action::PrintPrefix;
    let mut map = Map::Configuration;
    let mut is_map_chosen = false;
    let mut shape = Shape::default();
    for option in options {
        let (letter, argument) = option?;
        match letter {
            'h' => return Ok(None),
            'b' => shape.binary = true,
            'q' => shape.quiet = true,
            'g' => action = Action::Get,
            's' => action = Action::Set,
            'd' => action = Action::Delete,
            'D' => action = Action::DeletePrefix,
            'p' => action = Action::Load { file: argument },
            't' => action = Action::Follow { is_prefix: false },
            'T' => action = Action::Follow { is_prefix: true },
            'C' => {
                let which = argument.to_string_lossy().into_owned();
                if !["knet", "totem", "ipc", "schedmiss", "all"].contains(&which.as_str()) {
                    return Err(
                        "argument to -C should be 'knet', 'totem', 'ipc', 'schedmiss' or 'all'"
                            .to_owned(),
                    );
                }
                action = Action::ClearStatistics { which };
                map = Map::Statistics;
            }
            _ => {
                match argument.to_str() {
                    Some("icmap" | "default") => map = Map::Configuration,
                    Some("stats") => map = Map::Statistics,
                    // As in the original, where one that is right makes up for one that is wrong.
                    _ if is_map_chosen => {}
                    _ => {
                        let problem = "invalid map name, must be 'default', 'icmap' or 'stats'";
                        return Err(problem.to_owned());
                    }
                }
                is_map_chosen = true;
            }
        }
    }
    Ok(Some(Options { action, map, shape }))
}

/// Does what was asked; a failure may have been told already.
fn run(options: Options, operands: &[OsString]) -> Result<(), Option<String>> {
    let Options { action, map, shape } = options;
    let needs_key = !matches!(
        action,
        Action::Load { .. } | Action::ClearStatistics { .. } | Action::PrintPrefix
    );
    if needs_key && operands.is_empty() {
        return Err(Some("Expected key after options".to_owned()));
    }
    let keys: Keys = operands.iter().map(|key| key.to_string_lossy().into_owned()).collect();
    let mut cmap = Cmap::connect(map).map_err(|error| {
        Some(format!("Failed to initialize the cmap API. Error {}", error.status()))
    })?;
    match action {
        Action::PrintPrefix => return print_prefixes(&mut cmap, shape, &keys),
        Action::Get => {
            for key in &keys {
                let value = get(&mut cmap, key).map_err(Some)?;
                say(shape.show(key, &value));
            }
        }
        Action::Delete => {
            for key in &keys {
                delete(&mut cmap, key).map_err(Some)?;
            }
        }
        Action::DeletePrefix => {
            for prefix in &keys {
                delete_prefix(&mut cmap, prefix).map_err(Some)?;
            }
        }
        Action::Load { file } => load::load(&mut cmap, &file).map_err(Some)?,
        Action::Follow { is_prefix } => {
            follow::follow(&mut cmap, shape, &keys, is_prefix).map_err(Some)?;
        }
        Action::Set => {
            let [key, value_type, value, ..] = operands else {
                return Err(Some("At least 3 parameters are expected for set".to_owned()));
            };
            value::set(&mut cmap, &key.to_string_lossy(), value_type, value).map_err(Some)?;
        }
        Action::ClearStatistics { which } => {
            // The original does not look whether it worked.
            let _ = cmap.set(&format!("stats.clear.{which}"), CmapValue::U32(1));
        }
    }
    Ok(())
}

/// Prints all keys that begin with one of the prefixes. It is a failure if there are none for any.
fn print_prefixes(cmap: &mut Cmap, shape: Shape, keys: &Keys) -> Result<(), Option<String>> {
    let everything = [String::new()];
    let prefixes = if keys.is_empty() { &everything[..] } else { keys };
    let mut found = false;
    for prefix in prefixes {
        for key in iterate(cmap, prefix).map_err(Some)? {
            found = true;
            match cmap.get(&key) {
                Ok(Some(value)) => say(shape.show(&key, &value)),
                Ok(None) => complain(cannot_get(&key, wire::corosync::Status::NOT_EXIST)),
                Err(error) => complain(cannot_get(&key, error.status())),
            }
        }
    }
    if found { Ok(()) } else { Err(None) }
}

fn iterate(cmap: &mut Cmap, prefix: &str) -> Result<Keys, String> {
    let failed =
        |error: RingError| format!("Failed to initialize iteration. Error {}", error.status());
    cmap.keys(prefix).map_err(failed)
}

fn cannot_get(key: &str, status: wire::corosync::Status) -> String {
    format!("Can't get value of {key}. Error {status}")
}

fn get(cmap: &mut Cmap, key: &str) -> Result<CmapValue, String> {
    let status = match cmap.get(key) {
        Ok(Some(value)) => return Ok(value),
        Ok(None) => wire::corosync::Status::NOT_EXIST,
        Err(error) => error.status(),
    };
    Err(format!("Can't get key {key}. Error {status}"))
}

fn delete(cmap: &mut Cmap, key: &str) -> Result<(), String> {
    cmap.delete(key).map_err(|error| format!("Can't delete key {key}. Error {}", error.status()))
}

/// Deletes all keys that begin with the prefix; what cannot be deleted is told and left.
fn delete_prefix(cmap: &mut Cmap, prefix: &str) -> Result<(), String> {
    for key in iterate(cmap, prefix)? {
        if let Err(problem) = delete(cmap, &key) {
            complain(problem);
        }
    }
    Ok(())
}

const USAGE: &str = "\
\n\
usage:  corosync-cmapctl [-b] [-DdghsqTCt] [-p filename] [-m map] [params...]

    -b show binary values

    -m select map to use
          The  default  map is 'icmap' which contains configuration information and some runtime variables used by corosync. 
          A 'stats' map is also available which displays network statistics - in great detail when knet is used as the transport.
Set key:
    corosync-cmapctl -s key_name type value

    where type is one of ([i|u][8|16|32|64] | flt | dbl | str | bin)
    for bin, value is file name (or - for stdin)

    map can be either 'icmap' (the default) which contains corosync
    configuration information, or 'stats' which contains statistics
    about the networking and IPC traffic in some detail.

Clear stats:
    corosync-cmapctl -C [knet|ipc|totem|schedmiss|all]
    The 'stats' map is implied

Load settings from a file:
    corosync-cmapctl -p filename

    the format of the file is:
    [^[^]]<key_name>[ <type> <value>]
    Keys prefixed with single caret ('^') are deleted (see -d).
    Keys (actually prefixes) prefixed with double caret ('^^') are deleted by prefix (see -D).
    <type> and <value> are optional (not checked) in above cases.
    Other keys are set (see -s) so both <type> and <value> are required.

Delete key:
    corosync-cmapctl -d key_name...

Delete multiple keys with prefix:
    corosync-cmapctl -D key_prefix...

Get key:
    corosync-cmapctl [-b] -g key_name...

Quiet mode:
    corosync-cmapctl [-b] -q -g key_name...

Display all keys:
    corosync-cmapctl [-b]

Display keys with prefix key_name:
    corosync-cmapctl [-b] key_name...

Track changes on keys with key_name:
    corosync-cmapctl [-b] -t key_name

Track changes on keys with key prefix:
    corosync-cmapctl [-b] -T key_prefix
";
