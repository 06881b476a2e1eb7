//! Which programs a cluster runs, and how ours are built.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use netns::{ClusterSettings, Programs, Ring, Stack, Transport};

use crate::{arguments::Arguments, console};

/// The top of the source tree.
pub(crate) fn root() -> PathBuf {
    // Cargo sets this for `cargo xtask`; the compiled-in value serves when the program is called directly.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest.parent().map_or_else(PathBuf::new, PathBuf::from)
}

/// Where cargo puts what it builds.
pub(crate) fn target_directory() -> PathBuf {
    // This program is in a directory of it that is named like the profile.
    let own = std::env::current_exe().ok();
    let found = own.as_deref().and_then(|exe| exe.parent()?.parent()).map(PathBuf::from);
    found.unwrap_or_else(|| root().join("target"))
}

/// A `cargo` command at the top of the source tree.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root()).args(arguments);
    command
}

/// What the nodes of the clusters run that a command builds.
#[derive(Clone)]
pub(crate) struct Software {
    pub(crate) stack: Stack,
    /// Whose ring the nodes run, in turn; empty where nobody asked for one.
    rings: Vec<Ring>,
    transport: Option<Transport>,
    borrowed: Vec<String>,
    binary: Option<PathBuf>,
}

impl Software {
    /// Takes `--stack`, `--ring`, `--transport`, `--borrow` and `--binary` out of the arguments.
    pub(crate) fn take(arguments: &mut Arguments) -> Result<Self> {
        let stack = arguments.option("--stack")?;
        let mut software = Self::new(stack_named(stack.as_deref().unwrap_or("cardea"))?);
        let rings = arguments.option("--ring")?.unwrap_or_default();
        software.rings = names(&rings).map(ring_named).collect::<Result<_>>()?;
        software.transport =
            arguments.option("--transport")?.as_deref().map(transport_named).transpose()?;
        software.borrowed =
            names(&arguments.option("--borrow")?.unwrap_or_default()).map(str::to_owned).collect();
        software.binary = arguments.option("--binary")?.map(PathBuf::from);
        if software.stack == Stack::Debian && !software.borrowed.is_empty() {
            bail!("the Debian stack has nothing to borrow");
        }
        Ok(software)
    }

    /// A stack on the ring that runs where nobody asks for one.
    pub(crate) fn new(stack: Stack) -> Self {
        let (rings, borrowed) = (Vec::new(), Vec::new());
        Self { stack, rings, transport: None, borrowed, binary: None }
    }

    /// The same with this ring on all nodes.
    pub(crate) fn with_ring(mut self, ring: Ring) -> Self {
        self.rings = vec![ring];
        self
    }

    /// Builds our programs, unless they were given; gives the multi-call binary.
    ///
    /// The build uses the development profile: it optimises dependencies and, a little, our own code, takes a fraction of
    /// the time of a release build on a small machine, and shares its results with the tests.
    pub(crate) fn build(&mut self, profile: Profile) -> Result<PathBuf> {
        let binary = match self.binary.take() {
            Some(binary) => binary,
            None => build(profile)?,
        };
        Ok(self.binary.insert(binary).clone())
    }

    /// A cluster of so many nodes.
    pub(crate) fn cluster(&self, name: &str, nodes: usize) -> ClusterSettings {
        self.mixed(name, &vec![Ring::DEFAULT; nodes])
    }

    /// A cluster with these rings on its nodes, unless others were asked for.
    pub(crate) fn mixed(&self, name: &str, rings: &[Ring]) -> ClusterSettings {
        let asked = self.rings.iter().cycle().copied();
        let rings: Vec<Ring> = match self.rings.is_empty() {
            true => rings.to_vec(),
            false => asked.take(rings.len()).collect(),
        };
        let nodes = rings.into_iter().map(|ring| Programs { ring, stack: self.stack }).collect();
        let mut settings = ClusterSettings::new(name, nodes);
        settings.transport = self.transport.unwrap_or(settings.transport);
        settings.binary.clone_from(&self.binary);
        settings.borrowed.clone_from(&self.borrowed);
        settings
    }
}

/// How the programs are built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build, optimised dependencies.
    Development,
    /// As users get them.
    Release,
}

/// The parts of a list with commas between.
fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').filter(|name| !name.is_empty())
}

fn stack_named(name: &str) -> Result<Stack> {
    match name {
        "debian" => Ok(Stack::Debian),
        "cardea" => Ok(Stack::Cardea),
        other => bail!("unknown stack {other:?}: it is cardea or debian"),
    }
}

pub(crate) fn ring_named(name: &str) -> Result<Ring> {
    match name {
        "corosync" => Ok(Ring::Corosync),
        "cardea" => Ok(Ring::Cardea),
        other => bail!("unknown ring {other:?}: it is cardea or corosync"),
    }
}

fn transport_named(name: &str) -> Result<Transport> {
    match name {
        "knet" => Ok(Transport::Knet),
        "udpu" => Ok(Transport::Udpu),
        "udp" => Ok(Transport::Udp),
        other => bail!("unknown transport {other:?}: it is knet, udpu or udp"),
    }
}

fn build(profile: Profile) -> Result<PathBuf> {
    let start = Instant::now();
    let (about, directory, option) = match profile {
        Profile::Development => {
            ("development profile: quick to build, optimised dependencies", "debug", None)
        }
        Profile::Release => ("release profile", "release", Some("--release")),
    };
    console::step(&format!("building cardea ({about})"));
    let mut words = vec!["build", "--package", "cardea", "--bin", "cardea"];
    words.extend(option);
    let status = cargo(&words).stdin(Stdio::null()).status().context("cannot run cargo")?;
    if !status.success() {
        bail!("cardea does not build");
    }
    console::detail(&format!("built in {:.1} s", start.elapsed().as_secs_f64()));
    let binary = target_directory().join(directory).join("cardea");
    if !binary.exists() {
        bail!("{} is not there after the build", binary.display());
    }
    Ok(binary)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(words: &[&str]) -> Result<Software> {
        Software::take(&mut Arguments::new(words.iter().map(|w| (*w).to_owned()).collect()))
    }

    #[test]
    fn rings_are_given_to_nodes_in_turn() {
        let rings = |software: &Software, named: &[Ring]| -> Vec<Ring> {
            software.mixed("x", named).nodes.iter().map(|p| p.ring).collect()
        };
        let named = [Ring::Cardea, Ring::Corosync, Ring::Corosync];
        let free = taken(&[]).expect("nothing is asked for");
        assert_eq!(rings(&free, &named), named);
        let asked = taken(&["--ring", "corosync,cardea"]).expect("two rings");
        assert_eq!(rings(&asked, &named), [Ring::Corosync, Ring::Cardea, Ring::Corosync]);
    }

    #[test]
    fn unknown_names_are_refused() {
        for words in [
            &["--stack", "suse"][..],
            &["--ring", "cardea,heartbeat"],
            &["--transport", "tcp"],
            &["--stack", "debian", "--borrow", "pcs"],
        ] {
            assert!(taken(words).is_err(), "{words:?}");
        }
    }
}
