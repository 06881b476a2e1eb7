//! `corosync`: this node's place in the ring, and the services that programs on this host use the ring by.
//!
//! One thread, one loop around pure machines: links carry frames, the ring orders messages, the barrier keeps services in
//! step when the membership changes, groups, quorum and the map serve clients. `daemon` is the loop; `settle` is what
//! the machines want done. Files, names and the log are read and written by other threads: nothing here waits for them.

mod arguments;
mod cfg;
mod clients;
mod configure;
mod daemon;
mod deadlines;
mod endpoints;
mod exit;
mod farewell;
mod followed;
mod journal;
mod kin;
mod link_log;
mod load;
mod manage;
mod members;
mod misses;
mod settle;
mod start;
mod statistics;
mod traffic;
mod transport;
mod versions;

use std::{
    ffi::OsString,
    io::{self, Write},
    os::fd::AsFd,
    process::ExitCode,
};

use arguments::{Action, USAGE};
use exit::Exit;

/// The version of Corosync whose behaviour this is.
const COROSYNC_VERSION: &str = "3.1.7";

/// Runs the process that says goodbye for a daemon that was killed; standard input is the connection to the daemon.
pub fn watcher(_args: Vec<OsString>) -> ExitCode {
    match net::say_last_words(io::stdin().as_fd()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ =
                writeln!(io::stderr(), "corosync-watcher: {error}: only corosync can start this");
            ExitCode::FAILURE
        }
    }
}

/// Runs the daemon until it is asked to end; the first argument is the name it was called by.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let from_environment = std::env::var_os("COROSYNC_MAIN_CONFIG_FILE");
    let exit = match arguments::parse(args.get(1..).unwrap_or_default(), from_environment) {
        Ok(Action::Run { configuration, lock, in_foreground }) => {
            start::run(&configuration, &lock, in_foreground)
        }
        Ok(Action::Test { configuration }) => start::test(&configuration),
        Ok(Action::Version) => {
            let version = vocab::PRODUCT_VERSION;
            let _ = write!(
                io::stdout(),
                "Corosync Cluster Engine, version '{COROSYNC_VERSION}'\nCardea {version}\n\n\
                 Available crypto models: nss openssl\n\
                 Available compression models: zlib lz4 lz4hc bzip2\n"
            );
            Exit::Normal
        }
        Ok(Action::Help) => {
            let _ = write!(io::stdout(), "{USAGE}");
            Exit::Normal
        }
        Err(problem) => {
            let _ = write!(io::stderr(), "corosync: {problem}\n{USAGE}");
            Exit::Usage
        }
    };
    exit.into()
}
