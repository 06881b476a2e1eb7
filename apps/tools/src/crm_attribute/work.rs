//! What the tool does.

use std::env;

use client::{
    attributes::{Attributes, AttributesError},
    cib::{CallOptions, Cib, CibError, Failure},
    controller::{Controller, ControllerError},
};
use messages::{
    attributes::{Selector, Update},
    crmd::NodeQuery,
};
use regex_lite::Regex;
use vocab::{NodeName, ToolExit};
use xml::Element;

use super::{
    Options, TOOL,
    place::{Place, Section, pair},
};
use crate::{
    attrd_updater, crmadmin,
    crmadmin::configured_nodes,
    frame::Stop,
    node_target::target_from_environment,
    output::{Format, Output},
};

/// Why the tool could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("Error performing operation: No such device or address")]
    NotFound,
    #[error("Could not map name={0} to a UUID")]
    UnknownNode(String),
    #[error("Node is not known to cluster")]
    NoLocalName,
    #[error("Please choose from one of the matches below and supply the 'id' with --attr-id")]
    Multiple,
    #[error("{0}")]
    Usage(String),
    #[error("Error performing operation: {0}")]
    Cib(#[from] CibError),
    #[error("Could not connect to the CIB: {0}")]
    NoCib(CibError),
    #[error("Could not ask the controller for the node's name: {0}")]
    Controller(#[from] ControllerError),
    #[error("Could not update {name}: {source}")]
    Attributes { name: String, source: AttributesError },
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::new(problem.to_string(), problem.exit())
    }
}

impl Problem {
    pub(super) fn exit(&self) -> ToolExit {
        match self {
            Self::NotFound | Self::UnknownNode(_) => ToolExit::NoSuch,
            Self::NoLocalName => ToolExit::NoHost,
            Self::Multiple => ToolExit::Multiple,
            Self::Usage(_) => ToolExit::Usage,
            Self::Cib(error) | Self::NoCib(error) => error.exit(),
            Self::Controller(error) => crmadmin::exit(error),
            Self::Attributes { source, .. } => attrd_updater::exit(source),
        }
    }
}

/// Which attributes are meant.
struct Wanted {
    name: Option<String>,
    id: Option<String>,
    pattern: Option<Regex>,
}

impl Wanted {
    fn is(&self, pair: &Element) -> bool {
        let name = pair.attr("name").unwrap_or_default();
        match &self.pattern {
            Some(pattern) => pattern.is_match(name),
            None => {
                self.id.as_deref().is_none_or(|id| pair.id() == Some(id))
                    && self.name.as_deref().is_none_or(|wanted| name == wanted)
            }
        }
    }
}

pub(super) fn run(options: &Options, output: &mut Output) -> Result<(), Problem> {
    let name = attribute_name(options)?;
    let section = section(options)?;
    check(options, name.as_deref())?;
    let mut cib = Cib::open(TOOL.name).map_err(Problem::NoCib)?;
    let root = cib.query(None, CallOptions::NONE)?;
    let mut place = Place {
        section,
        node: None,
        is_remote: false,
        utilization: options.utilization,
        set: options.set_name.clone(),
    };
    let mut node_name = options.node.clone();
    if section.is_of_nodes() || !matches!(section, Section::CrmConfig | Section::Tickets) {
        // As in Pacemaker, defaults do not belong to a node, and yet the node has to be one.
        let named = node(options.node.as_deref())?;
        let (id, is_remote) =
            node_id(&root, &named).ok_or_else(|| Problem::UnknownNode(named.clone()))?;
        place.is_remote = is_remote;
        if section.is_of_nodes() {
            place.node = Some(id);
        }
        node_name = Some(named);
    }
    let changes = options.command.delete || options.command.update.is_some();
    if changes && section == Section::Status && !uses_a_file() {
        let is_remote = place.is_remote;
        return update_by_manager(options, name.as_deref(), node_name, is_remote);
    }
    let pattern = match &options.pattern {
        Some(text) => Some(
            Regex::new(text)
                .map_err(|_| Problem::Usage(format!("bad regular expression '{text}'")))?,
        ),
        None => None,
    };
    let wanted = Wanted { name, id: options.id.clone(), pattern };
    if let Some(value) = &options.command.update {
        update(&mut cib, options, output, &root, &place, &wanted, value)
    } else if options.command.delete {
        delete(&mut cib, options, output, &root, &place, &wanted)
    } else {
        query(options, output, &root, &place, &wanted)
    }
}

fn attribute_name(options: &Options) -> Result<Option<String>, Problem> {
    let Some(resource) = &options.promotion else { return Ok(options.name.clone()) };
    let named = resource.clone().filter(|resource| !resource.is_empty());
    let resource = named.or_else(|| env::var("OCF_RESOURCE_INSTANCE").ok());
    match resource.filter(|resource| !resource.is_empty()) {
        Some(resource) => Ok(Some(format!("master-{resource}"))),
        None => Err(Problem::Usage(
            "-p/--promotion must be called from an OCF resource agent or with a resource ID \
             specified"
                .to_owned(),
        )),
    }
}

fn section(options: &Options) -> Result<Section, Problem> {
    if options.utilization {
        return Ok(Section::Nodes);
    }
    match options.section.as_ref().or(options.lifetime.as_ref()) {
        Some(name) => Section::from_name(name)
            .ok_or_else(|| Problem::Usage(format!("there is no section '{name}' with attributes"))),
        None if options.promotion.is_some() => Ok(Section::Status),
        None if options.node.is_some() => Ok(Section::Nodes),
        None => Ok(Section::CrmConfig),
    }
}

fn check(options: &Options, name: Option<&str>) -> Result<(), Problem> {
    let complaint = if options.command.delete && name.is_none() && options.pattern.is_none() {
        "Error: must specify attribute name or pattern to delete"
    } else if options.pattern.is_some() && name.is_some() {
        "Error: --name and --pattern cannot be used at the same time"
    } else if options.command.update.is_some()
        && name.is_none()
        && options.id.is_none()
        && options.pattern.is_none()
    {
        "Error: must specify attribute name, id or pattern to update"
    } else {
        return Ok(());
    };
    Err(Problem::Usage(complaint.to_owned()))
}

fn uses_a_file() -> bool {
    env::var_os("CIB_file").is_some() || env::var_os("CIB_shadow").is_some()
}

/// The name of the node that is meant.
pub(super) fn node(given: Option<&str>) -> Result<String, Problem> {
    if let Some(name) = target_from_environment(given) {
        return Ok(name);
    }
    if let Some(name) = given {
        return Ok(name.to_owned());
    }
    if env::var_os("CIB_file").is_some() {
        return Ok(rustix::system::uname().nodename().to_string_lossy().into_owned());
    }
    let info =
        Controller::connect(TOOL.name)?.node_info(NodeQuery::default(), attrd_updater::TIMEOUT)?;
    info.name.map(|name| name.to_string()).ok_or(Problem::NoLocalName)
}

/// The id of a node in the CIB and whether it is a remote one.
fn node_id(cib: &Element, name: &str) -> Option<(String, bool)> {
    let same = |known: &str| known.eq_ignore_ascii_case(name);
    configured_nodes(cib)
        .into_iter()
        .find(|node| same(&node.name))
        .map(|node| (node.id, node.kind != "cluster"))
        .or_else(|| {
            let states = cib.child("status")?.children_named("node_state");
            let state = states.into_iter().find(|state| state.attr("uname").is_some_and(same))?;
            let is_remote = state.attr("remote_node") == Some("true");
            Some((state.id()?.to_owned(), is_remote))
        })
}

fn update_by_manager(
    options: &Options,
    name: Option<&str>,
    node: Option<String>,
    is_remote: bool,
) -> Result<(), Problem> {
    let selector = match (&options.pattern, name) {
        (Some(pattern), _) => Selector::Pattern(pattern.clone()),
        (None, name) => Selector::Name(name.unwrap_or_default().to_owned()),
    };
    let update = Update {
        selector,
        node: node.map(NodeName::from),
        is_remote,
        set: options.set_name.clone(),
        ..Update::set("", options.command.update.clone())
    };
    let call = Attributes::connect(TOOL.name).and_then(|mut a| a.update(vec![update]));
    call.map_err(|source| Problem::Attributes {
        name: name.or(options.pattern.as_deref()).unwrap_or_default().to_owned(),
        source,
    })
}

fn change_options(options: &Options) -> CallOptions {
    let quiet = options.inhibit_policy_engine;
    CallOptions::QUORUM_OVERRIDE
        | if quiet { CallOptions::INHIBIT_NOTIFY } else { CallOptions::NONE }
}

fn query(
    options: &Options,
    output: &mut Output,
    root: &Element,
    place: &Place,
    wanted: &Wanted,
) -> Result<(), Problem> {
    let pairs: Vec<_> = place.pairs(root).into_iter().filter(|pair| wanted.is(pair)).collect();
    let id = options.id.as_deref();
    if pairs.is_empty() {
        let Some(default) = &options.default else { return Err(Problem::NotFound) };
        show(output, options, place, id, wanted.name.as_deref(), Some(default));
        return Ok(());
    }
    for pair in pairs {
        show(output, options, place, id, pair.attr("name"), pair.attr("value"));
    }
    Ok(())
}

fn show(
    output: &mut Output,
    options: &Options,
    place: &Place,
    id: Option<&str>,
    name: Option<&str>,
    value: Option<&str>,
) {
    let scope = place.section.as_str();
    if output.format() == Format::Xml {
        let element = Element::new("attribute")
            .with("name", name.unwrap_or_default())
            .with("value", value.unwrap_or_default())
            .with("scope", scope)
            .with_some("id", id);
        output.element(element);
    } else if options.quiet {
        output.line(value.unwrap_or_default());
    } else {
        let part = |key: &str, value: Option<&str>| {
            value.map(|value| format!("{key}={value}")).unwrap_or_default()
        };
        let value = value.unwrap_or("(null)");
        let (id, name) = (part("id", id), part("name", name));
        output.line(format!("scope={scope} {id} {name} value={value}"));
    }
}

/// The attributes that are meant: all that match a pattern, else one, or none if there is none yet.
fn matches<'a>(
    output: &mut Output,
    root: &'a Element,
    place: &'a Place,
    wanted: &Wanted,
) -> Result<Vec<&'a Element>, Problem> {
    let pairs: Vec<_> = place.pairs(root).into_iter().filter(|pair| wanted.is(pair)).collect();
    if wanted.pattern.is_some() || pairs.len() < 2 {
        return Ok(pairs);
    }
    let name = wanted.name.as_deref().unwrap_or_default();
    output.line(format!("Multiple attributes match name={name}"));
    for pair in pairs {
        let value = pair.attr("value").unwrap_or_default();
        output.line(format!("  Value: {value} \t(id={})", pair.id().unwrap_or_default()));
    }
    Err(Problem::Multiple)
}

fn update(
    cib: &mut Cib,
    options: &Options,
    output: &mut Output,
    root: &Element,
    place: &Place,
    wanted: &Wanted,
    value: &str,
) -> Result<(), Problem> {
    let (name, id) = (wanted.name.as_deref(), wanted.id.as_deref());
    let found = matches(output, root, place, wanted)?;
    let mut changes: Vec<Element> = found
        .iter()
        .map(|found| pair(found.id().unwrap_or_default(), name.or(found.attr("name")), Some(value)))
        .collect();
    if changes.is_empty() && wanted.pattern.is_none() {
        changes.push(place.new_attribute(id, name.or(id).unwrap_or_default(), value));
    }
    if changes.is_empty() {
        return Err(Problem::NotFound);
    }
    let section = place.section.in_cib();
    for change in changes {
        let changed = cib.modify(Some(section), change, change_options(options));
        if let Err(error) = &changed {
            let name = name.or(id).unwrap_or("<null>");
            let set = options.set_name.as_deref().unwrap_or("<null>");
            output.remark(format!(
                "Error setting {name}={value} (section={section}, set={set}): {error}"
            ));
        }
        changed?;
    }
    Ok(())
}

fn delete(
    cib: &mut Cib,
    options: &Options,
    output: &mut Output,
    root: &Element,
    place: &Place,
    wanted: &Wanted,
) -> Result<(), Problem> {
    if let Some(id) = &wanted.id {
        // Told as Pacemaker tells it: an id that was given does not have to be found.
        return delete_one(cib, options, output, place, (id, "(null)"), wanted.name.as_deref());
    }
    // What is not there is as the user wants it.
    for found in matches(output, root, place, wanted)? {
        let id = found.id().unwrap_or_default();
        delete_one(cib, options, output, place, (id, id), found.attr("name"))?;
    }
    Ok(())
}

/// Removes what has this id, and says so, with the id as it is shown.
fn delete_one(
    cib: &mut Cib,
    options: &Options,
    output: &mut Output,
    place: &Place,
    (id, shown): (&str, &str),
    name: Option<&str>,
) -> Result<(), Problem> {
    let change = pair(id, name, None);
    match cib.delete(Some(place.section.in_cib()), change, change_options(options)) {
        Ok(()) => {}
        Err(CibError::Failed { failure: Failure::NotFound, .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let kind = if place.node.is_some() { "attribute" } else { "option" };
    let part = |key: &str, value: Option<&str>| {
        value.map(|value| format!(" {key}={value}")).unwrap_or_default()
    };
    let (set, name) = (part("set", options.set_name.as_deref()), part("name", name));
    output.line(format!("Deleted {} {kind}: id={shown}{set}{name}", place.section.as_str()));
    Ok(())
}
