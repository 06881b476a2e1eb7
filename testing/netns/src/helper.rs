use std::{ffi::OsString, process::ExitCode};

use crate::{init, keeper, probe, systemctl};

/// Runs the part of the test bed that this process was started for, if it was started for one.
///
/// `arguments` are the program's own, its name first. `None` means that the caller is an ordinary invocation and goes on.
pub fn run_helper(arguments: &[OsString]) -> Option<ExitCode> {
    let texts: Vec<&str> = arguments.iter().filter_map(|a| a.to_str()).collect();
    let (name, rest) = texts.split_first()?;
    let called = name.rsplit('/').next().unwrap_or(name);
    let outcome = match (called, rest) {
        ("systemctl", rest) => return Some(systemctl::main(rest)),
        (_, ["netns-init", rest @ ..]) => init::main(rest),
        (_, ["netns-keeper", rest @ ..]) => keeper::main(rest),
        (_, ["netns-probe", rest @ ..]) => probe::main(rest),
        _ => return None,
    };
    Some(match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error:#}", rest.first().unwrap_or(&"netns"));
            ExitCode::FAILURE
        }
    })
}
