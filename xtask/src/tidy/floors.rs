//! Which crate may stand on which: apps on shell on core, and nothing on what is above it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::stack;

/// Crates that do I/O, keep threads or decide about logging: none of the core's business.
const NOT_IN_CORE: [&str; 8] =
    ["tokio", "rustix", "libc", "zbus", "tracing", "tracing-subscriber", "anyhow", "rand"];

pub(super) fn check() -> Result<Vec<String>> {
    let output = stack::cargo(&["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .context("cannot run cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let top = metadata["workspace_root"].as_str().context("no workspace root")?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let crates: Vec<Package<'_>> = packages.iter().filter_map(|p| Package::read(p, top)).collect();
    Ok(judge(&crates))
}

/// What matters of one of our crates.
struct Package<'a> {
    name: &'a str,
    floor: &'a str,
    /// Name and whether it is only for tests.
    dependencies: Vec<(&'a str, bool)>,
}

impl<'a> Package<'a> {
    fn read(package: &'a Value, top: &str) -> Option<Self> {
        let manifest = package["manifest_path"].as_str()?;
        let floor = manifest.strip_prefix(top)?.trim_start_matches('/').split('/').next()?;
        let dependencies = package["dependencies"].as_array()?.iter();
        let dependencies =
            dependencies.filter_map(|d| Some((d["name"].as_str()?, d["kind"] == "dev"))).collect();
        Some(Self { name: package["name"].as_str()?, floor, dependencies })
    }
}

fn judge(crates: &[Package<'_>]) -> Vec<String> {
    let floors: BTreeMap<&str, &str> = crates.iter().map(|c| (c.name, c.floor)).collect();
    let mut problems = Vec::new();
    for package in crates {
        for (dependency, for_tests) in &package.dependencies {
            let who = format!("{}/{}", package.floor, package.name);
            match floors.get(dependency) {
                Some(floor) if !may_stand_on(package, floor, *for_tests) => {
                    problems.push(format!(
                        "{who}: depends on {floor}/{dependency}, which is not below it"
                    ));
                }
                None if package.floor == "core" && NOT_IN_CORE.contains(dependency) => {
                    problems
                        .push(format!("{who}: depends on {dependency}, which core may not use"));
                }
                _ => {}
            }
        }
    }
    problems
}

fn may_stand_on(package: &Package<'_>, floor: &str, for_tests: bool) -> bool {
    let below: &[&str] = match package.floor {
        "core" => &["core"],
        "shell" => &["core", "shell"],
        // Programs do not call each other; one holds them all.
        "apps" if package.name == "cardea" => &["core", "shell", "apps"],
        "apps" => &["core", "shell"],
        "testing" => &["core", "shell", "testing"],
        _ => &["core", "shell", "apps", "testing"],
    };
    below.contains(&floor) || (for_tests && floor == "testing")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package<'a>(floor: &'a str, name: &'a str, dependencies: &[(&'a str, bool)]) -> Package<'a> {
        Package { name, floor, dependencies: dependencies.to_vec() }
    }

    #[test]
    fn arrows_go_down_only() {
        let good = [
            package("core", "cib", &[("xml", false), ("thiserror", false)]),
            package("core", "xml", &[("sim", true)]),
            package("shell", "disk", &[("cib", false), ("tokio", false)]),
            package("apps", "based", &[("disk", false), ("cib", false)]),
            package("apps", "cardea", &[("based", false)]),
            package("testing", "sim", &[("cib", false)]),
        ];
        assert_eq!(judge(&good), Vec::<String>::new());
        let bad = [
            package("core", "cib", &[("disk", false), ("tokio", true), ("sim", false)]),
            package("shell", "disk", &[("based", false)]),
            package("apps", "based", &[("attrd", false)]),
            package("apps", "attrd", &[]),
            package("testing", "sim", &[]),
        ];
        assert_eq!(judge(&bad).len(), 5);
    }
}
