use vocab::Score;

use super::view::{Connection, Picture, View};
use crate::{
    Health, Node, Primitive, Resource, Show, Status, TextList, Tone,
    text::{self, plural},
    time::ctime,
};

/// How text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// As usual.
    #[default]
    Plain,
    /// The first line, when all is well.
    Calm,
    /// The first line, when something is wrong.
    Alarm,
    /// A heading.
    Heading,
    /// As it should be.
    Good,
    /// Worth a look.
    Notable,
    /// Wrong.
    Bad,
    /// Less important.
    Faint,
    /// The last line.
    Foot,
}

/// One line of the screen: pieces of text, each with its style.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The pieces, from left to right.
    pub pieces: Vec<(String, Style)>,
}

impl Line {
    /// A line without text.
    pub const fn empty() -> Self {
        Self { pieces: Vec::new() }
    }

    /// A line in one style.
    pub fn of(text: impl Into<String>, style: Style) -> Self {
        Self { pieces: vec![(text.into(), style)] }
    }

    /// The text without styles.
    pub fn text(&self) -> String {
        self.pieces.iter().map(|(text, _)| text.as_str()).collect()
    }

    /// As much of the line as fits; tabs are spaces then, and what a terminal would obey is shown as a question mark.
    pub(super) fn cut(self, columns: usize) -> Self {
        self.wrap(columns).into_iter().next().unwrap_or_default()
    }

    /// The same in as many lines as it takes; those after the first are indented.
    pub(super) fn wrap(self, columns: usize) -> Vec<Self> {
        const INDENT: usize = 6;
        let mut lines = vec![Self::empty()];
        let mut column = 0;
        for (text, style) in self.pieces {
            let mut safe = String::with_capacity(text.len());
            for c in text.chars() {
                let (c, width) = match c {
                    '\t' => (' ', (8 - column % 8).min(columns.saturating_sub(column))),
                    c if c.is_control() => ('?', 1),
                    c => (c, 1),
                };
                if column + width > columns {
                    let piece = std::mem::take(&mut safe);
                    if let Some(line) = lines.last_mut() {
                        line.add(piece, style);
                    }
                    // Where there is hardly any room, all of it is used.
                    column = if columns > 3 * INDENT { INDENT } else { 0 };
                    lines.push(Self::of(" ".repeat(column), Style::Plain));
                }
                if column + width > columns {
                    break;
                }
                column += width;
                safe.extend(std::iter::repeat_n(c, width));
            }
            if let Some(line) = lines.last_mut() {
                line.add(safe, style);
            }
        }
        lines
    }

    fn add(&mut self, text: String, style: Style) {
        if !text.is_empty() {
            self.pieces.push((text, style));
        }
    }
}

/// Everything there is to see, from what needs somebody to what is only good to know.
pub(super) fn picture(view: &View, shown: &Picture<'_>) -> Vec<Line> {
    let show = view.show();
    let mut lines = Vec::new();
    let problems = shown.status.map(|status| problems(status, show)).unwrap_or_default();
    lines.push(head(shown, problems.len(), show));
    if let Connection::Lost { since, why } = shown.connection {
        let when = ctime(*since, show.utc_offset_seconds);
        let ago = shown.now.0.saturating_sub(since.0).max(0);
        let ago = text::readable_interval(u64::try_from(ago).unwrap_or(0) * 1_000);
        lines.push(Line::of(format!(" No connection since {when} ({ago}): {why}"), Style::Bad));
        let next = match shown.status {
            Some(_) => " What follows is the last that was seen. Trying again.",
            None => " Trying again.",
        };
        lines.push(Line::of(next, Style::Notable));
    }
    let Some(status) = shown.status else { return lines };
    if !problems.is_empty() {
        lines.push(Line::empty());
        lines.push(Line::of("Problems:", Style::Alarm));
        lines.extend(problems);
    }
    lines.push(Line::empty());
    lines.extend(rest(status, show));
    lines
}

fn head(shown: &Picture<'_>, problems: usize, show: &Show) -> Line {
    let time = ctime(shown.now, show.utc_offset_seconds);
    // The date is below; a line of 80 columns has no room for it.
    let time = time.get(11..19).unwrap_or(&time);
    let (verdict, style) = match (shown.connection, shown.status, problems) {
        (Connection::Lost { .. }, _, _) => ("not connected".to_owned(), Style::Alarm),
        (Connection::Connected, None, _) => ("connecting".to_owned(), Style::Calm),
        (Connection::Connected, Some(_), 0) => ("all is well".to_owned(), Style::Calm),
        (Connection::Connected, Some(_), n) => (format!("{n} problem{}", plural(n)), Style::Alarm),
    };
    let nodes = shown.status.map(|status| {
        let online = status.nodes.iter().filter(|node| node.online).count();
        let resources = status.counts.resources;
        format!(
            "   {online} of {} node{} online, {resources} resource instance{}",
            status.nodes.len(),
            plural(status.nodes.len()),
            plural(resources)
        )
    });
    Line {
        pieces: vec![
            (format!(" {verdict} "), style),
            (nodes.unwrap_or_default(), Style::Plain),
            (format!("   {time}"), Style::Faint),
        ],
    }
}

/// What needs somebody: one line each, the worst first.
fn problems(status: &Status, show: &Show) -> Vec<Line> {
    let mut bad = Vec::new();
    let mut notable = Vec::new();
    match &status.dc {
        None => bad.push("No node leads the cluster: nothing is decided".to_owned()),
        Some(dc) if !dc.with_quorum => {
            bad.push("The partition has no quorum".to_owned());
        }
        Some(_) => {}
    }
    for node in status.nodes.iter().filter(|node| show.has_node(&node.name)) {
        let name = &node.name;
        match node_problem(node) {
            Some((words, true)) => bad.push(format!("Node {name}: {words}")),
            Some((words, false)) => notable.push(format!("Node {name}: {words}")),
            None => {}
        }
    }
    for primitive in status.resources.iter().flat_map(Resource::primitives) {
        if let Some(words) = resource_problem(primitive) {
            bad.push(format!("Resource {}: {words}", primitive.id));
        }
    }
    let mut lists = TextList::new();
    let only_failures = crate::Sections {
        failures: show.sections.failures,
        fencing_failed: show.sections.fencing_failed,
        ..crate::Sections::NONE
    };
    text::lists(&mut lists, status, &Show { sections: only_failures, ..show.clone() });
    let failed = lists.into_lines().into_iter().map(|(line, _)| line);
    bad.extend(failed.filter_map(|line| line.strip_prefix("  * ").map(str::to_owned)));
    if status.options.maintenance {
        notable.push("Maintenance: the cluster does nothing about services".to_owned());
    } else if status.options.stop_all {
        notable.push("All resources are to be kept stopped".to_owned());
    }
    if !status.options.fencing_enabled {
        notable.push("Fencing is switched off".to_owned());
    }
    let line = |style| move |text: String| Line::of(format!("  {text}"), style);
    bad.into_iter()
        .map(line(Style::Bad))
        .chain(notable.into_iter().map(line(Style::Notable)))
        .collect()
}

/// What is wrong with a node, and whether that is bad.
fn node_problem(node: &Node) -> Option<(&'static str, bool)> {
    if node.unclean {
        return Some(("not known to be harmless, has to be fenced", true));
    }
    if !node.online && !node.pending && node.kind == crate::NodeKind::Member {
        return Some(("offline", true));
    }
    match node.health {
        Health::Red => return Some(("ill", true)),
        Health::Yellow => return Some(("not well", false)),
        Health::Green => {}
    }
    if node.standby_on_fail {
        return Some(("in standby because of a failure", true));
    }
    (node.pending && !node.online).then_some(("joining", false))
}

fn resource_problem(primitive: &Primitive) -> Option<&'static str> {
    match (primitive.failed, primitive.blocked) {
        (true, true) => Some("failed, and nothing more is done about it"),
        (true, false) => Some("failed"),
        (false, true) => Some("nothing more is done about it after a failure"),
        (false, false) if primitive.nodes.len() > 1 => Some("on several nodes"),
        (false, false) => None,
    }
}

/// The status as it is printed, with colours, without what has been said above.
fn rest(status: &Status, show: &Show) -> Vec<Line> {
    let mut below = show.clone();
    below.sections.failures = false;
    below.sections.fencing_failed &= below.sections.fencing_succeeded;
    let list = text::whole(status, &below);
    list.into_lines().into_iter().map(|(text, tone)| coloured(text, tone, status)).collect()
}

fn coloured(text: String, tone: Tone, status: &Status) -> Line {
    let style = match tone {
        Tone::Fine | Tone::Fenced => Style::Good,
        Tone::Failed if text.contains("(disabled") => Style::Faint,
        Tone::Failed | Tone::NotFenced => Style::Bad,
        Tone::Unmanaged | Tone::Multiple | Tone::FailureIgnored | Tone::Fencing => Style::Notable,
        Tone::Plain if !text.starts_with(' ') => Style::Heading,
        Tone::Plain => plain(&text, status),
    };
    // Names stay readable; the state behind them has the colour.
    match text.split_once(":\t") {
        Some((name, state)) if tone != Tone::Plain => {
            Line { pieces: vec![(format!("{name}:\t"), Style::Plain), (state.to_owned(), style)] }
        }
        _ => Line::of(text, style),
    }
}

fn plain(text: &str, status: &Status) -> Style {
    let line = text.trim_start_matches([' ', '*']);
    let is_node = ["Node ", "RemoteNode ", "GuestNode "].iter().any(|kind| line.starts_with(kind));
    let is_bad_list = line.starts_with("OFFLINE:") || line.starts_with("RemoteOFFLINE:");
    let is_bad_node = is_node && (line.contains("UNCLEAN") || line.contains(": OFFLINE"));
    if is_bad_list || is_bad_node {
        Style::Bad
    } else if is_node && !line.contains(": online") {
        Style::Notable
    } else if is_node
        || ["Online:", "GuestOnline:", "RemoteOnline:", "Started:", "Promoted:", "Unpromoted:"]
            .iter()
            .any(|list| line.starts_with(list))
    {
        Style::Good
    } else if line.starts_with("Stopped") {
        Style::Faint
    } else if line.contains("fail-count=")
        && status
            .histories
            .iter()
            .flat_map(|history| &history.resources)
            .any(|resource| resource.fail_count > Score::ZERO)
    {
        Style::Notable
    } else {
        Style::Plain
    }
}

/// What the keys do, and which of the switches are on.
pub(super) fn help(view: &View) -> Vec<Line> {
    let show = view.show();
    let (sections, detail) = (show.sections, show.detail);
    let any_summary = sections.stack || sections.dc || sections.times || sections.counts;
    let switches = [
        ('c', sections.tickets, "tickets"),
        ('f', sections.fail_counts, "fail counts"),
        ('n', detail.group_by_node, "resources below the node they are on"),
        ('o', sections.operations, "history of operations"),
        ('r', detail.inactive, "inactive resources"),
        ('t', detail.timing, "history of operations with times"),
        ('A', sections.attributes, "node attributes"),
        ('L', sections.bans, "constraints that forbid a node"),
        ('D', !any_summary, "leave out the summary"),
        ('R', detail.full, "details: ids of nodes, every instance of clones"),
        ('b', detail.brief, "count resources instead of listing them"),
        ('j', detail.pending, "operations under way"),
    ];
    let mut lines = vec![
        Line::of("Keys", Style::Heading),
        Line::empty(),
        Line::of("  switches (* is on):", Style::Plain),
    ];
    for (key, is_on, what) in switches {
        let (mark, style) = if is_on { ('*', Style::Good) } else { (' ', Style::Plain) };
        lines.push(Line::of(format!("  {mark} {key}   {what}"), style));
    }
    let level = view.fence_level();
    let words = ["nothing", "failed and under way, the latest", "everything", "everything"];
    let words = words.get(usize::from(level)).copied().unwrap_or_default();
    lines.push(Line::of(format!("  {level} m   history of fencing: {words}"), Style::Plain));
    lines.push(Line::empty());
    for (keys, what) in [
        ("up, down, page up, page down, home, end", "move"),
        ("?", "these keys"),
        ("Esc", "back, or quit"),
        ("q, Ctrl-C", "quit"),
        ("any other", "look again"),
    ] {
        lines.push(Line::of(format!("  {keys}: {what}"), Style::Plain));
    }
    lines
}
