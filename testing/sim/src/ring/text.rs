//! Words of recordings: numbers, times and lists of nodes.

use std::{str::FromStr, time::Duration};

use machine::Instant;
use vocab::NodeId;

/// A point in time as seconds with six places.
pub(super) fn seconds(at: Instant) -> String {
    let micros = at.as_nanos() / 1_000;
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// A time in microseconds.
pub(super) fn micros(time: Duration) -> String {
    format!("{}us", time.as_micros())
}

/// Nodes with commas between them.
pub(super) fn list(nodes: &[NodeId]) -> String {
    nodes.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// What is left of a line.
#[derive(Debug)]
pub(super) struct Words<'a>(std::str::SplitWhitespace<'a>);

impl<'a> Words<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self(line.split_whitespace())
    }

    pub(super) fn optional(&mut self) -> Option<&'a str> {
        self.0.next()
    }

    pub(super) fn next(&mut self) -> Result<&'a str, String> {
        self.0.next().ok_or_else(|| "the line ends too early".to_owned())
    }

    /// The line must end here.
    pub(super) fn end(&mut self) -> Result<(), String> {
        self.0.next().map_or(Ok(()), |word| Err(format!("{word:?} is too much")))
    }

    pub(super) fn number<T: FromStr>(&mut self) -> Result<T, String> {
        let word = self.next()?;
        word.parse().map_err(|_| format!("{word:?} is no number that fits here"))
    }

    pub(super) fn node(&mut self) -> Result<NodeId, String> {
        self.number().map(NodeId)
    }

    pub(super) fn seconds(&mut self) -> Result<Instant, String> {
        let word = self.next()?;
        let wrong = || format!("{word:?} is no time in seconds with six places");
        let (whole, part) = word.split_once('.').ok_or_else(wrong)?;
        if part.len() != 6 {
            return Err(wrong());
        }
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        let part: u64 = part.parse().map_err(|_| wrong())?;
        let nanos = whole.checked_mul(1_000_000_000).ok_or_else(wrong)?;
        Ok(Instant::from_nanos(nanos.saturating_add(part * 1_000)))
    }

    pub(super) fn micros(&mut self) -> Result<Duration, String> {
        let word = self.next()?;
        let number = word.strip_suffix("us").and_then(|number| number.parse().ok());
        number.map(Duration::from_micros).ok_or_else(|| format!("{word:?} is no time in us"))
    }

    pub(super) fn one_of<T: Copy>(&mut self, known: &[(&str, T)]) -> Result<T, String> {
        let word = self.next()?;
        let found = known.iter().find(|(name, _)| *name == word);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
            format!("{word:?} is none of {}", names.join(", "))
        })
    }

    /// All lists that are left on the line.
    pub(super) fn lists(&mut self) -> Result<Vec<Vec<NodeId>>, String> {
        let mut lists = Vec::new();
        while let Some(word) = self.optional() {
            let nodes = word.split(',').map(|node| node.parse().map(NodeId));
            let nodes: Result<_, _> = nodes.collect();
            lists.push(nodes.map_err(|_| format!("{word:?} is no list of nodes"))?);
        }
        Ok(lists)
    }
}
