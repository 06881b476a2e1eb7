//! The real pcs.

mod configuration;
mod resources;

use anyhow::{Result, ensure};

use super::prompt::{Prompt, Step};
use crate::{bed::Bed, scenarios::fence_agent};

/// With Debian's tools, on our daemons.
pub(in super::super) fn pcs(bed: &mut Bed) -> Result<()> {
    for node in bed.cluster.node_names() {
        fence_agent::install(bed, &node, LISTS)?;
    }
    // A cluster on which this fails is not used again.
    play(bed, &[resources::ALL, configuration::ALL])?;
    let nodes = bed.cluster.node_names();
    nodes.iter().try_for_each(|node| fence_agent::remove(bed, node))
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

/// What the fence agent does besides saying of everything that it went well.
const LISTS: &str = r"list) printf 'ha-web1,\nha-web2,\nha-web3,\n';;";

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
