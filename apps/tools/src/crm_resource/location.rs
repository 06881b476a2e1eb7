use client::cib::{CallOptions, Operation, Request};
use present::{Primitive, Resource};
use vocab::{Role, ToolExit};
use xml::Element;

use super::{Session, Stop, target};
use crate::frame;

/// Makes the resource move: to the node that was named, or away from where it is.
pub(super) fn relocate(session: &mut Session<'_>) -> Result<(), Stop> {
    let id = session.resource_id()?.to_owned();
    let Some(node) = session.node()?.map(str::to_owned) else { return ban(session) };
    let primitives =
        target::find(&session.status, &id).ok_or_else(|| Stop::not_found("Resource", &id))?;
    let current = places(&primitives, session.options.promoted);
    if current == [node.as_str()] && !session.options.force {
        return Err(Stop::failed(ToolExit::Exists));
    }
    let current: Vec<String> = current.into_iter().map(str::to_owned).collect();
    remove_made(session, &id, None, false)?;
    prefer(session, &id, &node)?;
    if session.options.force {
        for place in current.iter().filter(|place| **place != node) {
            forbid(session, &id, place)?;
        }
    }
    Ok(())
}

/// Keeps the resource away from the node that was named, or from where it is.
pub(super) fn ban(session: &mut Session<'_>) -> Result<(), Stop> {
    let id = session.resource_id()?.to_owned();
    let primitives =
        target::find(&session.status, &id).ok_or_else(|| Stop::not_found("Resource", &id))?;
    let node = match session.node()? {
        Some(node) => node.to_owned(),
        None => {
            let is_promotable = primitives.iter().any(|primitive| primitive.promotable);
            let mut current = places(&primitives, session.options.promoted);
            if current.len() > 1 && is_promotable {
                // Of a promotable clone the one promoted instance is meant.
                current = places(&primitives, true);
            }
            match current[..] {
                [only] => only.to_owned(),
                _ => {
                    let count = current.len();
                    return Err(Stop::new(
                        ToolExit::Usage,
                        format!(
                            "Resource '{id}' not moved: active in {count} locations.\n\
                             To prevent '{id}' from running on a specific location, specify a node."
                        ),
                    ));
                }
            }
        }
    };
    forbid(session, &id, &node)
}

/// The nodes where any of the primitives is active, or promoted if that is meant.
fn places<'a>(primitives: &[&'a Primitive], promoted: bool) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for primitive in primitives.iter().filter(|p| !promoted || p.role == Role::Promoted) {
        for node in &primitive.nodes {
            if !names.contains(&node.name.as_str()) {
                names.push(&node.name);
            }
        }
    }
    names
}

fn forbid(session: &mut Session<'_>, id: &str, node: &str) -> Result<(), Stop> {
    let constraint_id = format!("cli-ban-{id}-on-{node}");
    let constraint = constraint(session, &constraint_id, id, node, "-INFINITY")?;
    if !session.options.quiet {
        session.output.line(format!(
            "WARNING: Creating rsc_location constraint '{constraint_id}' with a score of -INFINITY for resource {id} on \
             {node}.\n\tThis will prevent {id} from running on {node} until the constraint is removed using the clear \
             option or by editing the CIB with an appropriate tool\n\tThis will be the case even if {node} is the last \
             node in the cluster"
        ));
    }
    add(session, constraint)
}

fn prefer(session: &mut Session<'_>, id: &str, node: &str) -> Result<(), Stop> {
    let constraint = constraint(session, &format!("cli-prefer-{id}"), id, node, "INFINITY")?;
    add(session, constraint)
}

fn add(session: &mut Session<'_>, constraint: Element) -> Result<(), Stop> {
    let data = Element::new("constraints").with_child(constraint);
    let options = session.call_options() | CallOptions::CAN_CREATE;
    session.cib.modify(Some("constraints"), data, options)?;
    Ok(())
}

fn constraint(
    session: &mut Session<'_>,
    constraint_id: &str,
    id: &str,
    node: &str,
    score: &str,
) -> Result<Element, Stop> {
    let role = if session.options.promoted { "Promoted" } else { "Started" };
    let base =
        Element::new("rsc_location").with("id", constraint_id).with("rsc", id).with("role", role);
    let Some(lifetime) = &session.options.lifetime else {
        return Ok(base.with("node", node).with("score", score));
    };
    let end = end_of(lifetime)?;
    session.output.line(format!("Migration will take effect until: {end}"));
    let rule = Element::new("rule")
        .with("id", format_args!("{constraint_id}-rule"))
        .with("score", score)
        .with("boolean-op", "and")
        .with_child(
            Element::new("expression")
                .with("id", format_args!("{constraint_id}-expr"))
                .with("attribute", "#uname")
                .with("operation", "eq")
                .with("value", node)
                .with("type", "string"),
        )
        .with_child(
            Element::new("date_expression")
                .with("id", format_args!("{constraint_id}-lifetime"))
                .with("operation", "lt")
                .with("end", end),
        );
    Ok(base.with_child(rule))
}

/// When a constraint that holds for `lifetime` from now ends.
fn end_of(lifetime: &str) -> Result<String, Stop> {
    let duration = vocab::parse_duration(lifetime).ok().filter(|_| lifetime.starts_with('P'));
    let Some(duration) = duration else {
        return Err(Stop::new(
            ToolExit::Usage,
            format!("'{lifetime}' is not a valid ISO 8601 duration, as PT1H30M is"),
        ));
    };
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX / 2);
    Ok(present::iso_utc(vocab::Timestamp(frame::now().0.saturating_add(seconds))))
}

/// Removes the constraints that moving and banning made.
pub(super) fn clear(session: &mut Session<'_>) -> Result<(), Stop> {
    let id = session.resource_id()?.to_owned();
    if target::configured(&session.document, &id).is_none() {
        return Err(Stop::not_found("Resource", &id));
    }
    let node = session.node()?.map(str::to_owned);
    remove_made(session, &id, node.as_deref(), session.options.expired)
}

fn remove_made(
    session: &mut Session<'_>,
    id: &str,
    node: Option<&str>,
    only_expired: bool,
) -> Result<(), Stop> {
    let made: Vec<String> = constraints_of(&session.document)
        .filter(|constraint| constraint.attr("rsc") == Some(id))
        .filter(|constraint| {
            let constraint_id = constraint.id().unwrap_or_default();
            let prefer = constraint_id == format!("cli-prefer-{id}");
            let ban = constraint_id.starts_with(&format!("cli-ban-{id}-on-"));
            let on_node = node.is_none_or(|node| {
                (ban && constraint_id == format!("cli-ban-{id}-on-{node}"))
                    || (prefer && (session.options.force || is_for_node(constraint, node)))
            });
            (prefer || ban) && on_node && (!only_expired || is_over(constraint))
        })
        .filter_map(|constraint| constraint.id().map(str::to_owned))
        .collect();
    for constraint_id in made {
        let wanted = Element::new("rsc_location").with("id", &constraint_id);
        let request = Request::change(Operation::Delete, Some("constraints"), wanted)
            .with_options(session.call_options());
        session.cib.call(request)?;
        if session.options.command.clear && !session.options.quiet {
            session.output.line(format!("Removing constraint: {constraint_id}"));
        }
    }
    Ok(())
}

fn constraints_of(document: &Element) -> impl Iterator<Item = &Element> {
    document
        .descend(&["configuration", "constraints"])
        .into_iter()
        .flat_map(|constraints| constraints.children_named("rsc_location"))
}

fn is_for_node(constraint: &Element, node: &str) -> bool {
    constraint.attr("node") == Some(node)
        || constraint.descendants().any(|element| {
            element.attr("attribute") == Some("#uname") && element.attr("value") == Some(node)
        })
}

/// Whether a rule of the constraint ended in the past.
fn is_over(constraint: &Element) -> bool {
    constraint
        .descendants()
        .filter(|element| element.name() == "date_expression")
        .filter_map(|element| element.attr("end"))
        .filter_map(|end| rules::CalendarTime::parse(end).ok())
        .any(|end| end.moment(frame::local_time()) <= frame::now())
}

/// Shows the colocation and location constraints of the resource, and with `recursively` of what it depends on.
pub(super) fn show(session: &mut Session<'_>, recursively: bool) -> Result<(), Stop> {
    let id = session.resource_id()?.to_owned();
    if target::configured(&session.document, &id).is_none() {
        return Err(Stop::not_found("Resource", &id));
    }
    let whole = collective(session, &id);
    let mut lines = Vec::new();
    colocations(&session.document, &whole, recursively, 0, &mut Vec::new(), &mut lines);
    let locations: Vec<String> = constraints_of(&session.document)
        .filter(|constraint| constraint.attr("rsc") == Some(&whole))
        .map(|constraint| {
            format!(
                "  * Node {} (score={}, id={}, rsc={whole})",
                constraint.attr("node").unwrap_or("by rule"),
                constraint.attr("score").unwrap_or("by rule"),
                constraint.id().unwrap_or_default(),
            )
        })
        .collect();
    if !locations.is_empty() {
        session.output.line(format!("Locations for {whole}:"));
        for line in locations {
            session.output.line(line);
        }
    }
    for line in lines {
        session.output.line(line);
    }
    Ok(())
}

/// The group or clone that a resource is part of, unless `--force` says to take it by itself.
fn collective(session: &Session<'_>, id: &str) -> String {
    let whole = session.status.resources.iter().find(|resource| {
        resource.primitives().iter().any(|primitive| primitive.id == id)
            && !matches!(resource, Resource::Primitive(_))
    });
    match whole {
        Some(resource) if !session.options.force => resource.id().to_owned(),
        Some(_) | None => id.to_owned(),
    }
}

fn colocations(
    document: &Element,
    id: &str,
    recursively: bool,
    depth: usize,
    seen: &mut Vec<String>,
    lines: &mut Vec<String>,
) {
    seen.push(id.to_owned());
    let Some(constraints) = document.descend(&["configuration", "constraints"]) else { return };
    for (own, other, heading) in [
        ("rsc", "with-rsc", "is colocated with"),
        ("with-rsc", "rsc", "have a colocation with them:"),
    ] {
        let found: Vec<(&str, &Element)> = constraints
            .children_named("rsc_colocation")
            .filter(|constraint| constraint.attr(own) == Some(id))
            .filter_map(|constraint| constraint.attr(other).map(|name| (name, constraint)))
            .collect();
        if found.is_empty() {
            continue;
        }
        if depth == 0 {
            lines.push(match own {
                "rsc" => format!("Resources {id} {heading}:"),
                _ => format!("Resources colocated with {id}:"),
            });
        }
        for (name, constraint) in found {
            let score = constraint.attr("score").unwrap_or("INFINITY");
            let constraint_id = constraint.id().unwrap_or_default();
            let indent = "  ".repeat(depth + 1);
            lines.push(format!("{indent}* {name} (score={score}, id={constraint_id})"));
            if recursively && !seen.iter().any(|other| other == name) {
                colocations(document, name, recursively, depth + 1, seen, lines);
            }
        }
    }
}
