use xml::Element;

use super::{clone, group};
use crate::{
    Ids, Outcome, Pairs, Refused, Report, Reports,
    agent::{Agent, AgentName},
    check_id, find, nvset, operation, quoted_list, resources,
};

/// A resource that is to be made.
#[derive(Clone, Debug)]
pub struct Create {
    /// Its id.
    pub id: String,
    /// The agent's description.
    pub agent: Agent,
    /// What is set for the agent.
    pub options: Pairs,
    /// What is set for the cluster.
    pub meta: Pairs,
    /// Operations, each with its name among its attributes.
    pub operations: Vec<Pairs>,
    /// Where it goes.
    pub place: Place,
    /// Whether it stays stopped.
    pub disabled: bool,
    /// Whether operations that the agent advises are added.
    pub default_operations: bool,
    /// Whether the user insists.
    pub force: bool,
}

/// Where a new resource goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// It stands alone.
    Alone,
    /// Into a clone of its own with these meta attributes.
    Clone {
        /// The clone's id; `None` derives it from the resource's.
        id: Option<String>,
        /// Its meta attributes.
        meta: Pairs,
    },
    /// Into a group, which is made if there is none.
    Group {
        /// The group's id.
        id: String,
        /// Next to which member.
        position: group::Position,
    },
    /// Into a bundle that has no resource yet.
    Bundle {
        /// The bundle's id.
        id: String,
    },
}

/// Makes a resource.
pub fn create(cib: &mut Element, new: &Create) -> Outcome {
    let mut ids = Ids::of(cib);
    let mut reports = Reports::new();
    let what = if new.agent.name.is_stonith() { "stonith name" } else { "resource name" };
    if let Place::Group { id, position } = &new.place {
        group::check_target(cib, id, position, &ids)?;
    }
    if ids.contains(&new.id) {
        return Err(Refused::because("ID_ALREADY_EXISTS", format!("'{}' already exists", new.id)));
    }
    if let Err(report) = check_id(&new.id, what) {
        return Err(Refused { reports: vec![report], complete: false });
    }
    if let Place::Clone { id, meta } = &new.place {
        clone::check_new(&new.agent, id.as_deref(), meta, &ids, new.force)?;
    }
    let operations = operation::prepare(
        &new.operations,
        &new.agent,
        new.default_operations,
        new.force,
        operation::has_new_roles(cib),
        &mut reports,
    )?;
    check_options(cib, &new.agent, &new.options, &new.id, new.force, &mut reports);
    reports.check()?;
    ids.take(&new.id);
    let mut meta = new.meta.clone();
    if new.disabled {
        meta.retain(|(name, _)| name != "target-role");
        meta.push(("target-role".to_owned(), "Stopped".to_owned()));
    }
    let primitive = primitive(new, &meta, &operations, &mut ids)?;
    insert(cib, primitive, &new.place, &mut ids)?;
    Ok(reports.done())
}

fn primitive(
    new: &Create,
    meta: &Pairs,
    operations: &[Pairs],
    ids: &mut Ids,
) -> Result<Element, Refused> {
    let name = &new.agent.name;
    let mut element = Element::new("primitive")
        .with("id", &new.id)
        .with("class", &name.standard)
        .with("type", &name.kind)
        .with_some("provider", name.provider.as_ref());
    nvset::append(&mut element, "instance_attributes", &new.options, ids);
    nvset::append(&mut element, "meta_attributes", meta, ids);
    operation::append_all(&mut element, operations, ids)?;
    Ok(element)
}

fn insert(
    cib: &mut Element,
    primitive: Element,
    place: &Place,
    ids: &mut Ids,
) -> Result<(), Refused> {
    match place {
        Place::Alone => find::section_mut(cib, "resources").push(primitive),
        Place::Clone { id, meta } => {
            let clone = clone::around(primitive, id.as_deref(), meta, ids);
            find::section_mut(cib, "resources").push(clone);
        }
        Place::Group { id, position } => group::insert(cib, primitive, id, position),
        Place::Bundle { id } => {
            let bundle = find::resource(cib, id).filter(|found| found.kind == crate::Kind::Bundle);
            let Some(bundle) = bundle else {
                let message = format!("bundle '{id}' does not exist");
                return Err(Refused::because("ID_NOT_FOUND", message));
            };
            if find::inner(bundle.element).next().is_some() {
                let message = format!(
                    "bundle '{id}' already contains resource '{}', a bundle may contain at most one resource",
                    find::inner(bundle.element).next().and_then(Element::id).unwrap_or_default()
                );
                return Err(Refused::because(
                    "RESOURCE_BUNDLE_ALREADY_CONTAINS_A_RESOURCE",
                    message,
                ));
            }
            let path = bundle.path.clone();
            if let Some(bundle) = cib.at_mut(&path) {
                bundle.push(primitive);
            }
        }
    }
    Ok(())
}

/// Checks what is set for an agent whose resource is being made.
fn check_options(
    cib: &Element,
    agent: &Agent,
    options: &Pairs,
    id: &str,
    force: bool,
    reports: &mut Reports,
) {
    for (name, value) in options {
        if value.is_empty() {
            let message = format!("{name} cannot be empty");
            reports.add(Report::error("INVALID_OPTION_VALUE", message));
        }
    }
    if !agent.exists {
        return;
    }
    check_names(agent, options, force, reports);
    let missing: Vec<&str> = agent
        .parameters
        .iter()
        .filter(|parameter| parameter.required && !parameter.deprecated)
        .filter(|parameter| {
            let mut names = agent
                .parameters
                .iter()
                .filter(|old| old.deprecated_by.contains(&parameter.name))
                .map(|old| old.name.as_str())
                .chain([parameter.name.as_str()]);
            !names.any(|name| options.iter().any(|(set, _)| set == name))
        })
        .map(|parameter| parameter.name.as_str())
        .collect();
    if !missing.is_empty() {
        let (s, verb) = if missing.len() > 1 { ("s", "are") } else { ("", "is") };
        let kind = option_kind(agent);
        let message = format!("required {kind} option{s} {} {verb} missing", quoted_list(missing));
        reports.add(Report::unless_forced(force, "REQUIRED_OPTIONS_ARE_MISSING", message));
    }
    for (name, _) in options {
        let obsolete =
            agent.parameters.iter().find(|known| known.name == *name && known.deprecated);
        if let Some(parameter) = obsolete {
            let instead = if parameter.deprecated_by.is_empty() {
                "should not be used".to_owned()
            } else {
                format!("should not be used, use {} instead", quoted_list(&parameter.deprecated_by))
            };
            let message =
                format!("{} option '{name}' is deprecated and {instead}", option_kind(agent));
            reports.add(Report::warning("DEPRECATED_OPTION", message));
        }
    }
    check_unique(cib, agent, options, id, force, reports);
}

fn option_kind(agent: &Agent) -> &'static str {
    if agent.name.is_stonith() { "stonith" } else { "resource" }
}

/// Checks that the agent knows everything that is set.
pub(super) fn check_names(agent: &Agent, options: &Pairs, force: bool, reports: &mut Reports) {
    let unknown: Vec<&str> = options
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| agent.parameters.iter().all(|parameter| parameter.name != *name))
        .collect();
    if unknown.is_empty() {
        return;
    }
    let s = if unknown.len() > 1 { "s:" } else { "" };
    let known = agent.parameters.iter().map(|parameter| parameter.name.as_str());
    let allowed = if agent.parameters.is_empty() {
        "there are no options allowed".to_owned()
    } else if agent.parameters.len() == 1 {
        format!("allowed option is {}", quoted_list(known))
    } else {
        format!("allowed options are: {}", quoted_list(known))
    };
    let message =
        format!("invalid {} option{s} {}, {allowed}", option_kind(agent), quoted_list(unknown));
    reports.add(Report::unless_forced(force, "INVALID_OPTIONS", message));
}

/// Checks that no other resource of the agent has the same values where they have to differ.
pub(super) fn check_unique(
    cib: &Element,
    agent: &Agent,
    options: &Pairs,
    id: &str,
    force: bool,
    reports: &mut Reports,
) {
    let mut groups: Vec<&str> =
        agent.parameters.iter().filter_map(|known| known.unique_group.as_deref()).collect();
    groups.sort_unstable();
    groups.dedup();
    for group in groups {
        let names: Vec<&str> = agent
            .parameters
            .iter()
            .filter(|known| known.unique_group.as_deref() == Some(group))
            .map(|known| known.name.as_str())
            .collect();
        let wanted = |name: &str| {
            options.iter().find(|(set, _)| set == name).map_or("", |(_, value)| value.as_str())
        };
        if names.iter().all(|name| wanted(name).is_empty()) {
            continue;
        }
        let same = |primitive: &Element| {
            names.iter().all(|name| {
                nvset::value(primitive, "instance_attributes", name).unwrap_or_default()
                    == wanted(name)
            })
        };
        let conflicting: Vec<&str> = resources(cib)
            .into_iter()
            .map(|resource| resource.element)
            .filter(|other| other.name() == "primitive" && AgentName::of(other) == agent.name)
            .filter(|other| other.id() != Some(id) && same(other))
            .filter_map(Element::id)
            .collect();
        if conflicting.is_empty() {
            continue;
        }
        let full = &agent.name;
        let others = quoted_list(conflicting);
        let message = match names.as_slice() {
            [name] => format!(
                "Value '{}' of option '{name}' is not unique across '{full}' resources. Following resources are configured with the same value of the instance attribute: {others}",
                wanted(name)
            ),
            _ => {
                let values: Vec<String> =
                    names.iter().map(|name| format!("'{}'", wanted(name))).collect();
                let mut sorted = names.clone();
                sorted.sort_unstable();
                format!(
                    "Value {} of options {} (group '{group}') is not unique across '{full}' resources. Following resources are configured with the same values of the instance attributes: {others}",
                    values.join(", "),
                    quoted_list(sorted)
                )
            }
        };
        reports.add(Report::unless_forced(
            force,
            "RESOURCE_INSTANCE_ATTR_VALUE_NOT_UNIQUE",
            message,
        ));
    }
}
