use present::{Detail, Primitive, Resource, Sections, Show, TextList};
use vocab::{Role, ToolExit};
use xml::{Element, Node};

use super::{Session, Stop, target};
use crate::{frame, output::Format};

/// Lists all resources with their state.
pub(super) fn list(session: &mut Session<'_>) {
    let sections = Sections { resources: true, ..Sections::NONE };
    let mut show = Show::new(sections, frame::utc_offset_seconds());
    show.detail =
        Detail { inactive: true, always_list_resources: true, hide_places: true, ..show.detail };
    if session.output.format() == Format::Xml {
        for element in present::to_xml(&session.status, &show) {
            if element.name() == "resources" {
                session.output.element(element);
            }
        }
        return;
    }
    let mut text = TextList::new();
    present::resource_list(&mut text, &session.status, &show);
    session.output.text(&text.into_text());
}

/// Lists the ids of all instances.
pub(super) fn list_ids(session: &mut Session<'_>) {
    let mut ids = Vec::new();
    for resource in &session.status.resources {
        instance_ids(resource, &mut ids);
    }
    if ids.is_empty() {
        session.output.line("NO resources configured");
    }
    for id in ids {
        session.output.line(&id);
        session.output.element(Element::new("resource").with("id", id));
    }
}

fn instance_ids(resource: &Resource, ids: &mut Vec<String>) {
    match resource {
        Resource::Primitive(primitive) => ids.push(primitive.id.clone()),
        Resource::Group(group) => ids.extend(group.members.iter().map(|member| member.id.clone())),
        Resource::Clone(clone) => {
            for (number, instance) in clone.instances.iter().enumerate() {
                for primitive in instance.primitives() {
                    let base = primitive.id.split(':').next().unwrap_or_default();
                    ids.push(format!("{base}:{number}"));
                }
            }
        }
        Resource::Bundle(_) => ids.extend(resource.primitives().iter().map(|p| p.id.clone())),
    }
}

/// Shows where the resource is.
pub(super) fn locate(session: &mut Session<'_>) -> Result<(), Stop> {
    let id = session.resource_id()?.to_owned();
    let primitives = active_primitives(session, &id)?;
    let mut places: Vec<(String, bool)> = Vec::new();
    for primitive in primitives.iter().filter(|primitive| primitive.active) {
        for node in &primitive.nodes {
            let promoted = primitive.role == Role::Promoted;
            if !places.iter().any(|(name, _)| *name == node.name) {
                places.push((node.name.clone(), promoted));
            }
        }
    }
    if session.output.format() == Format::Xml {
        let nodes = places.iter().map(|(name, promoted)| {
            let mut node = Element::new("node").with_some("state", promoted.then_some("promoted"));
            node.push(Node::Text(name.as_str().into()));
            node
        });
        let element = Element::new("nodes").with("resource", &id).with_children(nodes);
        session.output.element(element);
        return Ok(());
    }
    if places.is_empty() {
        session.output.line(format!("resource {id} is NOT running"));
    }
    for (name, promoted) in places {
        if session.options.quiet {
            session.output.line(name);
        } else {
            let role = if promoted { " Promoted" } else { "" };
            session.output.line(format!("resource {id} is running on: {name}{role}"));
        }
    }
    Ok(())
}

/// The primitives of the resource of that id, which may be a group, a clone or what is inside them.
fn active_primitives(session: &Session<'_>, id: &str) -> Result<Vec<Primitive>, Stop> {
    let found = target::find(&session.status, id).ok_or_else(|| Stop::not_found("Resource", id))?;
    Ok(found.into_iter().cloned().collect())
}

/// Shows the resource's state and configuration.
pub(super) fn query(session: &mut Session<'_>) -> Result<(), Stop> {
    let id = session.resource_id()?.to_owned();
    let Some((_, element)) = target::configured(&session.document, &id) else {
        return Err(Stop::not_found("Resource", &id));
    };
    let element = element.clone();
    let mut show = Show::new(Sections::NONE, frame::utc_offset_seconds());
    show.detail.inactive = true;
    show.resources.push(id);
    if session.output.format() == Format::Xml {
        let mut configuration = Element::new("xml");
        configuration.push(Node::Text(element.to_pretty().into()));
        session.output.element(configuration);
        return Ok(());
    }
    let mut text = TextList::new();
    present::resource_items(&mut text, &session.status, &show);
    session.output.text(&text.into_text());
    session.output.text("Resource XML:\n");
    session.output.text(&element.to_pretty());
    Ok(())
}

/// Shows whether resources run, and what keeps those that do not.
pub(super) fn why(session: &mut Session<'_>) -> Result<(), Stop> {
    let ids: Vec<String> = match session.options.resource.clone() {
        Some(id) => vec![id],
        None => session.status.resources.iter().map(|resource| resource.id().to_owned()).collect(),
    };
    let only_on = session.node()?.map(str::to_owned);
    for id in ids {
        let primitives = active_primitives(session, &id)?;
        let place = primitives
            .iter()
            .flat_map(|primitive| &primitive.nodes)
            .find(|node| only_on.as_ref().is_none_or(|only| *only == node.name));
        let runs = place.is_some();
        let text = match (&only_on, runs) {
            (Some(node), true) => format!("Resource {id} is running on host {node}"),
            (Some(node), false) => {
                format!("Resource {id} is assigned to host {node} but not running")
            }
            (None, true) => format!("Resource {id} is running"),
            (None, false) => format!("Resource {id} is not running"),
        };
        session.output.line(&text);
        session.output.element(Element::new("reason").with("resource", &id).with("running", runs));
        for reason in primitives.iter().filter(|p| !p.active).filter_map(reason) {
            session.output.line(reason);
        }
    }
    Ok(())
}

/// What the configuration says that keeps a resource from running.
fn reason(primitive: &Primitive) -> Option<String> {
    let id = &primitive.id;
    if primitive.target_role.as_deref().map(str::parse) == Some(Ok(Role::Stopped)) {
        return Some(format!("Configuration specifies '{id}' should remain stopped"));
    }
    if !primitive.managed {
        return Some(format!("Configuration specifies '{id}' should not be managed"));
    }
    primitive.blocked.then(|| format!("Resource {id} is blocked after a failure"))
}

impl From<xml::ParseError> for Stop {
    fn from(error: xml::ParseError) -> Self {
        Self::new(ToolExit::DataError, error.to_string())
    }
}
