use client::cib::{CallOptions, Operation, Request};
use vocab::ToolExit;
use xml::Element;

use super::{Session, Stop, target};

/// Which attributes of a resource are meant, by the name of their set.
fn set_element(session: &Session<'_>) -> &'static str {
    if session.options.meta {
        "meta_attributes"
    } else if session.options.utilization {
        "utilization"
    } else {
        "instance_attributes"
    }
}

/// An attribute that is there: the id of its set, its own id, its value.
struct Found {
    set: String,
    id: String,
    value: String,
}

fn find(session: &Session<'_>, resource: &Element, name: &str) -> Vec<Found> {
    let options = session.options;
    resource
        .children_named(set_element(session))
        .filter(|set| options.set_name.is_none() || set.id() == options.set_name.as_deref())
        .flat_map(|set| set.children_named("nvpair").map(move |pair| (set, pair)))
        .filter(|(_, pair)| pair.attr("name") == Some(name))
        .filter(|(_, pair)| options.nvpair.is_none() || pair.id() == options.nvpair.as_deref())
        .map(|(set, pair)| Found {
            set: set.id().unwrap_or_default().to_owned(),
            id: pair.id().unwrap_or_default().to_owned(),
            value: pair.attr("value").unwrap_or_default().to_owned(),
        })
        .collect()
}

fn resource(session: &Session<'_>) -> Result<(String, Element), Stop> {
    let id = session.resource_id()?.to_owned();
    match target::configured(&session.document, &id) {
        Some((_, element)) => Ok((id, element.clone())),
        None => Err(Stop::not_found("Resource", &id)),
    }
}

/// Shows an attribute.
pub(super) fn get(session: &mut Session<'_>, name: &str) -> Result<(), Stop> {
    let (id, resource) = resource(session)?;
    match find(session, &resource, name).first() {
        Some(found) => {
            let value = found.value.clone();
            session.output.element(Element::new("item").with("name", name).with("value", &value));
            session.output.line(value);
        }
        None => session.output.line(format!("Attribute '{name}' not found for '{id}'")),
    }
    Ok(())
}

/// Sets an attribute.
pub(super) fn set(session: &mut Session<'_>, name: &str) -> Result<(), Stop> {
    let Some(value) = session.options.parameter_value.clone() else {
        return Err(Stop::new(ToolExit::Usage, "You need to supply a value with the -v option"));
    };
    let (id, resource) = resource(session)?;
    let found = find(session, &resource, name);
    if found.len() > 1 {
        return Err(several(name, &found));
    }
    let set_name = set_element(session);
    let set_id = found.first().map(|found| found.set.clone()).unwrap_or_else(|| {
        let existing = resource.child(set_name).and_then(Element::id).map(str::to_owned);
        session.options.set_name.clone().or(existing).unwrap_or_else(|| format!("{id}-{set_name}"))
    });
    let pair_id = found.first().map(|found| found.id.clone()).unwrap_or_else(|| {
        session.options.nvpair.clone().unwrap_or_else(|| format!("{set_id}-{name}"))
    });
    let pair = Element::new("nvpair").with("id", &pair_id).with("name", name).with("value", &value);
    let set = Element::new(set_name).with("id", &set_id).with_child(pair);
    let data =
        Element::new(resource.name()).with("id", resource.id().unwrap_or_default()).with_child(set);
    let options = session.call_options() | CallOptions::CAN_CREATE;
    session.cib.modify(Some("resources"), data, options)?;
    if !session.options.quiet {
        session.output.line(format!(
            "Set '{id}' option: id={pair_id} set={set_id} name={name} value={value}"
        ));
    }
    Ok(())
}

/// Deletes an attribute; one that is not there is deleted already.
pub(super) fn delete(session: &mut Session<'_>, name: &str) -> Result<(), Stop> {
    let (id, resource) = resource(session)?;
    let found = find(session, &resource, name);
    let [one] = &found[..] else {
        return if found.is_empty() { Ok(()) } else { Err(several(name, &found)) };
    };
    let pair = Element::new("nvpair").with("id", &one.id);
    let request = Request::change(Operation::Delete, Some("resources"), pair)
        .with_options(session.call_options());
    session.cib.call(request)?;
    if !session.options.quiet {
        session.output.line(format!("Deleted '{id}' option: id={} name={name}", one.id));
    }
    Ok(())
}

fn several(name: &str, found: &[Found]) -> Stop {
    let mut message = format!("Multiple attributes match name={name}");
    for Found { set, id, value } in found {
        message.push_str(&format!("\n  Value: {value} \t(set={set}, id={id})"));
    }
    Stop::new(ToolExit::Multiple, message)
}
