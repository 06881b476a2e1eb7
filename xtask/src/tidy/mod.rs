//! House rules that neither the compiler nor clippy checks.

mod floors;
mod manifest;
mod markdown;
mod sources;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{arguments::Arguments, stack};

/// `cargo xtask tidy`
pub(crate) fn command(arguments: Arguments) -> Result<()> {
    if let Some(word) = arguments.words()?.first() {
        bail!("tidy takes no arguments, but there is {word:?}");
    }
    let problems = check()?;
    problems.iter().for_each(|p| println!("{p}"));
    match problems.len() {
        0 => Ok(()),
        number => bail!("{number} untidy places"),
    }
}

/// Everything that breaks a rule, each as one line that begins with where it is.
pub(crate) fn check() -> Result<Vec<String>> {
    let root = stack::root();
    let files = tracked_files(&root)?;
    let mut problems = floors::check()?;
    problems.extend(manifest::check(&root, &files)?);
    problems.extend(sources::check(&root, &files)?);
    problems.extend(markdown::check(&root, &files)?);
    Ok(problems)
}

/// All files of the source tree, as paths below its top: what git would take, committed or not.
fn tracked_files(root: &Path) -> Result<Vec<PathBuf>> {
    let output = std::process::Command::new("git")
        .current_dir(root)
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .output()
        .context("cannot run git")?;
    if !output.status.success() {
        bail!("git ls-files failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
    let mut files: Vec<PathBuf> = text.lines().map(PathBuf::from).collect();
    // A file may be deleted and not committed yet.
    files.retain(|file| root.join(file).is_file());
    Ok(files)
}

fn with_extension<'a>(
    files: &'a [PathBuf],
    extension: &'static str,
) -> impl Iterator<Item = &'a PathBuf> {
    files.iter().filter(move |f| f.extension().is_some_and(|e| e == extension))
}

fn read(root: &Path, file: &Path) -> Result<String> {
    fs::read_to_string(root.join(file)).with_context(|| file.display().to_string())
}
