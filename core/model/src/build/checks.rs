//! Mistakes that nobody else would notice because what is wrong is left out or replaced by a default without a word.

use std::collections::BTreeMap;

use rules::CalendarTime;
use vocab::{Interval, Role, Score, parse_boolean, parse_duration};
use xml::Element;

use super::Build;
use crate::{
    Options, ResourceKey,
    attributes::Values,
    document::Document,
    options::{DEPRECATED_SWITCHES, READ_BY_OTHERS, option},
};

/// Operations that happen once: an interval makes no sense for them.
const NEVER_RECUR: [&str; 7] =
    ["stop", "start", "demote", "promote", "reload-agent", "migrate_from", "migrate_to"];

/// Values of `on-fail`.
const ON_FAIL: [&str; 11] = [
    "block",
    "fence",
    "stop",
    "standby",
    "ignore",
    "nothing",
    "migrate",
    "restart",
    "restart-container",
    "demote",
    "#default",
];

/// Looks through a configuration.
pub(super) fn run(document: &mut Document<'_>, options: &Options) {
    cluster_options(document, &options.configured);
    if let Some(section) = document.section("resources") {
        for resource in section.children() {
            resources(document, resource, options);
        }
    }
    if let Some(section) = document.section("constraints") {
        for order in section.children_named("rsc_order") {
            order_constraint(document, order);
        }
    }
    if let Some(section) = document.section("tags") {
        for tag in section.children_named("tag") {
            tag_members(document, tag);
        }
    }
    if let Some(section) = document.section("fencing-topology") {
        for level in section.children_named("fencing-level") {
            fencing_level(document, level);
        }
    }
}

/// Options of which only others make use: those that are read here are checked when they are read.
fn cluster_options(document: &mut Document<'_>, configured: &Values) {
    for name in READ_BY_OTHERS {
        let setting = options::find(options::CLUSTER, name);
        let Some((setting, value)) = setting.zip(option(configured, name)) else { continue };
        if !setting.kind.accepts(value) {
            document.problems.error(format!(
                "Using default value for cluster option '{name}' because '{value}' is invalid"
            ));
        }
    }
    for name in DEPRECATED_SWITCHES {
        if option(configured, name).map(parse_boolean) == Some(Ok(false)) {
            document.problems.warning(format!(
                "Support for the {name} cluster property is deprecated and will be removed (and \
                 behave as true) in a future release"
            ));
        }
    }
}

impl Build<'_, '_> {
    /// Says which meta-attributes make no sense; of instances, the first speaks for all.
    pub(super) fn check_meta(&mut self, key: ResourceKey) {
        let resource = &self.model.resources[key];
        if resource.instance.as_ref().is_some_and(|number| number != "0") {
            return;
        }
        let (id, options) = (&resource.id, &self.model.options);
        let problems = &mut self.document.problems;
        let is_default = |value: &str| value.eq_ignore_ascii_case("default");
        for (name, default) in
            [("priority", "0"), ("resource-stickiness", "0"), ("migration-threshold", "INFINITY")]
        {
            if let Some(value) = resource.meta(name)
                && !is_default(value)
                && options.parse_score(value).is_none()
            {
                problems.warning(format!(
                    "Using default ({default}) for resource {id} {name} because '{value}' is not a \
                     valid value"
                ));
            }
        }
        if let Some(value) = resource.meta("multiple-active")
            && !["block", "stop_only", "stop_start", "stop_unexpected"]
                .iter()
                .any(|word| word.eq_ignore_ascii_case(value))
        {
            problems.warning(format!(
                "{value} is not a valid value for multiple-active of {id}, using default of \
                 \"stop_start\""
            ));
        }
        for name in ["failure-timeout", "remote-connect-timeout"] {
            if let Some(value) = resource.meta(name)
                && parse_duration(value).is_err()
            {
                problems.warning(format!(
                    "Using default for resource {id} {name} because '{value}' is not a valid duration"
                ));
            }
        }
    }
}

fn resources(document: &mut Document<'_>, element: &Element, options: &Options) {
    if element.name() == "group" {
        group(document, element);
    }
    if element.name() == "clone" || element.name() == "master" {
        clone(document, element);
    }
    if let Some(section) = element.child("operations") {
        operations(document, element, section, options);
    }
    utilization(document, element);
    for child in element.children() {
        if matches!(child.name(), "primitive" | "group") {
            resources(document, child, options);
        }
    }
}

/// What an element's own meta-attributes say, without a look at rules.
fn meta<'e>(element: &'e Element, name: &str) -> Option<&'e str> {
    element
        .children_named("meta_attributes")
        .flat_map(|block| block.children_named("nvpair"))
        .find(|pair| pair.attr("name") == Some(name))
        .and_then(|pair| pair.attr("value"))
}

fn group(document: &mut Document<'_>, element: &Element) {
    for name in ["ordered", "collocated"] {
        if meta(element, name).map(parse_boolean) == Some(Ok(false)) {
            let id = element.id().unwrap_or_default();
            document.problems.warning(format!(
                "Support for the '{name}' group meta-attribute (such as in {id}) is deprecated and \
                 will be removed in a future release (use a resource set instead)"
            ));
        }
    }
}

fn clone(document: &mut Document<'_>, element: &Element) {
    let id = element.id().unwrap_or_default();
    let unique = meta(element, "globally-unique").map(parse_boolean);
    if let Some(per_node) = meta(element, "clone-node-max")
        && Score::parse(per_node).is_ok_and(|number| number.value() > 1)
        && unique == Some(Ok(false))
    {
        document.problems.error(format!(
            "Ignoring clone-node-max of {per_node} for {id} because anonymous clones support only \
             one instance per node"
        ));
    }
    let class = |element: &Element| element.attr("class").map(str::to_ascii_lowercase);
    let bare = element.children().find(|child| child.name() == "primitive");
    if let Some(primitive) = bare
        && unique == Some(Ok(true))
        && let Some(class) = class(primitive)
        && !matches!(class.as_str(), "ocf" | "stonith")
    {
        let of = primitive.id().unwrap_or_default();
        document.problems.warning(format!(
            "Ignoring globally-unique for {id} because {class} resources such as {of}:0 can be used \
             only as anonymous clones"
        ));
    }
}

fn utilization(document: &mut Document<'_>, element: &Element) {
    for pair in
        element.children_named("utilization").flat_map(|block| block.children_named("nvpair"))
    {
        let value = pair.attr("value").unwrap_or_default();
        if pair.attr("id-ref").is_none() && value.trim().parse::<i64>().is_err() {
            document.problems.warning(format!(
                "Using 0 for utilization {} instead of invalid value '{value}'",
                pair.id().unwrap_or_default()
            ));
        }
    }
}

fn operations(
    document: &mut Document<'_>,
    resource: &Element,
    section: &Element,
    options: &Options,
) {
    let mut first: BTreeMap<(&str, Interval), &str> = BTreeMap::new();
    for op in section.children_named("op") {
        let id = op.id().unwrap_or_default();
        let name = op.attr("name").unwrap_or_default();
        let interval =
            op.attr("interval").and_then(|text| Interval::parse(text).ok()).unwrap_or_default();
        if interval.is_recurring() {
            if NEVER_RECUR.contains(&name) {
                document
                    .problems
                    .error(format!("Ignoring {id} because {name} action cannot be recurring"));
                continue;
            }
            match first.get(&(name, interval)) {
                Some(other) => document.problems.error(format!(
                    "Operation {id} is duplicate of {other} (do not use same name and interval \
                     combination more than once per resource)"
                )),
                None => drop(first.insert((name, interval), id)),
            }
            role(document, op, id);
        }
        let enabled = crate::resource::is_enabled(op.attr("enabled"));
        let written = op.attr("on-fail").or_else(|| meta(op, "on-fail"));
        if let Some(value) = written.filter(|_| enabled) {
            on_fail(document, (resource, op, value), interval, options);
        }
        let origin = op.attr("interval-origin").or_else(|| meta(op, "interval-origin"));
        if let Some(value) = origin
            && CalendarTime::parse(value).is_err()
        {
            document.problems.error(format!(
                "Ignoring 'interval-origin' for operation '{id}' because '{value}' is not valid"
            ));
        }
    }
}

fn role(document: &mut Document<'_>, op: &Element, id: &str) {
    if let Some(role) = op.attr("role")
        && matches!(role.parse::<Role>(), Err(_) | Ok(Role::Unknown))
    {
        document.problems.error(format!("Ignoring {id} role because {role} is not a valid role"));
    }
}

fn on_fail(
    document: &mut Document<'_>,
    (resource, op, value): (&Element, &Element, &str),
    interval: Interval,
    options: &Options,
) {
    let name = op.attr("name").unwrap_or_default();
    let id = resource.id().unwrap_or_default();
    let lower = value.to_ascii_lowercase();
    let promoted = op.attr("role").is_some_and(|role| role.parse() == Ok(Role::Promoted));
    let may_demote =
        name == "promote" || (name == "monitor" && interval.is_recurring() && promoted);
    let text = if name == "stop" && matches!(lower.as_str(), "standby" | "demote" | "stop") {
        format!(
            "Resetting 'on-fail' for {id} stop action to default value because '{value}' is not \
             allowed for stop"
        )
    } else if lower == "demote" && !may_demote {
        format!(
            "Resetting 'on-fail' for {id} {name} action to default value because 'demote' is not \
             allowed for it"
        )
    } else if lower == "fence" && !options.fencing_enabled {
        format!(
            "Resetting 'on-fail' for {name} of {id} to 'stop' because 'fence' is not valid when \
             fencing is disabled"
        )
    } else if !ON_FAIL.contains(&lower.as_str()) {
        format!("Using default 'on-fail' for {name} of {id} because '{value}' is not valid")
    } else {
        return;
    };
    document.problems.error(text);
}

fn order_constraint(document: &mut Document<'_>, order: &Element) {
    const ACTIONS: [&str; 4] = ["start", "stop", "promote", "demote"];
    let id = order.id().unwrap_or_default();
    let problems = &mut document.problems;
    let of_sets = order.children_named("resource_set").filter_map(|set| set.attr("action"));
    let own = ["first-action", "then-action"].into_iter().filter_map(|name| order.attr(name));
    for action in own.chain(of_sets).filter(|action| !ACTIONS.contains(action)) {
        problems.warning(format!("Unknown action '{action}' specified in order constraint '{id}'"));
    }
    if order.attr("kind").is_none() && order.attr("score").is_some() {
        problems.warning(format!(
            "Support for 'score' in rsc_order (such as {id}) is deprecated and will be removed in a \
             future release (use 'kind' instead)"
        ));
    }
    if order.child("resource_set").is_none() && order.attr("require-all").is_some() {
        problems.warning(format!(
            "Support for require-all in ordering constraints (such as {id}) is deprecated and will \
             be removed in a future release (use clone-min clone meta-attribute instead)"
        ));
    }
    if order.attr("kind") == Some("Serialize")
        && order.attr("symmetrical").is_some_and(|text| parse_boolean(text) == Ok(true))
    {
        problems.warning(format!(
            "Ignoring symmetrical for '{id}' because not valid with kind of 'Serialize'"
        ));
    }
}

fn tag_members(document: &mut Document<'_>, tag: &Element) {
    let Some(id) = tag.id() else {
        document.problems.error("Ignoring <tag> without id");
        return;
    };
    for member in tag.children_named("obj_ref") {
        if member.id().is_none() {
            document.problems.error(format!("Ignoring <obj_ref> for tag '{id}' without id"));
        }
    }
}

fn fencing_level(document: &mut Document<'_>, level: &Element) {
    let problems = &mut document.problems;
    let Some(id) = level.id() else {
        problems.error("Ignoring fencing level without ID");
        return;
    };
    match level.attr("index").and_then(|text| text.trim().parse::<i64>().ok()) {
        None => problems.error(format!("Ignoring fencing level {id} with invalid index")),
        Some(index) if !(1..=9).contains(&index) => {
            problems.error(format!("Ignoring fencing level {id} with out-of-range index {index}"));
        }
        Some(_) => {}
    }
}
