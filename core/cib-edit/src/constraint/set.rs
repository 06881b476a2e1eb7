use xml::Element;

use super::{check_wanted_id, not_outermost, push};
use crate::{Ids, Outcome, Pairs, Refused, Report, Reports, Severity, operation, quoted_list};

/// Which constraint the sets are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetKind {
    /// `rsc_colocation`.
    Colocation,
    /// `rsc_order`.
    Order,
}

/// Resources that are treated alike, with the set's own attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceSet {
    /// The resources, in order.
    pub resources: Vec<String>,
    /// `action`, `role`, `sequential`, `require-all`.
    pub options: Pairs,
}

const BOOLEANS: [&str; 2] = ["false", "true"];
const ACTIONS: [&str; 4] = ["demote", "promote", "start", "stop"];

/// Makes a constraint of resource sets.
pub fn add_sets(
    cib: &mut Element,
    kind: SetKind,
    sets: &[ResourceSet],
    options: &Pairs,
    force: bool,
) -> Outcome {
    let (tag, prefix) = match kind {
        SetKind::Colocation => ("rsc_colocation", "colocation_set"),
        SetKind::Order => ("rsc_order", "order_set"),
    };
    let reports = check(kind, sets, options);
    if !reports.is_empty() {
        return Err(Refused { reports, complete: true });
    }
    let mut reports = Reports::new();
    reports.extend(old_roles(sets));
    for resource in sets.iter().flat_map(|set| &set.resources) {
        if let Some(reason) = not_outermost(cib, resource)? {
            let code = "RESOURCE_FOR_CONSTRAINT_IS_MULTIINSTANCE";
            reports.add(Report::unless_forced(force, code, reason));
            reports.check_plain()?;
        }
    }
    let new_roles = operation::has_new_roles(cib);
    let mut ids = Ids::of(cib);
    let mut element = Element::new(tag);
    for (name, value) in options {
        if name == "id" {
            check_wanted_id(&ids, value)?;
        }
        element.set(name, value);
    }
    if kind == SetKind::Colocation && element.attr("score").is_none() {
        element.set("score", "INFINITY");
    }
    if element.id().is_none() {
        element.set("id", ids.take(&format!("{prefix}_{}", short_names(sets))));
    }
    for set in sets {
        let mut inner = Element::new("resource_set");
        for (name, value) in &set.options {
            if name == "role" {
                inner.set(name, operation::role_in(&operation::capitalized(value), new_roles));
            } else {
                inner.set(name, value);
            }
        }
        let base = element.id().unwrap_or_default();
        inner.set("id", ids.take(&format!("{base}_set")));
        for resource in &set.resources {
            inner.push(Element::new("resource_ref").with("id", resource));
        }
        element.push(inner);
    }
    push(cib, element);
    Ok(reports.done())
}

/// Says of roles in their old names what the new ones are.
fn old_roles(sets: &[ResourceSet]) -> Vec<Report> {
    let roles = sets.iter().flat_map(|set| &set.options).filter(|(name, _)| name == "role");
    roles
        .filter_map(|(_, role)| {
            let new = match role.to_lowercase().as_str() {
                "master" => "Promoted",
                "slave" => "Unpromoted",
                _ => return None,
            };
            let message = format!("Value '{role}' of option role is deprecated and should not be used, use '{new}' value instead");
            let severity = Severity::Deprecation;
            Some(Report { severity, code: "DEPRECATED_OPTION_VALUE", message })
        })
        .collect()
}

/// First and last letter of the first three resources.
fn short_names(sets: &[ResourceSet]) -> String {
    let short = |id: &String| -> String {
        let last = id.chars().next_back().filter(|_| id.chars().count() > 1);
        id.chars().next().into_iter().chain(last).collect()
    };
    sets.iter().flat_map(|set| &set.resources).take(3).map(short).collect()
}

fn check(kind: SetKind, sets: &[ResourceSet], options: &Pairs) -> Vec<Report> {
    let mut reports = Vec::new();
    for set in sets {
        for (name, value) in &set.options {
            let allowed: &[&str] = match name.as_str() {
                "action" => &ACTIONS,
                "role" => &operation::ROLES,
                "sequential" | "require-all" => &BOOLEANS,
                _ => {
                    let known = ["action", "require-all", "role", "sequential"];
                    reports.push(Report::error(
                        "INVALID_OPTIONS",
                        format!(
                            "invalid set option '{name}', allowed options are: {}",
                            quoted_list(known)
                        ),
                    ));
                    continue;
                }
            };
            let value = if name == "role" { operation::capitalized(value) } else { value.clone() };
            if !allowed.contains(&value.as_str()) {
                reports.push(Report::error(
                    "INVALID_OPTION_VALUE",
                    format!("'{value}' is not a valid {name} value, use {}", quoted_list(allowed)),
                ));
            }
        }
    }
    let known: &[&str] = match kind {
        SetKind::Colocation => &["id", "score"],
        SetKind::Order => &["id", "kind", "symmetrical"],
    };
    let unknown: Vec<&str> = options
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| !known.contains(name))
        .collect();
    if !unknown.is_empty() {
        let s = if unknown.len() > 1 { "s:" } else { "" };
        reports.push(Report::error(
            "INVALID_OPTIONS",
            format!(
                "invalid option{s} {}, allowed options are: {}",
                quoted_list(unknown),
                quoted_list(known)
            ),
        ));
    }
    reports
}
