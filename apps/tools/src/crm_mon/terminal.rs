//! The terminal: what is drawn on it, and the keys that come from it. Knows nothing of clusters.

use std::{
    io::{self, Write},
    os::fd::{AsFd, BorrowedFd},
    time::Duration,
};

use present::live::{Key, Line, Size, Style};
use runtime::{SignalEvent, Signals};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    termios::{OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr},
};

/// A terminal that belongs to the view until this is dropped.
pub(super) struct Terminal {
    before: Termios,
    colours: bool,
    /// What is on the screen, so that only lines that differ are written.
    drawn: Vec<Line>,
    size: Size,
    signals: Signals,
}

/// What woke the view.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// Keys, in the order in which they came.
    Keys(Vec<Key>),
    /// The size has changed, or nothing has happened for as long as was said.
    Nothing,
    /// The other source has something.
    Other,
}

impl Terminal {
    /// Takes the terminal over: keys come one by one and unseen, the screen is the view's own.
    pub(super) fn open() -> io::Result<Self> {
        // Who is ended by a signal leaves the terminal as it was, too.
        let signals = Signals::take_over()?;
        let stdin = io::stdin();
        let before = tcgetattr(&stdin)?;
        let mut raw = before.clone();
        raw.make_raw();
        // Nothing is waited for: what is there is read.
        raw.special_codes[SpecialCodeIndex::VMIN] = 0;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&stdin, OptionalActions::Flush, &raw)?;
        let colours = has_colours(
            std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
            std::env::var("TERM").ok().as_deref(),
        );
        let size = Size { lines: 0, columns: 0 };
        let mut terminal = Self { before, colours, drawn: Vec::new(), size, signals };
        // The other screen, without a cursor, cleared.
        terminal.write("\x1b[?1049h\x1b[?25l\x1b[2J")?;
        Ok(terminal)
    }

    /// How large it is now.
    pub(super) fn size(&self) -> Size {
        const USUAL: Size = Size { lines: 24, columns: 80 };
        match tcgetwinsize(io::stdout()) {
            Ok(size) if size.ws_row > 0 && size.ws_col > 0 => {
                Size { lines: size.ws_row.into(), columns: size.ws_col.into() }
            }
            Ok(_) | Err(_) => USUAL,
        }
    }

    /// Draws what has changed, in one write, so that nothing flickers.
    pub(super) fn draw(&mut self, lines: Vec<Line>, size: Size) -> io::Result<()> {
        let mut text = String::new();
        if size != self.size {
            self.size = size;
            self.drawn.clear();
            text.push_str("\x1b[2J");
        }
        for (row, line) in lines.iter().enumerate() {
            if self.drawn.get(row) != Some(line) {
                text.push_str(&format!("\x1b[{};1H", row + 1));
                render(line, self.colours, &mut text);
                text.push_str("\x1b[K");
            }
        }
        self.drawn = lines;
        if text.is_empty() { Ok(()) } else { self.write(&text) }
    }

    /// Waits for keys, for the other source, or until nothing of that has happened for so long.
    pub(super) fn wait(&self, other: Option<BorrowedFd<'_>>, limit: Duration) -> io::Result<Woken> {
        let stdin = io::stdin();
        let mut sources = vec![
            PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.signals.as_fd(), PollFlags::IN),
        ];
        sources.extend(other.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        let limit = Timespec::try_from(limit).ok();
        match poll(&mut sources, limit.as_ref()) {
            // A signal that is none of those that are waited for, such as to go on after a stop.
            Err(rustix::io::Errno::INTR) => return Ok(Woken::Nothing),
            result => result?,
        };
        if let Some(event) = self.signals.take() {
            return Ok(match event {
                SignalEvent::End => Woken::Keys(vec![Key::Interrupt]),
                SignalEvent::Resized => Woken::Nothing,
            });
        }
        if !sources[0].revents().is_empty() {
            let mut bytes = [0; 256];
            let count = rustix::io::read(&stdin, &mut bytes)?;
            if count == 0 {
                // The terminal has gone.
                return Ok(Woken::Keys(vec![Key::Interrupt]));
            }
            return Ok(Woken::Keys(keys(bytes.get(..count).unwrap_or_default())));
        }
        let told = sources.get(2).is_some_and(|source| !source.revents().is_empty());
        Ok(if told { Woken::Other } else { Woken::Nothing })
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.write("\x1b[0m\x1b[?25h\x1b[?1049l");
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
    }
}

/// Whether the terminal shows colours and its owner wants them.
fn has_colours(refused: bool, kind: Option<&str>) -> bool {
    !refused && !matches!(kind, None | Some("" | "dumb") | Some("vt100"))
}

fn render(line: &Line, colours: bool, text: &mut String) {
    for (piece, style) in &line.pieces {
        let code = match (style, colours) {
            (Style::Plain, _) => None,
            (Style::Heading, _) => Some("1"),
            (Style::Foot, _) => Some("7"),
            (Style::Alarm, true) => Some("1;31"),
            (Style::Alarm, false) => Some("1"),
            (Style::Calm, true) => Some("1;32"),
            (Style::Good, true) => Some("32"),
            (Style::Notable, true) => Some("33"),
            (Style::Bad, true) => Some("31"),
            (Style::Faint, true) => Some("2"),
            (Style::Calm | Style::Good | Style::Notable | Style::Bad | Style::Faint, false) => None,
        };
        match code {
            Some(code) => text.push_str(&format!("\x1b[{code}m{piece}\x1b[0m")),
            None => text.push_str(piece),
        }
    }
}

/// The keys that a terminal's bytes stand for. An escape that nothing known follows is the key itself.
fn keys(bytes: &[u8]) -> Vec<Key> {
    const SEQUENCES: [(&[u8], Key); 14] = [
        (b"\x1b[A", Key::Up),
        (b"\x1b[B", Key::Down),
        (b"\x1bOA", Key::Up),
        (b"\x1bOB", Key::Down),
        (b"\x1b[5~", Key::PageUp),
        (b"\x1b[6~", Key::PageDown),
        (b"\x1b[H", Key::Home),
        (b"\x1b[F", Key::End),
        (b"\x1bOH", Key::Home),
        (b"\x1bOF", Key::End),
        (b"\x1b[1~", Key::Home),
        (b"\x1b[4~", Key::End),
        (b"\x1b[7~", Key::Home),
        (b"\x1b[8~", Key::End),
    ];
    let mut found = Vec::new();
    let mut rest = bytes;
    while let Some(&first) = rest.first() {
        let known = SEQUENCES.iter().find(|(sequence, _)| rest.starts_with(sequence));
        let (key, length) = match (known, first) {
            (Some((sequence, key)), _) => (Some(*key), sequence.len()),
            (None, 0x1b) => match rest.get(1) {
                // A key that has no meaning here: all of it is passed over.
                Some(b'[' | b'O') => (None, unknown_sequence(rest)),
                Some(_) | None => (Some(Key::Escape), 1),
            },
            (None, 0x03 | 0x04) => (Some(Key::Interrupt), 1),
            (None, first) if first.is_ascii() => (Some(Key::Character(first.into())), 1),
            (None, _) => (None, 1),
        };
        found.extend(key);
        rest = rest.get(length..).unwrap_or_default();
    }
    found
}

/// How long an escape sequence is that nobody here knows.
fn unknown_sequence(bytes: &[u8]) -> usize {
    let end = bytes.iter().skip(2).position(|byte| (0x40..=0x7e).contains(byte));
    end.map_or(bytes.len(), |end| end + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_keys() {
        assert_eq!(
            keys(b"q\x1b[A\x1b[5~?\x03"),
            [Key::Character('q'), Key::Up, Key::PageUp, Key::Character('?'), Key::Interrupt]
        );
        assert_eq!(keys(b"\x1b"), [Key::Escape]);
        assert_eq!(keys(b"\x1b[1;5Cx"), [Key::Character('x')]);
        assert_eq!(keys(b"\x1b["), []);
        assert_eq!(keys("é".as_bytes()), []);
    }

    #[test]
    fn colours_are_for_who_wants_them_and_can_show_them() {
        assert!(has_colours(false, Some("xterm-256color")));
        assert!(!has_colours(true, Some("xterm-256color")));
        assert!(!has_colours(false, Some("dumb")) && !has_colours(false, None));
        let line = Line::of("down", Style::Bad);
        let mut text = String::new();
        render(&line, false, &mut text);
        assert_eq!(text, "down");
        render(&line, true, &mut text);
        assert_eq!(text, "down\x1b[31mdown\x1b[0m");
    }
}
