//! A fence agent of the tests' own in the place of one that every Debian with pacemaker has.

use std::{fs, os::unix::fs::PermissionsExt};

use anyhow::{Context, Result};

use crate::bed::Bed;

/// The agent in whose place it is shown to a node.
const FENCE_AGENT: &str = "/usr/sbin/fence_legacy";
/// Where it is in a node's private files.
const OWN: &str = "/root/fence-agent";

/// Reads what is wanted, as an argument or on standard input, and describes itself. What it does is put in front of the end.
const SCRIPT: &str = r#"#!/bin/sh
if [ "$1" = "-o" ]; then action=$2; else
while read -r line; do case $line in
action=*|option=*) action=${line#*=};;
port=*|plug=*|nodename=*) port=${line#*=};;
esac; done; fi
case $action in
metadata) cat <<'END'
<?xml version="1.0"?>
<resource-agent name="fence_legacy" shortdesc="Pretends to fence">
<longdesc>Fences as far as a test wants it.</longdesc><vendor-url>http://example.com</vendor-url>
<parameters>
<parameter name="action" unique="0" required="1"><getopt mixed="-o, --action=[action]"/>
<content type="string" default="reboot"/><shortdesc lang="en">What to do</shortdesc></parameter>
<parameter name="port" unique="0" required="1"><getopt mixed="-n, --plug=[id]"/>
<content type="string"/><shortdesc lang="en">Whom to fence</shortdesc></parameter>
</parameters>
<actions><action name="on" automatic="0"/><action name="off"/><action name="reboot"/><action name="status"/>
<action name="monitor"/><action name="list"/><action name="metadata"/></actions>
</resource-agent>
END
;;
DOES
esac
exit 0
"#;

/// Shows the agent to a node until [`remove`]; `does` are branches of a shell's `case` over `$action`, for whoever is in `$port`. What
/// has no branch succeeds.
pub(super) fn install(bed: &Bed, node: &str, does: &str) -> Result<()> {
    let path = bed.cluster.file(node, OWN);
    fs::write(&path, SCRIPT.replace("DOES", does)).with_context(|| path.display().to_string())?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    bed.run(node, &["mount", "--bind", OWN, FENCE_AGENT]).map(drop)
}

/// Shows Debian's again.
pub(super) fn remove(bed: &Bed, node: &str) -> Result<()> {
    bed.run(node, &["umount", FENCE_AGENT]).map(drop)
}
