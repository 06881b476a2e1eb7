//! Shows which resources there are, where they are and how they are configured.

use model::{Model, NodeKey, ResourceKey, Variant};
use present::{Detail, Sections, Show, Status, TextList};
use vocab::{Role, ToolExit};
use xml::{Element, Node};

use super::{
    attribute::configured,
    session::{Session, Stop, configured_name},
};
use crate::{frame, output::Format};

/// Lists all resources with their state.
pub(super) fn list(session: &mut Session<'_>) -> Result<(), Stop> {
    let sections = Sections { resources: true, ..Sections::NONE };
    let mut show = Show::new(sections, frame::utc_offset_seconds());
    show.detail = Detail {
        inactive: true,
        always_list_resources: true,
        hide_places: true,
        newer_words: true,
        ..show.detail
    };
    let status = Status::of(&session.model, &session.document);
    if session.output.format() == Format::Xml {
        for element in present::to_xml(&status, &show) {
            if element.name() == "resources" {
                session.output.element(element);
            }
        }
    }
    let mut text = TextList::new();
    present::resource_list(&mut text, &status, &show);
    session.output.text(&text.into_text());
    if session.model.top.is_empty() { Err(Stop::failed(ToolExit::NoSuch)) } else { Ok(()) }
}

/// Lists the ids of all instances.
pub(super) fn list_ids(session: &mut Session<'_>) -> Result<(), Stop> {
    let model = &session.model;
    if model.top.is_empty() {
        session.output.remark("NO resources configured\n");
        return Err(Stop::failed(ToolExit::NoSuch));
    }
    let ids: Vec<&str> =
        leaves(model, &model.top).into_iter().map(|key| model.resources[key].id.as_str()).collect();
    let items = ids.iter().map(|id| {
        let mut item = Element::new("item").with("name", "resource");
        item.push(Node::Text((*id).into()));
        item
    });
    let list = Element::new("list").with("name", "resource names").with("count", ids.len());
    session.output.element(list.with_children(items));
    for id in ids {
        session.output.line(id);
    }
    Ok(())
}

/// What has no parts of the resources and their parts.
pub(super) fn leaves(model: &Model, resources: &[ResourceKey]) -> Vec<ResourceKey> {
    let mut pending: Vec<ResourceKey> = resources.iter().rev().copied().collect();
    let mut found = Vec::new();
    while let Some(key) = pending.pop() {
        let children = &model.resources[key].state.children;
        if children.is_empty() {
            found.push(key);
        }
        pending.extend(children.iter().rev());
    }
    found
}

/// The role a resource has: for a collection the highest of its parts.
pub(super) fn role(model: &Model, key: ResourceKey) -> Role {
    let resource = &model.resources[key];
    if resource.state.children.is_empty() {
        return resource.state.role;
    }
    let parts = resource.state.children.iter().map(|&child| role(model, child));
    parts.max().unwrap_or(Role::Unknown)
}

/// Where the resource of that name is, and whether it is promoted there.
pub(super) fn places(model: &Model, key: ResourceKey, requested: &str) -> Vec<(NodeKey, bool)> {
    let resource = &model.resources[key];
    let top = model.top_of(key, true);
    let is_common_name = model.resources[top].is_clone()
        && !resource.unique
        && resource.state.history_id.as_ref().is_some_and(|known| known.as_str() == requested)
        && resource.id.as_str() != requested;
    let parts = if resource.is_clone() {
        resource.state.children.clone()
    } else if is_common_name {
        model.resources[top].state.children.clone()
    } else {
        vec![key]
    };
    let mut places = Vec::new();
    for part in parts {
        let resource = &model.resources[part];
        let promoted = resource.promotable && role(model, part) == Role::Promoted;
        places.extend(resource.state.active_on.iter().map(|&node| (node, promoted)));
    }
    places.reverse();
    places
}

/// Shows where the resource is.
pub(super) fn locate(session: &mut Session<'_>) -> Result<(), Stop> {
    let (key, id) = (session.key()?, session.requested()?);
    let places: Vec<(String, bool)> = places(&session.model, key, id)
        .into_iter()
        .map(|(node, promoted)| (session.model.nodes[node].name.to_string(), promoted))
        .collect();
    let nodes = places.iter().map(|(name, promoted)| {
        let mut node = Element::new("node").with_some("state", promoted.then_some("promoted"));
        node.push(Node::Text(name.as_str().into()));
        node
    });
    session.output.element(Element::new("nodes").with("resource", id).with_children(nodes));
    if session.output.format() != Format::Text {
        return Ok(());
    }
    if places.is_empty() && !session.options.quiet {
        session.output.remark(format!("resource {id} is NOT running"));
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

/// Shows the resource's state and configuration; `raw` as it was written, else with what it has from its template.
pub(super) fn query(session: &mut Session<'_>, raw: bool) -> Result<(), Stop> {
    let key = session.key()?;
    let mut show = Show::new(Sections::NONE, frame::utc_offset_seconds());
    show.detail.inactive = true;
    show.detail.newer_words = true;
    let status = Status::of_resource(&session.model, &session.document, key);
    let element = configuration(session, key, raw)?;
    let mut shown = Element::new("resource_config");
    if session.output.format() == Format::Xml {
        shown = shown.with_children(present::resource_elements(&status, &show));
    }
    let mut text = TextList::new();
    present::resource_items(&mut text, &status, &show);
    session.output.text(&text.into_items());
    session.output.text("Resource XML:\n");
    let xml = element.to_pretty();
    session.output.text(&xml);
    let mut written = Element::new("xml");
    written.push(Node::Text(xml.into()));
    session.output.element(shown.with_child(written));
    Ok(())
}

/// The configuration of a resource. That of an instance says of which clone's instance it is one.
fn configuration(session: &Session<'_>, key: ResourceKey, raw: bool) -> Result<Element, Stop> {
    let resource = &session.model.resources[key];
    let written = configured(&session.document, configured_name(resource))
        .ok_or_else(|| Stop::failed(ToolExit::NoSuch))?;
    let template = written.attr("template").filter(|_| !raw);
    let found = template.and_then(|name| configured(&session.document, name));
    let mut element = match found {
        Some(template) => model::from_template(written, template),
        None => written.clone(),
    };
    let parent = resource.parent.map(|parent| &session.model.resources[parent].variant);
    if let (Some(Variant::Clone(_)), Some(number)) = (parent, &resource.instance) {
        set_instance(&mut element, number);
    }
    Ok(element)
}

fn set_instance(element: &mut Element, number: &str) {
    element.set("clone", number);
    for member in element.elements_mut().filter(|member| member.name() == "primitive") {
        member.set("clone", number);
    }
}
