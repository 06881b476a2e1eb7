use std::{collections::BTreeMap, time::Duration};

use crate::console;

/// All figures of a run: for each row the values of each stack.
#[derive(Default)]
pub(crate) struct Figures {
    /// Rows in the order in which they first came up: name and unit.
    rows: Vec<(String, &'static str)>,
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

    /// Prints medians side by side; the ratio says how many times less ours is.
    pub(super) fn print(&self, stacks: &[&str]) {
        console::title("figures: median (least to most)");
        let mut head = format!("{:<44}", "");
        stacks.iter().for_each(|s| head.push_str(&format!("{s:>30}")));
        if stacks.len() == 2 {
            head.push_str("     C / Cardea");
        }
        println!("{head}");
        for (row, unit) in &self.rows {
            let mut line = format!("{:<44}", format!("{row} [{unit}]"));
            let mut medians = Vec::new();
            for stack in stacks {
                let values = self.values.get(&(row.clone(), (*stack).to_owned()));
                let text = values.map_or_else(|| "-".to_owned(), |v| spread(v));
                line.push_str(&format!("{text:>30}"));
                medians.extend(values.map(|v| median(v)));
            }
            if let [ours, theirs] = medians.as_slice()
                && *ours > 0.0
            {
                line.push_str(&format!("{:>15.1}", theirs / ours));
            }
            println!("{line}");
        }
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
