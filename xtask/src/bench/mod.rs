//! `cargo xtask bench`: how fast our stack is, beside the C stack on the same machine in the same run.

mod figures;
mod measures;

use anyhow::{Result, bail};

use crate::{arguments::Arguments, console, packages, stack};
use figures::Figures;

/// What can be measured, in the order in which it is.
pub(crate) const MEASURES: [(&str, &str, measures::Measure); 6] = [
    ("election", "cold start of three nodes to a DC", measures::election),
    ("rss", "memory of each daemon, idle", measures::memory),
    ("tools", "how long commands take", measures::tools),
    ("crash", "a failed resource, detected to recovered", measures::crash),
    ("mass", "a hundred resources created at once", measures::mass),
    ("failover", "a killed node, phase by phase", measures::failover),
];

/// `bench [--stack both|cardea|debian] [--repeat N] [MEASURE...]`
pub(crate) fn command(mut arguments: Arguments) -> Result<()> {
    let which = arguments.option("--stack")?.unwrap_or_else(|| "both".to_owned());
    let repeat: usize = match arguments.option("--repeat")? {
        Some(text) => text.parse()?,
        None => 3,
    };
    let words = arguments.words()?;
    if let Some(word) = words.iter().find(|w| !MEASURES.iter().any(|(name, ..)| name == w)) {
        let names = MEASURES.map(|(name, ..)| name);
        bail!("there is no measure {word:?}; there are {}", names.join(", "));
    }
    netns::require_root()?;
    packages::ensure_all()?;
    let stacks: &[&str] = match which.as_str() {
        "both" => &["cardea", "debian"],
        "cardea" => &["cardea"],
        "debian" => &["debian"],
        other => bail!("unknown stack {other:?}: it is both, cardea or debian"),
    };
    let mut figures = Figures::default();
    for name in stacks {
        let stack = stack::prepare(name, Vec::new())?;
        console::title(&format!("measuring {name}"));
        for (measure, about, run) in MEASURES {
            if !words.is_empty() && !words.iter().any(|w| w == measure) {
                continue;
            }
            console::step(&format!("{measure}: {about}"));
            let mut one = figures.of(name);
            if let Err(error) = run(&stack, repeat, &mut one) {
                console::bad(measure);
                console::quote(&format!("{error:#}"));
            }
        }
    }
    figures.print(stacks);
    Ok(())
}
