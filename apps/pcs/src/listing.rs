//! The configuration in words.

use cib_edit::{Kind, nvset};
use xml::Element;

use crate::{
    constraint, defaults,
    session::{Done, Session, Stop, print},
};
use cib_edit::defaults::Defaults;

/// `pcs resource config` and `pcs stonith config`.
pub(crate) fn resources(session: &Session, ids: &[&str], fencing: bool) -> Done {
    session.only(&["-f", "--output-format"])?;
    match session.options.value("--output-format") {
        None | Some("text") => {}
        Some("cmd" | "json") => return Err(Stop::not_built("--output-format other than text")),
        Some(other) => {
            return Err(Stop::message(format!(
                "Unknown value '{other}' for '--output-format' option. Supported values are: 'cmd', 'json', 'text'"
            )));
        }
    }
    let cib = session.cib()?;
    if ids.is_empty() {
        all(&cib, fencing).iter().for_each(|line| print(line));
        return Ok(());
    }
    let mut lines = Vec::new();
    for id in ids {
        let everything = resources_of(&cib);
        let found = everything.iter().find(|element| element.id() == Some(id));
        match found.filter(|element| is_fencing(element) == fencing) {
            Some(element) => lines.extend(resource(element)),
            None => {
                let what = if fencing { "stonith device" } else { "resource" };
                crate::session::complain(&format!("Warning: Unable to find {what} '{id}'"));
            }
        }
    }
    if lines.is_empty() {
        let what = if fencing { "stonith device" } else { "resource" };
        return Err(Stop::message(format!("No {what} found")));
    }
    lines.iter().for_each(|line| print(line));
    Ok(())
}

fn resources_of(cib: &Element) -> Vec<&Element> {
    cib_edit::resources(cib).into_iter().map(|found| found.element).collect()
}

fn is_fencing(element: &Element) -> bool {
    element.attr("class") == Some("stonith")
}

/// All resources that stand at the top, in the order of pcs: primitives, groups, clones, bundles.
pub(crate) fn all(cib: &Element, fencing: bool) -> Vec<String> {
    let section = cib.descend(&["configuration", "resources"]);
    let mut top: Vec<(Kind, &Element)> = section
        .into_iter()
        .flat_map(Element::children)
        .filter_map(|element| Some((Kind::of(element)?, element)))
        .filter(|(_, element)| is_fencing(element) == fencing)
        .collect();
    top.sort_by_key(|(kind, _)| *kind);
    top.into_iter().flat_map(|(_, element)| resource(element)).collect()
}

/// One resource with all that is inside it.
fn resource(element: &Element) -> Vec<String> {
    let id = element.id().unwrap_or_default();
    let mut lines = Vec::new();
    let inner: Vec<&Element> =
        element.children().filter(|child| Kind::of(child).is_some()).collect();
    match Kind::of(element) {
        Some(Kind::Primitive) => {
            let part = |name: &str, label: &str| {
                element.attr(name).map(|value| format!(" {label}={value}")).unwrap_or_default()
            };
            let agent = format!(
                "{}{}{}",
                part("class", "class"),
                part("provider", "provider"),
                part("type", "type")
            );
            lines.push(format!("Resource: {id} ({})", agent.trim_start()));
            lines.extend(indented(description(element)));
            lines.extend(indented(blocks(element, "instance_attributes", "Attributes")));
            lines.extend(indented(blocks(element, "meta_attributes", "Meta Attributes")));
            lines.extend(indented(blocks(element, "utilization", "Utilization")));
            lines.extend(indented(operations(element)));
        }
        Some(kind) => {
            let word = match kind {
                Kind::Group => "Group",
                Kind::Clone => "Clone",
                Kind::Bundle | Kind::Primitive => "Bundle",
            };
            lines.push(format!("{word}: {id}"));
            lines.extend(indented(description(element)));
            if kind == Kind::Bundle {
                lines.extend(indented(container(element)));
            }
            lines.extend(indented(blocks(element, "instance_attributes", "Attributes")));
            lines.extend(indented(blocks(element, "meta_attributes", "Meta Attributes")));
            for child in inner {
                lines.extend(indented(resource(child)));
            }
        }
        None => {}
    }
    lines
}

fn indented(lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(|line| format!("  {line}"))
}

fn description(element: &Element) -> Vec<String> {
    element.attr("description").map(|text| format!("Description: {text}")).into_iter().collect()
}

fn blocks(element: &Element, name: &str, label: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for block in element.children().filter(|child| child.name() == name) {
        let mut pairs: Vec<_> = nvset::pairs(block).collect();
        if pairs.is_empty() {
            continue;
        }
        pairs.sort_unstable();
        lines.push(format!("{label}: {}", block.id().unwrap_or_default()));
        lines.extend(
            pairs.iter().map(|(name, value)| format!("  {name}={}", defaults::quoted(value))),
        );
    }
    lines
}

fn operations(primitive: &Element) -> Vec<String> {
    let ops: Vec<&Element> = primitive
        .children_named("operations")
        .flat_map(Element::children)
        .filter(|child| child.name() == "op")
        .collect();
    if ops.is_empty() {
        return Vec::new();
    }
    let mut lines = vec!["Operations:".to_owned()];
    for op in ops {
        let (name, id) = (op.attr("name").unwrap_or_default(), op.id().unwrap_or_default());
        lines.push(format!("  {name}: {id}"));
        let shown = [
            "description",
            "interval",
            "start-delay",
            "interval-origin",
            "timeout",
            "enabled",
            "record-pending",
            "role",
            "on-fail",
        ];
        let mut attributes: Vec<(&str, &str)> =
            shown.into_iter().filter_map(|name| Some((name, op.attr(name)?))).collect();
        for block in op.children_named("instance_attributes") {
            attributes.extend(nvset::pairs(block));
        }
        for (name, value) in attributes {
            let value = match (name, value) {
                ("role", "Master") => "Promoted",
                ("role", "Slave") => "Unpromoted",
                (_, value) => value,
            };
            lines.push(format!("    {name}={}", defaults::quoted(value)));
        }
    }
    lines
}

fn container(bundle: &Element) -> Vec<String> {
    let mut lines = Vec::new();
    let attributes = |element: &Element| {
        let mut pairs: Vec<_> = element.attrs().filter(|(name, _)| *name != "id").collect();
        pairs.sort_unstable();
        let pairs: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join(" ")
    };
    for element in bundle.children() {
        match element.name() {
            kind @ ("docker" | "podman" | "rkt") => {
                let mut name = kind.to_owned();
                name[..1].make_ascii_uppercase();
                lines.push(format!("{name}: {}", attributes(element)));
            }
            "network" => {
                lines.push(format!("Network: {}", attributes(element)));
                for port in element.children_named("port-mapping") {
                    let id = port.id().unwrap_or_default();
                    lines.push(format!("  Port Mapping: {} ({id})", attributes(port)));
                }
            }
            "storage" => {
                lines.push("Storage Mapping:".to_owned());
                for mapping in element.children_named("storage-mapping") {
                    let id = mapping.id().unwrap_or_default();
                    lines.push(format!("  {} ({id})", attributes(mapping)));
                }
            }
            _ => {}
        }
    }
    lines
}

/// What resources use of their nodes.
pub(crate) fn utilization(session: &Session, only: Option<&str>) -> Done {
    let cib = session.cib()?;
    let found: Vec<&Element> = resources_of(&cib)
        .into_iter()
        .filter(|element| element.name() == "primitive")
        .filter(|element| only.is_none_or(|only| element.id() == Some(only)))
        .collect();
    if let Some(id) = only.filter(|_| found.is_empty()) {
        return Err(Stop::message(format!("Unable to find a resource: {id}")));
    }
    print("Resource Utilization:");
    for element in found {
        let mut pairs: Vec<_> =
            element.children_named("utilization").flat_map(nvset::pairs).collect();
        pairs.sort_unstable();
        let pairs: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !pairs.is_empty() || only.is_some() {
            print(&format!(" {}: {}", element.id().unwrap_or_default(), pairs.join(" ")));
        }
    }
    Ok(())
}

/// `pcs config`.
pub(crate) fn config(session: &Session) -> Done {
    session.only(&["-f", "--corosync_conf"])?;
    let cib = session.cib()?;
    let mut lines = crate::cluster::config_header(session, &cib)?;
    lines.push(String::new());
    lines.push("Resources:".to_owned());
    lines.extend(indented(all(&cib, false)));
    lines.push(String::new());
    lines.push("Stonith Devices:".to_owned());
    lines.extend(indented(all(&cib, true)));
    lines.push("Fencing Levels:".to_owned());
    lines.extend(indented(crate::stonith::levels(&cib)));
    lines.push(String::new());
    lines.extend(constraint::all_lines(&cib, true));
    lines.push(String::new());
    lines.push("Alerts:".to_owned());
    lines.push(" No alerts defined".to_owned());
    lines.push(String::new());
    lines.push("Resources Defaults:".to_owned());
    lines.extend(indented(defaults::lines(&cib, Defaults::Resources)));
    lines.push("Operations Defaults:".to_owned());
    lines.extend(indented(defaults::lines(&cib, Defaults::Operations)));
    lines.push(String::new());
    lines.push("Cluster Properties:".to_owned());
    lines.extend(crate::property::configured_lines(&cib));
    let attributes = crate::node::lines(&cib, None, None, "instance_attributes");
    if !attributes.is_empty() {
        lines.push(String::new());
        lines.push("Node Attributes:".to_owned());
        lines.extend(attributes);
    }
    if has_content(&cib, "alerts") || has_content(&cib, "tags") {
        return Err(Stop::not_built("pcs config with alerts or tags"));
    }
    lines.push(String::new());
    lines.push("Tags:".to_owned());
    lines.push(" No tags defined".to_owned());
    lines.push(String::new());
    lines.push("Quorum:".to_owned());
    lines.push("  Options:".to_owned());
    lines.extend(crate::quorum::option_lines(session)?.iter().map(|line| format!("    {line}")));
    lines.iter().for_each(|line| print(line));
    Ok(())
}

fn has_content(cib: &Element, section: &str) -> bool {
    cib.descend(&["configuration", section]).is_some_and(|found| found.children().next().is_some())
}
