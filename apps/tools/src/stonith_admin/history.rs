//! What was fenced.

use std::cmp::Reverse;

use client::fencer::FencerError;
use messages::fencing::{CallOptions, HistoryEntry, OperationState};
use present::{PagePart, ctime, iso_local};
use vocab::{NodeName, Timestamp};
use xml::Element;

use super::{Listed, Options, failure::Failure, say, say_count};
use crate::{
    frame::{self, Stop},
    output::{Format, Output},
};

const EVENTS: Listed = Listed { one: "event", several: "events", title: "fencing history" };

fn failed(error: FencerError) -> Stop {
    let failure = Failure::from(error);
    Stop::new(format!("Couldn't read the fencing history: {}", failure.text), failure.exit)
}

/// Shows the last fencing that succeeded, or with `--verbose` all; or forgets them.
pub(super) fn show(options: &Options, node: &str, output: &mut Output) -> Result<(), Stop> {
    let target = (node != "*").then(|| NodeName::from(node.to_owned()));
    let mut fencer = options.connect()?;
    if options.cleanup {
        output.line(format!("cleaning up fencing-history for node {node}"));
        return fencer.clean_history(target.as_ref()).map_err(failed);
    }
    let mut call = CallOptions::NONE;
    if options.broadcast {
        output.line("gather fencing-history from all nodes");
        call = CallOptions::BROADCAST;
    }
    let history = sorted(fencer.history_with(target.as_ref(), call).map_err(failed)?);
    // The latest come first. (The original shows the earliest where it promises the latest.)
    let latest = history.iter().find(|entry| entry.state == OperationState::Done);
    let all = output.verbosity() > 0 && !options.quiet;
    let shown: Vec<(&HistoryEntry, bool)> = if all {
        history.iter().map(|entry| (entry, true)).collect()
    } else {
        latest.into_iter().map(|entry| (entry, false)).collect()
    };
    let offset = frame::utc_offset_seconds();
    if output.format() == Format::Xml {
        let events = shown.iter().map(|(entry, _)| to_element(entry, offset));
        let list = Element::new("list").with("name", EVENTS.title).with("count", shown.len());
        output.element(list.with_children(events));
        return Ok(());
    }
    let described: Vec<String> = shown
        .iter()
        .map(|(entry, full)| match options.quiet {
            true => entry.completed.to_string(),
            false => describe(entry, *full, later_success(entry, &history), offset),
        })
        .collect();
    described.iter().for_each(|line| output.line(line));
    output.part(PagePart::List { heading: EVENTS.title.to_owned(), items: described });
    say_count(&EVENTS, if options.quiet { 0 } else { shown.len() }, output);
    Ok(())
}

/// Tells when a node was last fenced.
pub(super) fn last(options: &Options, node: &str, output: &mut Output) -> Result<(), Stop> {
    let target = NodeName::from(node.to_owned());
    let call = if options.as_node_id { CallOptions::NODE_ID } else { CallOptions::NONE };
    let history = options.connect()?.history_with(Some(&target), call).map_err(failed)?;
    let done = history.iter().filter(|entry| entry.state == OperationState::Done);
    let when = done.map(|entry| entry.completed).max();
    let offset = frame::utc_offset_seconds();
    match when {
        None => say(format!("Node {node} has never been fenced"), output),
        Some(when) => {
            say(format!("Node {node} last fenced at: {}", ctime(when, offset)), output);
            let element = Element::new("last-fenced").with("target", node);
            output.element(element.with("when", iso_local(when, offset)));
        }
    }
    Ok(())
}

/// Pending ones first, then the latest.
fn sorted(mut history: Vec<HistoryEntry>) -> Vec<HistoryEntry> {
    history.sort_by_key(|entry| {
        let pending = entry.state.is_pending();
        (!pending, Reverse((entry.completed, entry.completed_nanos)))
    });
    history
}

/// Who succeeded with what failed here, if somebody did later; preferably whoever failed.
fn later_success<'a>(failure: &HistoryEntry, history: &'a [HistoryEntry]) -> Option<&'a str> {
    if failure.state != OperationState::Failed {
        return None;
    }
    let time = |entry: &HistoryEntry| (entry.completed, entry.completed_nanos);
    let later: Vec<&HistoryEntry> = history
        .iter()
        .filter(|entry| entry.state == OperationState::Done && time(entry) > time(failure))
        .filter(|entry| entry.target == failure.target && entry.action == failure.action)
        .collect();
    let same =
        later.iter().find(|entry| failure.delegate.is_none() || entry.delegate == failure.delegate);
    same.or(later.first()).map(|entry| entry.delegate.as_deref().unwrap_or("some node"))
}

/// The moment with microseconds, in local time.
fn time(entry: &HistoryEntry, utc_offset_seconds: i32) -> String {
    precise(entry.completed, entry.completed_nanos, utc_offset_seconds)
}

fn precise(moment: Timestamp, nanos: u32, utc_offset_seconds: i32) -> String {
    let text = iso_local(moment, utc_offset_seconds);
    // The fraction stands behind the seconds: "2026-11-20 16:10:49" has 19 characters.
    match text.split_at_checked(19) {
        Some((clock, zone)) => format!("{clock}.{:06}{zone}", nanos / 1000),
        None => text,
    }
}

/// One fencing in a line. In full its time is that of its end, else that of the last of its kind.
fn describe(
    entry: &HistoryEntry,
    full: bool,
    later: Option<&str>,
    utc_offset_seconds: i32,
) -> String {
    let action = match entry.action.as_str() {
        "on" => "unfencing",
        "off" => "turning off",
        other => other,
    };
    let state = match entry.state {
        OperationState::Done => "successful",
        OperationState::Failed => "failed",
        OperationState::Query | OperationState::Executing | OperationState::Duplicate => "pending",
    };
    let mut line = format!("{action} of {} {state}", entry.target);
    let reason = entry.outcome.reason.as_deref().filter(|reason| !reason.is_empty());
    if let (OperationState::Failed, Some(reason)) = (entry.state, reason) {
        line.push_str(&format!(" ({reason})"));
    }
    line.push_str(": ");
    let ended = !entry.state.is_pending();
    if let (true, Some(delegate)) = (ended, &entry.delegate) {
        line.push_str(&format!("delegate={delegate}, "));
    }
    let client = entry.client.as_deref().unwrap_or_default();
    let origin = entry.origin.as_ref().map(ToString::to_string).unwrap_or_default();
    line.push_str(&format!("client={client}, origin={origin}"));
    if ended {
        let which = match (full, entry.state == OperationState::Failed) {
            (true, _) => "completed",
            (false, true) => "last-failed",
            (false, false) => "last-successful",
        };
        line.push_str(&format!(", {which}='{}'", time(entry, utc_offset_seconds)));
    }
    if let Some(delegate) = later {
        line.push_str(&format!(" (a later attempt from {delegate} succeeded)"));
    }
    line
}

fn to_element(entry: &HistoryEntry, utc_offset_seconds: i32) -> Element {
    let mut element = Element::new("fence_event")
        .with("action", &entry.action)
        .with("target", &entry.target)
        .with("client", entry.client.as_deref().unwrap_or_default())
        .with_some("origin", entry.origin.as_ref());
    element = match entry.state {
        OperationState::Failed => {
            element.with("status", "failed").with_some("exit-reason", entry.outcome.reason.as_ref())
        }
        OperationState::Done => element.with("status", "success"),
        OperationState::Query | OperationState::Executing | OperationState::Duplicate => {
            element.with("status", "pending").with("extended-status", entry.state.code())
        }
    };
    let ended = !entry.state.is_pending();
    element
        .with_some("delegate", entry.delegate.as_ref())
        .with_some("completed", ended.then(|| time(entry, utc_offset_seconds)))
}

#[cfg(test)]
mod tests {
    use messages::fencing::FenceOutcome;
    use vocab::ExecStatus;

    use super::*;

    fn entry(state: OperationState, completed: i64, delegate: &str) -> HistoryEntry {
        let outcome = match state {
            OperationState::Failed => FenceOutcome::failure(ExecStatus::Error, "no answer"),
            _ => FenceOutcome::success(),
        };
        HistoryEntry {
            operation: None,
            target: NodeName::from("node2".to_owned()),
            action: "off".to_owned(),
            origin: Some(NodeName::from("node1".to_owned())),
            delegate: Some(delegate.to_owned()),
            client: Some("stonith_admin".to_owned()),
            completed: Timestamp(completed),
            completed_nanos: 123_456_789,
            state,
            outcome,
        }
    }

    #[test]
    fn a_failure_tells_why_and_who_did_better() {
        let history = sorted(vec![
            entry(OperationState::Failed, 10, "node1"),
            entry(OperationState::Done, 20, "node3"),
            entry(OperationState::Query, 0, "node1"),
        ]);
        let states: Vec<OperationState> = history.iter().map(|entry| entry.state).collect();
        assert_eq!(states, [OperationState::Query, OperationState::Done, OperationState::Failed]);
        let failure = &history[2];
        assert_eq!(
            describe(failure, true, later_success(failure, &history), 0),
            "turning off of node2 failed (no answer): delegate=node1, client=stonith_admin, origin=node1, \
             completed='1970-01-01 00:00:10.123456Z' (a later attempt from node3 succeeded)"
        );
        assert_eq!(
            describe(&history[0], true, None, 0),
            "turning off of node2 pending: client=stonith_admin, origin=node1"
        );
        assert_eq!(later_success(&history[1], &history), None);
    }

    #[test]
    fn elements_say_the_same() {
        let text = to_element(&entry(OperationState::Done, 10, "node3"), 3600).to_compact();
        assert_eq!(
            text,
            "<fence_event action=\"off\" target=\"node2\" client=\"stonith_admin\" origin=\"node1\" \
             status=\"success\" delegate=\"node3\" completed=\"1970-01-01 01:00:10.123456 +01:00\"/>"
        );
    }
}
