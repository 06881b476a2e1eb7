//! What must be installed from Debian.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::console;

/// A program or file, and the package that brings it.
const ALWAYS: [(&str, &str); 6] = [
    ("/usr/sbin/corosync", "corosync"),
    ("/usr/lib/ocf/resource.d/heartbeat/IPaddr2", "resource-agents"),
    ("/usr/sbin/ip", "iproute2"),
    ("/usr/sbin/nginx", "nginx-light"),
    ("/usr/bin/curl", "curl"),
    ("/usr/bin/nsenter", "util-linux"),
];

const DEBIAN_STACK: [(&str, &str); 3] = [
    ("/usr/sbin/pacemakerd", "pacemaker"),
    ("/usr/sbin/crm_mon", "pacemaker-cli-utils"),
    ("/usr/sbin/pcs", "pcs"),
];

/// What tests of single crates hold our programs against.
const FOR_TESTS: [(&str, &str); 3] = [
    ("/usr/bin/xmllint", "libxml2-utils"),
    ("/usr/sbin/crm_diff", "pacemaker-cli-utils"),
    ("/usr/lib/ocf/resource.d/pacemaker/Dummy", "pacemaker-resource-agents"),
];

/// Installs what is missing for a stack.
pub(crate) fn ensure(stack: &str) -> Result<()> {
    let more: &[_] = if stack == "debian" { &DEBIAN_STACK } else { &[] };
    install(&missing(ALWAYS.iter().chain(more)))
}

/// Installs Debian's own stack, whose tools run against our daemons, and what else tests need.
pub(crate) fn ensure_all() -> Result<()> {
    install(&missing(ALWAYS.iter().chain(&DEBIAN_STACK).chain(&FOR_TESTS)))
}

fn missing<'a>(wanted: impl Iterator<Item = &'a (&'a str, &'static str)>) -> Vec<&'static str> {
    wanted.filter(|(file, _)| !Path::new(file).exists()).map(|(_, package)| *package).collect()
}

fn install(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    console::step(&format!("installing {}", packages.join(", ")));
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("these are missing, and there is no apt-get: {}", packages.join(", "));
    }
    // The lists may be missing or old; a package that is found needs no update.
    if apt(&["install"], packages)? || (apt(&["update"], &[])? && apt(&["install"], packages)?) {
        return Ok(());
    }
    bail!("apt-get could not install {}", packages.join(", "))
}

fn apt(words: &[&str], packages: &[&str]) -> Result<bool> {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    // Nothing of what is installed may run on the host itself.
    command.args(["-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Options::=--force-confold"]);
    command.args(words).args(["--yes", "--no-install-recommends"]).args(packages);
    Ok(command.status().context("cannot run apt-get")?.success())
}
