//! Whose programs a node runs: directories of links, and the `PATH` that leads to them.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{
    command::host,
    settings::{ClusterSettings, Programs, Ring, Stack},
};

/// The directory with the links of Cardea's ring.
const RING: &str = "ring";
/// The directory with the links of everything else of Cardea's.
const STACK: &str = "stack";
/// Where Debian's programs are.
const DEBIAN: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Copies the multi-call binary, where one is needed, and makes its links: the ring's apart from the others, so that a
/// node can have either without the other.
pub(crate) fn prepare(directory: &Path, settings: &ClusterSettings) -> Result<()> {
    if !settings.needs_binary() {
        return Ok(());
    }
    let binary = settings.binary.as_deref().context("no multi-call binary is given")?;
    let own = directory.join("cardea");
    fs::copy(binary, &own).with_context(|| binary.display().to_string())?;
    let (stack, ring) = (directory.join(STACK), directory.join(RING));
    fs::create_dir_all(&ring)?;
    let (own, agents) = (own.display().to_string(), directory.join("ocf").display().to_string());
    host(&own, &["install-links", &stack.display().to_string(), "--agents", &agents], "")?;
    for entry in fs::read_dir(&stack)?.flatten() {
        if is_of_ring(&entry.file_name().to_string_lossy()) {
            fs::rename(entry.path(), ring.join(entry.file_name()))?;
        }
    }
    require(&stack, "pacemakerd", settings.nodes.iter().any(|p| p.stack == Stack::Cardea))?;
    require(&ring, "corosync", settings.nodes.iter().any(|p| p.ring == Ring::Cardea))?;
    settings.borrowed.iter().try_for_each(|name| borrow(directory, name))
}

fn is_of_ring(program: &str) -> bool {
    program == "corosync" || program.starts_with("corosync-")
}

fn require(directory: &Path, program: &str, is_needed: bool) -> Result<()> {
    if is_needed && !directory.join(program).exists() {
        bail!("the multi-call binary has no program {program}");
    }
    Ok(())
}

/// Puts Debian's tool in the place of ours.
fn borrow(directory: &Path, name: &str) -> Result<()> {
    if name.starts_with("pacemaker") {
        bail!("{name} cannot be borrowed: our launcher starts only our daemons");
    }
    let places = ["/usr/sbin", "/usr/bin"].map(|place| Path::new(place).join(name));
    let theirs = places.iter().find(|p| p.exists());
    let theirs = theirs.with_context(|| format!("Debian has no program {name}"))?;
    let place = directory.join(if is_of_ring(name) { RING } else { STACK }).join(name);
    // It need not have been there.
    let _ = fs::remove_file(&place);
    symlink(theirs, &place).with_context(|| place.display().to_string())
}

/// Records what a node runs from its next boot on.
pub(crate) fn record(directory: &Path, node: &str, programs: Programs) -> Result<()> {
    let mut path = String::new();
    let ring = (programs.ring == Ring::Cardea).then_some(RING);
    let stack = (programs.stack == Stack::Cardea).then_some(STACK);
    for first in [ring, stack, Some("tools")].into_iter().flatten() {
        path.push_str(&format!("{}:", directory.join(first).display()));
    }
    fs::write(record_path(directory, node), path + DEBIAN).context("cannot record the programs")
}

/// `PATH` inside a machine: Cardea's programs, where they are used, before Debian's. A machine of which nothing is
/// recorded is no node.
pub(crate) fn search_path(directory: &Path, node: &str) -> String {
    let tools = directory.join("tools");
    fs::read_to_string(record_path(directory, node))
        .unwrap_or_else(|_| format!("{}:{DEBIAN}", tools.display()))
}

fn record_path(directory: &Path, node: &str) -> PathBuf {
    directory.join("nodes").join(node).join("path")
}

/// The first program of this name in a search path.
pub(crate) fn find(search_path: &str, name: &str) -> Result<PathBuf> {
    let places = search_path.split(':').map(|place| Path::new(place).join(name));
    places.into_iter().find(|p| p.exists()).with_context(|| format!("{name}: no such program"))
}
