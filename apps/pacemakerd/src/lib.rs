//! `pacemakerd`, the launcher: prepares the host, waits for the ring, runs the other daemons under the machine of
//! core/supervisor, and tells clients how far it is.
//!
//! The other daemons are this same binary, started under their names. They start as root; each becomes the cluster's user
//! itself once it has what it needs root for.

mod children;
mod environment;
mod options;
mod prepare;
mod reset;
mod ring_watch;
mod sbd;
mod serve;

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use client::launcher::{Launcher, LauncherError};
use runtime::LogSettings;
use vocab::ToolExit;

use options::{Command, Options};

/// How long a running launcher may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs the launcher; the first argument is the name it was called by.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let args: Vec<String> =
        args.iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let options = match Options::parse(args.get(1..).unwrap_or_default()) {
        Ok(options) => options,
        Err(problem) => {
            complain(&problem);
            return exit_code(ToolExit::Usage);
        }
    };
    match options.command {
        Command::Help => say(options::HELP),
        Command::Version => say(&options::version()),
        Command::Features { xml: false } => say(&options::features()),
        Command::Features { xml: true } => say(&options::features_xml(&args)),
        Command::Shutdown => return exit_code(shut_down()),
        Command::Run { standby } => return run(standby),
    }
    ExitCode::SUCCESS
}

/// `pacemakerd --shutdown`: asks the launcher that runs to stop.
fn shut_down() -> ToolExit {
    let answer =
        Launcher::connect("pacemakerd").and_then(|mut launcher| launcher.quit(ANSWER_TIMEOUT));
    match answer {
        Ok(exit) => {
            if exit != ToolExit::Ok {
                complain(&format!("the running pacemakerd refused: {exit}"));
            }
            exit
        }
        Err(error) => {
            complain(&format!(
                "Could not request shutdown of existing Pacemaker instance: {error}"
            ));
            ToolExit::Disconnect
        }
    }
}

fn run(standby: bool) -> ExitCode {
    if let Some(failed) = environment::take_over() {
        complain(&format!("cannot start with the environment of the host: {failed}"));
        return exit_code(ToolExit::OsError);
    }
    let log = LogSettings::from_environment("pacemakerd");
    let prepared = prepare::log_file(&log);
    runtime::init_log(&log);
    if let Err(error) = prepared {
        tracing::warn!("the log file may not be writable for all daemons: {error}");
    }
    match Launcher::connect("pacemakerd") {
        Err(LauncherError::Connect(_)) => {}
        Ok(_) | Err(_) => {
            tracing::error!("Aborting start-up because active Pacemaker instance found");
            return exit_code(ToolExit::Fatal);
        }
    }
    runtime::run(serve::serve(standby))
}

fn exit_code(exit: ToolExit) -> ExitCode {
    ExitCode::from(u8::try_from(exit.code()).unwrap_or(1))
}

fn say(text: &str) {
    // A reader that has gone away is no error of ours.
    let _ = writeln!(io::stdout(), "{text}");
}

fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "pacemakerd: {text}");
}
