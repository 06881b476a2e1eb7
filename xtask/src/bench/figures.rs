use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::console;

/// All figures of a run: for each row the values of each stack.
#[derive(Default)]
pub(crate) struct Figures {
    /// Rows in the order in which they first came up: name and unit.
    rows: Vec<(String, &'static str)>,
    /// Rows of which more is better.
    rates: BTreeSet<String>,
    values: BTreeMap<(String, String), Vec<f64>>,
}

/// Where the figures of one stack go.
pub(crate) struct Column<'a> {
    figures: &'a mut Figures,
    stack: &'a str,
}

impl Figures {
    pub(super) fn of<'a>(&'a mut self, stack: &'a str) -> Column<'a> {
        Column { figures: self, stack }
    }

    /// Prints medians side by side; the last column says how many times better ours is: less
    /// of a cost, more of a rate.
    pub(super) fn print(&self, stacks: &[&str]) {
        console::title("figures: median (least to most)");
        let mut head = format!("{:<54}", "");
        stacks.iter().for_each(|s| head.push_str(&format!("{s:>30}")));
        if stacks.len() == 2 {
            head.push_str("   times better");
        }
        println!("{head}");
        for (row, unit) in &self.rows {
            let (cells, medians) = self.cells(row, stacks);
            let mut line = format!("{:<54}", format!("{row} [{unit}]"));
            cells.iter().for_each(|cell| line.push_str(&format!("{cell:>30}")));
            if let Some(ratio) = self.ratio(row, &medians) {
                line.push_str(&format!("{ratio:>15.1}"));
            }
            println!("{line}");
        }
    }

    /// Prints the same as a table for a document.
    pub(super) fn print_markdown(&self, stacks: &[&str]) {
        let ratio_head = if stacks.len() == 2 { " times better |" } else { "" };
        println!("\n| figure | unit | {} |{ratio_head}", stacks.join(" | "));
        println!("|---|---|{}", "--:|".repeat(stacks.len() + usize::from(stacks.len() == 2)));
        for (row, unit) in &self.rows {
            let (cells, medians) = self.cells(row, stacks);
            let ratio = match self.ratio(row, &medians) {
                Some(ratio) => format!(" {ratio:.1} |"),
                None if stacks.len() == 2 => " |".to_owned(),
                None => String::new(),
            };
            println!("| {row} | {unit} | {} |{ratio}", cells.join(" | "));
        }
    }

    /// How many times better ours is than theirs.
    fn ratio(&self, row: &str, medians: &[f64]) -> Option<f64> {
        match medians {
            [ours, theirs] if *ours > 0.0 && *theirs > 0.0 => {
                Some(if self.rates.contains(row) { ours / theirs } else { theirs / ours })
            }
            _ => None,
        }
    }

    /// A row's cell for each stack, and the medians of those stacks that have values.
    fn cells(&self, row: &str, stacks: &[&str]) -> (Vec<String>, Vec<f64>) {
        let values = |stack: &&str| self.values.get(&(row.to_owned(), (*stack).to_owned()));
        let cells = stacks.iter().map(|s| values(s).map_or_else(|| "-".to_owned(), |v| spread(v)));
        (cells.collect(), stacks.iter().filter_map(values).map(|v| median(v)).collect())
    }
}

impl Column<'_> {
    /// Adds one measurement.
    pub(super) fn add(&mut self, row: &str, unit: &'static str, value: f64) {
        if !self.figures.rows.iter().any(|(name, _)| name == row) {
            self.figures.rows.push((row.to_owned(), unit));
        }
        let key = (row.to_owned(), self.stack.to_owned());
        self.figures.values.entry(key).or_default().push(value);
        console::detail(&format!("{row}: {value:.1} {unit}"));
    }

    /// Adds one measurement of something of which more is better.
    pub(super) fn rate(&mut self, row: &str, unit: &'static str, value: f64) {
        self.figures.rates.insert(row.to_owned());
        self.add(row, unit, value);
    }

    /// Adds one time.
    pub(super) fn time(&mut self, row: &str, value: Duration) {
        self.add(row, "ms", value.as_secs_f64() * 1_000.0);
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn median(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

fn spread(values: &[f64]) -> String {
    let sorted = sorted(values);
    match sorted.as_slice() {
        [] => "-".to_owned(),
        [one] => format!("{one:.1}"),
        [least, .., most] => format!("{:.1} ({least:.1} to {most:.1})", median(values)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_few_values() {
        assert_eq!(median(&[3.0, 1.0, 2.0]).to_string(), "2");
        assert_eq!(median(&[4.0, 1.0]).to_string(), "2.5");
        assert_eq!(spread(&[3.0, 1.0, 2.0]), "2.0 (1.0 to 3.0)");
        assert_eq!(spread(&[]), "-");
    }
}
