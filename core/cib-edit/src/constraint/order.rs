use xml::Element;

use super::{check_resource, check_wanted_id, duplicate, push, section};
use crate::{Ids, Kind, Outcome, Pairs, Refused, Report, find};

/// An order that is to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The resource that acts first.
    pub first: String,
    /// What it does.
    pub first_action: String,
    /// The resource that acts then.
    pub then: String,
    /// What it does.
    pub then_action: String,
    /// More attributes, among them maybe its id.
    pub options: Pairs,
    /// Whether stopping is in the opposite order, if it is said.
    pub symmetrical: Option<String>,
}

/// Makes one resource wait for another.
pub fn order(cib: &mut Element, new: &Order, force: bool) -> Outcome {
    check_resource(cib, &new.first, force)?;
    check_resource(cib, &new.then, force)?;
    let group_of = |id: &str| {
        let found = find::resource(cib, id)?;
        let parent = find::parent(cib, &found.path)?;
        (parent.kind == Kind::Group).then(|| parent.element.id().unwrap_or_default().to_owned())
    };
    if group_of(&new.first).is_some() && group_of(&new.first) == group_of(&new.then) {
        let message = "Cannot create an order constraint for resources in the same group";
        return Err(Refused::because("CANNOT_ORDER_WITHIN_GROUP", message));
    }
    let mut ids = Ids::of(cib);
    let mut options = new.options.clone();
    for (_, id) in options.iter().filter(|(name, _)| name == "id") {
        check_wanted_id(&ids, id)?;
    }
    options.push(("first-action".to_owned(), new.first_action.clone()));
    options.push(("then-action".to_owned(), new.then_action.clone()));
    options.extend(new.symmetrical.iter().map(|value| ("symmetrical".to_owned(), value.clone())));
    let strength = options.iter().find(|(name, _)| name == "score" || name == "kind");
    let (strength, suffix) = match strength {
        Some((name, value)) => (format!("{name}: {value}"), value.clone()),
        None => ("kind: Mandatory".to_owned(), "mandatory".to_owned()),
    };
    let listed: Vec<String> = options
        .iter()
        .filter(|(name, _)| name != "kind" && name != "score")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut element = Element::new("rsc_order").with("first", &new.first).with("then", &new.then);
    options.iter().for_each(|(name, value)| element.set(name, value));
    if element.id().is_none() {
        element.set("id", ids.take(&format!("order-{}-{}-{suffix}", new.first, new.then)));
    }
    if !force {
        let same: Vec<String> = section(cib)
            .filter(|other| other.name() == "rsc_order" && other.child("resource_set").is_none())
            .filter(|other| key(other) == key(&element))
            .map(|other| super::describe(other, true))
            .collect();
        if !same.is_empty() {
            return Err(duplicate(&same));
        }
    }
    push(cib, element);
    let message =
        format!("Adding {} {} ({strength}) (Options: {})", new.first, new.then, listed.join(" "));
    Ok(vec![Report::info("ADDING_ORDER", message)])
}

fn key(element: &Element) -> [String; 4] {
    let action = |name| element.attr(name).unwrap_or("start").to_lowercase();
    let get = |name| element.attr(name).unwrap_or_default().to_owned();
    [get("first"), get("then"), action("first-action"), action("then-action")]
}

/// Removes resources from all orders.
pub fn remove_order(cib: &mut Element, resources: &[String]) -> Outcome {
    let involves = |constraint: &Element, id: &str| {
        constraint.name() == "rsc_order"
            && (constraint.attr("first") == Some(id)
                || constraint.attr("then") == Some(id)
                || constraint
                    .descendants()
                    .any(|inner| inner.name() == "resource_ref" && inner.id() == Some(id)))
    };
    let mut found = false;
    for id in resources {
        if !section(cib).any(|constraint| involves(constraint, id)) {
            continue;
        }
        found = true;
        let constraints = find::section_mut(cib, "constraints");
        for constraint in constraints.elements_mut().filter(|each| involves(each, id)) {
            for set in constraint.elements_mut() {
                set.nodes_mut().retain(|node| {
                    node.as_element().is_none_or(|member| member.id() != Some(id.as_str()))
                });
            }
            constraint
                .nodes_mut()
                .retain(|node| node.as_element().is_none_or(|set| set.children().next().is_some()));
        }
        constraints.nodes_mut().retain(|node| {
            node.as_element().is_none_or(|constraint| {
                constraint.name() != "rsc_order"
                    || !(constraint.attr("first") == Some(id.as_str())
                        || constraint.attr("then") == Some(id.as_str())
                        || (constraint.attr("first").is_none()
                            && constraint.children().next().is_none()))
            })
        });
    }
    if found {
        return Ok(Vec::new());
    }
    Err(Refused::because("ID_NOT_FOUND", "No matching resources found in ordering list"))
}

/// `start a then start b (kind:Mandatory) (non-symmetrical)`
pub(super) fn describe(constraint: &Element) -> String {
    let action =
        |name: &str| constraint.attr(name).map(|action| format!("{action} ")).unwrap_or_default();
    let get = |name| constraint.attr(name).unwrap_or_default();
    let mut line = format!(
        "{}{} then {}{}",
        action("first-action"),
        get("first"),
        action("then-action"),
        get("then")
    );
    let strength = ["kind", "score"]
        .into_iter()
        .find_map(|name| Some((name, constraint.attr(name)?)))
        .unwrap_or(("kind", "Mandatory"));
    line.push_str(&format!(" ({}:{})", strength.0, strength.1));
    if constraint.attr("symmetrical").is_some_and(|value| value.eq_ignore_ascii_case("false")) {
        line.push_str(" (non-symmetrical)");
    }
    let known =
        ["id", "first", "then", "first-action", "then-action", "kind", "score", "symmetrical"];
    let mut others: Vec<_> = constraint.attrs().filter(|(name, _)| !known.contains(name)).collect();
    others.sort_unstable();
    if !others.is_empty() {
        let others: Vec<String> =
            others.iter().map(|(name, value)| format!("{name}={value}")).collect();
        line.push_str(&format!(" (Options: {})", others.join(" ")));
    }
    line
}
