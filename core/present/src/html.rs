//! The status as a page for browsers, with the classes that style sheets for `crm_mon` know.

use std::fmt::Write;

use crate::{
    Health, Node, Sections, Show, Status, TextList, Tone,
    list::Entry,
    selection::Selection,
    text::{self, Connectivity, Place},
    time::ctime,
};

/// What a page has besides its contents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageSettings {
    /// Its title.
    pub title: String,
    /// Where a style sheet of the reader's own is.
    pub stylesheet: Option<String>,
    /// After how many seconds a browser is to look again.
    pub refresh_seconds: Option<u64>,
}

const STYLES: &str = ".bold { font-weight: bold }
.online { color: green }
.offline { color: red }
.maint { color: blue }
.standby { color: blue }
.health_red { color: red }
.health_yellow { color: GoldenRod }
.rsc-failed { color: red }
.rsc-failure-ignored { color: DarkGreen }
.rsc-managed { color: blue }
.rsc-multiple { color: orange }
.rsc-ok { color: green }
.warning { color: red; font-weight: bold }";

/// The whole status.
pub fn status(status: &Status, show: &Show, settings: &PageSettings) -> String {
    let mut page = Page::default();
    summary(&mut page, status, show);
    let sections = show.sections;
    if sections.nodes {
        nodes(&mut page, status, show);
    }
    let mut lists = TextList::new();
    if sections.resources {
        text::resource_list(&mut lists, status, show);
    }
    page.entries(&std::mem::take(&mut lists.entries), 0);
    if sections.attributes {
        attributes(&mut page, status, show);
    }
    let rest = Sections { nodes: false, resources: false, attributes: false, ..sections };
    text::lists(&mut lists, status, &Show { sections: rest, ..show.clone() });
    page.entries(&lists.entries, 0);
    page.into_document(settings)
}

/// What a page consists of that is not the status of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PagePart {
    /// A line of its own.
    Line(String),
    /// A list with a heading.
    List {
        /// What stands above it.
        heading: String,
        /// Its items.
        items: Vec<String>,
    },
    /// A document or the output of a program, as it is.
    Verbatim(String),
}

/// A page of these parts.
pub fn page(parts: &[PagePart], settings: &PageSettings) -> String {
    let mut page = Page::default();
    for part in parts {
        match part {
            PagePart::Line(text) => page.line(&format!("<div>{}</div>", escaped(text))),
            PagePart::Verbatim(text) => page.line(&format!("<pre>{}</pre>", escaped(text))),
            PagePart::List { heading, items } => page.list(0, Some(heading), |page| {
                items.iter().for_each(|item| page.item(item, Tone::Plain));
            }),
        }
    }
    page.into_document(settings)
}

/// A page that says that nothing is known.
pub fn without_connection(why: &str) -> String {
    let mut page = Page::default();
    page.line(&format!("<span>Not connected to CIB</span><span>: {}</span>", escaped(why)));
    page.into_document(&PageSettings {
        title: "Cluster Status".to_owned(),
        ..PageSettings::default()
    })
}

/// A page that is being written.
#[derive(Default)]
struct Page {
    body: String,
}

/// Text with a class, which may be none.
struct Span<'a>(&'a str, String);

impl Page {
    fn line(&mut self, line: &str) {
        self.body.push_str(line);
        self.body.push('\n');
    }

    /// A list with a heading.
    fn list(&mut self, depth: usize, heading: Option<&str>, fill: impl FnOnce(&mut Self)) {
        if depth > 0 {
            self.line("<li>");
        }
        if let Some(heading) = heading {
            let tag = if depth > 0 { "h3" } else { "h2" };
            self.line(&format!("<{tag}>{}</{tag}>", escaped(heading)));
        }
        self.line("<ul>");
        fill(self);
        self.line("</ul>");
        if depth > 0 {
            self.line("</li>");
        }
    }

    fn spans(&mut self, spans: &[Span<'_>]) {
        let text = joined(spans);
        match spans {
            [_] => self.line(&format!("<li>{text}</li>")),
            _ => self.line(&format!("<li>\n{text}\n</li>")),
        }
    }

    fn entries(&mut self, entries: &[Entry], depth: usize) {
        let mut entries = entries.iter().peekable();
        while let Some(entry) = entries.next() {
            // What stands before a list without a heading is its heading here.
            if let Entry::Item { text, .. } = entry
                && let Some(Entry::Section { heading: None, entries: inner, .. }) = entries.peek()
            {
                self.list(depth, Some(text), |page| page.entries(inner, depth + 1));
                entries.next();
                continue;
            }
            match entry {
                Entry::Item { text, tone } => self.item(text, *tone),
                Entry::Section { heading, entries, .. } => {
                    let heading = heading.as_deref().map(|heading| {
                        let node = heading.strip_prefix("Node: ");
                        node.map_or_else(|| heading.to_owned(), |node| format!("{node}:"))
                    });
                    self.list(depth, heading.as_deref(), |page| page.entries(entries, depth + 1));
                }
                Entry::Raw(text) => self.line(&escaped(text)),
            }
        }
    }

    fn item(&mut self, text: &str, tone: Tone) {
        let text = escaped(text);
        let span = match tone {
            Tone::Fine => Some("rsc-ok"),
            Tone::Failed => Some("rsc-failed"),
            Tone::FailureIgnored => Some("rsc-failure-ignored"),
            Tone::Multiple => Some("rsc-multiple"),
            Tone::Unmanaged => Some("rsc-managed"),
            Tone::Plain | Tone::Fenced | Tone::NotFenced | Tone::Fencing => None,
        };
        let item = match tone {
            Tone::Fenced => Some("successful-stonith-event"),
            Tone::NotFenced => Some("failed-stonith-event"),
            Tone::Fencing => Some("pending-stonith-event"),
            Tone::Plain
            | Tone::Fine
            | Tone::Failed
            | Tone::FailureIgnored
            | Tone::Multiple
            | Tone::Unmanaged => None,
        };
        match (span, item) {
            (Some(class), _) => {
                self.line(&format!("<li><span class=\"{class}\">{text}</span></li>"));
            }
            (None, Some(class)) => self.line(&format!("<li class=\"{class}\">{text}</li>")),
            (None, None) => self.line(&format!("<li>{text}</li>")),
        }
    }

    fn into_document(self, settings: &PageSettings) -> String {
        let mut document = String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n");
        let _ = writeln!(document, "<title>{}</title>", escaped(&settings.title));
        document.push_str("<meta charset=\"utf-8\">\n");
        if let Some(seconds) = settings.refresh_seconds {
            let _ = writeln!(document, "<meta http-equiv=\"refresh\" content=\"{seconds}\">");
        }
        let _ = writeln!(document, "<style>{STYLES}</style>");
        if let Some(sheet) = &settings.stylesheet {
            let _ = writeln!(
                document,
                "<link rel=\"stylesheet\" href=\"{}\">",
                escaped(sheet).replace('"', "&quot;")
            );
        }
        let _ = writeln!(document, "</head>\n<body>\n{}</body>\n</html>", self.body);
        document
    }
}

fn joined(spans: &[Span<'_>]) -> String {
    let mut text = String::new();
    for Span(class, words) in spans {
        let words = escaped(words);
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let _ = write!(text, "<span{class}>{words}</span>");
    }
    text
}

/// Text as it stands in a page. Names and reasons come from all over the cluster, so nothing in them may be taken for more.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            c => safe.push(c),
        }
    }
    safe
}

fn summary(page: &mut Page, status: &Status, show: &Show) {
    let sections = show.sections;
    let dc = sections.dc || status.dc.is_none();
    if sections.stack || dc || sections.times || sections.counts {
        page.list(0, Some("Cluster Summary"), |page| {
            if sections.stack {
                let mut spans =
                    vec![Span("bold", "Stack: ".into()), Span("", status.stack.clone())];
                if let Some(launcher) = &status.launcher {
                    let words = text::launcher_words(&launcher.state);
                    spans.push(Span("", format!(" ({words})")));
                }
                page.spans(&spans);
            }
            if dc {
                page.spans(&dc_spans(status, show));
            }
            if sections.times {
                let updated = ctime(status.updated, show.utc_offset_seconds);
                let mut spans = vec![Span("bold", "Last updated: ".into()), Span("", updated)];
                if let Some(node) = &status.local_node {
                    spans.push(Span("", format!(" on {node}")));
                }
                page.spans(&spans);
                let change = text::last_change(status);
                page.spans(&[Span("bold", "Last change: ".into()), Span("", change)]);
            }
            if sections.counts {
                counts(page, status);
            }
        });
    }
    if sections.options {
        page.list(0, Some("Config Options"), |page| {
            let mut options = TextList::new();
            text::options(&mut options, status, show);
            page.entries(&options.entries, 1);
            let (word, what) = if status.options.maintenance {
                ("DISABLED", "will not attempt to start, stop, or recover services")
            } else if status.options.stop_all {
                ("STOPPED", "will keep all resources stopped")
            } else {
                return page.line("<li>Resource management: enabled</li>");
            };
            page.spans(&[
                Span("", "Resource management: ".into()),
                Span("bold", word.into()),
                Span("", format!(" (the cluster {what})")),
            ]);
        });
    }
}

fn dc_spans(status: &Status, show: &Show) -> Vec<Span<'static>> {
    let mut spans = vec![Span("bold", "Current DC: ".into())];
    let Some(dc) = &status.dc else {
        spans.push(Span("warning", "NONE".into()));
        return spans;
    };
    let id =
        if show.detail.full && dc.id != dc.name { format!(" ({})", dc.id) } else { String::new() };
    let version = dc.version.as_deref().unwrap_or("unknown");
    spans.push(Span("", format!("{}{id} (version {version}) -", dc.name)));
    if dc.mixed_version {
        spans.push(Span("warning", " MIXED-VERSION".into()));
    }
    spans.push(Span("", " partition".into()));
    spans.push(if dc.with_quorum {
        Span("", " with".into())
    } else {
        Span("warning", " WITHOUT".into())
    });
    spans.push(Span("", " quorum".into()));
    spans
}

fn counts(page: &mut Page, status: &Status) {
    let counts = status.counts;
    let s = text::plural(counts.nodes);
    page.spans(&[Span("", format!("{} node{s} configured", counts.nodes))]);
    let s = text::plural(counts.resources);
    let configured = format!("{} resource instance{s} configured", counts.resources);
    if counts.disabled == 0 && counts.blocked == 0 {
        return page.spans(&[Span("", configured)]);
    }
    let mut spans = Vec::new();
    let mut lead = format!("{configured} (");
    if counts.disabled > 0 {
        spans.push(Span("", format!("{lead}{} ", counts.disabled)));
        spans.push(Span("bold", "DISABLED".into()));
        lead = ", ".to_owned();
    }
    if counts.blocked > 0 {
        spans.push(Span("", format!("{lead}{} ", counts.blocked)));
        spans.push(Span("bold", "BLOCKED".into()));
        spans.push(Span("", " from further action due to failure)".into()));
    } else {
        spans.push(Span("", ")".into()));
    }
    page.spans(&spans);
}

fn nodes(page: &mut Page, status: &Status, show: &Show) {
    let nodes: Vec<&Node> = status.nodes.iter().filter(|node| show.has_node(&node.name)).collect();
    if nodes.is_empty() {
        return;
    }
    let selection = Selection::of(status, show);
    page.list(0, Some("Node List"), |page| {
        for node in nodes {
            let name = format!("{}:", text::display_name(node, show));
            if !show.detail.group_by_node {
                let mut spans = vec![Span("bold", name)];
                spans.extend(state(node, show));
                page.spans(&spans);
                continue;
            }
            page.list(1, Some(&name), |page| {
                let mut spans = vec![Span("", "Status:".into())];
                spans.extend(state(node, show));
                let mut running = TextList::new();
                if show.detail.brief {
                    let meant = text::meant_or_part(node.running.iter(), show);
                    text::brief_on_node(&mut running, meant, show);
                } else {
                    for primitive in node.running.iter().filter(|p| selection.has(p)) {
                        text::primitive(&mut running, primitive, show, Place::Hidden);
                    }
                }
                if running.is_empty() {
                    return page.spans(&spans);
                }
                page.line("<li>");
                page.line(&joined(&spans));
                page.list(1, Some("Resources"), |page| page.entries(&running.entries, 2));
                page.line("</li>");
            });
        }
    });
}

fn state(node: &Node, show: &Show) -> Vec<Span<'static>> {
    let mut spans = vec![if node.online {
        Span("online", " online".into())
    } else {
        Span("offline", " OFFLINE".into())
    }];
    let active = if node.running.is_empty() { "" } else { ", with active resources" };
    if node.standby_on_fail {
        spans.push(Span("standby", format!(" (in standby due to on-fail{active})")));
    } else if node.standby {
        spans.push(Span("standby", format!(" (in standby{active})")));
    }
    if node.maintenance {
        spans.push(Span("maint", " (in maintenance mode)".into()));
    }
    match node.health {
        Health::Green => {}
        Health::Yellow => spans.push(Span("health_yellow", " (health is YELLOW)".into())),
        Health::Red => spans.push(Span("health_red", " (health is RED)".into())),
    }
    let features = text::feature_set(node, show);
    if !features.is_empty() {
        spans.push(Span("", features));
    }
    spans
}

fn attributes(page: &mut Page, status: &Status, show: &Show) {
    let nodes: Vec<&Node> =
        status.nodes.iter().filter(|node| text::has_attributes(node, show)).collect();
    if nodes.is_empty() {
        return;
    }
    page.list(0, Some("Node Attributes"), |page| {
        for node in nodes {
            let name = format!("{}:", text::display_name(node, show));
            page.list(1, Some(&name), |page| {
                for attribute in &node.attributes {
                    let value = format!("{}: {}", attribute.name, attribute.value);
                    let note = match attribute.connectivity() {
                        Connectivity::Fine if attribute.expected.is_some() => {
                            page.spans(&[Span("", value)]);
                            continue;
                        }
                        Connectivity::Fine => {
                            page.line(&format!("<li>{}</li>", escaped(&value)));
                            continue;
                        }
                        Connectivity::Lost => "(connectivity is lost)".to_owned(),
                        Connectivity::Degraded { expected } => {
                            format!("(connectivity is degraded -- expected {expected})")
                        }
                    };
                    page.spans(&[Span("", value), Span("bold", note)]);
                }
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NodeRef, Primitive, Resource};

    fn one_of_each() -> Status {
        let primitive = Primitive {
            id: "a<b>".into(),
            agent: "ocf:pacemaker:Dummy".into(),
            role: vocab::Role::Started,
            managed: true,
            active: true,
            nodes: vec![NodeRef { name: "n1".into(), online: true, ..NodeRef::default() }],
            ..Primitive::default()
        };
        Status {
            stack: "corosync".into(),
            nodes: vec![Node { name: "n1".into(), online: true, ..Node::default() }],
            resources: vec![Resource::Primitive(Box::new(primitive))],
            ..Status::default()
        }
    }

    #[test]
    fn what_names_contain_is_no_markup() {
        let show = Show::new(Sections::TEXT, 0);
        let settings = PageSettings {
            title: "<script>".into(),
            stylesheet: Some("\"onload=\"x".into()),
            refresh_seconds: Some(5),
        };
        let page = status(&one_of_each(), &show, &settings);
        assert!(page.contains("<title>&lt;script&gt;</title>"), "{page}");
        assert!(page.contains("<meta http-equiv=\"refresh\" content=\"5\">"), "{page}");
        assert!(page.contains("href=\"&quot;onload=&quot;x\""), "{page}");
        assert!(page.contains("<li><span class=\"rsc-ok\">a&lt;b&gt;\t"), "{page}");
        assert!(page.contains("<span class=\"warning\">NONE</span>"), "{page}");
        assert!(
            page.contains(
                "<li>\n<span class=\"bold\">n1:</span><span class=\"online\"> online</span>\n</li>"
            ),
            "{page}"
        );
    }

    #[test]
    fn every_list_that_is_opened_is_closed() {
        let mut show = Show::new(Sections::ALL, 0);
        show.detail.group_by_node = true;
        show.detail.inactive = true;
        let page = status(&one_of_each(), &show, &PageSettings::default());
        for tag in ["ul", "li", "h2", "h3", "span"] {
            let opened = page.matches(&format!("<{tag}>")).count()
                + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag} in {page}");
        }
    }
}
