//! What must be installed from Debian.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use netns::{ClusterSettings, Ring, Stack};

use crate::console;

/// A program or file, and the package that brings it.
const ALWAYS: [(&str, &str); 5] = [
    ("/usr/lib/ocf/resource.d/heartbeat/IPaddr2", "resource-agents"),
    ("/usr/sbin/ip", "iproute2"),
    ("/usr/sbin/nginx", "nginx-light"),
    ("/usr/bin/curl", "curl"),
    ("/usr/bin/nsenter", "util-linux"),
];

const DEBIAN_RING: [(&str, &str); 1] = [("/usr/sbin/corosync", "corosync")];

const DEBIAN_STACK: [(&str, &str); 3] = [
    ("/usr/sbin/pacemakerd", "pacemaker"),
    ("/usr/sbin/crm_mon", "pacemaker-cli-utils"),
    ("/usr/sbin/pcs", "pcs"),
];

/// What tests of single crates hold our programs against.
const FOR_TESTS: [(&str, &str); 7] = [
    ("/usr/sbin/crm", "crmsh"),
    ("/usr/bin/script", "bsdutils"),
    ("/lib/systemd/systemd", "systemd"),
    ("/lib/systemd/system/dbus.service", "dbus"),
    ("/usr/bin/xmllint", "libxml2-utils"),
    ("/usr/sbin/crm_diff", "pacemaker-cli-utils"),
    ("/usr/lib/ocf/resource.d/pacemaker/Dummy", "pacemaker-resource-agents"),
];

/// Installs what is missing for a cluster.
pub(crate) fn ensure(settings: &ClusterSettings) -> Result<()> {
    let ring: &[_] = match settings.nodes.iter().any(|p| p.ring == Ring::Corosync) {
        true => &DEBIAN_RING,
        false => &[],
    };
    let stack: &[_] = match settings.nodes.iter().any(|p| p.stack == Stack::Debian) {
        true => &DEBIAN_STACK,
        false => &[],
    };
    install(&missing(ALWAYS.iter().chain(ring).chain(stack)))
}

/// Installs Debian's own stack, whose tools run against our daemons, and what else tests need.
pub(crate) fn ensure_all() -> Result<()> {
    let debian = DEBIAN_RING.iter().chain(&DEBIAN_STACK);
    install(&missing(ALWAYS.iter().chain(debian).chain(&FOR_TESTS)))
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
