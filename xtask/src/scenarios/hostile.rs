use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use netns::Output;

use super::recovery::DAEMONS;
use crate::bed::{Bed, VIP};

/// The process ids of all daemons of all nodes: a daemon that died and came back has another.
struct Living(BTreeMap<(String, &'static str), i32>);

impl Living {
    fn look(bed: &Bed) -> Result<Self> {
        let mut found = BTreeMap::new();
        for node in bed.cluster.live() {
            for daemon in DAEMONS {
                let process = bed.cluster.node(&node)?.daemon(daemon).context(node.clone())?;
                found.insert((node.clone(), daemon), process.pid);
            }
        }
        Ok(Self(found))
    }

    /// Nobody died, the service runs where it ran and the configuration can be read.
    fn require_unharmed(&self, bed: &Bed, place: &str, after: &str) -> Result<()> {
        let now = Self::look(bed).with_context(|| format!("after {after}"))?;
        for (who, pid) in &self.0 {
            ensure!(now.0.get(who) == Some(pid), "{} on {} died after {after}", who.1, who.0);
        }
        bed.wait_members(&bed.cluster.live()).with_context(|| format!("after {after}"))?;
        let now = bed.wait_started(VIP).with_context(|| format!("after {after}"))?;
        ensure!(now == place, "{VIP} moved from {place} to {now} after {after}");
        Ok(())
    }
}

fn epoch(bed: &Bed) -> Result<String> {
    let cib = bed.run(&bed.any()?, &["cibadmin", "--query"])?.stdout;
    let root = xml::parse(&cib).context("cibadmin printed no XML")?;
    Ok(root.attr("epoch").context("the configuration has no epoch")?.to_owned())
}

/// Requests that make no sense: what the tool is called with, and the exit codes that say so. The C tools repair broken
/// XML and complain about the outcome.
const REFUSED: [(&str, &[&str], &[i32]); 10] = [
    ("broken XML", &["cibadmin", "-C", "-o", "resources", "-X", "<primitive id='x'"], &[65, 78]),
    ("text for XML", &["cibadmin", "-C", "-o", "resources", "-X", "primitive x"], &[65, 78]),
    ("a path to nothing", &["cibadmin", "-Q", "-A", "//nonsense"], &[105]),
    (
        "a primitive without a class",
        &["cibadmin", "-C", "-o", "resources", "-X", r#"<primitive id="x" type="Dummy"/>"#],
        &[78],
    ),
    (
        "an element that the schema does not know",
        &["cibadmin", "-C", "-o", "resources", "-X", r#"<gadget id="x"/>"#],
        &[78],
    ),
    (
        "deleting what is not there",
        &["cibadmin", "-D", "-o", "resources", "-X", r#"<primitive id="no-such"/>"#],
        &[0],
    ),
    (
        "changing what is not there",
        &["cibadmin", "-M", "-o", "resources", "-X", r#"<primitive id="no-such" class="ocf"/>"#],
        &[105],
    ),
    ("an unknown resource", &["crm_resource", "-r", "no-such", "-W"], &[105]),
    ("an unknown node", &["crm_attribute", "-N", "no-such", "-n", "standby", "-v", "on"], &[105]),
    ("an unknown option", &["cibadmin", "--no-such-option"], &[64]),
];

pub(super) fn tools(bed: &mut Bed) -> Result<()> {
    let place = bed.create_vip("30s")?;
    bed.wait_idle()?;
    let before = (Living::look(bed)?, epoch(bed)?);
    let node = bed.any()?;
    let mut wrong = Vec::new();
    for (what, command, codes) in REFUSED {
        let output = bed.cluster.exec(&node, command)?;
        let silent = output.code != 0 && output.all().trim().is_empty();
        if !codes.contains(&output.code) || silent {
            wrong.push(format!("{what}: expected exit code {codes:?} and a message, but {output}"));
        }
        before.0.require_unharmed(bed, &place, what)?;
    }
    for (what, output) in wide_input(bed, &node)? {
        if output.succeeded() {
            wrong.push(format!("{what} was accepted: {output}"));
        }
        before.0.require_unharmed(bed, &place, what)?;
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    ensure!(epoch(bed)? == before.1, "a refused request changed the configuration");
    Ok(())
}

/// Input that is too deep or too much, on standard input of cibadmin.
fn wide_input(bed: &Bed, node: &str) -> Result<Vec<(&'static str, Output)>> {
    let deep = "<a>".repeat(100_000) + &"</a>".repeat(100_000);
    let bytes = [0xff, 0xfe, 0x00, b'<', b'a', b'/', b'>'];
    let entity = r#"<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]>
<primitive id="&y;" class="ocf" provider="pacemaker" type="Dummy"/>"#;
    let words = ["cibadmin", "-C", "-o", "resources", "-p"];
    let mut outputs = Vec::new();
    for (what, input) in [
        ("XML of a hundred thousand levels", deep.as_bytes()),
        ("bytes that are no text", &bytes),
        ("entities", entity.as_bytes()),
        ("nothing", b""),
    ] {
        outputs.push((what, bed.cluster.exec_with(node, &words, input)?));
    }
    Ok(outputs)
}

pub(super) fn sockets(bed: &mut Bed) -> Result<()> {
    let place = bed.create_vip("30s")?;
    bed.wait_idle()?;
    let before = Living::look(bed)?;
    let node = place.clone();
    let helper = bed.cluster.helper().display().to_string();
    for endpoint in [
        "cib_rw",
        "cib_ro",
        "cib_shm",
        "crmd",
        "attrd",
        "lrmd",
        "stonith-ng",
        "pengine",
        "pacemakerd",
    ] {
        bed.run(&node, &[&helper, "hostile-ipc", endpoint])
            .with_context(|| format!("the hostile client of {endpoint}"))?;
        before.require_unharmed(bed, &place, &format!("garbage on {endpoint}"))?;
    }
    Ok(())
}

pub(super) fn cpg(bed: &mut Bed) -> Result<()> {
    let place = bed.create_vip("30s")?;
    bed.wait_idle()?;
    let before = Living::look(bed)?;
    let helper = bed.cluster.helper().display().to_string();
    let sender =
        bed.cluster.node_names().into_iter().find(|n| *n != place).context("three nodes")?;
    for group in ["cib", "crmd", "attrd", "stonith-ng", "pacemakerd"] {
        bed.run(&sender, &[&helper, "hostile-cpg", group])
            .with_context(|| format!("the hostile member of group {group}"))?;
        before.require_unharmed(bed, &place, &format!("garbage in group {group}"))?;
    }
    Ok(())
}
