//! Devices and levels that the fencer knows.

use client::fencer::FencerError;
use messages::fencing::{DeviceRegistration, Level, LevelTarget};
use vocab::NodeName;

use super::{Listed, Options, failure::Failure, show_list};
use crate::{frame::Stop, output::Output};

const DEVICES: Listed =
    Listed { one: "fence device", several: "fence devices", title: "registered fence devices" };
const TARGETS: Listed =
    Listed { one: "fence target", several: "fence targets", title: "fence targets" };

/// How the tool ends when the fencer did not do `what`.
fn failed(what: impl std::fmt::Display, error: FencerError) -> Stop {
    let failure = Failure::from(error);
    Stop::new(format!("{what}: {}", failure.text), failure.exit)
}

pub(super) fn register(options: &Options, id: &str) -> Result<(), Stop> {
    let agent = options.agent()?;
    let device = DeviceRegistration {
        id: id.to_owned(),
        agent: agent.to_owned(),
        namespace: None,
        provides: None,
        parameters: options.parameters(),
    };
    options
        .connect()?
        .add_device(device)
        .map_err(|error| failed(format!("Can't register device {id} using agent {agent}"), error))
}

pub(super) fn deregister(options: &Options, id: &str) -> Result<(), Stop> {
    options
        .connect()?
        .remove_device(id)
        .map_err(|error| failed(format!("Can't unregister device {id}"), error))
}

/// Who is meant: `NAME`, `@PATTERN` or `ATTRIBUTE=VALUE`.
fn level_target(text: &str) -> LevelTarget {
    let parts: Vec<&str> = text.split('=').collect();
    match (parts.as_slice(), text.strip_prefix('@')) {
        ([name, value], _) => LevelTarget::Attribute((*name).to_owned(), (*value).to_owned()),
        (_, Some(pattern)) => LevelTarget::Pattern(pattern.to_owned()),
        (_, None) => LevelTarget::Name(text.to_owned()),
    }
}

pub(super) fn register_level(options: &Options, target: &str) -> Result<(), Stop> {
    let (index, devices) = (options.index, options.devices.clone());
    let id = format!("{LEVEL_ID}.{index}");
    let level = Level { id, target: level_target(target), index, devices };
    let what = format!("Can't register topology level {index} for {target}");
    options.connect()?.add_level(level).map_err(|error| failed(what, error))
}

/// What levels are called that are in no CIB.
const LEVEL_ID: &str = "stonith_admin";

pub(super) fn deregister_level(options: &Options, target: &str) -> Result<(), Stop> {
    let index = options.index;
    let what = format!("Can't unregister topology level {index} for {target}");
    options
        .connect()?
        .remove_level(level_target(target), index)
        .map_err(|error| failed(what, error))
}

/// The devices that can fence a node, or all.
pub(super) fn list(options: &Options, node: Option<&str>, output: &mut Output) -> Result<(), Stop> {
    let node = node.map(|node| NodeName::from(node.to_owned()));
    let devices = options
        .connect()?
        .devices(node.as_ref(), options.timeout())
        .map_err(|error| failed("Failed to list registered devices", error))?;
    let ids: Vec<String> = devices.into_iter().map(|device| device.id).collect();
    show_list(&DEVICES, Some("device"), &ids, output);
    Ok(())
}

/// Whom a device says it can fence.
pub(super) fn list_targets(
    options: &Options,
    device: &str,
    output: &mut Output,
) -> Result<(), Stop> {
    let text = options
        .connect()?
        .execute(device, "list", None, options.timeout())
        .map_err(|error| failed("Couldn't list targets", error))?;
    show_list(&TARGETS, None, &targets(&text.unwrap_or_default()), output);
    Ok(())
}

/// The names in what a device answers to `list`. They are separated by white space, commas and semicolons; some fencers
/// write line ends out, as `\n`. Lines in which an agent complains hold no names.
fn targets(text: &str) -> Vec<String> {
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    text.replace("\\n", "\n")
        .lines()
        .filter(|line| !line.contains("invalid") && !line.contains("variable"))
        .flat_map(|line| line.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')))
        .map(|entry| entry.split(|c| !is_of_a_name(c)).next().unwrap_or_default())
        // Some agents put the state of an outlet behind its name.
        .filter(|name| !name.is_empty() && !matches!(*name, "on" | "off" | "ON" | "OFF"))
        .map(str::to_owned)
        .collect()
}

/// Whether a device answers: by its status, or by the list of whom it can fence.
pub(super) fn query(options: &Options, device: &str) -> Result<(), Stop> {
    let mut fencer = options.connect()?;
    let timeout = options.timeout();
    if fencer.execute(device, "monitor", None, timeout).is_ok() {
        return Ok(());
    }
    fencer
        .execute(device, "list", None, timeout)
        .map(drop)
        .map_err(|error| failed(format!("Device {device} does not answer"), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_of_levels_have_three_forms() {
        assert_eq!(level_target("node1"), LevelTarget::Name("node1".into()));
        assert_eq!(level_target("@node.*"), LevelTarget::Pattern("node.*".into()));
        let rack = LevelTarget::Attribute("rack".into(), "1".into());
        assert_eq!(level_target("rack=1"), rack);
    }

    #[test]
    fn names_are_found_in_what_devices_answer() {
        assert_eq!(targets("node1,\nnode2,\n"), ["node1", "node2"]);
        assert_eq!(targets("1,alpha\\n2,beta\\n"), ["1", "alpha", "2", "beta"]);
        assert_eq!(targets("node1 node2;node3"), ["node1", "node2", "node3"]);
        assert_eq!(targets("one:on,two off"), ["one", "two"]);
        assert!(targets("invalid option host\nno variable").is_empty());
        assert!(targets("").is_empty());
    }
}
