use xml::{Element, NodePath};

use crate::{Ids, Kind, Outcome, Refused, Report, find, nvset};

const META: &str = "meta_attributes";

fn all(cib: &Element, ids: &[String]) -> Result<Vec<NodePath>, Refused> {
    let mut reports = Vec::new();
    let mut paths = Vec::new();
    for id in ids {
        match find::resource(cib, id) {
            Some(found) => paths.push(found.path),
            None => match tagged(cib, id) {
                Some(members) => paths
                    .extend(members.iter().filter_map(|id| Some(find::resource(cib, id)?.path))),
                None => reports.push(Report::error(
                    "ID_NOT_FOUND",
                    format!("bundle/clone/group/resource/tag '{id}' does not exist"),
                )),
            },
        }
    }
    if reports.is_empty() { Ok(paths) } else { Err(Refused { reports, complete: true }) }
}

/// What a tag stands for.
fn tagged<'a>(cib: &'a Element, id: &str) -> Option<Vec<&'a str>> {
    let tags = cib.descend(&["configuration", "tags"])?;
    let tag = tags.children_named("tag").find(|tag| tag.id() == Some(id))?;
    Some(tag.children().filter_map(Element::id).collect())
}

fn set_meta(cib: &mut Element, path: &NodePath, name: &str, value: &str) {
    let mut ids = Ids::of(cib);
    if let Some(element) = cib.at_mut(path) {
        let pair = [(name.to_owned(), value.to_owned())];
        nvset::update_first(element, META, &pair, &mut ids);
    }
}

/// Removes a name from every block of meta attributes.
fn unset_meta(cib: &mut Element, path: &NodePath, name: &str) {
    let Some(element) = cib.at_mut(path) else { return };
    if nvset::value(element, META, name).is_none() {
        return;
    }
    for block in element.elements_mut().filter(|child| child.name() == META) {
        block
            .nodes_mut()
            .retain(|node| node.as_element().is_none_or(|pair| pair.attr("name") != Some(name)));
    }
}

/// The resources that have to be enabled so that this one can run: itself and its clone, in both directions.
fn to_enable(cib: &Element, path: &NodePath) -> Vec<NodePath> {
    let mut paths = vec![path.clone()];
    if let Some(parent) = find::parent(cib, path)
        && matches!(parent.kind, Kind::Clone | Kind::Bundle)
    {
        paths.push(parent.path);
    }
    let kind = cib.at(path).and_then(Kind::of);
    if matches!(kind, Some(Kind::Clone | Kind::Bundle)) {
        paths.extend(children(cib, path));
    }
    paths
}

fn children(cib: &Element, path: &NodePath) -> Vec<NodePath> {
    let nodes = cib.at(path).map(Element::nodes).unwrap_or_default();
    let inner = nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| node.as_element().is_some_and(|element| Kind::of(element).is_some()));
    inner.map(|(index, _)| path.child(index)).collect()
}

/// Lets resources run.
pub fn enable(cib: &mut Element, ids: &[String]) -> Outcome {
    let reports = unmanaged(cib, ids, &all(cib, ids)?);
    for path in all(cib, ids)? {
        for path in to_enable(cib, &path) {
            unset_meta(cib, &path, "target-role");
        }
    }
    Ok(reports)
}

/// Stops resources and keeps them stopped.
pub fn disable(cib: &mut Element, ids: &[String]) -> Outcome {
    let reports = unmanaged(cib, ids, &all(cib, ids)?);
    // Attributes only come in behind what is told apart by its path, or in front of it: each path is looked up anew.
    for path in all(cib, ids)?.into_iter().rev() {
        set_meta(cib, &path, "target-role", "Stopped");
    }
    Ok(reports)
}

/// Warns of resources that will not do as told, since the cluster leaves them alone.
fn unmanaged(cib: &Element, ids: &[String], paths: &[NodePath]) -> Vec<Report> {
    let is_off = |element: &Element| {
        nvset::value(element, META, "is-managed").is_some_and(|value| {
            matches!(value.to_lowercase().as_str(), "0" | "false" | "off" | "no" | "n")
        })
    };
    ids.iter()
        .zip(paths)
        .filter(|(_, path)| {
            cib.at(path).is_some_and(is_off)
                || find::parent(cib, path).is_some_and(|parent| is_off(parent.element))
        })
        .map(|(id, _)| Report::warning("RESOURCE_IS_UNMANAGED", format!("'{id}' is unmanaged")))
        .collect()
}

/// The primitives that managing a resource is about.
fn primitives(cib: &Element, path: &NodePath) -> Vec<NodePath> {
    match cib.at(path).and_then(Kind::of) {
        Some(Kind::Primitive) => vec![path.clone()],
        Some(Kind::Group | Kind::Clone | Kind::Bundle) => {
            children(cib, path).iter().flat_map(|child| primitives(cib, child)).collect()
        }
        None => Vec::new(),
    }
}

/// Leaves resources alone from now on; with `monitors` their monitor operations are switched off too.
pub fn unmanage(cib: &mut Element, ids: &[String], monitors: bool) -> Outcome {
    let targets: Vec<NodePath> =
        all(cib, ids)?.iter().flat_map(|path| primitives(cib, path)).collect();
    for path in targets.iter().rev() {
        if monitors {
            for_each_monitor(cib, path, |op| op.set("enabled", "false"));
        }
        set_meta(cib, path, "is-managed", "false");
    }
    Ok(Vec::new())
}

/// Looks after resources again; with `monitors` their monitor operations are switched on too.
pub fn manage(cib: &mut Element, ids: &[String], monitors: bool) -> Outcome {
    let mut reports = Vec::new();
    for path in all(cib, ids)? {
        let mut affected = primitives(cib, &path);
        for primitive in affected.clone() {
            let mut above = find::parent(cib, &primitive);
            while let Some(parent) = above {
                above = find::parent(cib, &parent.path);
                affected.push(parent.path);
            }
        }
        for target in &affected {
            unset_meta(cib, target, "is-managed");
        }
        for primitive in primitives(cib, &path) {
            if monitors {
                for_each_monitor(cib, &primitive, |op| drop(op.remove_attr("enabled")));
            }
            reports.extend(cib.at(&primitive).and_then(without_monitor));
        }
    }
    Ok(reports)
}

fn without_monitor(primitive: &Element) -> Option<Report> {
    let mut monitors = primitive
        .children_named("operations")
        .flat_map(Element::children)
        .filter(|op| op.attr("name") == Some("monitor"));
    let enabled = monitors.any(|op| {
        op.attr("enabled").is_none_or(|value| {
            matches!(value.to_lowercase().as_str(), "1" | "true" | "on" | "yes" | "y")
        })
    });
    let id = primitive.id().unwrap_or_default();
    let message = format!(
        "Resource '{id}' has no enabled monitor operations. Re-run with '--monitor' to enable them."
    );
    (!enabled).then(|| Report::warning("RESOURCE_MANAGED_NO_MONITOR_ENABLED", message))
}

fn for_each_monitor(cib: &mut Element, primitive: &NodePath, act: impl Fn(&mut Element)) {
    let Some(operations) = cib.at_mut(primitive).and_then(|p| p.child_mut("operations")) else {
        return;
    };
    operations.elements_mut().filter(|op| op.attr("name") == Some("monitor")).for_each(act);
}
