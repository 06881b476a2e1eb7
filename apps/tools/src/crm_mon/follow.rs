//! Going on without a terminal: a file is kept up to date, a program is told what happens.

use std::{
    fs,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use client::{cib::Cib, fencer::AsyncFencer};
use messages::fencing::{Finished, Notice, NoticeKind};
use vocab::{ExecStatus, ToolExit};

use super::{TOOL, agent::Agent, gather::Source, options::Options, page::Writer};
use crate::{
    frame::{self, Stop, exit_code},
    stonith_admin,
};

/// How many changes, and for how long, may be waited for before they are shown together.
const MOST_CHANGES: usize = 10;
const LONGEST_WAIT: Duration = Duration::from_secs(2);
const QUIET: Duration = Duration::from_millis(250);

/// Goes on in the background, and leaves the process's number in a file if one is named.
pub(super) fn go_to_background(options: &Options) -> Result<(), String> {
    // The file is there when whoever started this goes on, as the agent ClusterMon wants it.
    let tell = |process: u32| {
        if let Some(path) = &options.pid_file
            && let Err(error) = fs::write(path, format!("{process:>10}\n"))
        {
            let message = format!("{}: {error}", path.display());
            frame::complain(&TOOL, &message, ToolExit::CannotCreate);
        }
    };
    runtime::detach_telling(tell).map_err(|error| format!("Could not fork daemon: {error}"))
}

/// Follows the cluster until somebody ends the process.
pub(super) fn follow(
    options: &Options,
    writer: &Writer<'_>,
    source: &Source,
    interval: Duration,
) -> ExitCode {
    let path = options.destination().map(std::path::PathBuf::as_path);
    let mut agent = Agent::of(options);
    if options.watch_fencing
        && let Some(agent) = Agent::of(options)
    {
        std::thread::spawn(move || watch_fencing(agent, interval));
    }
    let mut connection: Option<Cib> = None;
    loop {
        if let Err(exit) = turn(&mut connection, source, writer, path, agent.as_mut(), interval) {
            return exit;
        }
    }
}

/// Shows what there is to show and waits until there may be more.
fn turn(
    connection: &mut Option<Cib>,
    source: &Source,
    writer: &Writer<'_>,
    path: Option<&Path>,
    mut agent: Option<&mut Agent>,
    interval: Duration,
) -> Result<(), ExitCode> {
    let found = match connection {
        Some(open) => source.look(open),
        None => source.subscribe().and_then(|open| source.look(connection.insert(open))),
    };
    match (found, path) {
        (Ok(found), Some(path)) => writer.replace(path, &found)?,
        (Ok(_), None) => {}
        (Err(stop), path) => {
            *connection = None;
            let Stop { message, exit } = stop;
            if exit == ToolExit::Config {
                return Err(exit_code(exit));
            }
            if let Some(path) = path {
                writer.replace_by_loss(path, &message.unwrap_or_default())?;
            }
        }
    }
    let Some(open) = connection else {
        std::thread::park_timeout(interval);
        return Ok(());
    };
    let lost = wait_for_changes(open, interval, |notification| {
        if let Some(agent) = agent.as_mut() {
            agent.tell_changes(notification);
        }
    });
    if lost {
        *connection = None;
    }
    Ok(())
}

/// Waits for changes, several of which may come together. Says whether the connection was lost.
pub(super) fn wait_for_changes(
    connection: &mut Cib,
    interval: Duration,
    mut each: impl FnMut(&messages::cib::Notification),
) -> bool {
    let mut wait = interval;
    let mut first: Option<Instant> = None;
    for _ in 0..MOST_CHANGES {
        match connection.next_notification(wait) {
            Ok(Some(notification)) => each(&notification),
            Ok(None) => return false,
            Err(_) => return true,
        }
        let since = first.get_or_insert_with(Instant::now).elapsed();
        wait = QUIET.min(LONGEST_WAIT.saturating_sub(since));
    }
    false
}

/// Tells the user's program of every fencing.
fn watch_fencing(mut agent: Agent, retry: Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return };
    runtime.block_on(async {
        loop {
            if let Ok(mut fencer) = AsyncFencer::connect(TOOL.name).await
                && fencer.subscribe(NoticeKind::Fence).await.is_ok()
            {
                while let Some(notice) = fencer.next().await {
                    if let Notice::Fenced(end) = notice {
                        let target = end.target.as_ref().map(ToString::to_string);
                        let target = target.unwrap_or_else(|| "unknown".to_owned());
                        let result = stonith_admin::number(&end.outcome);
                        agent.tell_fencing(&target, result, description(&end, &target));
                    }
                }
            }
            tokio::time::sleep(retry).await;
        }
    });
}

/// What happened, in the original's words.
fn description(end: &Finished, target: &str) -> String {
    let origin = end.origin.as_ref().map_or_else(|| "a node".to_owned(), ToString::to_string);
    let client = end.client.as_deref().unwrap_or("a client");
    let by = end.delegate.as_deref().unwrap_or("the cluster");
    let outcome = &end.outcome;
    let how = match (outcome.status, outcome.exit) {
        (ExecStatus::Done, 0) => ToolExit::Ok.as_str(),
        (ExecStatus::Done, _) => ExecStatus::Error.as_str(),
        (status, _) => status.as_str(),
    };
    let reason = outcome.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
    format!(
        "Operation {} of {target} by {by} for {client}@{origin}: {how}{reason} (ref={})",
        end.action, end.operation
    )
}
