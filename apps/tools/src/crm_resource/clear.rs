//! Removes the constraints that moving and banning made.

use std::collections::BTreeSet;

use client::cib::{CallOptions, CibError, Operation, Request};
use rules::CalendarTime;
use vocab::ToolExit;
use xml::Element;

use super::session::{Session, Stop, no_resource};
use crate::frame;

/// Removes constraints: with `--expired` those whose time is over, else those of the resource, for one node or for all.
pub(super) fn clear(session: &mut Session<'_>) -> Result<(), Stop> {
    if session.options.expired {
        expired(session)?;
    } else {
        let id = session.options.resource.as_deref().ok_or_else(no_resource)?;
        match session.node_name() {
            Some(node) => one_node(session, id, &node, true)?,
            None => all_nodes(session, id, true)?,
        }
    }
    if session.options.quiet {
        return Ok(());
    }
    let before = ids(&session.document);
    let after = session
        .cib
        .query(None, CallOptions::SCOPE_LOCAL)
        .map_err(|error| Stop::new(error.exit(), format!("Could not get modified CIB: {error}")))?;
    for id in before.difference(&ids(&after)) {
        session.say(format!("Removing constraint: {id}"));
    }
    Ok(())
}

fn ids(document: &Element) -> BTreeSet<String> {
    locations(document).filter_map(|location| location.id().map(str::to_owned)).collect()
}

fn locations(document: &Element) -> impl Iterator<Item = &Element> {
    document
        .descend(&["configuration", "constraints"])
        .into_iter()
        .flat_map(|constraints| constraints.children_named("rsc_location"))
}

/// Removes the preference for any node and, `with_bans`, what forbids any.
pub(super) fn all_nodes(session: &mut Session<'_>, id: &str, with_bans: bool) -> Result<(), Stop> {
    for node in session.model.node_order.clone() {
        let name = session.model.nodes[node].name.to_string();
        one_node(session, id, &name, with_bans)?;
    }
    Ok(())
}

/// Removes the preference for a node, or with `--force` for whichever, and `with_bans` what forbids it.
pub(super) fn one_node(
    session: &mut Session<'_>,
    id: &str,
    node: &str,
    with_bans: bool,
) -> Result<(), Stop> {
    let prefer = format!("cli-prefer-{id}");
    let ban = format!("cli-ban-{id}-on-{node}");
    let force = session.options.force;
    let rule = format!("cli-prefer-rule-{id}");
    // The CIB may have changed by what was done before.
    let document = session.cib.query(None, CallOptions::SCOPE_LOCAL)?;
    let is_meant = |location: &&Element| match location.id() {
        Some(found) if found == ban => with_bans,
        Some(found) if found == prefer => {
            force || location.attr("node") == Some(node) || has_rule_for(location, &rule, node)
        }
        Some(_) | None => false,
    };
    let meant: Vec<Element> = locations(&document)
        .filter(is_meant)
        .map(|found| Element::new("rsc_location").with("id", found.id().unwrap_or_default()))
        .collect();
    for location in meant {
        remove(session, location)?;
    }
    Ok(())
}

fn has_rule_for(location: &Element, rule: &str, node: &str) -> bool {
    location.children_named("rule").filter(|found| found.id() == Some(rule)).any(|rule| {
        rule.children_named("expression").any(|expression| {
            expression.attr("attribute") == Some("#uname") && expression.attr("value") == Some(node)
        })
    })
}

/// Removes a constraint; one that is not there is removed already.
fn remove(session: &mut Session<'_>, location: Element) -> Result<(), Stop> {
    let request = Request::change(Operation::Delete, Some("constraints"), location)
        .with_options(session.call_options());
    let gone = |error: &CibError| error.exit() == ToolExit::NoSuch;
    match session.cib.call(request) {
        Err(error) if !gone(&error) => Err(error.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Removes the constraints whose time is over: of the resource, the node and the role, where they were named.
fn expired(session: &mut Session<'_>) -> Result<(), Stop> {
    let document = session.document.clone();
    let (resource, node) = (session.options.resource.as_deref(), session.node_name());
    for location in locations(&document) {
        let fits = is_made(location)
            && resource.is_none_or(|id| location.attr("rsc") == Some(id))
            && (!session.options.promoted
                || matches!(location.attr("role"), Some("Promoted" | "Master")))
            && node.as_deref().is_none_or(|node| is_for(location, node));
        if fits && is_over(location) {
            let id = location.id().unwrap_or_default();
            remove(session, Element::new("rsc_location").with("id", id))?;
        }
    }
    Ok(())
}

/// Whether moving or banning made the constraint.
fn is_made(location: &Element) -> bool {
    location.id().is_some_and(|id| id.starts_with("cli-ban-") || id.starts_with("cli-prefer-"))
}

fn is_for(location: &Element, node: &str) -> bool {
    location.attr("node") == Some(node)
        || location.children_named("rule").flat_map(|rule| rule.children_named("expression")).any(
            |expression| {
                expression.attr("attribute") == Some("#uname")
                    && expression.attr("value") == Some(node)
            },
        )
}

/// Whether the lifetime that the constraint was given has ended.
fn is_over(location: &Element) -> bool {
    let id = location.id().unwrap_or_default();
    let lifetime = if id.starts_with("cli-ban-") {
        format!("{id}-lifetime")
    } else {
        format!("cli-prefer-lifetime-end-{}", location.attr("rsc").unwrap_or_default())
    };
    location
        .descendants()
        .filter(|element| element.name() == "date_expression" && element.id() == Some(&lifetime))
        .filter_map(|element| CalendarTime::parse(element.attr("end")?).ok())
        .any(|end| end.moment(frame::local_time()) < frame::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constraint_is_over_when_its_lifetime_has_ended() {
        let made = |id: &str, lifetime: &str, end: &str| {
            xml::parse(&format!(
                "<rsc_location id='{id}' rsc='a'><rule id='r'><expression id='e' attribute='#uname' operation='eq' \
                 value='n1'/><date_expression id='{lifetime}' operation='lt' end='{end}'/></rule></rsc_location>"
            ))
            .expect("this is XML")
        };
        let past = "2001-02-03 04:05:06Z";
        let ban = made("cli-ban-a-on-n1", "cli-ban-a-on-n1-lifetime", past);
        assert!(is_made(&ban) && is_over(&ban) && is_for(&ban, "n1") && !is_for(&ban, "n2"));
        assert!(is_over(&made("cli-prefer-a", "cli-prefer-lifetime-end-a", past)));
        assert!(!is_over(&made(
            "cli-prefer-a",
            "cli-prefer-lifetime-end-a",
            "9998-01-01 00:00:00Z"
        )));
        assert!(!is_over(&made("cli-prefer-a", "other", past)));
        assert!(!is_made(&made("mine", "mine-lifetime", past)));
    }
}
