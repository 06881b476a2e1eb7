//! Which programs a cluster runs, and how ours are built.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use netns::Stack;

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

/// The stack with this name; ours is built first.
///
/// The build uses the development profile: it optimises dependencies and, a little, our own code, takes a fraction of
/// the time of a release build on a small machine, and shares its results with the tests.
///
/// `borrowed` are tools that are to be Debian's even so.
pub(crate) fn prepare(name: &str, borrowed: Vec<String>) -> Result<Stack> {
    match name {
        "debian" if !borrowed.is_empty() => bail!("the Debian stack has nothing to borrow"),
        "debian" => Ok(Stack::Debian),
        "cardea" => Ok(Stack::Cardea { binary: build()?, borrowed }),
        other => bail!("unknown stack {other:?}: it is cardea or debian"),
    }
}

/// The value of `--borrow`: names with commas between.
pub(crate) fn borrowed(arguments: &mut Arguments) -> Result<Vec<String>> {
    let text = arguments.option("--borrow")?.unwrap_or_default();
    Ok(text.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

fn build() -> Result<PathBuf> {
    let start = Instant::now();
    console::step("building cardea (development profile: quick to build, optimised dependencies)");
    let status = cargo(&["build", "--package", "cardea", "--bin", "cardea"])
        .stdin(Stdio::null())
        .status()
        .context("cannot run cargo")?;
    if !status.success() {
        bail!("cardea does not build");
    }
    console::detail(&format!("built in {:.1} s", start.elapsed().as_secs_f64()));
    // Cargo puts it beside this program, which was built into the same directory.
    let own = std::env::current_exe()?;
    let binary = own.with_file_name("cardea");
    if !binary.exists() {
        bail!("{} is not there after the build", binary.display());
    }
    Ok(binary)
}
