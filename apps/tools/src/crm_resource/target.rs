use client::cib::{Operation, Request};
use present::{Primitive, Resource, Status};
use vocab::ToolExit;
use xml::{Element, NodePath};

use super::{Session, Stop};

/// The primitives of the resource of that id: a primitive, a group, a clone, what it clones, or a member of one of these.
pub(super) fn find<'a>(status: &'a Status, id: &str) -> Option<Vec<&'a Primitive>> {
    for resource in &status.resources {
        let is_it = resource.id() == id
            || matches!(resource, Resource::Clone(clone) if clone.template == id);
        let primitives = resource.primitives();
        if is_it {
            return Some(primitives);
        }
        let members: Vec<&Primitive> =
            primitives.into_iter().filter(|primitive| primitive.id == id).collect();
        if !members.is_empty() {
            return Some(members);
        }
    }
    None
}

/// The configuration of the resource of that id; an instance's is that of what is cloned.
pub(super) fn configured<'a>(document: &'a Element, id: &str) -> Option<(NodePath, &'a Element)> {
    const RESOURCES: [&str; 6] = ["primitive", "group", "clone", "master", "bundle", "template"];
    let base = id.split(':').next().unwrap_or(id);
    let path = document.find_path(|element| {
        RESOURCES.contains(&element.name())
            && element.id().is_some_and(|found| found == id || found == base)
    })?;
    let element = document.at(&path)?;
    Some((path, element))
}

/// Deletes the resource from the configuration.
pub(super) fn delete(session: &mut Session<'_>) -> Result<(), Stop> {
    let id = session.resource_id()?.to_owned();
    let Some(kind) = session.options.resource_type.clone() else {
        return Err(Stop::new(
            ToolExit::NoSuch,
            format!(
                "You need to specify a resource type with -t\nError performing operation: {}",
                ToolExit::NoSuch
            ),
        ));
    };
    let wanted = Element::new(&kind).with("id", &id);
    let request = Request::change(Operation::Delete, Some("resources"), wanted)
        .with_options(session.call_options());
    session.cib.call(request)?;
    Ok(())
}
