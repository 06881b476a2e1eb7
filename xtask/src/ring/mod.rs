//! What runs inside the nodes to try their ring: this program again, as a client of the ring's services and as a stranger
//! on its network.

mod account;
mod bed;
mod flow;
pub(crate) mod flows;
pub(crate) mod load;
mod order;
mod packets;
mod random;
pub(crate) mod watch;

use std::{future::Future, time::Duration};

use anyhow::{Context, Result};

use crate::arguments::Arguments;

/// How long a client may take: less than the command that runs it.
const LIMIT: Duration = Duration::from_secs(150);

/// Runs the part that this process was started for inside a node, if it was started for one.
pub(crate) fn helper(command: &str, arguments: &Arguments) -> Option<Result<()>> {
    let words = arguments.rest();
    Some(match command {
        "ring-state" => watch::state(words),
        "ring-watch" => watch::follow(words),
        "ring-order" => order::main(words),
        "ring-flow" => flow::main(words),
        "ring-load" => load::throughput(words),
        "ring-latency" => load::latency(words),
        "ring-listen" => load::listen(words),
        "packets-capture" => packets::capture(words),
        "packets-send" => packets::send(words),
        _ => return None,
    })
}

/// Runs a client to its end, or to the limit.
fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async { tokio::time::timeout(LIMIT, work).await }).with_context(
        || format!("the ring did not do what it was asked within {} s", LIMIT.as_secs()),
    )?
}

/// The words of a command line as numbers.
fn numbers<const N: usize>(words: &[String], usage: &str) -> Result<[u64; N]> {
    let parsed = words.iter().map(|w| w.parse::<u64>()).collect::<Result<Vec<_>, _>>();
    parsed.ok().and_then(|n| n.try_into().ok()).with_context(|| format!("usage: {usage}"))
}
