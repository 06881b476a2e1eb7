//! `cargo xtask demo`: three nodes on this machine, the tutorial, and a failover to watch.

mod tutorial;

use std::os::unix::process::CommandExt;

use anyhow::{Result, bail};
use netns::RunningNode;

use crate::{
    arguments::Arguments,
    bed::Bed,
    console, packages,
    stack::{Profile, Software},
};

/// The name of the demo's cluster: there is one at a time, which `demo exec` finds by it.
const NAME: &str = "demo";

/// `demo [--once] [--stack cardea|debian] [--ring RING,...] [--transport T] [--nodes N]`, `demo exec NODE COMMAND...`, `demo down`
pub(crate) fn command(words: Vec<String>) -> Result<()> {
    match words.first().map(String::as_str) {
        Some("exec") => exec(&words[1..]),
        Some("down") => down(),
        _ => run(Arguments::new(words)),
    }
}

fn run(mut arguments: Arguments) -> Result<()> {
    let once = arguments.flag("--once");
    let mut software = Software::take(&mut arguments)?;
    let nodes: usize = match arguments.option("--nodes")? {
        Some(text) => text.parse()?,
        None => 3,
    };
    if let Some(word) = arguments.words()?.first() {
        bail!("unknown word {word:?} after demo");
    }
    if !(3..=9).contains(&nodes) {
        bail!("--nodes takes 3 to 9: with fewer the survivors of a kill have no majority");
    }
    netns::require_root()?;

    console::title("What is needed");
    let settings = software.cluster(NAME, nodes);
    packages::ensure(&settings)?;
    if settings.needs_binary() {
        software.build(Profile::Development)?;
    }
    console::good("everything is here");

    console::title(&format!("{nodes} nodes on one machine"));
    let mut bed = Bed::boot(software.cluster(NAME, nodes))?;
    let failed = tutorial::play(&mut bed)?;

    console::title("Result");
    if failed == 0 {
        console::good("every step was as expected");
    } else {
        console::bad(&format!("{failed} steps were not as expected"));
    }
    if !once {
        stay();
    }
    if failed > 0 {
        bail!("the tutorial did not go as expected");
    }
    Ok(())
}

/// Keeps the cluster until this process is ended; whatever ends it ends the cluster.
fn stay() -> ! {
    console::detail(
        "The cluster stays up until you press Ctrl-C. From a second terminal, as root:",
    );
    console::detail("  cargo xtask demo exec ha-web2 pcs status");
    console::detail("  cargo xtask demo exec ha-web2 bash");
    console::detail("  cargo xtask demo exec client curl http://192.168.124.50/");
    loop {
        std::thread::park();
    }
}

fn exec(words: &[String]) -> Result<()> {
    let Some((node, command)) = words.split_first() else {
        bail!("usage: cargo xtask demo exec NODE COMMAND...");
    };
    netns::require_root()?;
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let words = if words.is_empty() { vec!["bash"] } else { words };
    let error = RunningNode::find(NAME, node)?.interactive(&words).exec();
    bail!("cannot run nsenter: {error}")
}

fn down() -> Result<()> {
    netns::require_root()?;
    if netns::end_running(NAME)? {
        console::good("the running demo was ended");
    }
    for name in netns::remove_leftovers()? {
        console::good(&format!("removed what was left of {name}"));
    }
    Ok(())
}
