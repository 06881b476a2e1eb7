use vocab::{ExecStatus, Interval, OcfExit, Score};

use super::TextList;
use crate::{
    Failure, FenceEvent, FenceState, HistoryEntry, NodeHistory, ResourceHistory, Show, Status,
    time::ctime,
};

/// Fail counts by node and resource, with every operation if operations are shown.
pub(super) fn history_list(out: &mut TextList, status: &Status, show: &Show) {
    let operations = show.sections.operations;
    let heading = if operations { "Operations" } else { "Migration Summary" };
    out.spaced_section(heading, |out| {
        for history in status.histories.iter().filter(|history| show.has_node(&history.node)) {
            let resources: Vec<&ResourceHistory> = history
                .resources
                .iter()
                .filter(|resource| show.has_resource(&resource.resource))
                .filter(|resource| {
                    if operations {
                        !resource.operations.is_empty()
                    } else {
                        resource.fail_count > Score::ZERO
                    }
                })
                .collect();
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
    let name = if show.detail.full && history.node_id != history.node {
        format!("{} ({})", history.node, history.node_id)
    } else {
        history.node.clone()
    };
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
    if history.removed {
        return format!("{}: orphan", history.resource);
    }
    let all = show.sections.operations;
    if !all && history.fail_count <= Score::ZERO && history.last_failure.is_none() {
        return format!("{}:", history.resource);
    }
    let mut line = format!(
        "{}: migration-threshold={}",
        history.resource,
        history.migration_threshold.value()
    );
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
    line.push_str(&format!(" rc={} ({})", entry.exit, exit_words(entry.exit)));
    line
}

/// What an agent's exit status means, in words.
pub(crate) fn exit_words(code: i32) -> &'static str {
    OcfExit::from_code(code).map_or("unknown", OcfExit::as_str)
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
        line.push_str(&format!(" returned '{}'", exit_words(failure.exit)));
        if let Some(reason) = reason {
            line.push_str(&format!(" ({reason})"));
        }
    } else {
        line.push_str(&format!(" could not be executed ({}", failure.status));
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
        exit_words(failure.exit),
        failure.exit,
        failure.call.as_deref().unwrap_or("unknown"),
        failure.status,
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

/// Fencing that failed, is under way, or succeeded, as far as each is shown.
pub(super) fn fencing_list(out: &mut TextList, status: &Status, show: &Show) {
    let Some(events) = &status.fencing else { return };
    let sections = show.sections;
    let lists = [
        ("Failed Fencing Actions", FenceState::Failed, sections.fencing_failed),
        ("Pending Fencing Actions", FenceState::Pending, sections.fencing_pending),
        ("Fencing History", FenceState::Done, sections.fencing_succeeded),
    ];
    for (heading, state, shown) in lists {
        let events: Vec<&FenceEvent> = events
            .iter()
            .filter(|event| event.state == state && show.has_node(&event.target))
            .collect();
        if shown && !events.is_empty() {
            out.spaced_section(heading, |out| {
                for event in events {
                    out.item(fence_event(event, show));
                }
            });
        }
    }
}

fn fence_event(event: &FenceEvent, show: &Show) -> String {
    let time = event
        .completed
        .map_or_else(|| "unknown".to_owned(), |moment| ctime(moment, show.utc_offset_seconds));
    let action = match event.action.as_str() {
        "on" => "unfencing",
        "off" => "turning off",
        other => other,
    };
    match event.state {
        FenceState::Pending => format!(
            "{action} of {} pending: client={}, origin={}",
            event.target, event.client, event.origin
        ),
        FenceState::Failed | FenceState::Done => {
            let mut line = format!("{action} of {} ", event.target);
            if event.state == FenceState::Done {
                line.push_str("successful");
            } else {
                line.push_str("failed");
            }
            if let Some(reason) = event.reason.as_deref().filter(|r| !r.is_empty()) {
                line.push_str(&format!(" ({reason})"));
            }
            line.push_str(&format!(
                ": delegate={}, client={}, origin={}, completed='{time}'",
                event.delegate.as_deref().unwrap_or_default(),
                event.client,
                event.origin
            ));
            line
        }
    }
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
            out.item(format!("{}: {state}{standby}{time}", ticket.id));
        }
    });
}

/// Location constraints that forbid a node.
pub(super) fn ban_list(out: &mut TextList, status: &Status, show: &Show) {
    let bans: Vec<_> = status
        .bans
        .iter()
        .filter(|ban| ban.id.starts_with(&show.ban_prefix) && show.has_resource(&ban.resource))
        .collect();
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
