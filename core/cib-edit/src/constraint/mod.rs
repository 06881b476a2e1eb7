//! Constraints: where resources may run, together with which, in which order.

mod colocation;
mod location;
mod order;
mod set;

pub use colocation::{Colocation, colocate, remove_colocation};
pub use location::{LocationTarget, add_location, location_id, remove_location};
pub use order::{Order, order, remove_order};
pub use set::{ResourceSet, SetKind, add_sets};

use xml::Element;

use crate::{Ids, Kind, Outcome, Refused, check_id, find};

fn section(cib: &Element) -> impl Iterator<Item = &Element> {
    cib.descend(&["configuration", "constraints"]).into_iter().flat_map(Element::children)
}

/// All constraints, in document order.
pub fn constraints(cib: &Element) -> Vec<&Element> {
    section(cib).collect()
}

/// Removes constraints for which `gone` says so. Says whether there were any.
fn remove_where(cib: &mut Element, gone: impl Fn(&Element) -> bool) -> bool {
    if !section(cib).any(&gone) {
        return false;
    }
    find::section_mut(cib, "constraints")
        .nodes_mut()
        .retain(|node| node.as_element().is_none_or(|constraint| !gone(constraint)));
    true
}

/// Removes constraints, or rules of location constraints, by their ids.
pub fn remove(cib: &mut Element, ids: &[String]) -> Outcome {
    for id in ids {
        let is_it = |element: &Element| element.id() == Some(id.as_str());
        if remove_where(cib, is_it) {
            continue;
        }
        let has_rule = |constraint: &Element| {
            constraint.children_named("rule").any(|rule| rule.id() == Some(id.as_str()))
        };
        if !section(cib).any(has_rule) {
            let message = format!("Unable to find constraint - '{id}'");
            return Err(Refused::because("ID_NOT_FOUND", message));
        }
        let constraints = find::section_mut(cib, "constraints");
        let with_rule = constraints.elements_mut().filter(|constraint| has_rule(constraint));
        for constraint in with_rule {
            constraint.nodes_mut().retain(|node| node.as_element().is_none_or(|rule| !is_it(rule)));
        }
        remove_where(cib, |constraint| {
            constraint.name() == "rsc_location"
                && constraint.attr("node").is_none()
                && constraint.children().next().is_none()
        });
    }
    Ok(Vec::new())
}

/// The ids of the constraints that a resource is in.
pub fn referring<'a>(cib: &'a Element, resource: &str) -> Vec<&'a str> {
    let names = ["rsc", "with-rsc", "first", "then"];
    section(cib)
        .filter(|constraint| {
            names.into_iter().any(|name| constraint.attr(name) == Some(resource))
                || constraint
                    .descendants()
                    .any(|inner| inner.name() == "resource_ref" && inner.id() == Some(resource))
        })
        .filter_map(Element::id)
        .collect()
}

/// Checks that a constraint can be made for a resource: it has to exist and be the outermost one.
fn check_resource(cib: &Element, id: &str, force: bool) -> Result<(), Refused> {
    match not_outermost(cib, id)?.filter(|_| !force) {
        None => Ok(()),
        Some(reason) => Err(Refused::because(
            "RESOURCE_FOR_CONSTRAINT_IS_MULTIINSTANCE",
            format!("{reason}. Use --force to override."),
        )),
    }
}

/// Why a constraint should not be made for a resource inside another one.
fn not_outermost(cib: &Element, id: &str) -> Result<Option<String>, Refused> {
    let Some(found) = find::resource(cib, id) else {
        let message = format!("Resource '{id}' does not exist");
        return Err(Refused::because("ID_NOT_FOUND", message));
    };
    let mut around = None;
    let mut next = find::parent(cib, &found.path);
    while let Some(parent) = next {
        next = find::parent(cib, &parent.path);
        if matches!(parent.kind, Kind::Clone | Kind::Bundle) {
            around = Some(parent);
        }
    }
    Ok(around.map(|around| {
        let what = if around.kind == Kind::Bundle { "bundle" } else { around.element.name() };
        let outer = around.element.id().unwrap_or_default();
        format!("{id} is a {what} resource, you should use the {what} id: {outer} when adding constraints")
    }))
}

/// Checks an id that the user wants for a constraint.
fn check_wanted_id(ids: &Ids, id: &str) -> Result<(), Refused> {
    if let Err(report) = check_id(id, "constraint id") {
        return Err(Refused { reports: vec![report], complete: false });
    }
    if ids.contains(id) {
        let message = format!("id '{id}' is already in use, please specify another one");
        return Err(Refused::because("ID_ALREADY_EXISTS", message));
    }
    Ok(())
}

fn duplicate(lines: &[String]) -> Refused {
    let message = format!(
        "duplicate constraint already exists, use --force to override\n{}",
        lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
    );
    Refused::because("DUPLICATE_CONSTRAINTS_EXIST", message)
}

fn push(cib: &mut Element, constraint: Element) {
    find::section_mut(cib, "constraints").push(constraint);
}

/// A colocation, order or ticket constraint without sets in one line; with its id if `full`.
pub fn describe(constraint: &Element, full: bool) -> String {
    let line = match constraint.name() {
        "rsc_colocation" => colocation::describe(constraint),
        "rsc_order" => order::describe(constraint),
        _ => {
            let role =
                constraint.attr("rsc-role").map(|role| format!("{role} ")).unwrap_or_default();
            let policy = constraint
                .attr("loss-policy")
                .map(|policy| format!(" loss-policy={policy}"))
                .unwrap_or_default();
            let get = |name| constraint.attr(name).unwrap_or_default();
            format!("{role}{}{policy} ticket={}", get("rsc"), get("ticket"))
        }
    };
    if full { format!("{line} (id:{})", constraint.id().unwrap_or_default()) } else { line }
}

/// The names of roles that users see.
fn primary_role(role: &str) -> &str {
    match role {
        "Master" => "Promoted",
        "Slave" => "Unpromoted",
        other => other,
    }
}
