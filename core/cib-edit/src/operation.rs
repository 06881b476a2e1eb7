//! A resource's operations.

use std::collections::{BTreeMap, BTreeSet};

use xml::Element;

use crate::{
    Ids, Pairs, Refused, Report, Reports, agent::Action, agent::Agent, check_id, quoted_list,
    seconds_of,
};

/// What an operation can have.
const ATTRIBUTES: [&str; 12] = [
    "OCF_CHECK_LEVEL",
    "description",
    "enabled",
    "id",
    "interval",
    "interval-origin",
    "name",
    "on-fail",
    "record-pending",
    "role",
    "start-delay",
    "timeout",
];
pub(crate) const ROLES: [&str; 6] =
    ["Master", "Promoted", "Slave", "Started", "Stopped", "Unpromoted"];
const BOOLEANS: [&str; 4] = ["0", "1", "false", "true"];
const ON_FAIL: [&str; 8] =
    ["block", "demote", "fence", "ignore", "restart", "restart-container", "standby", "stop"];
/// The attribute that is not one of the operation itself.
const CHECK_LEVEL: &str = "OCF_CHECK_LEVEL";
/// Actions of an agent that the cluster does not carry out by itself.
const NOT_COPIED: [&str; 3] = ["meta-data", "status", "validate-all"];

/// The interval of an operation for which none is given.
pub(crate) fn default_interval(name: &str) -> &'static str {
    if name == "monitor" { "60s" } else { "0s" }
}

/// What users' operations and the agent's advice come to: complete, checked, sorted by name.
pub(crate) fn prepare(
    wanted: &[Pairs],
    agent: &Agent,
    with_defaults: bool,
    force: bool,
    new_roles: bool,
    reports: &mut Reports,
) -> Result<Vec<Pairs>, Refused> {
    let normalized: Vec<Pairs> = wanted.iter().map(normalize).collect();
    for (operation, as_given) in normalized.iter().zip(wanted) {
        reports.extend(check(operation, as_given, agent, force));
    }
    reports.extend(same_interval(&normalized));
    reports.check()?;
    let named: BTreeSet<&str> =
        normalized.iter().filter_map(|operation| get(operation, "name")).collect();
    let mut operations: Vec<Pairs> = normalized.iter().map(complete).collect();
    let mut used: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for action in advised(agent, with_defaults) {
        if !named.contains(action.name.as_str()) {
            operations.push(from_action(&action, &mut used, reports));
        }
    }
    for operation in &mut operations {
        operation.retain(|(_, value)| !value.is_empty());
        for (_, role) in operation.iter_mut().filter(|(name, _)| name == "role") {
            *role = role_in(role, new_roles);
        }
    }
    operations.sort_by(|a, b| get(a, "name").cmp(&get(b, "name")));
    Ok(operations)
}

fn get<'a>(operation: &'a Pairs, name: &str) -> Option<&'a str> {
    operation.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn normalize(operation: &Pairs) -> Pairs {
    let value = |name: &str, value: &str| match name {
        "role" => capitalized(value),
        "on-fail" | "record-pending" | "enabled" => value.to_lowercase(),
        _ => value.to_owned(),
    };
    operation.iter().map(|(name, text)| (name.clone(), value(name, text))).collect()
}

/// The word with one great letter in front.
pub(crate) fn capitalized(word: &str) -> String {
    let lower = word.to_lowercase();
    let mut letters = lower.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// Whether a CIB's schema knows the roles by their new names.
pub(crate) fn has_new_roles(cib: &Element) -> bool {
    let version = cib.attr("validate-with").and_then(|name| name.strip_prefix("pacemaker-"));
    let numbers = version.and_then(|version| version.split_once('.'));
    match numbers.map(|(major, minor)| (major.parse::<u32>(), minor.parse::<u32>())) {
        Some((Ok(major), Ok(minor))) => (major, minor) >= (3, 7),
        Some(_) | None => true,
    }
}

/// The name that a role has in a CIB.
pub(crate) fn role_in(role: &str, new_roles: bool) -> String {
    match (role, new_roles) {
        ("Master" | "Promoted", true) => "Promoted",
        ("Slave" | "Unpromoted", true) => "Unpromoted",
        ("Master" | "Promoted", false) => "Master",
        ("Slave" | "Unpromoted", false) => "Slave",
        (other, _) => other,
    }
    .to_owned()
}

fn check(operation: &Pairs, as_given: &Pairs, agent: &Agent, force: bool) -> Vec<Report> {
    let mut reports = Vec::new();
    let unknown: Vec<&str> = operation
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| !ATTRIBUTES.contains(name))
        .collect();
    if !unknown.is_empty() {
        let (s, verb) = if unknown.len() > 1 { ("s", ":") } else { ("", "") };
        let message = format!(
            "invalid resource operation option{s}{verb} {}, allowed options are: {}",
            quoted_list(unknown),
            quoted_list(ATTRIBUTES)
        );
        reports.push(Report::error("INVALID_OPTIONS", message));
    }
    let name = get(operation, "name").unwrap_or_default();
    if agent.actions.iter().all(|action| action.name != name) {
        let known = agent.actions.iter().map(|action| action.name.as_str());
        let message =
            format!("'{name}' is not a valid operation name value, use {}", quoted_list(known));
        if agent.exists {
            reports.push(Report::unless_forced(force, "INVALID_OPTION_VALUE", message));
        }
    }
    let choices: [(&str, &[&str]); 4] = [
        ("role", &ROLES),
        ("on-fail", &ON_FAIL),
        ("record-pending", &BOOLEANS),
        ("enabled", &BOOLEANS),
    ];
    for (attribute, allowed) in choices {
        if let Some(value) = get(operation, attribute)
            && !allowed.contains(&value)
        {
            let given = get(as_given, attribute).unwrap_or(value);
            let message =
                format!("'{given}' is not a valid {attribute} value, use {}", quoted_list(allowed));
            reports.push(Report::error("INVALID_OPTION_VALUE", message));
        }
    }
    if get(operation, "interval-origin").is_some() && get(operation, "start-delay").is_some() {
        let message = "Only one of resource operation options 'interval-origin' and 'start-delay' can be used";
        reports.push(Report::error("MUTUALLY_EXCLUSIVE_OPTIONS", message));
    }
    if let Some(id) = get(operation, "id")
        && let Err(report) = check_id(id, "operation id")
    {
        reports.push(report);
    }
    reports
}

/// The same operation twice with the same interval.
fn same_interval(operations: &[Pairs]) -> Option<Report> {
    let mut by_name: BTreeMap<&str, BTreeMap<Option<u64>, Vec<&str>>> = BTreeMap::new();
    for operation in operations {
        let name = get(operation, "name").unwrap_or_default();
        let interval = get(operation, "interval").unwrap_or(default_interval(name));
        by_name.entry(name).or_default().entry(seconds_of(interval)).or_default().push(interval);
    }
    let mut lines = Vec::new();
    for (name, intervals) in by_name {
        for same in intervals.values().filter(|same| same.len() > 1) {
            lines.push(format!("{name} with intervals {}", same.join(", ")));
        }
    }
    let message = format!(
        "multiple specification of the same operation with the same interval:\n{}",
        lines.join("\n")
    );
    (!lines.is_empty()).then(|| Report::error("RESOURCE_OPERATION_INTERVAL_DUPLICATION", message))
}

fn complete(operation: &Pairs) -> Pairs {
    let mut operation = operation.clone();
    if get(&operation, "interval").is_none() {
        let interval = default_interval(get(&operation, "name").unwrap_or_default());
        operation.push(("interval".to_owned(), interval.to_owned()));
    }
    operation
}

fn advised(agent: &Agent, all: bool) -> Vec<Action> {
    let copied = |action: &&Action| {
        let name = action.name.as_str();
        if all && !agent.name.is_stonith() {
            !NOT_COPIED.contains(&name)
        } else {
            name == "monitor"
        }
    };
    let mut actions: Vec<Action> = agent.actions.iter().filter(copied).cloned().collect();
    if actions.iter().all(|action| action.name != "monitor") {
        actions.push(Action { name: "monitor".to_owned(), ..Action::default() });
    }
    actions
}

fn from_action(
    action: &Action,
    used: &mut BTreeMap<String, BTreeSet<u64>>,
    reports: &mut Reports,
) -> Pairs {
    let advised = action.interval.as_deref().filter(|interval| !interval.is_empty());
    let advised = advised.unwrap_or(default_interval(&action.name));
    let mut interval = advised.to_owned();
    if let Some(mut seconds) = seconds_of(advised) {
        let taken = used.entry(action.name.clone()).or_default();
        if !taken.insert(seconds) {
            while !taken.insert(seconds) {
                seconds += 1;
            }
            interval = seconds.to_string();
            let message = format!(
                "changing a {} operation interval from {advised} to {interval} to make the operation unique",
                action.name
            );
            reports.add(Report::warning("RESOURCE_OPERATION_INTERVAL_ADAPTED", message));
        }
    }
    let pair = |name: &str, value: Option<&String>| Some((name.to_owned(), value?.clone()));
    let depth = action.depth.as_ref().filter(|depth| *depth != "0");
    [
        pair("name", Some(&action.name)),
        pair("interval", Some(&interval)),
        pair("timeout", action.timeout.as_ref()),
        pair("role", action.role.as_ref()),
        pair("start-delay", action.start_delay.as_ref()),
        pair(CHECK_LEVEL, depth),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Adds `<operations>` with an `<op>` for each.
pub(crate) fn append_all(
    primitive: &mut Element,
    operations: &[Pairs],
    ids: &mut Ids,
) -> Result<(), Refused> {
    let mut list = Element::new("operations");
    for operation in operations {
        let mut op = Element::new("op");
        for (name, value) in operation {
            if name != CHECK_LEVEL {
                op.set(name, value);
            }
        }
        match get(operation, "id") {
            Some(id) if ids.contains(id) => {
                return Err(Refused::because(
                    "ID_ALREADY_EXISTS",
                    format!("'{id}' already exists"),
                ));
            }
            Some(id) => drop(ids.take(id)),
            None => {
                let word = format!(
                    "{}-interval-{}",
                    get(operation, "name").unwrap_or_default(),
                    get(operation, "interval").unwrap_or_default()
                );
                op.set("id", ids.take_below(primitive, &word));
            }
        }
        if let Some(level) = get(operation, CHECK_LEVEL) {
            let pair = [(CHECK_LEVEL.to_owned(), level.to_owned())];
            crate::nvset::append(&mut op, "instance_attributes", &pair, ids);
        }
        list.push(op);
    }
    primitive.push(list);
    Ok(())
}
