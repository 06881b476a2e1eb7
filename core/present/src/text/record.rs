use vocab::{ExecStatus, Interval, OcfExit, Score, ToolExit};

use super::node::long_name;
use crate::{
    Failure, FenceEvent, FenceState, HistoryEntry, NodeHistory, ResourceHistory, Show, Status,
    TextList, Tone,
    fencing::latest_of_each,
    selection::Selection,
    time::{ctime, iso_local},
};

/// The histories that are shown: nodes, and of each what was done to the resources that are shown.
pub(crate) fn history_sections<'a>(
    status: &'a Status,
    show: &Show,
) -> Vec<(&'a NodeHistory, Vec<&'a ResourceHistory>)> {
    let selection = Selection::of(status, show);
    let operations = show.sections.operations;
    let shown = |history: &&ResourceHistory| {
        let enough = if operations {
            !history.operations.is_empty()
        } else {
            history.fail_count > Score::ZERO
        };
        enough && !history.removed && selection.has_history(history)
    };
    let nodes = status.histories.iter().filter(|history| show.has_node(&history.node));
    nodes.map(|history| (history, history.resources.iter().filter(shown).collect())).collect()
}

/// Fail counts by node and resource, with every operation if operations are shown.
pub(super) fn history_list(out: &mut TextList, status: &Status, show: &Show) {
    let operations = show.sections.operations;
    let heading = if operations { "Operations" } else { "Migration Summary" };
    let histories = history_sections(status, show);
    if histories.is_empty() {
        return;
    }
    out.spaced_section(heading, |out| {
        for (history, resources) in histories {
            if !resources.is_empty() {
                node_history(out, history, &resources, show);
            }
        }
    });
}

fn node_history(
    out: &mut TextList,
    history: &NodeHistory,
    resources: &[&ResourceHistory],
    show: &Show,
) {
    let name = long_name(&history.node, &history.node_id, history.host.as_deref(), show);
    out.section(format!("Node: {name}"), |out| {
        for resource in resources {
            let line = resource_history(resource, show);
            if !show.sections.operations {
                out.item(line);
                continue;
            }
            out.section(line, |out| {
                for entry in &resource.operations {
                    out.item(operation(entry, show));
                }
            });
        }
    });
}

fn resource_history(history: &ResourceHistory, show: &Show) -> String {
    let all = show.sections.operations;
    let name = if all { &history.name } else { &history.resource };
    if !all && history.fail_count <= Score::ZERO && history.last_failure.is_none() {
        return format!("{name}:");
    }
    let mut line = format!("{name}: migration-threshold={}", history.migration_threshold.value());
    if history.fail_count > Score::ZERO {
        line.push_str(&format!(" fail-count={}", history.fail_count.value()));
    }
    if let Some(moment) = history.last_failure {
        line.push_str(&format!(" last-failure='{}'", ctime(moment, show.utc_offset_seconds)));
    }
    line
}

fn operation(entry: &HistoryEntry, show: &Show) -> String {
    let interval = if entry.interval.is_recurring() {
        format!(" interval=\"{}ms\"", entry.interval)
    } else {
        String::new()
    };
    if !show.detail.timing {
        let colon = if interval.is_empty() { "" } else { ":" };
        return format!("({}) {}{colon}{interval}", entry.call, entry.task);
    }
    let mut line = format!("({}) {}:{interval}", entry.call, entry.task);
    if let Some(moment) = entry.last_change {
        let time = ctime(moment, show.utc_offset_seconds);
        line.push_str(&format!(" last-rc-change=\"{time}\""));
    }
    if let Some(exec) = &entry.exec_ms {
        line.push_str(&format!(" exec-time=\"{exec}ms\""));
    }
    if let Some(queue) = &entry.queue_ms {
        line.push_str(&format!(" queue-time=\"{queue}ms\""));
    }
    line.push_str(&format!(" rc={} ({})", entry.exit, exit_words(entry.exit, show)));
    line
}

/// What an agent's exit status means, in words. Newer versions take it for that of a tool.
pub(crate) fn exit_words(code: i32, show: &Show) -> &'static str {
    match ToolExit::from_code(code) {
        Some(exit) if show.detail.newer_words => exit.as_str(),
        Some(_) | None => OcfExit::from_code(code).map_or("unknown", OcfExit::as_str),
    }
}

/// How an execution went, in words.
pub(crate) fn execution_words(status: ExecStatus, show: &Show) -> &'static str {
    match status {
        _ if !show.detail.newer_words => status.as_str(),
        ExecStatus::Pending => "Pending",
        ExecStatus::Done => "Done",
        ExecStatus::Cancelled => "Cancelled",
        ExecStatus::TimedOut => "Timed out",
        ExecStatus::NotSupported => "Unsupported",
        ExecStatus::Error
        | ExecStatus::ErrorHard
        | ExecStatus::ErrorFatal
        | ExecStatus::NotInstalled
        | ExecStatus::NotConnected
        | ExecStatus::Invalid
        | ExecStatus::NoFenceDevice
        | ExecStatus::NoSecrets => status.as_str(),
    }
}

/// Operations that failed.
pub(super) fn failure_list(out: &mut TextList, status: &Status, show: &Show) {
    let failures: Vec<&Failure> = status
        .failures
        .iter()
        .filter(|failure| show.has_node(&failure.node) && show.has_resource(&failure.resource))
        .collect();
    if failures.is_empty() {
        return;
    }
    out.spaced_section("Failed Resource Actions", |out| {
        for failure in failures {
            out.item(if show.detail.failure_detail {
                technical(failure, show)
            } else {
                friendly(failure, show)
            });
        }
    });
}

fn friendly(failure: &Failure, show: &Show) -> String {
    let mut line = format!("{} ", failure.resource);
    if failure.interval.is_recurring() {
        line.push_str(&format!(
            "{}-interval ",
            readable_interval(u64::from(failure.interval.millis))
        ));
    }
    line.push_str(&format!("{} on {}", task_words(failure), failure.node));
    let reason = failure.reason.as_deref().filter(|reason| !reason.is_empty());
    if failure.status == ExecStatus::Done {
        line.push_str(&format!(" returned '{}'", exit_words(failure.exit, show)));
        if let Some(reason) = reason {
            line.push_str(&format!(" ({reason})"));
        }
    } else {
        line.push_str(&format!(
            " could not be executed ({}",
            execution_words(failure.status, show)
        ));
        if let Some(reason) = reason {
            line.push_str(&format!(": {reason}"));
        }
        line.push(')');
    }
    if let Some(moment) = failure.last_change {
        line.push_str(&format!(" at {}", ctime(moment, show.utc_offset_seconds)));
    }
    if let Some(exec) = failure.exec_ms.filter(|&exec| exec > 0) {
        line.push_str(&format!(" after {}", readable_interval(exec)));
    }
    line
}

fn task_words(failure: &Failure) -> &str {
    match (failure.task.as_str(), failure.interval) {
        ("monitor", Interval::ONCE) => "probe",
        (task, _) => task,
    }
}

fn technical(failure: &Failure, show: &Show) -> String {
    let mut line = format!(
        "{} on {} '{}' ({}): call={}, status='{}'",
        failure.key,
        failure.node,
        exit_words(failure.exit, show),
        failure.exit,
        failure.call.as_deref().unwrap_or("unknown"),
        execution_words(failure.status, show),
    );
    if let Some(reason) = failure.reason.as_deref().filter(|reason| !reason.is_empty()) {
        line.push_str(&format!(", exitreason='{reason}'"));
    }
    if let Some(moment) = failure.last_change {
        let time = ctime(moment, show.utc_offset_seconds);
        line.push_str(&format!(", last-rc-change='{time}'"));
    }
    if let Some(queue) = failure.queue_ms {
        line.push_str(&format!(", queued={queue}ms"));
    }
    if let Some(exec) = failure.exec_ms {
        line.push_str(&format!(", exec={exec}ms"));
    }
    line
}

/// A number of milliseconds in days, hours, minutes, seconds and milliseconds, as far as there are any: `1m30s`.
pub fn readable_interval(millis: u64) -> String {
    if millis == 0 {
        return "0s".to_owned();
    }
    const UNITS: [(&str, u64); 4] =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
    let mut text = String::new();
    let mut rest = millis;
    for (unit, size) in UNITS {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    match (rest, text.is_empty()) {
        (0, _) => text,
        (rest, true) => format!("{rest}ms"),
        // What is left below a second goes behind the point.
        (rest, false) => match text.strip_suffix('s') {
            Some(seconds) => format!("{seconds}.{rest:03}s"),
            None => format!("{text}{rest}ms"),
        },
    }
}

/// Fencing that failed, or that is under way or succeeded, as far as it is shown.
pub(crate) fn fence_sections(out: &mut TextList, status: &Status, show: &Show, failed: bool) {
    let sections = show.sections;
    if status.fencing_unknown {
        let wanted = sections.fencing_failed || sections.fencing_pending;
        // One complaint is enough.
        if failed && (wanted || sections.fencing_succeeded) {
            out.spaced_section("Failed Fencing Actions", |out| {
                out.item("Failed to get fencing history: Disconnected");
            });
        }
        return;
    }
    let Some(events) = &status.fencing else { return };
    let is_whole =
        sections.fencing_failed && sections.fencing_pending && sections.fencing_succeeded;
    let reduced;
    let events = if show.detail.latest_fencing && !is_whole {
        reduced = latest_of_each(events);
        &reduced
    } else {
        events
    };
    let heading = match (failed, sections.fencing_succeeded) {
        (true, _) if sections.fencing_failed => "Failed Fencing Actions",
        (false, true) => "Fencing History",
        (false, false) if sections.fencing_pending => "Pending Fencing Actions",
        _ => return,
    };
    let is_listed = |event: &&FenceEvent| {
        show.has_node(&event.target)
            && match event.state {
                FenceState::Failed => failed,
                FenceState::Pending => !failed,
                FenceState::Done => !failed && sections.fencing_succeeded,
            }
    };
    let shown: Vec<&FenceEvent> = events.iter().filter(is_listed).collect();
    if shown.is_empty() {
        return;
    }
    out.spaced_section(heading, |out| {
        for event in shown {
            let tone = match event.state {
                FenceState::Pending => Tone::Fencing,
                FenceState::Failed => Tone::NotFenced,
                FenceState::Done => Tone::Fenced,
            };
            out.toned(fence_event(event, events, show), tone);
        }
    });
}

fn fence_event(event: &FenceEvent, all: &[FenceEvent], show: &Show) -> String {
    let is_whole = {
        let sections = show.sections;
        sections.fencing_failed && sections.fencing_pending && sections.fencing_succeeded
    };
    let time = event.completed.map(|moment| iso_local(moment, show.utc_offset_seconds));
    let delegate = event.delegate.as_ref().filter(|_| event.state != FenceState::Pending);
    let action = match event.action.as_str() {
        "on" => "unfencing",
        "off" => "turning off",
        other => other,
    };
    let mut line = format!("{action} of {}", event.target);
    if !show.detail.failure_detail {
        if let Some(delegate) = delegate {
            line.push_str(&format!(" by {delegate}"));
        }
        line.push_str(&format!(" for {}@{}", event.client, event.origin));
        if !is_whole {
            line.push_str(" last");
        }
    }
    let (state, when) = match event.state {
        FenceState::Pending => (" pending", "completed"),
        FenceState::Failed if is_whole => (" failed", "completed"),
        FenceState::Failed => (" failed", "last-failed"),
        FenceState::Done if is_whole => (" successful", "completed"),
        FenceState::Done => (" successful", "last-successful"),
    };
    line.push_str(state);
    if event.state == FenceState::Failed
        && let Some(reason) = event.reason.as_deref().filter(|reason| !reason.is_empty())
    {
        line.push_str(&format!(" ({reason})"));
    }
    if show.detail.failure_detail {
        line.push_str(": ");
        if let Some(delegate) = delegate {
            line.push_str(&format!("delegate={delegate}, "));
        }
        line.push_str(&format!("client={}, origin={}", event.client, event.origin));
        if let Some(time) = time {
            line.push_str(&format!(", {when}='{time}'"));
        }
    } else if let Some(time) = time {
        line.push_str(&format!(" at {time}"));
    }
    if let Some(later) = later_success(event, all) {
        line.push_str(&format!(" (a later attempt from {later} succeeded)"));
    }
    line
}

/// Who carried out the same later and succeeded: who failed now, if that is so, else the first other.
fn later_success<'a>(event: &FenceEvent, all: &'a [FenceEvent]) -> Option<&'a str> {
    let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let succeeded = |other: &&FenceEvent| {
        other.state == FenceState::Done
            && same(&other.target, &event.target)
            && other.action == event.action
            && (other.completed, other.completed_nanos) > (event.completed, event.completed_nanos)
    };
    if event.state != FenceState::Failed {
        return None;
    }
    let mut first = None;
    for later in all.iter().filter(succeeded) {
        match (&event.delegate, &later.delegate) {
            (None, delegate) => return delegate.as_deref(),
            (Some(ours), Some(delegate)) if same(ours, delegate) => return Some(delegate),
            (Some(_), delegate) => {
                first = first.or(Some(delegate.as_deref().unwrap_or("some node")));
            }
        }
    }
    first
}

/// Tickets.
pub(super) fn ticket_list(out: &mut TextList, status: &Status, show: &Show) {
    if status.tickets.is_empty() {
        return;
    }
    out.spaced_section("Tickets", |out| {
        for ticket in &status.tickets {
            let state = if ticket.granted { "granted" } else { "revoked" };
            let standby = if ticket.standby { " [standby]" } else { "" };
            let time = ticket.last_granted.map_or_else(String::new, |moment| {
                format!(" last-granted=\"{}\"", ctime(moment, show.utc_offset_seconds))
            });
            out.item(if show.detail.newer_words {
                format!("{}\t{state}{standby}{time}", ticket.id)
            } else {
                format!("{}: {state}{standby}{time}", ticket.id)
            });
        }
    });
}

/// Location constraints that forbid a node.
pub(super) fn ban_list(out: &mut TextList, status: &Status, show: &Show) {
    let bans: Vec<_> = status.bans.iter().filter(|ban| ban.is_shown(show)).collect();
    if bans.is_empty() {
        return;
    }
    out.spaced_section("Negative Location Constraints", |out| {
        for ban in bans {
            let role = if ban.promoted_only { "in Promoted role " } else { "" };
            let node = if show.detail.full && ban.node_id != ban.node {
                format!("{} ({})", ban.node, ban.node_id)
            } else {
                ban.node.clone()
            };
            out.item(format!("{}\tprevents {} from running {role}on {node}", ban.id, ban.resource));
        }
    });
}

impl crate::Ban {
    /// Whether the constraint is among those that are shown.
    pub(crate) fn is_shown(&self, show: &Show) -> bool {
        self.id.starts_with(&show.ban_prefix)
            && (show.has_resource(&self.resource) || show.has_resource(&self.top))
    }
}
