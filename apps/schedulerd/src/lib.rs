//! `pacemaker-schedulerd`: makes plans for the controller, and keeps what they were made of.
//!
//! Planning happens on a thread of its own with a deep stack, so that clients are answered meanwhile; a bug in it costs one
//! plan and never the daemon.

mod metadata;
mod planner;
mod series;

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use ipc::{
    Access, ClientId,
    xml::{XmlEvent, XmlServer},
};
use messages::policy::ClientMessage;
use runtime::{LogSettings, Termination};
use vocab::{PRODUCT_VERSION, ToolExit};
use xml::Element;

use planner::{Planned, Planner};

/// The daemon's name in the log and in `ps`.
const NAME: &str = "pacemaker-schedulerd";
/// The name of the endpoint.
const ENDPOINT: &str = "pengine";
/// The user and group as which it runs.
const USER: &str = "hacluster";
const GROUP: &str = "haclient";

/// Runs the daemon until it is asked to end; the first argument is the name it was called by.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let mut log = LogSettings::from_environment(NAME);
    for argument in args.iter().skip(1) {
        match argument.to_str() {
            Some("-V" | "--verbose") => log.level = log.level.max(tracing::Level::DEBUG),
            Some("-$" | "--version") => {
                let _ = writeln!(io::stdout(), "Pacemaker 2.1.5\nCardea {PRODUCT_VERSION}");
                return ExitCode::SUCCESS;
            }
            // How tools of before 2.1.8 ask for the options and their defaults.
            Some("metadata") => {
                let _ = writeln!(io::stdout(), "{}", metadata::text());
                return ExitCode::SUCCESS;
            }
            Some("-?" | "--help") => {
                let _ = writeln!(
                    io::stdout(),
                    "{NAME} - daemon for calculating a Pacemaker cluster's response to events\n\n\
                     Usage: {NAME} [-V] [--version]"
                );
                return ExitCode::SUCCESS;
            }
            _ => {
                let argument = argument.to_string_lossy();
                let _ = writeln!(io::stderr(), "{NAME}: unknown argument '{argument}'");
                return ExitCode::from(64);
            }
        }
    }
    runtime::init_log(&log);
    runtime::run(run())
}

async fn run() -> ToolExit {
    let mut termination = match Termination::new() {
        Ok(termination) => termination,
        Err(error) => {
            tracing::error!("signals cannot be watched: {error}");
            return ToolExit::OsError;
        }
    };
    if let Err(error) = runtime::become_user(USER, GROUP) {
        tracing::error!("cannot become user {USER}: {error}");
        return ToolExit::Fatal;
    }
    let server = match XmlServer::bind(ENDPOINT, Access::Cluster) {
        Ok(server) => server,
        Err(error) => {
            tracing::error!("cannot listen, perhaps another scheduler is active: {error}");
            return ToolExit::Error;
        }
    };
    tracing::info!("Pacemaker scheduler successfully started and accepting connections");
    tokio::select! {
        () = serve(server, Planner::start()) => ToolExit::Ok,
        () = termination.requested() => ToolExit::Ok,
    }
}

async fn serve(mut server: XmlServer, mut planner: Planner) {
    loop {
        tokio::select! {
            event = server.next() => on_event(&mut server, &planner, event),
            Planned { client, answer } = planner.next() => server.notify(client, &answer),
        }
    }
}

fn on_event(server: &mut XmlServer, planner: &Planner, event: XmlEvent) {
    match event {
        XmlEvent::Connected { .. } | XmlEvent::Disconnected { .. } => {}
        XmlEvent::Malformed { client, error } => {
            tracing::warn!("a client sent something unreadable: {error}");
            server.disconnect(client);
        }
        XmlEvent::Request { client, request, body, .. } => {
            let status = on_request(planner, client, &body);
            server.acknowledge(client, request, status);
        }
    }
}

fn on_request(planner: &Planner, client: ClientId, body: &Element) -> ToolExit {
    match ClientMessage::from_element(body) {
        Ok(ClientMessage::Hello) => ToolExit::Indeterminate,
        Ok(ClientMessage::Plan(request)) => {
            planner.plan(client, *request);
            ToolExit::Indeterminate
        }
        Ok(ClientMessage::Other(task)) => {
            tracing::warn!("ignored a request that is not for the scheduler: '{task}'");
            ToolExit::InvalidParameter
        }
        Err(error) => {
            tracing::warn!("ignored a request that cannot be read: {error}");
            ToolExit::Protocol
        }
    }
}
