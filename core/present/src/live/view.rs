use vocab::Timestamp;

use super::lines::{Line, Style, help, picture};
use crate::{Filter, Show, Status};

/// A key that somebody pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// One with a character.
    Character(char),
    /// Escape alone.
    Escape,
    /// A line up.
    Up,
    /// A line down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// Control and C, or the end of the input.
    Interrupt,
}

/// What is to be done after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Draw what there is.
    Draw,
    /// Look at the cluster again, then draw.
    Look,
    /// End.
    Quit,
}

/// How large the terminal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Lines.
    pub lines: usize,
    /// Columns.
    pub columns: usize,
}

/// Whether there is a connection to the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// There is one.
    Connected,
    /// There is none.
    Lost {
        /// Since when.
        since: Timestamp,
        /// What the last attempt ended with.
        why: String,
    },
}

/// What is known when something is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// The last state that was seen, if one was.
    pub status: Option<&'a Status>,
    /// Whether it is of now.
    pub connection: &'a Connection,
    /// The time now.
    pub now: Timestamp,
}

/// What somebody who looks on wants to see, and which part of it.
#[derive(Clone, Debug)]
pub struct View {
    show: Show,
    help: bool,
    /// Which of the two levels at which all fencing is shown is meant.
    whole_fencing_level: u8,
    /// Lines above the first that is seen.
    above: usize,
    /// Lines that the body had, and that were seen of it, when it was drawn last.
    drawn: (usize, usize),
}

impl View {
    /// A view that shows this.
    pub fn new(show: Show) -> Self {
        Self { show, help: false, whole_fencing_level: 2, above: 0, drawn: (0, 0) }
    }

    /// What is shown.
    pub fn show(&self) -> &Show {
        &self.show
    }

    /// Nodes and resources that the names on the command line stand for now.
    pub fn set_filters(&mut self, nodes: Filter, resources: Filter) {
        self.show.nodes = nodes;
        self.show.resources = resources;
    }

    /// How much of the history of fencing is shown, from 0 to 3.
    pub fn fence_level(&self) -> u8 {
        let sections = self.show.sections;
        let is_more = sections.fencing_failed || sections.fencing_pending;
        match (sections.fencing_succeeded, is_more) {
            (true, _) => self.whole_fencing_level,
            (false, is_more) => u8::from(is_more),
        }
    }

    /// Takes a key.
    pub fn press(&mut self, key: Key) -> Reaction {
        let (lines, seen) = self.drawn;
        let last = lines.saturating_sub(seen);
        match key {
            Key::Interrupt => return Reaction::Quit,
            Key::Escape if self.help => self.help = false,
            Key::Escape => return Reaction::Quit,
            Key::Up => self.above = self.above.saturating_sub(1),
            Key::Down => self.above = (self.above + 1).min(last),
            Key::PageUp => self.above = self.above.saturating_sub(seen.max(1)),
            Key::PageDown => self.above = (self.above + seen.max(1)).min(last),
            Key::Home => self.above = 0,
            Key::End => self.above = last,
            Key::Character(letter) => return self.letter(letter),
        }
        Reaction::Draw
    }

    fn letter(&mut self, letter: char) -> Reaction {
        let sections = &mut self.show.sections;
        let detail = &mut self.show.detail;
        match letter {
            'q' | 'Q' => return Reaction::Quit,
            '?' => self.help = !self.help,
            'm' => {
                let level = (self.fence_level() + 1) % 4;
                self.set_fence_level(level);
                return Reaction::Look;
            }
            'c' => sections.tickets ^= true,
            'f' => sections.fail_counts ^= true,
            'n' => detail.group_by_node ^= true,
            'o' => {
                sections.operations ^= true;
                detail.timing &= sections.operations;
            }
            'r' => detail.inactive ^= true,
            'R' => {
                detail.full ^= true;
                detail.failure_detail = detail.full;
            }
            't' => {
                detail.timing ^= true;
                sections.operations |= detail.timing;
            }
            'A' => sections.attributes ^= true,
            'L' => sections.bans ^= true,
            'D' => {
                let any = sections.stack || sections.dc || sections.times || sections.counts;
                sections.set_summary(!(any || sections.maintenance));
                sections.options = false;
            }
            'b' => detail.brief ^= true,
            'j' => detail.pending ^= true,
            // Any other key leaves the help, or looks again.
            _ if self.help => self.help = false,
            _ => return Reaction::Look,
        }
        Reaction::Draw
    }

    fn set_fence_level(&mut self, level: u8) {
        let sections = &mut self.show.sections;
        sections.fencing_failed = level >= 1;
        sections.fencing_pending = level >= 1;
        sections.fencing_succeeded = level >= 2;
        // The original has two levels for the same; whoever counts presses arrives where it does.
        self.whole_fencing_level = level.max(2);
    }

    /// The lines of the screen, as many as it has or fewer.
    pub fn draw(&mut self, shown: &Picture<'_>, size: Size) -> Vec<Line> {
        let body = if self.help { help(self) } else { picture(self, shown) };
        let body: Vec<Line> = body.into_iter().flat_map(|line| line.wrap(size.columns)).collect();
        // The last line belongs to the keys.
        let room = size.lines.saturating_sub(1);
        let last = body.len().saturating_sub(room);
        self.above = self.above.min(last);
        self.drawn = (body.len(), room);
        let mut lines: Vec<Line> = body.into_iter().skip(self.above).take(room).collect();
        lines.resize_with(room, Line::empty);
        if size.lines > 0 {
            lines.push(self.foot().cut(size.columns));
        }
        lines
    }

    fn foot(&self) -> Line {
        let (lines, seen) = self.drawn;
        let part = if lines > seen {
            format!(" {}-{} of {lines} ", self.above + 1, (self.above + seen).min(lines))
        } else {
            String::new()
        };
        let keys = if self.help {
            " letter: switch   Esc: back   q: quit"
        } else {
            " q quit   ? keys   n by node   r inactive   R details   A attributes   m fencing"
        };
        // Where one is comes first: the rest may not fit.
        Line::of(format!("{part}{keys}"), Style::Foot)
    }
}
