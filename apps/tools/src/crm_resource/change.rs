//! Sets and deletes parameters, meta-attributes, utilization attributes and attributes of a resource's element.

use std::collections::BTreeSet;

use client::cib::{Operation, Request};
use model::{ResourceKey, Variant};
use vocab::{Score, ToolExit};
use xml::Element;

use super::{
    attribute::{Kind, Search, Wanted, configured},
    session::{Session, Stop, configured_name},
};

/// What was set.
struct Changed {
    /// Name of the resource's element.
    element: String,
    /// The resource's id as the model has it.
    resource: String,
    /// Its id in the configuration.
    configured: String,
    set_name: &'static str,
    /// The id of the set; unknown if the attribute was there.
    set: Option<String>,
    id: String,
}

/// Which attribute is changed and to what.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) kind: Kind,
    pub(super) wanted: Wanted<'a>,
    pub(super) value: &'a str,
    /// Whether what is colocated with the resource gets the same.
    pub(super) recursive: bool,
}

/// Sets the attribute that the command line names.
pub(super) fn set(session: &mut Session<'_>, name: &str) -> Result<(), Stop> {
    let options = session.options;
    let Some(value) = options.parameter_value.as_deref().filter(|value| !value.is_empty()) else {
        return Err(Stop::usage("You need to supply a value with the -v option"));
    };
    let wanted = Wanted { set: options.set_name.as_deref(), id: options.nvpair.as_deref(), name };
    let change = Change { kind: Kind::of(options), wanted, value, recursive: options.recursive };
    let (key, requested) = (session.key()?, session.requested()?);
    update(session, key, requested, &change)
}

/// Deletes the attribute that the command line names; one that is not there is deleted already.
pub(super) fn delete(session: &mut Session<'_>, name: &str) -> Result<(), Stop> {
    let options = session.options;
    let wanted = Wanted { set: options.set_name.as_deref(), id: options.nvpair.as_deref(), name };
    let (key, requested) = (session.key()?, session.requested()?);
    remove(session, key, requested, Kind::of(options), &wanted)
}

/// Sets an attribute of a resource.
pub(super) fn update(
    session: &mut Session<'_>,
    key: ResourceKey,
    requested: &str,
    change: &Change<'_>,
) -> Result<(), Stop> {
    let Some(set_name) = change.kind.set_name() else {
        let (name, value) = (change.wanted.name, change.value);
        replace_element(session, key, |element| element.set(name, value))?;
        session.say(format!("Set attribute: name={name} value={value}"));
        return Ok(());
    };
    let mut changed = Vec::new();
    let mut seen = BTreeSet::new();
    update_one(session, key, requested, change, set_name, &mut seen, &mut changed)?;
    tell(session, &changed, change);
    Ok(())
}

fn update_one(
    session: &mut Session<'_>,
    key: ResourceKey,
    requested: &str,
    change: &Change<'_>,
    set_name: &'static str,
    seen: &mut BTreeSet<ResourceKey>,
    changed: &mut Vec<Changed>,
) -> Result<(), Stop> {
    let top = session.model.resources[session.model.top_of(key, true)].id.to_string();
    let wanted = change.wanted;
    if wanted.id.is_none() && !session.options.force {
        // Only to say so if there are several.
        let anywhere = Wanted { set: None, id: None, ..wanted };
        session.search(&top, None, &anywhere);
    }
    let targets = if change.kind == Kind::Instance {
        refuse_meta(session, &top, &wanted)?;
        vec![key]
    } else {
        targets(session, key, requested, set_name, &wanted, "update")
    };
    // Who names a set or an attribute means one resource.
    let single = wanted.set.is_some() || wanted.id.is_some();
    let skipped = if single { targets.len().saturating_sub(1) } else { 0 };
    for target in targets.into_iter().skip(skipped) {
        changed.push(write(session, target, change, set_name)?);
        if !(change.recursive && change.kind == Kind::Meta) {
            continue;
        }
        seen.insert(target);
        let followers: Vec<(ResourceKey, Score)> = present::followers(&session.model, target)
            .into_iter()
            .map(|colocation| (colocation.dependent, colocation.score))
            .collect();
        for (dependent, score) in followers {
            if seen.contains(&dependent) || score <= Score::ZERO {
                continue;
            }
            let id = session.model.resources[dependent].id.to_string();
            let wanted = Wanted { set: None, id: None, ..wanted };
            let change = Change { wanted, ..*change };
            update_one(session, dependent, &id, &change, set_name, seen, changed)?;
        }
    }
    Ok(())
}

/// A parameter that has the name of a meta-attribute is most likely meant to be one.
fn refuse_meta(session: &mut Session<'_>, top: &str, wanted: &Wanted<'_>) -> Result<(), Stop> {
    if session.options.force {
        return Ok(());
    }
    let id = match session.search(top, Some("meta_attributes"), wanted) {
        Search::Missing => return Ok(()),
        Search::One(id) => id,
        Search::Several => "<null>".to_owned(),
    };
    if !session.options.quiet {
        let name = wanted.name;
        session.output.remark(format!(
            "WARNING: There is already a meta attribute for '{top}' called '{name}' (id={id})"
        ));
        session
            .output
            .remark(format!("         Delete '{id}' first or use the force option to override"));
    }
    Err(Search::several())
}

/// Writes the attribute of one resource.
fn write(
    session: &mut Session<'_>,
    key: ResourceKey,
    change: &Change<'_>,
    set_name: &'static str,
) -> Result<Changed, Stop> {
    let resource = &session.model.resources[key];
    let (id, configured_id) = (resource.id.to_string(), configured_name(resource).to_owned());
    let wanted = &change.wanted;
    let pair = |id: &str| {
        Element::new("nvpair").with("id", id).with("name", wanted.name).with("value", change.value)
    };
    let element = configured(&session.document, &configured_id)
        .ok_or_else(|| Stop::failed(ToolExit::NoSuch))?
        .name()
        .to_owned();
    let (data, set, pair_id) = match session.search(&configured_id, Some(set_name), wanted) {
        Search::One(found) => (pair(&found), wanted.set.map(str::to_owned), found),
        Search::Several => return Err(Search::several()),
        Search::Missing => {
            let set_id =
                wanted.set.map_or_else(|| format!("{configured_id}-{set_name}"), str::to_owned);
            let pair_id =
                wanted.id.map_or_else(|| format!("{set_id}-{}", wanted.name), str::to_owned);
            let set = Element::new(set_name).with("id", &set_id).with_child(pair(&pair_id));
            let data = Element::new(&element).with("id", &configured_id).with_child(set);
            (data, Some(set_id), pair_id)
        }
    };
    let options = session.call_options();
    session.cib.modify(Some("resources"), data, options)?;
    Ok(Changed { element, resource: id, configured: configured_id, set_name, set, id: pair_id })
}

fn tell(session: &mut Session<'_>, changed: &[Changed], change: &Change<'_>) {
    let (name, value) = (change.wanted.name, change.value);
    let mut settings = Element::new("resource-settings");
    for Changed { element, resource, configured, set_name, set, id } in changed {
        let shown_set = set.as_ref().map(|set| format!(" set={set}")).unwrap_or_default();
        session.say(format!(
            "Set '{configured}' option: id={id}{shown_set} name={name} value={value}"
        ));
        let pair = Element::new("nvpair").with("id", id).with("value", value).with("name", name);
        let set = Element::new(set_name).with_some("id", set.as_ref()).with_child(pair);
        settings.push(Element::new(element).with("id", resource).with_child(set));
    }
    session.output.element(settings);
}

/// Deletes an attribute of a resource.
pub(super) fn remove(
    session: &mut Session<'_>,
    key: ResourceKey,
    requested: &str,
    kind: Kind,
    wanted: &Wanted<'_>,
) -> Result<(), Stop> {
    if wanted.id.is_none() && !session.options.force {
        let top = session.model.resources[session.model.top_of(key, true)].id.to_string();
        session.search(&top, None, &Wanted { set: None, id: None, ..*wanted });
    }
    let name = wanted.name;
    let Some(set_name) = kind.set_name() else {
        replace_element(session, key, |element| drop(element.remove_attr(name)))?;
        session.say(format!("Deleted attribute: {name}"));
        return Ok(());
    };
    let targets = if kind == Kind::Meta {
        targets(session, key, requested, set_name, wanted, "delete")
    } else {
        vec![key]
    };
    for target in targets {
        let id = configured_name(&session.model.resources[target]).to_owned();
        let found = match session.search(&id, Some(set_name), wanted) {
            Search::Missing => continue,
            Search::One(found) => found,
            Search::Several => return Err(Search::several()),
        };
        let pair = Element::new("nvpair").with("id", &found).with("name", name);
        let request = Request::change(Operation::Delete, Some("resources"), pair)
            .with_options(session.call_options());
        session.cib.call(request)?;
        let set = wanted.set.map(|set| format!(" set={set}")).unwrap_or_default();
        session.say(format!("Deleted '{id}' option: id={found}{set} name={name}"));
    }
    Ok(())
}

/// Puts a changed element of the resource in the place of its element.
fn replace_element(
    session: &mut Session<'_>,
    key: ResourceKey,
    change: impl FnOnce(&mut Element),
) -> Result<(), Stop> {
    let id = configured_name(&session.model.resources[key]);
    let found = configured(&session.document, id).ok_or_else(|| Stop::failed(ToolExit::NoSuch))?;
    let mut element = found.clone();
    change(&mut element);
    let options = session.call_options();
    if element == *found {
        // Pacemaker 3, which attributes of elements come from, counts every replacement as a change.
        session.cib.bump(options)?;
    } else {
        session.cib.replace(Some("resources"), element, options)?;
    }
    Ok(())
}

/// The resources whose attribute is meant where a clone and what it is a clone of, or a group and its members, may have it.
fn targets(
    session: &mut Session<'_>,
    key: ResourceKey,
    requested: &str,
    set_name: &str,
    wanted: &Wanted<'_>,
    command: &str,
) -> Vec<ResourceKey> {
    if session.options.force {
        return vec![key];
    }
    let name = wanted.name;
    let resource = &session.model.resources[key];
    if let Some(parent) =
        resource.parent.filter(|&parent| session.model.resources[parent].is_clone())
    {
        if matches!(session.search(requested, Some(set_name), wanted), Search::One(_)) {
            return vec![key];
        }
        let parent_id = session.model.resources[parent].id.clone();
        session.say(format!(
            "Performing {command} of '{name}' on '{parent_id}', the parent of '{requested}'"
        ));
        return vec![parent];
    }
    if resource.parent.is_none()
        && resource.is_clone()
        && let Some(&child) = resource.state.children.first()
    {
        if !session.model.resources[child].is_primitive() {
            return vec![key];
        }
        let child_id = configured_name(&session.model.resources[child]).to_owned();
        if !matches!(session.search(&child_id, Some(set_name), wanted), Search::One(_)) {
            return vec![key];
        }
        session.say(format!(
            "A value for '{name}' already exists in child '{child_id}', performing {command} on that \
             instead of '{requested}'"
        ));
        return vec![child];
    }
    let mut found = Vec::new();
    members_first(session, key, set_name, wanted, true, &mut found);
    found
}

/// The resources inside that have the attribute, and then the outermost, whether or not it has it.
fn members_first(
    session: &mut Session<'_>,
    key: ResourceKey,
    set_name: &str,
    wanted: &Wanted<'_>,
    outermost: bool,
    found: &mut Vec<ResourceKey>,
) {
    let resource = &session.model.resources[key];
    // Instances have one configuration.
    let many = if matches!(resource.variant, Variant::Clone(_)) { 1 } else { usize::MAX };
    let id = configured_name(resource).to_owned();
    for child in resource.state.children.clone().into_iter().take(many) {
        members_first(session, child, set_name, wanted, false, found);
    }
    let has_it = matches!(session.search(&id, Some(set_name), wanted), Search::One(_));
    if outermost || has_it {
        found.push(key);
    }
}
