use xml::Element;

use super::{
    check_resource, check_wanted_id, duplicate, primary_role, push, remove_where, section,
};
use crate::{Ids, Outcome, Pairs, Refused, find, operation, quoted_list};

/// A colocation that is to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Colocation {
    /// The resource that is placed.
    pub resource: String,
    /// The role it is placed in.
    pub role: Option<String>,
    /// The resource it is placed by.
    pub with: String,
    /// The role of that one.
    pub with_role: Option<String>,
    /// How strongly; empty means always.
    pub score: Option<String>,
    /// More attributes, among them maybe its id.
    pub options: Pairs,
}

/// Places a resource by another one.
pub fn colocate(cib: &mut Element, new: &Colocation, force: bool) -> Outcome {
    let new_roles = operation::has_new_roles(cib);
    let role = |role: &Option<String>| -> Result<Option<String>, Refused> {
        let Some(given) = role else { return Ok(None) };
        let clean = operation::capitalized(given);
        if !operation::ROLES.contains(&clean.as_str()) {
            let message = format!(
                "invalid role value '{given}', allowed values are: {}",
                quoted_list(operation::ROLES)
            );
            return Err(Refused::because("INVALID_OPTION_VALUE", message));
        }
        Ok(Some(operation::role_in(&clean, new_roles)))
    };
    let (mut first, mut second) = (role(&new.role)?, role(&new.with_role)?);
    check_resource(cib, &new.resource, force)?;
    check_resource(cib, &new.with, force)?;
    if first.is_some() != second.is_some() {
        // One role alone would leave the other open.
        first.get_or_insert_with(|| "Started".to_owned());
        second.get_or_insert_with(|| "Started".to_owned());
    }
    let mut ids = Ids::of(cib);
    let score = new.score.as_deref().unwrap_or("INFINITY");
    let mut element = Element::new("rsc_colocation")
        .with("rsc", &new.resource)
        .with("with-rsc", &new.with)
        .with("score", score)
        .with_some("rsc-role", first)
        .with_some("with-rsc-role", second);
    for (name, value) in &new.options {
        if name == "id" {
            check_wanted_id(&ids, value)?;
        }
        element.set(name, value);
    }
    if element.id().is_none() {
        element.set("id", ids.take(&format!("colocation-{}-{}-{score}", new.resource, new.with)));
    }
    if !force {
        let same: Vec<String> = section(cib)
            .filter(|other| {
                other.name() == "rsc_colocation" && other.child("resource_set").is_none()
            })
            .filter(|other| key(other) == key(&element))
            .map(|other| super::describe(other, true))
            .collect();
        if !same.is_empty() {
            return Err(duplicate(&same));
        }
    }
    push(cib, element);
    Ok(Vec::new())
}

fn key(element: &Element) -> [String; 4] {
    let role = |name| {
        let role = element.attr(name).map(operation::capitalized);
        role.as_deref().map_or("Started", primary_role).to_owned()
    };
    let get = |name| element.attr(name).unwrap_or_default().to_owned();
    [get("rsc"), get("with-rsc"), role("rsc-role"), role("with-rsc-role")]
}

/// Removes the colocations of two resources, whichever is placed by the other.
pub fn remove_colocation(cib: &mut Element, a: &str, b: &str) -> Outcome {
    let pair = |constraint: &Element| {
        let ends = (constraint.attr("rsc"), constraint.attr("with-rsc"));
        constraint.name() == "rsc_colocation"
            && (ends == (Some(a), Some(b)) || ends == (Some(b), Some(a)))
    };
    if remove_where(cib, pair) {
        return Ok(Vec::new());
    }
    let _ = find::section_mut(cib, "constraints");
    Err(Refused::because("ID_NOT_FOUND", "No matching resources found in ordering list"))
}

/// `a with b (score:INFINITY) (rsc-role:Promoted) (with-rsc-role:Started)`
pub(super) fn describe(constraint: &Element) -> String {
    let get = |name| constraint.attr(name).unwrap_or_default();
    let mut line = format!("{} with {}", get("rsc"), get("with-rsc"));
    let mut options: Vec<(&str, &str)> = constraint
        .attrs()
        .filter(|(name, _)| !matches!(*name, "id" | "rsc" | "with-rsc" | "score"))
        .collect();
    options.sort_unstable();
    if let Some(score) = constraint.attr("score") {
        options.insert(0, ("score", score));
    }
    for (name, value) in options {
        let value = if name.ends_with("role") { primary_role(value) } else { value };
        line.push_str(&format!(" ({name}:{value})"));
    }
    line
}
