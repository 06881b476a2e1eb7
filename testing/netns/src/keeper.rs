//! The process that holds the bridge's network namespace and cleans up behind a program that ended in whatever way.

use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{leftovers, wait_until};

/// Takes the state directory into possession, says `ready`, and waits for the end of standard input. Then it lets the
/// nodes end, removes the directory and goes, and the bridge goes with it.
pub(crate) fn main(arguments: &[&str]) -> Result<()> {
    let [directory] = arguments else { bail!("usage: netns-keeper STATE-DIRECTORY") };
    let directory = Path::new(directory);
    let lock = File::create(leftovers::lock_path(directory))?;
    lock.lock().context("cannot lock the state directory")?;
    println!("ready");
    std::io::stdout().flush()?;
    // Nothing is ever written: the read ends when the program that started us does.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    let ended = wait_until("the end of all nodes", Duration::from_secs(20), || {
        match leftovers::living_nodes(directory).as_slice() {
            [] => Ok(()),
            nodes => bail!("still running: {nodes:?}"),
        }
    });
    // Whatever still runs has lost its files and its network; the next start kills it by its recorded process id.
    if ended.is_err() {
        leftovers::kill_nodes(directory);
    }
    leftovers::remove_state(directory)
}
