//! `cargo xtask bench`: how fast our stack is, beside the C stack on the same machine in the same run.

mod cib;
mod figures;
mod measures;
mod processor;
mod ring;
mod scheduler;

use anyhow::{Context, Result, bail};
use netns::{Ring, Stack};

use crate::{
    arguments::Arguments,
    console, packages,
    stack::{Profile, Software, ring_named},
};
use figures::Figures;

/// What can be measured, in the order in which it is.
pub(crate) const MEASURES: [(&str, &str, measures::Measure); 8] = [
    ("election", "cold start of three nodes to a DC", measures::election),
    ("rss", "memory of each daemon, idle", measures::memory),
    ("tools", "how long commands take", measures::tools),
    ("crash", "a failed resource, detected to recovered", measures::crash),
    ("mass", "a hundred resources created at once", measures::mass),
    ("failover", "a killed node, phase by phase", measures::failover),
    ("cib", "queries and changes of the configuration", cib::all),
    ("ring", "the ring alone: messages, idle cost, detection", ring::all),
];

/// Parts of this program that run inside a node.
pub(crate) fn helper(command: &str, arguments: &Arguments) -> Option<Result<()>> {
    match command {
        "cib-writes" => Some(cib::writes(arguments.rest())),
        "run-times" => Some(cib::run_times(arguments.rest())),
        _ => None,
    }
}

/// `bench [--stack both|cardea|debian] [--ring R] [--release] [--markdown] [--repeat N] [MEASURE...]`
///
/// `--ring` is the ring below our stack; Debian's stack runs on Debian's.
///
/// `bench scheduler` is another matter: it needs no cluster.
pub(crate) fn command(mut arguments: Arguments) -> Result<()> {
    if arguments.flag("scheduler") {
        return scheduler::command(arguments);
    }
    let which = arguments.option("--stack")?.unwrap_or_else(|| "both".to_owned());
    let ring = arguments.option("--ring")?.as_deref().map(ring_named).transpose()?;
    let profile = if arguments.flag("--release") { Profile::Release } else { Profile::Development };
    let as_markdown = arguments.flag("--markdown");
    let repeat: usize = match arguments.option("--repeat")? {
        Some(text) => text.parse().context("--repeat takes a number")?,
        None => 3,
    };
    let words = arguments.words()?;
    if let Some(word) = words.iter().find(|w| !MEASURES.iter().any(|(name, ..)| name == w)) {
        let names = MEASURES.map(|(name, ..)| name);
        bail!("there is no measure {word:?}; there are {}", names.join(", "));
    }
    netns::require_root()?;
    packages::ensure_all()?;
    let ours = ("cardea", Software::new(Stack::Cardea).with_ring(ring.unwrap_or(Ring::DEFAULT)));
    let theirs = ("debian", Software::new(Stack::Debian).with_ring(Ring::Corosync));
    let contenders = match which.as_str() {
        "both" => vec![ours, theirs],
        "cardea" => vec![ours],
        "debian" => vec![theirs],
        other => bail!("unknown stack {other:?}: it is both, cardea or debian"),
    };
    let mut figures = Figures::default();
    for (name, software) in &contenders {
        let mut software = software.clone();
        if software.cluster("x", 1).needs_binary() {
            software.build(profile)?;
        }
        console::title(&format!("measuring {name}"));
        for (measure, about, run) in MEASURES {
            if !words.is_empty() && !words.iter().any(|w| w == measure) {
                continue;
            }
            console::step(&format!("{measure}: {about}"));
            let mut one = figures.of(name);
            if let Err(error) = run(&software, repeat, &mut one) {
                console::bad(measure);
                console::quote(&format!("{error:#}"));
            }
        }
    }
    let names: Vec<&str> = contenders.iter().map(|(name, _)| *name).collect();
    if as_markdown {
        figures.print_markdown(&names);
    } else {
        figures.print(&names);
    }
    Ok(())
}
