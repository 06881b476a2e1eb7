use xml::{Element, NodePath};

use crate::{Kind, Outcome, Refused, Report, find, quoted_list};

/// Removes a resource with everything inside it and everything that refers to it. Says what was removed.
pub fn remove(cib: &mut Element, id: &str) -> Outcome {
    let found = find::resource(cib, id).ok_or_else(|| {
        Refused::because("ID_NOT_FOUND", format!("Resource '{id}' does not exist."))
    })?;
    check_tags(cib, id, found.element)?;
    let mut reports = Vec::new();
    let group = match found.kind {
        Kind::Clone => {
            let inner: Vec<_> = find::inner(found.element)
                .filter_map(|inner| Some((inner.id()?.to_owned(), Kind::of(inner)?)))
                .collect();
            match inner.first() {
                Some((inner, Kind::Group)) => Some(inner.clone()),
                Some((inner, _)) => {
                    let inner = inner.clone();
                    return remove(cib, &inner);
                }
                None => None,
            }
        }
        Kind::Group => Some(id.to_owned()),
        Kind::Bundle => {
            let inner = find::inner(found.element).next().and_then(Element::id).map(str::to_owned);
            let path = found.path.clone();
            return Ok(remove_bundle(cib, id, inner.as_deref(), &path));
        }
        Kind::Primitive => None,
    };
    let Some(group) = group else {
        remove_primitive(cib, id, &mut reports);
        return Ok(reports);
    };
    reports.push(Report::info(
        "REMOVING_GROUP",
        format!("Removing group: {group} (and all resources within group)"),
    ));
    reports.push(Report::info(
        "STOPPING_GROUP",
        format!("Stopping all resources in group: {group}..."),
    ));
    let members: Vec<String> = find::resource(cib, &group)
        .map(|found| {
            find::inner(found.element).filter_map(Element::id).map(str::to_owned).collect()
        })
        .unwrap_or_default();
    for member in members {
        remove_primitive(cib, &member, &mut reports);
    }
    Ok(reports)
}

fn check_tags(cib: &Element, id: &str, element: &Element) -> Result<(), Refused> {
    let removed: Vec<&str> = element
        .descendants()
        .filter(|inner| Kind::of(inner).is_some())
        .filter_map(Element::id)
        .collect();
    let tags = cib.descend(&["configuration", "tags"]);
    let holding: Vec<&str> = tags
        .into_iter()
        .flat_map(Element::children)
        .filter(|tag| {
            tag.children().any(|member| member.id().is_some_and(|id| removed.contains(&id)))
        })
        .filter_map(Element::id)
        .collect();
    if holding.is_empty() {
        return Ok(());
    }
    let noun = if holding.len() > 1 { "tags" } else { "the tag" };
    let message = format!(
        "Unable to remove resource '{id}' because it is referenced in {noun}: {}",
        quoted_list(holding)
    );
    Err(Refused::because("RESOURCE_IS_REFERENCED", message))
}

fn remove_bundle(cib: &mut Element, id: &str, inner: Option<&str>, path: &NodePath) -> Vec<Report> {
    let message = match inner {
        Some(inner) => format!("Deleting bundle '{id}' and its inner resource '{inner}'"),
        None => format!("Deleting bundle '{id}'"),
    };
    let mut reports = vec![Report::info("DELETING_BUNDLE", message)];
    if let Some(inner) = inner {
        reports.extend(removed_constraints(remove_references(cib, inner)));
    }
    reports.extend(removed_constraints(remove_references(cib, id)));
    let _ = cib.remove_at(path);
    reports
}

fn removed_constraints(ids: Vec<String>) -> impl Iterator<Item = Report> {
    ids.into_iter()
        .map(|id| Report::info("REMOVING_CONSTRAINT", format!("Removing Constraint - {id}")))
}

/// Removes a primitive, and the group and clone around it if nothing else is left in them.
fn remove_primitive(cib: &mut Element, id: &str, reports: &mut Vec<Report>) {
    let Some(found) = find::resource(cib, id) else { return };
    let mut outer = found.path.clone();
    let mut also = Vec::new();
    let mut around = find::parent(cib, &outer);
    while let Some(parent) = around {
        if find::inner(parent.element).count() > 1 || parent.kind == Kind::Bundle {
            break;
        }
        outer.clone_from(&parent.path);
        also.push((parent.element.id().unwrap_or_default().to_owned(), parent.kind));
        around = find::parent(cib, &parent.path);
    }
    reports.extend(removed_constraints(remove_references(cib, id)));
    for (around, _) in &also {
        reports.extend(removed_constraints(remove_references(cib, around)));
    }
    let groups = also.iter().any(|(_, kind)| *kind == Kind::Group);
    let clones = also.iter().any(|(_, kind)| *kind == Kind::Clone);
    let with = match (groups, clones) {
        (true, true) => " (and group and clone)",
        (true, false) => " (and group)",
        (false, _) => "",
    };
    reports.push(Report::info("DELETING_RESOURCE", format!("Deleting Resource{with} - {id}")));
    let _ = cib.remove_at(&outer);
}

/// Removes constraints, fencing levels and permissions that refer to a resource. Gives the ids of the constraints that are
/// gone; resource sets lose the resource and stay, unless it was their last.
pub fn remove_references(cib: &mut Element, id: &str) -> Vec<String> {
    let mut removed = Vec::new();
    let has_constraints = cib
        .descend(&["configuration", "constraints"])
        .is_some_and(|section| section.descendants().any(|element| refers(element, id)));
    if has_constraints {
        let section = find::section_mut(cib, "constraints");
        for constraint in section.elements_mut() {
            drop_from_sets(constraint, id);
        }
        section.nodes_mut().retain(|node| {
            let Some(constraint) = node.as_element() else { return true };
            let gone = refers(constraint, id) || constraint.attr("drop") == Some("sets");
            if gone {
                removed.push(constraint.id().unwrap_or_default().to_owned());
            }
            !gone
        });
    }
    drop_from_levels(cib, id);
    removed
}

fn refers(element: &Element, id: &str) -> bool {
    let names = ["rsc", "with-rsc", "first", "then"];
    names.into_iter().any(|name| element.attr(name) == Some(id))
        || (element.name() == "resource_ref" && element.id() == Some(id))
}

/// Takes a resource out of a constraint's sets and marks the constraint if no set is left.
fn drop_from_sets(constraint: &mut Element, id: &str) {
    let had_sets = constraint.child("resource_set").is_some();
    if !had_sets {
        return;
    }
    for set in constraint.elements_mut().filter(|child| child.name() == "resource_set") {
        set.nodes_mut().retain(|node| node.as_element().is_none_or(|member| !refers(member, id)));
    }
    constraint.nodes_mut().retain(|node| {
        node.as_element()
            .is_none_or(|set| set.name() != "resource_set" || set.children().next().is_some())
    });
    if constraint.child("resource_set").is_none() {
        constraint.set("drop", "sets");
    }
}

fn drop_from_levels(cib: &mut Element, id: &str) {
    let uses = |level: &Element| {
        level.attr("devices").is_some_and(|devices| devices.split(',').any(|device| device == id))
    };
    let topology = cib.descend(&["configuration", "fencing-topology"]);
    if !topology.is_some_and(|topology| topology.children().any(uses)) {
        return;
    }
    let topology = find::section_mut(cib, "fencing-topology");
    for level in topology.elements_mut().filter(|level| uses(level)) {
        let rest: Vec<String> = level
            .attr("devices")
            .unwrap_or_default()
            .split(',')
            .filter(|device| *device != id)
            .map(str::to_owned)
            .collect();
        level.set("devices", rest.join(","));
    }
    topology
        .nodes_mut()
        .retain(|node| node.as_element().is_none_or(|level| level.attr("devices") != Some("")));
}
