use xml::Element;

use crate::{
    Ids, Kind, Outcome, Pairs, Refused, Report, agent::Agent, agent::AgentName, check_id, find,
    nvset,
};

/// Checks the options of a clone that is to be made around a new resource.
pub(super) fn check_new(
    agent: &Agent,
    id: Option<&str>,
    meta: &Pairs,
    ids: &Ids,
    force: bool,
) -> Result<(), Refused> {
    let can_promote = agent.exists.then(|| agent.can_promote());
    let mut reports = check_meta(&agent.name, can_promote, None, meta, force, false);
    reports.extend(id.and_then(|id| check_clone_id(id, ids).err()));
    if reports.iter().any(Report::is_error) {
        return Err(Refused { reports, complete: true });
    }
    Ok(())
}

fn check_clone_id(id: &str, ids: &Ids) -> Result<(), Report> {
    check_id(id, "id")?;
    if ids.contains(id) {
        return Err(Report::error("ID_ALREADY_EXISTS", format!("'{id}' already exists")));
    }
    Ok(())
}

/// Options that make no sense for the agent: several instances for classes that cannot tell them apart, promotion where
/// the agent cannot promote.
fn check_meta(
    agent: &AgentName,
    can_promote: Option<bool>,
    resource: Option<&str>,
    meta: &Pairs,
    force: bool,
    in_group: bool,
) -> Vec<Report> {
    let is_on = |name: &str| {
        meta.iter().any(|(set, value)| {
            set == name
                && matches!(value.to_lowercase().as_str(), "1" | "true" | "on" | "yes" | "y")
        })
    };
    let mut reports = Vec::new();
    let mut refuse = |option: &str| {
        let mut message =
            format!("Clone option '{option}' is not compatible with '{agent}' resource agent");
        if let Some(resource) = resource {
            message.push_str(&format!(" of resource '{resource}'"));
        }
        if in_group {
            message.push_str(" in group");
        }
        reports.push(Report::unless_forced(
            force,
            "CLONING_STONITH_RESOURCES_HAS_NO_EFFECT",
            message,
        ));
    };
    let options = ["globally-unique", "promotable"];
    if agent.standard != "ocf" {
        options.into_iter().filter(|option| is_on(option)).for_each(&mut refuse);
    } else if is_on("promotable") && can_promote == Some(false) {
        refuse("promotable");
    }
    for report in &mut reports {
        report.code = "CLONE_OPTION_NOT_COMPATIBLE_WITH_AGENT";
    }
    reports
}

/// A clone around a resource.
pub(super) fn around(inner: Element, id: Option<&str>, meta: &Pairs, ids: &mut Ids) -> Element {
    let id = match id {
        Some(id) => ids.take(id),
        None => ids.take(&format!("{}-clone", inner.id().unwrap_or_default())),
    };
    let mut clone = Element::new("clone").with("id", id);
    clone.push(inner);
    nvset::append(&mut clone, "meta_attributes", meta, ids);
    clone
}

/// Puts a clone around a resource or group, which gets the id `id` or one made from the resource's. `can_promote` says of an
/// agent whether it can be promoted, if that is known.
pub fn clone(
    cib: &mut Element,
    resource: &str,
    id: Option<&str>,
    meta: &Pairs,
    force: bool,
    can_promote: &dyn Fn(&AgentName) -> Option<bool>,
) -> Outcome {
    let found = find::resource(cib, resource)
        .filter(|found| matches!(found.kind, Kind::Primitive | Kind::Group))
        .ok_or_else(|| {
            Refused::because(
                "ID_NOT_FOUND",
                format!("unable to find group or resource: {resource}"),
            )
        })?;
    let parent = find::parent(cib, &found.path);
    match parent.as_ref().map(|parent| parent.kind) {
        Some(Kind::Clone) => {
            let message = format!("{resource} is already a clone resource");
            return Err(Refused::because("RESOURCE_IS_ALREADY_CLONED", message));
        }
        Some(Kind::Bundle) => {
            return Err(Refused::because(
                "RESOURCE_IN_BUNDLE",
                "cannot clone bundle resource".to_owned(),
            ));
        }
        Some(Kind::Primitive | Kind::Group) | None => {}
    }
    let mut ids = Ids::of(cib);
    if let Some(id) = id
        && let Err(report) = check_clone_id(id, &ids)
    {
        return Err(Refused { reports: vec![report], complete: false });
    }
    let in_group = found.kind == Kind::Group;
    let primitives: Vec<&Element> =
        found.element.descendants().filter(|element| element.name() == "primitive").collect();
    let mut reports = Vec::new();
    for primitive in primitives {
        let agent = AgentName::of(primitive);
        let known = can_promote(&agent);
        let name = primitive.id().unwrap_or_default();
        reports.extend(check_meta(&agent, known, Some(name), meta, force, in_group));
        if agent.is_stonith() {
            let message = format!(
                "No need to clone stonith resource '{name}', any node can use a stonith resource (unless specifically banned) regardless of whether the stonith resource is running on that node or not"
            );
            reports.push(Report::unless_forced(
                force,
                "CLONING_STONITH_RESOURCES_HAS_NO_EFFECT",
                message,
            ));
        }
    }
    if reports.iter().any(Report::is_error) {
        return Err(Refused { reports, complete: false });
    }
    let inner = found.element.clone();
    let emptied =
        parent.filter(|parent| find::inner(parent.element).count() == 1).map(|parent| parent.path);
    let path = found.path.clone();
    let _ = cib.remove_at(&path);
    if let Some(group) = emptied {
        let _ = cib.remove_at(&group);
    }
    let clone = around(inner, id, meta, &mut ids);
    find::section_mut(cib, "resources").push(clone);
    Ok(reports)
}

/// Takes the clone away from around a resource or group, by the id of either.
pub fn unclone(cib: &mut Element, id: &str) -> Outcome {
    let found = find::resource(cib, id);
    let clone = found.as_ref().and_then(|found| match found.kind {
        Kind::Clone => Some(found.clone()),
        Kind::Primitive | Kind::Group | Kind::Bundle => {
            let parent = find::parent(cib, &found.path)?;
            match parent.kind {
                Kind::Clone => Some(parent),
                // The only way out of a cloned group is for the group as a whole.
                Kind::Group => {
                    find::parent(cib, &parent.path).filter(|above| above.kind == Kind::Clone)
                }
                Kind::Primitive | Kind::Bundle => None,
            }
        }
    });
    let Some(clone) = clone else {
        let message = match found {
            Some(_) => format!("'{id}' is not a clone resource"),
            None => format!("could not find resource: {id}"),
        };
        return Err(Refused::because("ID_NOT_FOUND", message));
    };
    let inner: Vec<Element> = find::inner(clone.element).cloned().collect();
    let clone_id = clone.element.id().unwrap_or_default().to_owned();
    let path = clone.path.clone();
    super::remove_references(cib, &clone_id);
    let _ = cib.remove_at(&path);
    let section = find::section_mut(cib, "resources");
    inner.into_iter().for_each(|inner| section.push(inner));
    Ok(Vec::new())
}
