use xml::Element;

use crate::{Kind, Outcome, Refused, Report, find, nvset};

/// Checks that a constraint for the resource will do what `verb` says: promotable clones are placed as a whole.
fn check(cib: &Element, resource: &str, verb: &str) -> Result<(), Refused> {
    let refused = |code, message: String| {
        Err(Refused { reports: vec![Report::error(code, message)], complete: true })
    };
    let Some(found) = find::resource(cib, resource) else {
        let message = format!("bundle/clone/group/resource '{resource}' does not exist");
        return refused("ID_NOT_FOUND", message);
    };
    let mut around = find::parent(cib, &found.path);
    while let Some(parent) = around {
        let promotable = parent.element.name() == "master"
            || nvset::value(parent.element, "meta_attributes", "promotable")
                .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if parent.kind == Kind::Clone && promotable && verb == "move" {
            let id = parent.element.id().unwrap_or_default();
            let message = format!(
                "to {verb} promotable clone resources you must use the promotable clone id ({id})"
            );
            return refused("CANNOT_MOVE_RESOURCE_PROMOTABLE_INNER", message);
        }
        around = find::parent(cib, &parent.path);
    }
    Ok(())
}

fn put(cib: &mut Element, constraint: Element) {
    let section = find::section_mut(cib, "constraints");
    let id = constraint.id().map(str::to_owned);
    section
        .nodes_mut()
        .retain(|node| node.as_element().is_none_or(|other| other.id() != id.as_deref()));
    section.push(constraint);
}

fn location(id: String, resource: &str, role: &str, node: &str, score: &str) -> Element {
    Element::new("rsc_location")
        .with("id", id)
        .with("rsc", resource)
        .with("role", role)
        .with("node", node)
        .with("score", score)
}

fn role(promoted: bool) -> &'static str {
    if promoted { "Promoted" } else { "Started" }
}

/// Prefers a node for a resource above everything else, until it is cleared.
pub fn move_to(cib: &mut Element, resource: &str, node: &str, promoted: bool) -> Outcome {
    check(cib, resource, "move")?;
    let id = format!("cli-prefer-{resource}");
    // An earlier ban of the node would win.
    let section = find::section_mut(cib, "constraints");
    let ban = format!("cli-ban-{resource}-on-{node}");
    section.nodes_mut().retain(|entry| {
        entry.as_element().is_none_or(|constraint| constraint.id() != Some(ban.as_str()))
    });
    put(cib, location(id, resource, role(promoted), node, "INFINITY"));
    Ok(vec![Report::warning(
        "RESOURCE_MOVE_CONSTRAINT_CREATED",
        format!(
            "A move constraint has been created and the resource '{resource}' may or may not move depending on other configuration"
        ),
    )])
}

/// Keeps a resource away from a node, until it is cleared.
pub fn ban(cib: &mut Element, resource: &str, node: &str, promoted: bool) -> Outcome {
    check(cib, resource, "ban")?;
    let id = format!("cli-ban-{resource}-on-{node}");
    put(cib, location(id.clone(), resource, role(promoted), node, "-INFINITY"));
    let doing = if promoted { "being promoted" } else { "running" };
    Ok(vec![Report::warning(
        "RESOURCE_BAN_CONSTRAINT_CREATED",
        format!(
            "Creating location constraint '{id}' with a score of -INFINITY for resource {resource} on {node}.\n\tThis will prevent {resource} from {doing} on {node} until the constraint is removed\n\tThis will be the case even if {node} is the last node in the cluster"
        ),
    )])
}

/// Removes what moving and banning left, for one node or all.
pub fn clear(cib: &mut Element, resource: &str, node: Option<&str>) -> Outcome {
    check(cib, resource, "clear")?;
    let prefix = format!("cli-ban-{resource}-on-");
    let prefer = format!("cli-prefer-{resource}");
    let is_ours = |constraint: &Element| {
        let id = constraint.id().unwrap_or_default();
        let of_node = node.is_none() || constraint.attr("node") == node;
        of_node
            && (id == prefer || id.starts_with(&prefix))
            && constraint.attr("rsc") == Some(resource)
    };
    let mut removed: Vec<String> = Vec::new();
    let section = find::section_mut(cib, "constraints");
    section.nodes_mut().retain(|entry| match entry.as_element() {
        Some(constraint) if is_ours(constraint) => {
            removed.push(constraint.id().unwrap_or_default().to_owned());
            false
        }
        Some(_) | None => true,
    });
    removed.sort();
    Ok(removed
        .into_iter()
        .map(|id| Report::info("REMOVING_CONSTRAINT", format!("Removing constraint: {id}")))
        .collect())
}
