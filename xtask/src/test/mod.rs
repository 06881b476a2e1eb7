//! `cargo xtask test`: everything that must hold, the quick things first.

mod stages;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::{arguments::Arguments, console};

/// How much of a stage went well.
#[derive(Clone, Copy, Default)]
struct Count {
    passed: usize,
    failed: usize,
}

/// What a stage found.
struct Outcome {
    count: Count,
    /// The line of the summary.
    note: String,
    /// What to show again at the end if this was the first stage that failed.
    tail: Vec<String>,
}

/// One group of checks.
struct Stage {
    name: &'static str,
    about: &'static str,
    /// Whether it takes minutes and a machine of its own.
    slow: bool,
    run: fn() -> Result<Outcome>,
}

/// `test [--quick] [FILTER...]`; a filter chooses stages by name.
pub(crate) fn command(mut arguments: Arguments) -> Result<()> {
    let quick = arguments.flag("--quick");
    let filters = arguments.words()?;
    let wanted = |stage: &&Stage| {
        let named = filters.iter().any(|f| stage.name.contains(f.as_str()));
        named || (filters.is_empty() && !(quick && stage.slow))
    };
    let chosen: Vec<&Stage> = stages::ALL.iter().filter(wanted).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = stages::ALL.iter().map(|s| s.name).collect();
        bail!("no stage is named like {}; there are {}", filters.join(" "), names.join(", "));
    }
    let mut results = Vec::new();
    for stage in chosen {
        console::title(&format!("{}: {}", stage.name, stage.about));
        let start = Instant::now();
        let outcome = (stage.run)().unwrap_or_else(|error| Outcome {
            count: Count { passed: 0, failed: 1 },
            note: format!("{error:#}"),
            tail: Vec::new(),
        });
        results.push((stage.name, start.elapsed(), outcome));
    }
    summarize(&results)
}

fn summarize(results: &[(&str, Duration, Outcome)]) -> Result<()> {
    if let Some((name, _, outcome)) = results.iter().find(|(_, _, o)| o.count.failed > 0) {
        console::title(&format!("the first stage that failed: {name}"));
        outcome.tail.iter().for_each(|line| println!("{line}"));
    }
    console::title("summary");
    let mut total = Count::default();
    for (name, took, Outcome { count, note, .. }) in results {
        total.passed += count.passed;
        total.failed += count.failed;
        let line = format!("{name:<10} {:>6.1} s  {note}", took.as_secs_f64());
        if count.failed == 0 { console::good(&line) } else { console::bad(&line) }
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed > 0 {
        bail!("something is not as it must be");
    }
    Ok(())
}
