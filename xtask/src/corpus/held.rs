//! The counts that were reached once: they may only rise.

use anyhow::{Context, Result};

const COUNTS: &str = include_str!("counts.txt");

/// How many cases have to be as stored.
///
/// # Errors
///
/// Nobody wrote it down.
pub(super) fn count(corpus: &str, kind: &str) -> Result<usize> {
    lines(corpus)
        .find_map(|(name, count)| (name == kind).then_some(count))
        .with_context(|| format!("counts.txt does not say how many of {corpus} {kind} to hold"))
}

/// In how many respects the corpus is counted.
#[cfg(test)]
pub(super) fn kinds(corpus: &str) -> usize {
    lines(corpus).count()
}

fn lines(corpus: &str) -> impl Iterator<Item = (&'static str, usize)> {
    COUNTS.lines().filter_map(move |line| {
        let rest = line.strip_prefix(corpus)?.strip_prefix(' ')?;
        let (kind, count) = rest.rsplit_once(' ')?;
        Some((kind, count.parse().ok()?))
    })
}
