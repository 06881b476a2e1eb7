//! The status as text, in the shape of `crm_mon -1`.

mod node;
mod record;
mod resource;

use std::fmt::Write;

use crate::{Show, Status, time::ctime, time::iso_utc};

pub use node::node_list;
pub(crate) use record::exit_words;
pub use record::readable_interval;
pub use resource::{resource_items, resource_list};

/// Nested lists of text: each item behind an asterisk, two spaces in for each level.
#[derive(Debug, Default)]
pub struct TextList {
    text: String,
    depth: usize,
}

impl TextList {
    /// No text, outermost level.
    pub const fn new() -> Self {
        Self { text: String::new(), depth: 0 }
    }

    /// One item.
    pub fn item(&mut self, text: impl AsRef<str>) {
        self.indent();
        self.text.push_str(text.as_ref());
        self.text.push('\n');
    }

    /// A heading, and below it what `fill` adds.
    pub fn section(&mut self, heading: impl AsRef<str>, fill: impl FnOnce(&mut Self)) {
        self.indent();
        let _ = writeln!(self.text, "{}:", heading.as_ref());
        self.depth += 1;
        fill(self);
        self.depth -= 1;
    }

    /// A heading for the next items, at the outermost level, with an empty line before it unless it is the first.
    pub fn spaced_section(&mut self, heading: impl AsRef<str>, fill: impl FnOnce(&mut Self)) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.section(heading, fill);
    }

    /// Text as it is.
    pub fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// What was written.
    pub fn into_text(self) -> String {
        self.text
    }

    fn indent(&mut self) {
        if self.depth > 0 {
            for _ in 0..self.depth {
                self.text.push_str("  ");
            }
            self.text.push_str("* ");
        }
    }
}

/// The whole status.
pub fn status(status: &Status, show: &Show) -> String {
    let mut out = TextList::new();
    if let Some(launcher) = &status.launcher {
        let line = format!(
            "Status of pacemakerd: '{}' (last updated {})\n",
            launcher_words(&launcher.state),
            iso_utc(launcher.updated)
        );
        out.raw(&line);
    }
    summary(&mut out, status, show);
    lists(&mut out, status, show);
    out.into_text()
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
    record::fencing_list(out, status, show);
    if show.sections.tickets {
        record::ticket_list(out, status, show);
    }
    if show.sections.bans {
        record::ban_list(out, status, show);
    }
}

/// What the launcher's state means to people.
fn launcher_words(state: &str) -> &str {
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
                out.item(format!("Stack: {}", status.stack));
            }
            if dc {
                out.item(dc_line(status, show));
            }
            if sections.times {
                let updated = ctime(status.updated, show.utc_offset_seconds);
                out.item(format!("Last updated: {updated}"));
                out.item(format!("Last change:  {}", last_change(status)));
            }
            if sections.counts {
                counts(out, status);
            }
            if sections.options {
                options(out, status);
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

fn last_change(status: &Status) -> String {
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

fn options(out: &mut TextList, status: &Status) {
    let options = &status.options;
    let fencing = if options.fencing_enabled { "enabled" } else { "disabled" };
    out.item(format!("STONITH of failed nodes {fencing}"));
    out.item(format!("Cluster is {}", if options.symmetric { "symmetric" } else { "asymmetric" }));
    let policy = match options.no_quorum_policy.as_str() {
        "freeze" => "Freeze resources",
        "stop" => "Stop ALL resources",
        "demote" => "Demote promotable resources and stop all other resources",
        "ignore" => "Ignore",
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
