//! Nested lists, as text.

/// What a line is about, for views that have colours or classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// A resource that is as it should be.
    Fine,
    /// A resource that failed or is nowhere.
    Failed,
    /// A resource that failed, and nobody minds.
    FailureIgnored,
    /// A resource on several nodes.
    Multiple,
    /// A resource that is left alone.
    Unmanaged,
    /// Fencing that succeeded.
    Fenced,
    /// Fencing that failed.
    NotFenced,
    /// Fencing under way.
    Fencing,
}

/// One entry of a list.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// A line.
    Item { text: String, tone: Tone },
    /// A list of its own; some have no heading.
    Section { heading: Option<String>, spaced: bool, entries: Vec<Self> },
    /// Text as it is.
    Raw(String),
}

/// Nested lists of text: each item behind an asterisk, two spaces in for each level.
#[derive(Debug, Default)]
pub struct TextList {
    pub(crate) entries: Vec<Entry>,
}

impl TextList {
    /// No text, outermost level.
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// One item.
    pub fn item(&mut self, text: impl Into<String>) {
        self.toned(text, Tone::Plain);
    }

    /// One item that is about something.
    pub fn toned(&mut self, text: impl Into<String>, tone: Tone) {
        self.entries.push(Entry::Item { text: text.into(), tone });
    }

    /// A heading, and below it what `fill` adds.
    pub fn section(&mut self, heading: impl Into<String>, fill: impl FnOnce(&mut Self)) {
        self.nest(Some(heading.into()), false, fill);
    }

    /// A heading for the next items, at the outermost level, with an empty line before it unless it is the first.
    pub fn spaced_section(&mut self, heading: impl Into<String>, fill: impl FnOnce(&mut Self)) {
        self.nest(Some(heading.into()), true, fill);
    }

    /// What `fill` adds, one level further in.
    pub fn nested(&mut self, fill: impl FnOnce(&mut Self)) {
        self.nest(None, false, fill);
    }

    /// Text as it is.
    pub fn raw(&mut self, text: impl Into<String>) {
        self.entries.push(Entry::Raw(text.into()));
    }

    /// Everything of another list.
    pub fn append(&mut self, other: Self) {
        self.entries.extend(other.entries);
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What was written.
    pub fn into_text(self) -> String {
        let mut text = String::new();
        write_lines(&self.entries, 0, &mut |line, _| {
            text.push_str(line);
            text.push('\n');
        });
        text
    }

    /// The items alone, without headings and indentation.
    pub fn into_items(self) -> String {
        let mut text = String::new();
        let mut pending: Vec<Entry> = self.entries.into_iter().rev().collect();
        while let Some(entry) = pending.pop() {
            match entry {
                Entry::Item { text: item, .. } => {
                    text.push_str(&item);
                    text.push('\n');
                }
                Entry::Section { entries, .. } => pending.extend(entries.into_iter().rev()),
                Entry::Raw(raw) => text.push_str(&raw),
            }
        }
        text
    }

    /// The lines with what each is about.
    pub fn into_lines(self) -> Vec<(String, Tone)> {
        let mut lines = Vec::new();
        write_lines(&self.entries, 0, &mut |line, tone| lines.push((line.to_owned(), tone)));
        lines
    }

    fn nest(&mut self, heading: Option<String>, spaced: bool, fill: impl FnOnce(&mut Self)) {
        let mut inner = Self::new();
        fill(&mut inner);
        self.entries.push(Entry::Section { heading, spaced, entries: inner.entries });
    }
}

fn write_lines(entries: &[Entry], depth: usize, line: &mut dyn FnMut(&str, Tone)) {
    let indent = if depth == 0 { String::new() } else { format!("{}* ", "  ".repeat(depth)) };
    for (index, entry) in entries.iter().enumerate() {
        match entry {
            Entry::Item { text, tone } => line(&format!("{indent}{text}"), *tone),
            Entry::Section { heading, spaced, entries } => {
                if *spaced && index > 0 {
                    line("", Tone::Plain);
                }
                if let Some(heading) = heading {
                    line(&format!("{indent}{heading}:"), Tone::Plain);
                }
                write_lines(entries, depth + 1, line);
            }
            Entry::Raw(text) => text.lines().for_each(|text| line(text, Tone::Plain)),
        }
    }
}
