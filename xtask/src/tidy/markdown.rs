//! Pages for people: links that lead somewhere, fences that end.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{read, with_extension};

pub(super) fn check(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for file in with_extension(files, "md") {
        let folder = file.parent().unwrap_or(Path::new(""));
        let exists = |target: &str| root.join(folder).join(target).exists();
        let found = page(&read(root, file)?, exists);
        problems.extend(found.into_iter().map(|problem| format!("{}{problem}", file.display())));
    }
    Ok(problems)
}

fn page(text: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut problems = Vec::new();
    let mut fenced = false;
    for (number, line) in text.lines().enumerate() {
        let at = number + 1;
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            continue;
        }
        if line.ends_with([' ', '\t']) {
            problems.push(format!(":{at}: space at the end of the line"));
        }
        for target in links(line).filter(|t| !t.contains("://") && !t.starts_with(['#', '<'])) {
            let path = target.split('#').next().unwrap_or(target);
            if !exists(path) {
                problems.push(format!(":{at}: the link to {path} leads nowhere"));
            }
        }
    }
    if fenced {
        problems.push(": a code block has no end".to_owned());
    }
    if !text.starts_with("# ") {
        problems.push(":1: a page begins with its title".to_owned());
    }
    problems
}

/// The targets of `[text](target)` in a line.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_fences() {
        let text =
            "# T\n[a](here.md) [b](gone.md#x) [c](https://x/) [d](#e)\n```\n[f](no.md)\n```\n";
        assert_eq!(page(text, |t| t == "here.md"), [":2: the link to gone.md leads nowhere"]);
        assert_eq!(page("T \n```\n", |_| true).len(), 3);
    }
}
