use anyhow::{Context, Result, ensure};
use netns::Output;
use serde_json::Value;

use crate::bed::Bed;

const RESOURCE: &str = "planned";

/// What `cardea plan` says is compared with what then happens, twice: a resource is created, and banned from its node.
pub(super) fn plan(bed: &mut Bed) -> Result<()> {
    bed.create_vip("30s")?;
    bed.wait_idle()?;
    let node = bed.any()?;
    let version = version(bed, &node)?;

    let create = format!("resource create {RESOURCE} ocf:pacemaker:Dummy");
    let told = ask(bed, &node, &create, 10)?;
    let place = effect(&told, "start")?["to"].as_str().context("no node")?.to_owned();
    ensure!(self::version(bed, &node)? == version, "asking changed the configuration");
    pcs(bed, &node, &create)?;
    let started = bed.wait_started(RESOURCE)?;
    ensure!(started == place, "the plan said {place}, and it is on {started}");
    bed.wait_idle()?;

    let ban = format!("constraint location {RESOURCE} avoids {place}");
    let told = ask(bed, &node, &ban, 20)?;
    let moved = effect(&told, "move")?;
    ensure!(moved["from"] == place.as_str(), "from {}, not {place}", moved["from"]);
    let next = moved["to"].as_str().context("no node")?.to_owned();
    pcs(bed, &node, &ban)?;
    let started = bed.wait_started_where(RESOURCE, |node| node != place)?;
    ensure!(started == next, "the plan said {next}, and it is on {started}");
    bed.wait_idle()
}

/// What a command of pcs would do, by its exit status and as JSON.
fn ask(bed: &Bed, node: &str, command: &str, status: i32) -> Result<Value> {
    let binary = bed.cluster.settings().binary.as_ref().context("there is no cardea")?;
    let binary = binary.display().to_string();
    let words = [&binary, "plan", "--pcs", command, "--output-as=json", "--exit-status"];
    let output: Output = bed.cluster.exec(node, &words)?;
    ensure!(output.code == status, "{} {}", output.code, output.stderr);
    serde_json::from_str(&output.stdout).context("no JSON")
}

/// The only effect of that kind, which has to be on the resource.
fn effect<'a>(told: &'a Value, fate: &str) -> Result<&'a Value> {
    let caused = told["caused"].as_array().context("no effects")?;
    let mut effects =
        caused.iter().map(|one| &one["effect"]).filter(|one| one["kind"] == "resource");
    let effect = effects.next().context("no effect on a resource")?;
    ensure!(effects.next().is_none(), "more than one effect: {told}");
    ensure!(effect["fate"] == fate && effect["resource"] == RESOURCE, "{effect}");
    Ok(effect)
}

fn pcs(bed: &Bed, node: &str, command: &str) -> Result<()> {
    let words: Vec<&str> = std::iter::once("pcs").chain(command.split(' ')).collect();
    bed.run(node, &words).map(drop)
}

/// The version of the configuration.
fn version(bed: &Bed, node: &str) -> Result<String> {
    let cib = xml::parse(&bed.run(node, &["cibadmin", "--query"])?.stdout)?;
    Ok(cib.attr("epoch").context("no epoch")?.to_owned())
}
