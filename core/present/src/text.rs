//! The status as text, in the shape of `crm_mon -1`.

mod node;
mod record;
mod resource;

use std::fmt::Write;

use crate::{Show, Status, TextList, time::ctime, time::iso_utc};

pub use node::node_list;
pub(crate) use node::{Connectivity, brief_on_node, display_name, feature_set, has_attributes};
pub use record::readable_interval;
pub(crate) use record::{execution_words, exit_words, fence_sections, history_sections};
pub(crate) use resource::{Place, is_container_elsewhere, meant_or_part, primitive};
pub use resource::{resource_items, resource_list};

/// The whole status.
pub fn status(status: &Status, show: &Show) -> String {
    whole(status, show).into_text()
}

/// The whole status as a list.
pub fn whole(status: &Status, show: &Show) -> TextList {
    let mut out = TextList::new();
    if let Some(launcher) = status.launcher.as_ref().filter(|_| !show.detail.newer_words) {
        let line = format!(
            "Status of pacemakerd: '{}' (last updated {})\n",
            launcher_words(&launcher.state),
            iso_utc(launcher.updated)
        );
        out.raw(line);
    }
    summary(&mut out, status, show);
    lists(&mut out, status, show);
    out
}

/// The lists of the status without the summary above them.
pub fn lists(out: &mut TextList, status: &Status, show: &Show) {
    if show.sections.nodes {
        node_list(out, status, show);
    }
    if show.sections.resources {
        resource_list(out, status, show);
    }
    if show.sections.attributes {
        node::attribute_list(out, status, show);
    }
    if show.sections.operations || show.sections.fail_counts {
        record::history_list(out, status, show);
    }
    if show.sections.failures {
        record::failure_list(out, status, show);
    }
    fence_sections(out, status, show, true);
    if show.sections.tickets {
        record::ticket_list(out, status, show);
    }
    if show.sections.bans {
        record::ban_list(out, status, show);
    }
    fence_sections(out, status, show, false);
}

/// What the launcher's state means to people.
pub(crate) fn launcher_words(state: &str) -> &str {
    match state {
        "init" => "Initializing pacemaker",
        "starting_daemons" => "Pacemaker daemons are starting",
        "wait_for_ping" => "Waiting for startup trigger from SBD",
        "running" => "Pacemaker is running",
        "shutting_down" => "Pacemaker daemons are shutting down",
        "shutdown_complete" => "Pacemaker daemons are shut down (reporting to SBD)",
        "remote" => "pacemaker-remoted is running (on a Pacemaker Remote node)",
        other => other,
    }
}

fn summary(out: &mut TextList, status: &Status, show: &Show) {
    let sections = show.sections;
    // Without a DC that is what one has to know, asked for or not.
    let dc = sections.dc || status.dc.is_none();
    if sections.stack || dc || sections.times || sections.counts || sections.options {
        out.section("Cluster Summary", |out| {
            if sections.stack {
                out.item(match status.launcher.as_ref().filter(|_| show.detail.newer_words) {
                    Some(launcher) => {
                        format!("Stack: {} ({})", status.stack, launcher_words(&launcher.state))
                    }
                    None => format!("Stack: {}", status.stack),
                });
            }
            if dc {
                out.item(dc_line(status, show));
            }
            if sections.times {
                let updated = ctime(status.updated, show.utc_offset_seconds);
                out.item(match status.local_node.as_ref().filter(|_| show.detail.newer_words) {
                    Some(node) => format!("Last updated: {updated} on {node}"),
                    None => format!("Last updated: {updated}"),
                });
                out.item(format!("Last change:  {}", last_change(status)));
            }
            if sections.counts {
                counts(out, status);
            }
            if sections.options {
                options(out, status, show);
            }
        });
    }
    if sections.maintenance && status.options.maintenance {
        out.raw("\n              *** Resource management is DISABLED ***\n");
        out.raw("  The cluster will not attempt to start, stop or recover services\n");
    } else if sections.maintenance && status.options.stop_all {
        out.raw("\n    *** Resource management is DISABLED ***\n");
        out.raw("  The cluster will keep all resources stopped\n");
    }
}

fn dc_line(status: &Status, show: &Show) -> String {
    let Some(dc) = &status.dc else { return "Current DC: NONE".to_owned() };
    let name = if show.detail.full && dc.id != dc.name {
        format!("{} ({})", dc.name, dc.id)
    } else {
        dc.name.clone()
    };
    format!(
        "Current DC: {name} (version {}) - {}partition {} quorum",
        dc.version.as_deref().unwrap_or("unknown"),
        if dc.mixed_version { "MIXED-VERSION " } else { "" },
        if dc.with_quorum { "with" } else { "WITHOUT" },
    )
}

pub(crate) fn last_change(status: &Status) -> String {
    let change = &status.last_change;
    let mut text = change.written.clone().unwrap_or_default();
    for (word, value) in [("by", &change.user), ("via", &change.client), ("on", &change.origin)] {
        if let Some(value) = value {
            let _ = write!(text, " {word} {value}");
        }
    }
    text
}

fn counts(out: &mut TextList, status: &Status) {
    let counts = status.counts;
    out.item(format!("{} node{} configured", counts.nodes, plural(counts.nodes)));
    let note = match (counts.disabled, counts.blocked) {
        (0, 0) => String::new(),
        (disabled, 0) => format!(" ({disabled} DISABLED)"),
        (0, blocked) => format!(" ({blocked} BLOCKED from further action due to failure)"),
        (disabled, blocked) => {
            format!(" ({disabled} DISABLED, {blocked} BLOCKED from further action due to failure)")
        }
    };
    let s = plural(counts.resources);
    out.item(format!("{} resource instance{s} configured{note}", counts.resources));
}

pub(crate) fn options(out: &mut TextList, status: &Status, show: &Show) {
    let options = &status.options;
    let fencing = if options.fencing_enabled { "enabled" } else { "disabled" };
    let word = if show.detail.newer_words { "Fencing" } else { "STONITH" };
    out.item(format!("{word} of failed nodes {fencing}"));
    out.item(format!("Cluster is {}", if options.symmetric { "symmetric" } else { "asymmetric" }));
    let policy = match options.no_quorum_policy.as_str() {
        "freeze" => "Freeze resources",
        "stop" => "Stop ALL resources",
        "demote" => "Demote promotable resources and stop all other resources",
        "ignore" => "Ignore",
        "suicide" if show.detail.newer_words => "Fence nodes in partition",
        "suicide" => "Suicide",
        other => other,
    };
    out.item(format!("No quorum policy: {policy}"));
}

/// An "s", unless there is one.
pub(crate) const fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

#[cfg(test)]
mod tests;
