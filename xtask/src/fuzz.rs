//! `cargo xtask fuzz`: what comes from the network and from clients, made up by a program that learns what leads where.

use std::{fs, process::Stdio};

use anyhow::{Context, Result, bail};

use crate::{arguments::Arguments, console, stack};

/// `fuzz [--seconds N] [TARGET...]`: each target for so long, with what was found before.
pub(crate) fn command(mut arguments: Arguments) -> Result<()> {
    let seconds: u32 = match arguments.option("--seconds")? {
        Some(text) => text.parse().context("--seconds takes a number")?,
        None => 60,
    };
    let wanted = arguments.words()?;
    let all = targets()?;
    if let Some(word) = wanted.iter().find(|w| !all.contains(w)) {
        bail!("there is no target {word:?}; there are {}", all.join(", "));
    }
    ensure_tool()?;
    let mut failed = Vec::new();
    for target in all.iter().filter(|t| wanted.is_empty() || wanted.contains(t)) {
        console::step(&format!("{target}: {seconds} s"));
        let limit = format!("-max_total_time={seconds}");
        // Beside what else is built; the sanitizer needs a build of its own.
        let directory = stack::target_directory().join("fuzz").display().to_string();
        let words = ["run", "--target-dir", &directory, target, "--", &limit, "-max_len=8192"];
        let mut command = fuzz(&words);
        let status = command.args(["-timeout=10", "-print_final_stats=1"]).status();
        if status.context("cannot run cargo fuzz")?.success() {
            console::good(target);
        } else {
            console::bad(&format!("{target}: the input is in fuzz/artifacts/{target}"));
            failed.push(target.as_str());
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// The nightly compiler has the sanitizer. Its name would not be heard through the cargo that runs this.
fn fuzz(words: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new("cargo");
    command.current_dir(stack::root().join("fuzz"));
    for variable in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC", "RUSTDOC"] {
        command.env_remove(variable);
    }
    command.args(["+nightly", "fuzz"]).args(words);
    command
}

/// The targets by name, from their files.
fn targets() -> Result<Vec<String>> {
    let directory = stack::root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&directory).with_context(|| directory.display().to_string())?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|e| Some(e.path().file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    Ok(names)
}

fn ensure_tool() -> Result<()> {
    let mut version = fuzz(&["--version"]);
    version.stdout(Stdio::null()).stderr(Stdio::null());
    if version.status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    bail!(
        "this needs a nightly compiler and cargo-fuzz: rustup toolchain install nightly; cargo install cargo-fuzz"
    )
}
