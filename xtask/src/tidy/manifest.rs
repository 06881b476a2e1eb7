//! Dependencies are declared once, each with the reason for it.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::read;

pub(super) fn check(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let mut problems = unexplained(&read(root, Path::new("Cargo.toml"))?);
    for file in files.iter().filter(|f| f.ends_with("Cargo.toml") && f.components().count() > 1) {
        let text = read(root, file)?;
        // What is a workspace of its own can take nothing from ours.
        if text.lines().any(|line| line.trim() == "[workspace]") {
            continue;
        }
        problems
            .extend(own_versions(&text).into_iter().map(|p| format!("{}: {p}", file.display())));
    }
    Ok(problems)
}

/// Dependencies from outside that have no comment above them. A family (`serde`, `serde_json`) shares one.
fn unexplained(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut inside = false;
    let (mut explained, mut family) = (false, String::new());
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[workspace.dependencies]";
        } else if !inside || line.is_empty() {
            explained = false;
        } else if line.starts_with('#') {
            explained = true;
        } else if let Some((name, rest)) = line.split_once('=') {
            let name = name.trim();
            let related = !family.is_empty() && name.starts_with(&family);
            if !explained && !related && !rest.contains("path =") {
                problems.push(format!("Cargo.toml: no comment says what {name} is for"));
            }
            if explained {
                family = name.to_owned();
            }
            explained = false;
        }
    }
    problems
}

/// Dependencies of a crate that are not taken from the workspace's list.
fn own_versions(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line.trim_matches(['[', ']']).ends_with("dependencies");
        } else if inside && line.contains('=') && !line.starts_with('#') {
            let (name, rest) = line.split_once('=').unwrap_or((line, ""));
            let shared = name.trim().ends_with(".workspace") || rest.contains("workspace = true");
            if !shared {
                problems.push(format!("{} is not taken from the workspace", name.trim()));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dependency_has_a_reason() {
        let text = "[workspace.dependencies]\n# why\na = \"1\"\na-b = \"1\"\nc = \"1\"\n\n# ours\nd = { path = \"d\" }\ne = { path = \"e\" }\n";
        assert_eq!(unexplained(text), ["Cargo.toml: no comment says what c is for"]);
    }

    #[test]
    fn versions_are_in_one_place() {
        let text = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = { workspace = true }\nc = \"1\"\n[dev-dependencies]\nd = \"2\"\n[lints]\nworkspace = true\n";
        assert_eq!(own_versions(text).len(), 2);
    }
}
