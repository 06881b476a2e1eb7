//! The real pcs.

mod configuration;
mod resources;

use std::{fs, os::unix::fs::PermissionsExt};

use anyhow::{Context, Result, ensure};

use super::prompt::{Prompt, Step};
use crate::bed::Bed;

/// With Debian's tools, on our daemons.
pub(in super::super) fn pcs(bed: &mut Bed) -> Result<()> {
    for node in bed.cluster.node_names() {
        pretend_to_fence(bed, &node)?;
    }
    // A cluster on which this fails is not used again.
    play(bed, &[resources::ALL, configuration::ALL])?;
    let nodes = bed.cluster.node_names();
    nodes.iter().try_for_each(|node| bed.run(node, &["umount", FENCE_AGENT]).map(drop))
}

/// With our tools in the places where pcs looks for Debian's.
pub(in super::super) fn pcs_own_tools(bed: &mut Bed) -> Result<()> {
    let node = bed.any()?;
    let places = put_own_tools(bed, &node)?;
    play(bed, &[resources::ESSENTIAL, configuration::ESSENTIAL])?;
    places.iter().try_for_each(|place| bed.run(&node, &["umount", place]).map(drop))
}

fn play(bed: &Bed, tables: &[&[&[Step]]]) -> Result<()> {
    let prompt = Prompt::debian(bed, &bed.any()?);
    tables.iter().copied().flatten().try_for_each(|steps| prompt.play(steps))
}

/// A fence agent that every Debian with pacemaker has, in whose place ours can be shown to a node.
const FENCE_AGENT: &str = "/usr/sbin/fence_legacy";

/// A device that says of everything that it went well.
const PRETENDING: &str = r#"#!/bin/sh
if [ "$1" = "-o" ]; then action=$2; else
while read -r line; do case $line in action=*|option=*) action=${line#*=};; esac; done; fi
case $action in
metadata) cat <<'END'
<?xml version="1.0"?>
<resource-agent name="fence_legacy" shortdesc="Pretends to fence">
<longdesc>Says of everything that it went well.</longdesc><vendor-url>http://example.com</vendor-url>
<parameters>
<parameter name="action" unique="0" required="1"><getopt mixed="-o, --action=[action]"/>
<content type="string" default="reboot"/><shortdesc lang="en">What to do</shortdesc></parameter>
<parameter name="port" unique="0" required="0"><getopt mixed="-n, --plug=[id]"/>
<content type="string"/><shortdesc lang="en">Whom to fence</shortdesc></parameter>
</parameters>
<actions><action name="on" automatic="0"/><action name="off"/><action name="reboot"/><action name="status"/>
<action name="monitor"/><action name="list"/><action name="metadata"/></actions>
</resource-agent>
END
;;
list) printf 'ha-web1,\nha-web2,\nha-web3,\n';;
esac
exit 0
"#;

fn pretend_to_fence(bed: &Bed, node: &str) -> Result<()> {
    let path = bed.cluster.file(node, "/root/pretend-to-fence");
    fs::write(&path, PRETENDING).with_context(|| path.display().to_string())?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    bed.run(node, &["mount", "--bind", "/root/pretend-to-fence", FENCE_AGENT]).map(drop)
}

/// Shows each of our programs in the place of Debian's of the same name, and prints the places.
const PUT_OWN: &str = r#"IFS=:
for directory in $PATH; do
    case $directory in */ring|*/stack) ;; *) continue ;; esac
    for link in "$directory"/*; do
        name=${link##*/}
        [ "$name" != pcs ] || continue
        for place in /usr/sbin/$name /usr/lib/pacemaker/$name; do
            [ ! -f "$place" ] || { mount --bind "$(readlink -f "$link")" "$place" && echo "$place"; } || exit 1
        done
    done
done"#;

fn put_own_tools(bed: &Bed, node: &str) -> Result<Vec<String>> {
    let places = Prompt::own(bed, node).succeed(PUT_OWN)?.stdout;
    let places: Vec<String> = places.lines().map(str::to_owned).collect();
    ensure!(places.iter().any(|place| place.ends_with("/cibadmin")), "there are no tools of ours");
    Ok(places)
}
