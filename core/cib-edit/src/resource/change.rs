use std::collections::BTreeSet;

use xml::Element;

use super::create::{check_names, check_unique};
use crate::{
    Ids, Kind, Outcome, Pairs, Refused, Report, Reports, agent::Agent, check_id, find, nvset,
    operation, quoted_list, seconds_of,
};

const CHECK_LEVEL: &str = "OCF_CHECK_LEVEL";

fn missing(id: &str) -> Refused {
    Refused::because("ID_NOT_FOUND", format!("Unable to find resource: {id}"))
}

/// Changes what is set for a resource, its meta attributes and its operations. An empty value removes what was set. An
/// operation replaces the one of the same name and role.
pub fn update(
    cib: &mut Element,
    id: &str,
    agent: &Agent,
    options: &Pairs,
    meta: &Pairs,
    operations: &[(String, Pairs)],
    force: bool,
) -> Outcome {
    let found = find::resource(cib, id)
        .filter(|found| found.kind == Kind::Primitive)
        .ok_or_else(|| missing(id))?;
    let path = found.path.clone();
    let mut reports = Reports::new();
    if agent.exists {
        check_changed(cib, found.element, agent, options, force, &mut reports);
    }
    reports.check_plain()?;
    let mut ids = Ids::of(cib);
    if let Some(primitive) = cib.at_mut(&path) {
        nvset::update_first(primitive, "instance_attributes", options, &mut ids);
        nvset::update_first(primitive, "meta_attributes", meta, &mut ids);
    }
    for (name, attributes) in operations.iter().filter(|(_, attributes)| !attributes.is_empty()) {
        replace_operation(cib, id, name, attributes, force)?;
    }
    Ok(reports.done())
}

fn check_changed(
    cib: &Element,
    primitive: &Element,
    agent: &Agent,
    options: &Pairs,
    force: bool,
    reports: &mut Reports,
) {
    const BLOCK: &str = "instance_attributes";
    let set: Pairs = options.iter().filter(|(_, value)| !value.is_empty()).cloned().collect();
    check_names(agent, &set, force, reports);
    let current = |name: &str| nvset::value(primitive, BLOCK, name);
    let lost: Vec<&str> = agent
        .parameters
        .iter()
        .filter(|parameter| parameter.required && !parameter.deprecated)
        .filter(|parameter| {
            options.iter().any(|(name, value)| *name == parameter.name && value.is_empty())
        })
        .map(|parameter| parameter.name.as_str())
        .collect();
    if !lost.is_empty() {
        let (s, verb) = if lost.len() > 1 { ("s", "are") } else { ("", "is") };
        let kind = if agent.name.is_stonith() { "stonith" } else { "resource" };
        let message = format!("required {kind} option{s} {} {verb} missing", quoted_list(lost));
        reports.add(Report::unless_forced(force, "REQUIRED_OPTIONS_ARE_MISSING", message));
    }
    let result: Pairs = agent
        .parameters
        .iter()
        .filter_map(|parameter| {
            let name = &parameter.name;
            let value =
                options.iter().find(|(set, _)| set == name).map(|(_, value)| value.as_str());
            Some((name.clone(), value.or(current(name))?.to_owned()))
        })
        .collect();
    let touches_unique = agent.parameters.iter().any(|parameter| {
        parameter.unique_group.is_some() && options.iter().any(|(name, _)| *name == parameter.name)
    });
    if touches_unique {
        check_unique(cib, agent, &result, primitive.id().unwrap_or_default(), force, reports);
    }
}

fn replace_operation(
    cib: &mut Element,
    id: &str,
    name: &str,
    attributes: &Pairs,
    force: bool,
) -> Result<(), Refused> {
    let new_roles = operation::has_new_roles(cib);
    let role_of = |role: Option<&str>| operation::role_in(role.unwrap_or_default(), new_roles);
    let wanted =
        role_of(attributes.iter().find(|(name, _)| name == "role").map(|(_, role)| role.as_str()));
    let mut before = None;
    let path = find::resource(cib, id).ok_or_else(|| missing(id))?.path;
    if let Some(list) = cib.at_mut(&path).and_then(|primitive| primitive.child_mut("operations")) {
        let is_it = |node: &xml::Node| {
            node.as_element().is_some_and(|op| {
                op.attr("name") == Some(name) && role_of(op.attr("role")) == wanted
            })
        };
        if let Some(index) = list.nodes().iter().position(is_it) {
            list.nodes_mut().remove(index);
            before = Some(index);
        }
    }
    insert_operation(cib, id, name, attributes, force, false, before)
}

/// Adds an operation.
pub fn add_operation(
    cib: &mut Element,
    id: &str,
    name: &str,
    attributes: &Pairs,
    force: bool,
) -> Outcome {
    insert_operation(cib, id, name, attributes, force, true, None)?;
    Ok(Vec::new())
}

fn insert_operation(
    cib: &mut Element,
    id: &str,
    name: &str,
    attributes: &Pairs,
    force: bool,
    strict: bool,
    before: Option<usize>,
) -> Result<(), Refused> {
    const KNOWN: [&str; 12] = [
        "id",
        "name",
        "interval",
        "description",
        "start-delay",
        "interval-origin",
        "timeout",
        "enabled",
        "record-pending",
        "role",
        "on-fail",
        CHECK_LEVEL,
    ];
    let found = find::resource(cib, id)
        .filter(|found| found.kind == Kind::Primitive)
        .ok_or_else(|| missing(id))?;
    let path = found.path.clone();
    for (attribute, value) in attributes.iter().filter(|_| !force) {
        if !KNOWN.contains(&attribute.as_str()) {
            let message = format!("{attribute} is not a valid op option (use --force to override)");
            return Err(Refused::because("INVALID_OPTIONS", message));
        }
        if attribute == "role" && !operation::ROLES.contains(&value.as_str()) {
            let message = "role must be: 'Master', 'Promoted', 'Slave', 'Started', 'Stopped' or 'Unpromoted' (use --force to override)";
            return Err(Refused::because("INVALID_OPTION_VALUE", message));
        }
    }
    let new_roles = operation::has_new_roles(cib);
    let mut sorted = attributes.clone();
    if sorted.iter().all(|(name, value)| name != "interval" || value.is_empty()) {
        sorted.retain(|(name, _)| name != "interval");
        sorted.push(("interval".to_owned(), operation::default_interval(name).to_owned()));
    }
    sorted.sort();
    let mut ids = Ids::of(cib);
    let op = operation_element(id, name, &sorted, new_roles && !force, &mut ids)?;
    if let Some(list) = found.element.child("operations") {
        check_duplicates(list, &op, id, strict && !force)?;
    }
    if let Some(primitive) = cib.at_mut(&path) {
        let list = primitive.child_or_new("operations").nodes_mut();
        let at = before.unwrap_or(list.len()).min(list.len());
        list.insert(at, op.into());
    }
    Ok(())
}

fn operation_element(
    resource: &str,
    name: &str,
    attributes: &Pairs,
    new_roles: bool,
    ids: &mut Ids,
) -> Result<Element, Refused> {
    let get = |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, v)| v);
    let op_id = match get("id") {
        Some(id) => {
            if let Err(report) = check_id(id, "operation id") {
                return Err(Refused { reports: vec![report], complete: false });
            }
            if ids.contains(id) {
                let message = format!("id '{id}' is already in use, please specify another one");
                return Err(Refused::because("ID_ALREADY_EXISTS", message));
            }
            ids.take(id)
        }
        None => {
            let interval = get("interval").map(String::as_str).unwrap_or_default();
            ids.take(&format!("{resource}-{name}-interval-{interval}"))
        }
    };
    let mut op = Element::new("op").with("id", &op_id).with("name", name);
    for (attribute, value) in attributes {
        match attribute.as_str() {
            CHECK_LEVEL => {
                let pair = Element::new("nvpair")
                    .with("name", attribute)
                    .with("value", value)
                    .with("id", ids.take(&format!("{op_id}-{CHECK_LEVEL}-{value}")));
                let block = Element::new("instance_attributes")
                    .with("id", ids.take(&format!("params-{op_id}")));
                op.push(block.with_child(pair));
            }
            "role" => op.set("role", operation::role_in(value, new_roles)),
            "id" => {}
            _ => op.set(attribute, value),
        }
    }
    Ok(op)
}

fn check_duplicates(
    list: &Element,
    op: &Element,
    resource: &str,
    strict: bool,
) -> Result<(), Refused> {
    let same_name: Vec<&Element> =
        list.children_named("op").filter(|other| other.attr("name") == op.attr("name")).collect();
    let name = op.attr("name").unwrap_or_default();
    let seconds = |op: &Element| op.attr("interval").and_then(seconds_of);
    let role = |op: &Element| op.attr("role").unwrap_or("Started").to_lowercase();
    let describe =
        |ops: &[&Element]| ops.iter().map(|op| to_line(op)).collect::<Vec<_>>().join("\n");
    let same: Vec<&Element> =
        same_name.iter().copied().filter(|other| seconds(other) == seconds(op)).collect();
    if !same.is_empty() {
        let message = format!(
            "operation {name} with interval {}s already specified for {resource}:\n{}",
            seconds(op).unwrap_or_default(),
            describe(&same)
        );
        return Err(Refused::because("RESOURCE_OPERATION_INTERVAL_DUPLICATION", message));
    }
    let same: Vec<&Element> =
        same_name.into_iter().filter(|other| role(other) == role(op)).collect();
    if strict && !same.is_empty() {
        let message = format!(
            "operation {name} already specified for {resource}, use --force to override:\n{}",
            describe(&same)
        );
        return Err(Refused::because("RESOURCE_OPERATION_ALREADY_SPECIFIED", message));
    }
    Ok(())
}

/// An operation in one line: `monitor interval=10s timeout=20s (id)`.
fn to_line(op: &Element) -> String {
    let mut attributes: Vec<_> =
        op.attrs().filter(|(name, _)| !matches!(*name, "id" | "name")).collect();
    attributes.sort_unstable();
    let mut parts = vec![op.attr("name").unwrap_or_default().to_owned()];
    parts.extend(attributes.iter().map(|(name, value)| format!("{name}={value}")));
    for block in op.children_named("instance_attributes") {
        parts.extend(nvset::pairs(block).map(|(name, value)| format!("{name}={value}")));
    }
    parts.push(format!("({})", op.id().unwrap_or_default()));
    parts.join(" ")
}

/// Removes operations: with `name` of `None` the one whose id is `id`, else those of the resource `id` with this name and
/// exactly these attributes; without attributes all of that name.
pub fn remove_operation(
    cib: &mut Element,
    id: &str,
    name: Option<&str>,
    attributes: &Pairs,
    as_written: &str,
) -> Outcome {
    let primitives: Vec<_> = crate::resources(cib)
        .into_iter()
        .filter(|found| found.kind == Kind::Primitive)
        .filter(|found| name.is_none() || found.element.id() == Some(id))
        .map(|found| found.path)
        .collect();
    if name.is_some() && primitives.is_empty() {
        return Err(missing(id));
    }
    let wanted: BTreeSet<(&str, &str)> = attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain(name.map(|name| ("name", name)))
        .collect();
    let matches = |op: &Element| match name {
        None => op.id() == Some(id),
        Some(name) if attributes.is_empty() => op.attr("name") == Some(name),
        Some(_) => op.attrs().filter(|(name, _)| *name != "id").collect::<BTreeSet<_>>() == wanted,
    };
    let mut found = false;
    for path in primitives {
        let has = cib.at(&path).and_then(|primitive| primitive.child("operations"));
        if !has.is_some_and(|list| list.children().any(matches)) {
            continue;
        }
        found = true;
        if let Some(list) = cib.at_mut(&path).and_then(|p| p.child_mut("operations")) {
            list.nodes_mut().retain(|node| node.as_element().is_none_or(|op| !matches(op)));
        }
    }
    if found {
        return Ok(Vec::new());
    }
    Err(match name {
        None => Refused::because("ID_NOT_FOUND", format!("unable to find operation id: {id}")),
        Some(_) => {
            let message = format!("Unable to find operation matching: {as_written}");
            Refused::because("RESOURCE_OPERATION_NOT_FOUND", message)
        }
    })
}

/// Sets meta attributes of a resource, group or clone. An empty value removes.
pub fn set_meta(cib: &mut Element, id: &str, meta: &Pairs) -> Outcome {
    let path = find::resource(cib, id).map(|found| found.path).ok_or_else(|| {
        let message = format!("unable to find a resource/clone/group: {id}");
        Refused::because("ID_NOT_FOUND", message)
    })?;
    let mut ids = Ids::of(cib);
    if let Some(element) = cib.at_mut(&path) {
        nvset::update_first(element, "meta_attributes", meta, &mut ids);
    }
    Ok(Vec::new())
}

/// Sets what a resource uses of its node. Values are whole numbers, or empty to remove.
pub fn set_utilization(cib: &mut Element, id: &str, values: &Pairs) -> Outcome {
    let found = find::resource(cib, id).filter(|found| found.kind == Kind::Primitive);
    let path = found.map(|found| found.path).ok_or_else(|| {
        Refused::because("ID_NOT_FOUND", format!("Unable to find a resource: {id}"))
    })?;
    check_utilization(values)?;
    let mut ids = Ids::of(cib);
    if let Some(element) = cib.at_mut(&path) {
        set_block(element, "utilization", values, &mut ids);
    }
    Ok(Vec::new())
}

/// Refuses utilization that is no whole number.
pub(crate) fn check_utilization(values: &Pairs) -> Result<(), Refused> {
    for (name, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
        let digits = value.strip_prefix('-').unwrap_or(value);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let message =
                format!("Value of utilization attribute must be integer: '{name}={value}'");
            return Err(Refused::because("INVALID_OPTION_VALUE", message));
        }
    }
    Ok(())
}

/// Sets pairs in the first block of that kind, which is made behind everything else.
pub(crate) fn set_block(element: &mut Element, block: &str, values: &Pairs, ids: &mut Ids) {
    if element.child(block).is_none() {
        if values.iter().all(|(_, value)| value.is_empty()) {
            return;
        }
        let id = ids.take_below(element, block);
        element.push(Element::new(block).with("id", id));
    }
    if let Some(block) = element.child_mut(block) {
        nvset::update(block, values, ids);
    }
}
