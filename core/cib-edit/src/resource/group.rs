use xml::Element;

use crate::{Ids, Kind, Outcome, Refused, Report, check_id, find, quoted_list, resources};

/// Where among a group's members something goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Position {
    /// Behind all.
    #[default]
    Last,
    /// In front of this one.
    Before(String),
    /// Behind this one.
    After(String),
}

impl Position {
    fn neighbour(&self) -> Option<&str> {
        match self {
            Self::Last => None,
            Self::Before(id) | Self::After(id) => Some(id),
        }
    }
}

/// Checks that something can be put into a group.
pub(super) fn check_target(
    cib: &Element,
    group: &str,
    position: &Position,
    ids: &Ids,
) -> Result<(), Refused> {
    let found = find::resource(cib, group);
    let mut reports = Vec::new();
    match &found {
        Some(found) if found.kind == Kind::Group => {}
        Some(_) => reports.push(Report::error(
            "ID_BELONGS_TO_UNEXPECTED_TYPE",
            format!("'{group}' is not a group"),
        )),
        None if ids.contains(group) => {
            reports.push(Report::error("ID_ALREADY_EXISTS", format!("'{group}' already exists")));
        }
        None => reports.extend(check_id(group, "group name").err()),
    }
    if let Some(neighbour) = position.neighbour() {
        let inside = found.as_ref().is_some_and(|found| {
            find::inner(found.element).any(|member| member.id() == Some(neighbour))
        });
        if find::resource(cib, neighbour).is_none() {
            let message = format!("'{neighbour}' does not exist");
            reports.push(Report::error("ID_NOT_FOUND", message));
        } else if !inside {
            reports.push(Report::error(
                "ADD_REMOVE_ADJACENT_ITEM_NOT_IN_THE_CONTAINER",
                format!("There is no resource '{neighbour}' in the group '{group}', cannot add resources next to it"),
            ));
        }
    }
    if reports.is_empty() { Ok(()) } else { Err(Refused { reports, complete: true }) }
}

/// Puts a resource into a group, which is made if there is none.
pub(super) fn insert(cib: &mut Element, member: Element, group: &str, position: &Position) {
    let path = match find::resource(cib, group) {
        Some(found) => found.path,
        None => {
            find::section_mut(cib, "resources").push(Element::new("group").with("id", group));
            match find::resource(cib, group) {
                Some(found) => found.path,
                None => return,
            }
        }
    };
    let Some(group) = cib.at_mut(&path) else { return };
    let place = position.neighbour().and_then(|neighbour| {
        let is_it = |node: &xml::Node| {
            node.as_element().is_some_and(|member| member.id() == Some(neighbour))
        };
        group.nodes().iter().position(is_it)
    });
    let at = match (place, position) {
        (Some(place), Position::Before(_)) => place,
        (Some(place), _) => place + 1,
        (None, _) => group.nodes().len(),
    };
    group.nodes_mut().insert(at, member.into());
}

/// Moves resources into a group, which is made if there is none. A group that loses its last member is removed.
pub fn group_add(
    cib: &mut Element,
    group: &str,
    members: &[String],
    position: &Position,
) -> Outcome {
    check_target(cib, group, position, &Ids::of(cib))?;
    let mut reports = Vec::new();
    for member in members {
        match find::resource(cib, member) {
            None => {
                reports.push(Report::error("ID_NOT_FOUND", format!("'{member}' does not exist")));
            }
            Some(found) if found.kind != Kind::Primitive => reports.push(Report::error(
                "ID_BELONGS_TO_UNEXPECTED_TYPE",
                format!(
                    "'{member}' is a {} resource, {0} resources cannot be put into a group",
                    found.element.name()
                ),
            )),
            Some(found) => {
                let parent = find::parent(cib, &found.path);
                let held =
                    parent.filter(|parent| matches!(parent.kind, Kind::Clone | Kind::Bundle));
                if let Some(parent) = held {
                    reports.push(Report::error(
                        "CANNOT_GROUP_RESOURCE_WRONG_TYPE",
                        format!("'{member}' cannot be put into a group because its parent '{}' is a {} resource", parent.element.id().unwrap_or_default(), parent.element.name()),
                    ));
                }
            }
        }
    }
    let twice: Vec<&String> = members
        .iter()
        .filter(|id| members.iter().filter(|other| other == id).count() > 1)
        .collect();
    if !twice.is_empty() {
        reports.push(Report::error(
            "ADD_REMOVE_ITEMS_DUPLICATION",
            format!("Resources specified more than once: {}", quoted_list(twice)),
        ));
    }
    let already: Vec<&String> = members
        .iter()
        .filter(|member| {
            position == &Position::Last
                && find::resource(cib, group).is_some_and(|found| {
                    find::inner(found.element).any(|inside| inside.id() == Some(member))
                })
        })
        .collect();
    if !already.is_empty() {
        let verb = if already.len() > 1 { "s" } else { "" };
        let is = if already.len() > 1 { "they are" } else { "it is" };
        reports.push(Report::error(
            "ADD_REMOVE_CANNOT_ADD_EXISTING_ITEMS_TO_THE_CONTAINER",
            format!(
                "Cannot add resource{verb} {}, {is} already present in group '{group}'",
                quoted_list(already)
            ),
        ));
    }
    if !reports.is_empty() {
        return Err(Refused { reports, complete: true });
    }
    let mut next = position.clone();
    for member in members {
        let Some(found) = find::resource(cib, member) else { continue };
        let element = found.element.clone();
        let path = found.path.clone();
        take_out(cib, &path, group);
        insert(cib, element, group, &next);
        // The rest follows in the order in which it was given.
        if next != Position::Last {
            next = Position::After(member.clone());
        }
    }
    Ok(Vec::new())
}

/// Takes a member out of where it is, and the group with it if it was the last one.
fn take_out(cib: &mut Element, path: &xml::NodePath, keep: &str) {
    let emptied = find::parent(cib, path)
        .filter(|parent| parent.kind == Kind::Group && parent.element.id() != Some(keep))
        .filter(|parent| find::inner(parent.element).count() == 1);
    let emptied = emptied.map(|group| {
        let above = find::parent(cib, &group.path).filter(|above| above.kind == Kind::Clone);
        let outer = above.unwrap_or(group.clone());
        (group.element.id().unwrap_or_default().to_owned(), outer.path)
    });
    let _ = cib.remove_at(path);
    if let Some((group, outer)) = emptied {
        let _ = cib.remove_at(&outer);
        super::remove_references(cib, &group);
    }
}

/// Takes members, or all, out of a group. A group without members is removed.
pub fn group_remove(cib: &mut Element, group: &str, members: &[String]) -> Outcome {
    let missing = || Refused::because("ID_NOT_FOUND", format!("Group '{group}' does not exist"));
    let found =
        find::resource(cib, group).filter(|found| found.kind == Kind::Group).ok_or_else(missing)?;
    let inside: Vec<String> =
        find::inner(found.element).filter_map(Element::id).map(str::to_owned).collect();
    let chosen = if members.is_empty() { &inside } else { members };
    if let Some(stranger) = chosen.iter().find(|member| !inside.contains(member)) {
        let message = format!("Resource '{stranger}' does not exist in group '{group}'");
        return Err(Refused::because("ID_NOT_FOUND", message));
    }
    let parent = find::parent(cib, &found.path);
    let cloned = parent.as_ref().is_some_and(|parent| parent.kind == Kind::Clone);
    let leaves = chosen.len() == inside.len();
    if cloned && leaves && chosen.len() > 1 {
        let message = "Cannot remove all resources from a cloned group";
        return Err(Refused::because("CANNOT_LEAVE_GROUP_EMPTY_AFTER_MOVE", message));
    }
    let path = found.path.clone();
    // Into the clone if the group is cloned and vanishes, else beside the group at the top.
    let target = match (&parent, cloned && leaves) {
        (Some(clone), true) => Some(clone.path.clone()),
        (_, _) => None,
    };
    let mut freed = Vec::new();
    if let Some(element) = cib.at_mut(&path) {
        element.nodes_mut().retain(|node| match node.as_element() {
            Some(member) if member.id().is_some_and(|id| chosen.iter().any(|c| c == id)) => {
                freed.push(node.clone());
                false
            }
            Some(_) | None => true,
        });
    }
    if leaves {
        let _ = cib.remove_at(&path);
        super::remove_references(cib, group);
    }
    let place = match target {
        Some(target) => cib.at_mut(&target),
        None => Some(find::section_mut(cib, "resources")),
    };
    if let Some(place) = place {
        freed.into_iter().for_each(|node| place.push(node));
    }
    Ok(Vec::new())
}

/// The groups and their members, in document order.
pub fn groups(cib: &Element) -> Vec<(&str, Vec<&str>)> {
    let groups = resources(cib).into_iter().filter(|resource| resource.kind == Kind::Group);
    groups
        .map(|group| {
            let members = find::inner(group.element).filter_map(Element::id).collect();
            (group.element.id().unwrap_or_default(), members)
        })
        .collect()
}
